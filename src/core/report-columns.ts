/** The columns of a report, in order (inventory sheet, section 4.3). */

import type { Rule } from './rule.ts';
import { OPTIONAL_FIELDS, type OptionalField } from './rule-fields.ts';

export type FixedColumn = 'Bucket' | 'Key' | 'VersionId' | 'IsLatest' | 'IsDeleteMarker';
export type Column = FixedColumn | OptionalField;

const FIXED: Readonly<Record<Rule['includedObjectVersions'], readonly FixedColumn[]>> = {
  Current: ['Bucket', 'Key'],
  All: ['Bucket', 'Key', 'VersionId', 'IsLatest', 'IsDeleteMarker'],
};

/** The fixed columns, then the rule's fields in its order. A field that names a fixed column adds nothing. */
export function reportColumns(rule: Pick<Rule, 'includedObjectVersions' | 'optionalFields'>): Column[] {
  return [...FIXED[rule.includedObjectVersions], ...rule.optionalFields.filter(isOptionalField)];
}

function isOptionalField(name: string): name is OptionalField {
  return (OPTIONAL_FIELDS as readonly string[]).includes(name);
}
