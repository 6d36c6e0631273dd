/**
 * The first stage of checking a rule: is everything there that must be, and of the kind it must be (EC 05 to 18 in
 * the inventory sheet, section 3.3)? A fault here means "this is not a rule at all", which the wire calls
 * MalformedXML, so it is reported before any doubt about a value, and in the order of those numbers.
 */
import { DomainError, type ErrorCode } from './errors.ts';
import type { DestinationDraft, EncryptionDraft, FilterDraft, RuleDraft, ScheduleDraft } from './rule-draft.ts';
import { missingElement, readBoolean, readInteger, trimBlanks, wrongValue } from './rule-text.ts';

/** A draft that is whole: required texts are there, booleans and numbers are read, blanks are trimmed where they
 *  can't be meant. The Id and the prefixes stay as they were sent: a blank is a legal character in them. */
export interface RuleNodes {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly filter: FilterNodes;
  readonly destination: DestinationNodes;
  readonly schedule: ScheduleNodes;
  readonly includedObjectVersions: string;
  readonly optionalFields: readonly string[];
}

export interface FilterNodes {
  readonly prefix: string | undefined;
  readonly lastModifiedBegin: bigint | undefined;
  readonly lastModifiedEnd: bigint | undefined;
  readonly lowerSizeBytes: bigint | undefined;
  readonly upperSizeBytes: bigint | undefined;
  readonly storageClass: string | undefined;
}

export interface DestinationNodes {
  readonly format: string;
  readonly accountId: string;
  readonly roleArn: string;
  readonly bucket: string;
  readonly prefix: string | undefined;
  readonly encryption: EncryptionDraft | undefined;
}

export interface ScheduleNodes {
  readonly frequency: string;
  readonly dayOfMonth: string | undefined;
  readonly autoDelete: string | undefined;
}

/** Reads a draft in the order of the error numbers, so that the first fault met is the one to report: the
 *  properties below are evaluated from top to bottom. */
export function readNodes(draft: RuleDraft): RuleNodes {
  return {
    id: required(draft.id, 'RuleIdMissing', 'Id'),
    isEnabled: readIsEnabled(draft.isEnabled),
    filter: readFilter(draft.filter ?? {}),
    destination: readDestination(draft.destination ?? {}),
    schedule: readSchedule(draft.schedule ?? {}),
    includedObjectVersions: requiredWord(draft.includedObjectVersions, 'RuleVersionsMissing', 'IncludedObjectVersions'),
    optionalFields: draft.optionalFields ?? [],
  };
}

function readFilter(filter: FilterDraft): FilterNodes {
  return {
    prefix: filter.prefix,
    lastModifiedBegin: integer(filter.lastModifiedBegin, 'FilterBeginNotInteger', 'Filter/LastModifyBeginTimeStamp'),
    lastModifiedEnd: integer(filter.lastModifiedEnd, 'FilterEndNotInteger', 'Filter/LastModifyEndTimeStamp'),
    lowerSizeBytes: integer(filter.lowerSizeBytes, 'FilterLowerSizeNotInteger', 'Filter/LowerSizeBound'),
    upperSizeBytes: integer(filter.upperSizeBytes, 'FilterUpperSizeNotInteger', 'Filter/UpperSizeBound'),
    storageClass: filter.storageClass,
  };
}

function readDestination(destination: DestinationDraft): DestinationNodes {
  return {
    format: requiredWord(destination.format, 'RuleFormatMissing', 'OSSBucketDestination/Format'),
    accountId: requiredWord(destination.accountId, 'RuleAccountIdMissing', 'OSSBucketDestination/AccountId'),
    roleArn: requiredWord(destination.roleArn, 'RuleRoleArnMissing', 'OSSBucketDestination/RoleArn'),
    bucket: requiredWord(destination.bucket, 'RuleBucketMissing', 'OSSBucketDestination/Bucket'),
    prefix: destination.prefix,
    encryption: oneEncryptionAtMost(destination.encryption),
  };
}

function readSchedule(schedule: ScheduleDraft): ScheduleNodes {
  return {
    frequency: requiredWord(schedule.frequency, 'RuleFrequencyMissing', 'Schedule/Frequency'),
    dayOfMonth: schedule.dayOfMonth,
    autoDelete: schedule.autoDelete,
  };
}

function required(text: string | undefined, code: ErrorCode, element: string): string {
  if (text === undefined) throw missingElement(code, element);
  return text;
}

function requiredWord(text: string | undefined, code: ErrorCode, element: string): string {
  return trimBlanks(required(text, code, element));
}

function readIsEnabled(text: string | undefined): boolean {
  const value = required(text, 'RuleIsEnabledMissing', 'IsEnabled');
  const isEnabled = readBoolean(value);
  if (isEnabled !== undefined) return isEnabled;
  throw wrongValue('RuleIsEnabledNotBoolean', { element: 'IsEnabled', value, expected: 'be true or false' });
}

/** An empty element counts as absent, since some serialisers write one for every property that is not set. */
function integer(value: string | undefined, code: ErrorCode, element: string): bigint | undefined {
  if (value === undefined || trimBlanks(value) === '') return undefined;
  if (readInteger(value) === undefined) throw wrongValue(code, { element, value, expected: 'be a whole number' });
  // Exact whatever its size, because a refusal shows the number that was sent.
  return BigInt(trimBlanks(value));
}

function oneEncryptionAtMost(encryption: EncryptionDraft | undefined): EncryptionDraft | undefined {
  if (encryption?.sseOss === undefined || encryption.sseKms === undefined) return encryption;
  const message = 'OSSBucketDestination/Encryption holds both SSE-OSS and SSE-KMS; it must hold one method at most';
  throw new DomainError('RuleEncryptionAmbiguous', message);
}
