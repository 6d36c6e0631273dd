/** The run that a rule owes beside those of its due times: the first of all, and the only one of a rule that runs once. */

import type { Kysely, Selectable } from 'kysely';
import { startRun } from './new-run.ts';
import { ruleFromRow } from './rule-row.ts';
import { findOpenRun } from './run-rows.ts';
import type { RuleRow, Schema } from './schema.ts';

/** Plans it if the rule is enabled and had none. While another run is under way it waits for the end of that one. */
export async function planOwedRun(trx: Kysely<Schema>, row: Selectable<RuleRow>, nowMs: number): Promise<void> {
  const { isEnabled, schedule } = ruleFromRow(row).rule;
  if (!isEnabled) return;
  const isOnce = schedule.frequency === 'Once';
  if (isOnce ? await owesItsOneRun(trx, row) : !(await hasRun(trx, row.uid))) {
    await startRun(trx, row.uid, isOnce ? 'once' : 'first', nowMs);
  }
}

/** A rule that runs once has no due time to make up for a run that disabling cancelled, nor for runs of other schedules. */
async function owesItsOneRun(trx: Kysely<Schema>, { uid, anchored_at }: Selectable<RuleRow>): Promise<boolean> {
  if ((await findOpenRun(trx, uid)) !== undefined) return false;
  const run = await trx
    .selectFrom('runs')
    .select('id')
    .where('rule_uid', '=', uid)
    .where('trigger', '=', 'once')
    .where('scheduled_for', '>=', anchored_at)
    .where((where) => where.or([where('reason_code', 'is', null), where('reason_code', '!=', 'RuleDisabled')]))
    .executeTakeFirst();
  return run === undefined;
}

async function hasRun(trx: Kysely<Schema>, uid: string): Promise<boolean> {
  return (await trx.selectFrom('runs').select('id').where('rule_uid', '=', uid).executeTakeFirst()) !== undefined;
}
