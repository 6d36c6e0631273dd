/** A rule as a row: how it is found and read. */

import type { Kysely, Selectable } from 'kysely';
import type { Rule } from '../core/rule.ts';
import type { RuleRow, Schema } from './schema.ts';

export interface StoredRule {
  readonly uid: string;
  readonly bucketId: string;
  readonly bucket: string;
  readonly rule: Rule;
}

export async function findRuleRow(
  db: Kysely<Schema>,
  bucketId: string,
  ruleId: string,
): Promise<Selectable<RuleRow> | undefined> {
  return await db
    .selectFrom('rules')
    .selectAll()
    .where('bucket_id', '=', bucketId)
    .where('id', '=', ruleId)
    .executeTakeFirst();
}

export function ruleFromRow(row: Selectable<RuleRow>): StoredRule {
  return { uid: row.uid, bucketId: row.bucket_id, bucket: row.bucket, rule: JSON.parse(row.document) as Rule };
}
