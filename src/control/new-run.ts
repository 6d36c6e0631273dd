/** A run as it begins, and how a person begins one. */

import { randomBytes } from 'node:crypto';
import type { Insertable, Kysely } from 'kysely';
import { DomainError } from '../core/errors.ts';
import { noSuchRule } from '../core/rule.ts';
import type { RunTrigger, RunView } from '../core/run.ts';
import { ruleFromRow, type StoredRule } from './rule-row.ts';
import { findOpenRun } from './run-rows.ts';
import { viewRun } from './run-views.ts';
import type { RunRow, Schema } from './schema.ts';

export function newRun(stored: StoredRule, trigger: RunTrigger, scheduledForMs: number): Insertable<RunRow> {
  return {
    id: randomBytes(8).toString('hex'),
    rule_uid: stored.uid,
    bucket_id: stored.bucketId,
    bucket: stored.bucket,
    rule_id: stored.rule.id,
    rule: JSON.stringify(stored.rule),
    trigger,
    scheduled_for: scheduledForMs,
    state: 'planned',
    tries: 0,
    scanned: 0,
    matched: 0,
    bytes_written: 0,
    swept: 0,
  };
}

/**
 * Plans a run of the rule as it stands now. Throws `RuleDisabled`, `RunUnderWay` when the rule has an open run, or
 * `NoSuchRule` when it was deleted since it was looked up.
 */
export async function startRun(
  trx: Kysely<Schema>,
  ruleUid: string,
  trigger: RunTrigger,
  nowMs: number,
): Promise<RunView> {
  const row = await trx.selectFrom('rules').selectAll().where('uid', '=', ruleUid).executeTakeFirst();
  if (row === undefined) throw noSuchRule();
  const stored = ruleFromRow(row);
  if (!stored.rule.isEnabled) {
    throw new DomainError('RuleDisabled', `The rule "${row.id}" is disabled. Enable it, then start the run.`);
  }
  await assertNoneOpen(trx, stored);
  const run = newRun(stored, trigger, await freeDueTime(trx, ruleUid, trigger, nowMs));
  await trx.insertInto('runs').values(run).execute();
  return await viewRun(trx, { bucketId: run.bucket_id, ruleId: run.rule_id }, run.id);
}

async function assertNoneOpen(trx: Kysely<Schema>, { uid, rule }: StoredRule): Promise<void> {
  const open = await findOpenRun(trx, uid);
  if (open === undefined) return;
  throw new DomainError(
    'RunUnderWay',
    `Run ${open.id} of the rule "${rule.id}" is ${open.state}. Wait for its end before starting another.`,
  );
}

/** Two starts within one millisecond are still two due times. */
async function freeDueTime(trx: Kysely<Schema>, ruleUid: string, trigger: RunTrigger, nowMs: number): Promise<number> {
  const last = await trx
    .selectFrom('runs')
    .select((select) => select.fn.max('scheduled_for').as('latest'))
    .where('rule_uid', '=', ruleUid)
    .where('trigger', '=', trigger)
    .executeTakeFirst();
  return Math.max(nowMs, (last?.latest ?? 0) + 1);
}
