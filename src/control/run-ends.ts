/** How runs end: whatever the end and wherever it comes from, `endRun` writes it, and nothing else does. */

import type { Kysely } from 'kysely';
import { DomainError } from '../core/errors.ts';
import { isOpen, type RunReason, type RunState, type RunView } from '../core/run.ts';
import { statesBefore } from '../core/run-machine.ts';
import { failOpenAttempts, hasFailedAttempt } from './attempt-rows.ts';
import { insertDeliveries } from './delivery-rows.ts';
import { planOwedRun } from './owed-run.ts';
import { findOpenRun, findRun, type StoredRun } from './run-rows.ts';
import { enterState, RunOver, reasonFacts } from './run-steps.ts';
import { type RuleName, viewRun } from './run-views.ts';
import type { Schema } from './schema.ts';

export type RunEnd =
  | { readonly state: 'published'; readonly manifestKey: string }
  | { readonly state: 'empty' | 'failed' | 'cancelled'; readonly reason: RunReason };

/**
 * Ends a run, with all that goes with its end: attempts that are given up, a rule that is spent now or was made to run
 * once meanwhile, and webhooks that are to be told. Nobody is told that a run was cancelled: somebody did it, or its rule is no more.
 */
export async function endRun(trx: Kysely<Schema>, runId: string, end: RunEnd, nowMs: number): Promise<void> {
  if (end.state === 'published') {
    await enterState(trx, runId, 'published', {
      finished_at: nowMs,
      retry_at: null,
      ...reasonFacts(null),
      manifest_key: end.manifestKey,
      report_state: 'present',
    });
  } else {
    await enterState(trx, runId, end.state, { finished_at: nowMs, retry_at: null, ...reasonFacts(end.reason) });
    await failOpenAttempts(trx, runId, end.reason.text, nowMs);
  }
  const run = await findRun(trx, runId);
  if (run === undefined) throw new RunOver(runId);
  if (hasDoneItsWork(run)) {
    // Files of attempts that failed are left, and no others.
    if (!(await hasFailedAttempt(trx, runId))) {
      await trx.updateTable('runs').set({ swept: 1 }).where('id', '=', runId).execute();
    }
    await deleteSpentRule(trx, run);
  }
  const rule = await trx.selectFrom('rules').selectAll().where('uid', '=', run.ruleUid).executeTakeFirst();
  if (rule !== undefined) await planOwedRun(trx, rule, nowMs);
  if (end.state !== 'cancelled') await insertDeliveries(trx, runId, `run.${end.state}`, nowMs);
}

/** Cancels a run for a person, or says why it can't be: `NoSuchRun`, `RunNotCancellable`. */
export async function cancelRun(
  trx: Kysely<Schema>,
  rule: RuleName,
  { runId, by, nowMs }: { readonly runId: string; readonly by: string; readonly nowMs: number },
): Promise<RunView> {
  const { state } = await viewRun(trx, rule, runId);
  if (!isCancellable(state)) {
    const why = isOpen(state) ? 'Its report may be visible already. Wait for its end.' : 'It is over.';
    throw new DomainError('RunNotCancellable', `Run ${runId} is ${state} and can't be cancelled. ${why}`, { state });
  }
  const reason = { code: 'Cancelled', text: `Cancelled by ${by}.` };
  await endRun(trx, runId, { state: 'cancelled', reason }, nowMs);
  return await viewRun(trx, rule, runId);
}

/** Cancels the rule's open run. One that is publishing goes on: its manifest may be visible already. */
export async function cancelOpenRun(
  trx: Kysely<Schema>,
  ruleUid: string,
  reason: RunReason,
  nowMs: number,
): Promise<void> {
  const run = await findOpenRun(trx, ruleUid);
  if (run !== undefined && isCancellable(run.state)) await endRun(trx, run.id, { state: 'cancelled', reason }, nowMs);
}

function isCancellable(state: RunState): boolean {
  return statesBefore('cancelled').includes(state);
}

function hasDoneItsWork({ state }: StoredRun): boolean {
  return state === 'published' || state === 'empty';
}

/**
 * A rule that runs once and asks to be deleted then is gone when it has run (inventory sheet, section 1.2). One that
 * was replaced while the run was under way is another rule by now, and stays.
 */
async function deleteSpentRule(trx: Kysely<Schema>, run: StoredRun): Promise<void> {
  const { frequency, autoDelete } = run.rule.schedule;
  if (frequency !== 'Once' || autoDelete !== true) return;
  const document = JSON.stringify(run.rule);
  await trx.deleteFrom('rules').where('uid', '=', run.ruleUid).where('document', '=', document).execute();
}
