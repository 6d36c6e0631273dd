/**
 * Incremental inventory: its form is known, the service behind it does not exist yet. A well-formed wish gets the
 * answer of an account that is not allow-listed (the inventory sheet, section 3.2); a malformed one hears of its
 * fault first, so that a client's author can tell the two apart.
 */
import { DomainError } from './errors.ts';
import type { IncrementalDraft } from './rule-draft.ts';
import { missingElement, readBoolean, readInteger, trimBlanks, wrongValue } from './rule-text.ts';

/** The only cycle the original offers. */
const INCREMENTAL_FREQUENCY_SECONDS = 600;

/** The columns of an incremental report (the inventory sheet, section 1.3). */
const INCREMENTAL_FIELDS: readonly string[] = [
  'SequenceNumber',
  'RecordType',
  'RecordTimestamp',
  'Requester',
  'RequestId',
  'SourceIp',
  'Size',
  'StorageClass',
  'LastModifiedDate',
  'ETag',
  'IsMultipartUploaded',
  'ObjectType',
  'ObjectAcl',
  'Crc64',
  'EncryptionStatus',
];

/** Always throws: the fault in the wish, or `IncrementalDisabled`. */
export function refuseIncremental(draft: IncrementalDraft): never {
  checkIsEnabled(draft.isEnabled);
  checkFrequency(draft.frequency);
  draft.optionalFields?.forEach(checkField);
  throw new DomainError('IncrementalDisabled', 'Incremental Inventory is disabled.');
}

function checkIsEnabled(value: string | undefined): void {
  const element = 'IncrementalInventory/IsEnabled';
  if (value === undefined) throw missingElement('RuleIsEnabledMissing', element);
  if (readBoolean(value) === undefined) {
    throw wrongValue('RuleIsEnabledNotBoolean', { element, value, expected: 'be true or false' });
  }
}

function checkFrequency(value: string | undefined): void {
  const element = 'IncrementalInventory/Schedule/Frequency';
  if (value === undefined) throw missingElement('RuleFrequencyMissing', element);
  if (readInteger(value) !== INCREMENTAL_FREQUENCY_SECONDS) {
    const expected = `be ${INCREMENTAL_FREQUENCY_SECONDS} (seconds)`;
    throw wrongValue('RuleScheduleInvalid', { element, value, expected });
  }
}

function checkField(value: string): void {
  if (INCREMENTAL_FIELDS.includes(trimBlanks(value))) return;
  const expected = `be one of ${INCREMENTAL_FIELDS.join(', ')}`;
  throw wrongValue('RuleFieldUnknown', { element: 'IncrementalInventory/OptionalFields/Field', value, expected });
}
