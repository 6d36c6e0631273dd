/** How rules are written: each change, from wherever it comes, keeps the rule, its schedule and its runs in step. */

import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { Rule, RuleSchedule } from '../core/rule.ts';
import type { ScheduleSetting } from '../core/schedule.ts';
import { settleDue } from './due-runs.ts';
import { planOwedRun } from './owed-run.ts';
import { ruleFromRow, type StoredRule, scheduleColumns } from './rule-row.ts';
import { cancelOpenRun } from './run-ends.ts';
import type { RuleRow, Schema } from './schema.ts';

export interface BucketRef {
  readonly id: string;
  readonly name: string;
}

/** When a change is made, and what due times are reckoned with. */
export interface ChangeTime {
  readonly nowMs: number;
  readonly setting: ScheduleSetting;
}

export async function insertRule(
  trx: Kysely<Schema>,
  bucket: BucketRef,
  rule: Rule,
  { nowMs, setting }: ChangeTime,
): Promise<StoredRule> {
  const row = await trx
    .insertInto('rules')
    .values({
      uid: randomUUID(),
      bucket_id: bucket.id,
      bucket: bucket.name,
      id: rule.id,
      document: JSON.stringify(rule),
      created_at: nowMs,
      updated_at: nowMs,
      ...scheduleColumns(rule, { anchoredAtMs: nowMs, settledUntilMs: nowMs }, setting),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return await settleRuns(trx, row, nowMs);
}

/**
 * Puts `rule` in the place of the rule that `before` holds. Its schedule begins anew when that is another one, and goes
 * on from now when it was disabled. What was due until now by the old rule is accounted for with that.
 */
export async function changeRule(
  trx: Kysely<Schema>,
  before: Selectable<RuleRow>,
  rule: Rule,
  { nowMs, setting }: ChangeTime,
): Promise<StoredRule> {
  const { rule: old } = ruleFromRow(before);
  const isAnchored = !isSameSchedule(old.schedule, rule.schedule);
  const isInterrupted = isAnchored || old.isEnabled !== rule.isEnabled;
  if (isInterrupted) await settleDue(trx, before, { nowMs, setting });
  const schedule = {
    anchoredAtMs: isAnchored ? nowMs : before.anchored_at,
    settledUntilMs: isInterrupted ? nowMs : before.settled_until,
  };
  const row = await trx
    .updateTable('rules')
    .set({ document: JSON.stringify(rule), updated_at: nowMs, ...scheduleColumns(rule, schedule, setting) })
    .where('uid', '=', before.uid)
    .returningAll()
    .executeTakeFirstOrThrow();
  return await settleRuns(trx, row, nowMs);
}

export async function deleteRule(trx: Kysely<Schema>, row: Selectable<RuleRow>, time: ChangeTime): Promise<void> {
  await settleDue(trx, row, time);
  await trx.deleteFrom('rules').where('uid', '=', row.uid).execute();
  const text = `The rule "${row.id}" was deleted while the run was under way.`;
  await cancelOpenRun(trx, row.uid, { code: 'RuleDeleted', text }, time.nowMs);
}

/** Sees to the runs of a rule that was just written: a disabled one has none under way, an enabled one had its first. */
async function settleRuns(trx: Kysely<Schema>, row: Selectable<RuleRow>, nowMs: number): Promise<StoredRule> {
  const stored = ruleFromRow(row);
  if (stored.rule.isEnabled) {
    await planOwedRun(trx, row, nowMs);
  } else {
    const text = `The rule "${row.id}" was disabled while the run was under way. Enable it for the next due time, or to start a run.`;
    await cancelOpenRun(trx, row.uid, { code: 'RuleDisabled', text }, nowMs);
  }
  return stored;
}

function isSameSchedule(one: RuleSchedule, other: RuleSchedule): boolean {
  return one.frequency === other.frequency && one.dayOfMonth === other.dayOfMonth;
}
