/** A rule as a row: how it is found and read, and the columns that say when it is due. */

import type { Kysely, Selectable } from 'kysely';
import type { Rule } from '../core/rule.ts';
import { nextDue, type ScheduleSetting } from '../core/schedule.ts';
import type { RuleRow, Schema } from './schema.ts';

export interface StoredRule {
  readonly uid: string;
  readonly bucketId: string;
  readonly bucket: string;
  readonly rule: Rule;
  /** Null when it never is: disabled, or Once. In the past when its run under way keeps it waiting. */
  readonly nextDueAtMs: number | null;
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
  return {
    uid: row.uid,
    bucketId: row.bucket_id,
    bucket: row.bucket,
    rule: JSON.parse(row.document) as Rule,
    nextDueAtMs: row.next_due_at,
  };
}

/** From when on a rule's schedule counts, and up to when it is seen to. */
export interface SettledSchedule {
  readonly anchoredAtMs: number;
  readonly settledUntilMs: number;
}

/** The columns of a rule's schedule: whoever changes what they follow from writes them all anew. */
export function scheduleColumns(
  rule: Rule,
  { anchoredAtMs, settledUntilMs }: SettledSchedule,
  setting: ScheduleSetting,
): Pick<Selectable<RuleRow>, 'anchored_at' | 'settled_until' | 'next_due_at' | 'schedule_basis'> {
  const since = { anchoredAtMs, afterMs: settledUntilMs };
  return {
    anchored_at: anchoredAtMs,
    settled_until: settledUntilMs,
    next_due_at: (rule.isEnabled ? nextDue(rule.schedule, since, setting) : undefined) ?? null,
    schedule_basis: scheduleBasis(setting),
  };
}

/** What due times are reckoned with: the setting, and the zones as this process knows them. */
export function scheduleBasis({ time, zone }: ScheduleSetting): string {
  return `${time} ${zone} ${process.versions.tz ?? ''}`.trimEnd();
}

/** The setting in a basis; undefined for a rule that was stored before there were schedules. */
export function settingOfBasis(basis: string): ScheduleSetting | undefined {
  const [time = '', zone] = basis.split(' ');
  return zone === undefined ? undefined : { time, zone };
}
