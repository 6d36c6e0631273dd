/**
 * The columns a rule may ask for beside the fixed ones (the inventory sheet, section 1.3). Their order in the rule
 * is their order in the report.
 */
import { trimBlanks, wrongValue } from './rule-text.ts';

/** The optional columns, in the spelling we store, echo and put into a manifest. */
export const OPTIONAL_FIELDS = [
  'Size',
  'LastModifiedDate',
  'TransitionTime',
  'ETag',
  'StorageClass',
  'IsMultipartUploaded',
  'EncryptionStatus',
  'ObjectAcl',
  'TaggingCount',
  'ObjectType',
  'Crc64',
  'LastAccessDate',
  'LastAccessTimestamp',
] as const;

export type OptionalField = (typeof OPTIONAL_FIELDS)[number];

/** Columns that are fixed: asking for one is accepted, echoed, and adds no column. */
const FIXED_FIELDS = ['Key', 'VersionId', 'IsDeleteMarker'] as const;

const KNOWN_FIELDS: readonly string[] = [...OPTIONAL_FIELDS, ...FIXED_FIELDS];

/** Spellings of the documentation's own samples, misprint included. */
const FIELD_ALIASES: ReadonlyMap<string, OptionalField> = new Map([
  ['TransistionTime', 'TransitionTime'],
  ['CRC64', 'Crc64'],
]);

/** The fields asked for, each once at its first place; throws `RuleFieldUnknown` for any other name. */
export function checkFields(texts: readonly string[]): readonly string[] {
  const fields = new Set<string>();
  for (const text of texts) {
    const asked = trimBlanks(text);
    const field = FIELD_ALIASES.get(asked) ?? KNOWN_FIELDS.find((known) => known === asked);
    if (field === undefined) throw unknownField(text);
    fields.add(field);
  }
  return [...fields];
}

function unknownField(value: string): Error {
  const expected = `be one of ${OPTIONAL_FIELDS.join(', ')}`;
  return wrongValue('RuleFieldUnknown', { element: 'OptionalFields/Field', value, expected });
}
