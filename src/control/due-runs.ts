/**
 * What the due times of a rule become. Each has a row, so that none passes unaccounted: the newest becomes a run, and
 * those before it rows that say why there was none. Rows of due times are unique, so seeing to one twice is harmless.
 */

import type { Insertable, Kysely, Selectable } from 'kysely';
import type { RunReason } from '../core/run.ts';
import { dueTimes, type ScheduleSetting } from '../core/schedule.ts';
import { newRun } from './new-run.ts';
import { ruleFromRow } from './rule-row.ts';
import { findOpenRun } from './run-rows.ts';
import type { RuleRow, RunRow, Schema } from './schema.ts';

/** However long an outage was, a rule has no more rows of missed due times than this; the oldest tells of the rest. */
export const MAX_MISSED_RUNS = 100;

export interface DueRuns {
  readonly planned: number;
  readonly missed: number;
}

/**
 * Sees to everything that a rule, as the row has it, was due for until now. While its run is under way nothing new is
 * planned, so who calls this then gives the newest due time up as well.
 */
export async function settleDue(
  trx: Kysely<Schema>,
  row: Selectable<RuleRow>,
  { nowMs, setting }: { readonly nowMs: number; readonly setting: ScheduleSetting },
): Promise<DueRuns & { readonly settledUntilMs: number }> {
  const settledUntilMs = row.settled_until;
  if (row.next_due_at === null || row.next_due_at > nowMs) return { planned: 0, missed: 0, settledUntilMs };
  const stored = ruleFromRow(row);
  const isUnderWay = (await findOpenRun(trx, row.uid)) !== undefined;
  const { times, earlier } = dueTimes(
    stored.rule.schedule,
    { anchoredAtMs: row.anchored_at, afterMs: settledUntilMs, untilMs: nowMs },
    setting,
    isUnderWay ? MAX_MISSED_RUNS : MAX_MISSED_RUNS + 1,
  );
  const passed = isUnderWay ? times : times.slice(0, -1);
  const busyUntilMs = isUnderWay || passed.length === 0 ? nowMs : await lastEnd(trx, row.uid, nowMs);
  const missed = passed.map((dueMs, index) => ({
    ...newRun(stored, 'schedule', dueMs),
    ...ended(dueMs <= busyUntilMs ? OVERRUN : MISSED, index === 0 ? earlier : 0),
    finished_at: nowMs,
  }));
  const newest = times.slice(passed.length).map((dueMs) => newRun(stored, 'schedule', dueMs));
  for (const { scheduled_for } of newest) await forgetPassed(trx, row.uid, scheduled_for);
  return {
    missed: await insertNew(trx, missed),
    planned: await insertNew(trx, newest),
    settledUntilMs: times.at(-1) ?? settledUntilMs,
  };
}

/** A due time that was passed over by a clock which ran ahead, and was set back since, is one to come. */
async function forgetPassed(trx: Kysely<Schema>, ruleUid: string, dueMs: number): Promise<void> {
  await trx
    .deleteFrom('runs')
    .where('rule_uid', '=', ruleUid)
    .where('trigger', '=', 'schedule')
    .where('scheduled_for', '=', dueMs)
    .where('reason_code', 'in', PASSED_OVER)
    .execute();
}

const MISSED: RunReason = {
  code: 'DueTimeMissed',
  text: 'The server was not running at this due time, or its clock jumped past it. Of due times that were missed only the newest is made up for.',
};

const OVERRUN: RunReason = {
  code: 'DueTimeOverrun',
  text: 'The run of the rule before this one was still under way at this due time. Of due times that pass meanwhile only the newest is made up for, after the run and unless the rule is changed before. If that happens often, let the rule run more rarely or list less.',
};

/** The reasons of rows that never were runs. */
const PASSED_OVER = [MISSED.code, OVERRUN.code];

/** A run that never was: it ended with the reason that it began with, and left nothing to sweep. */
function ended({ code, text }: RunReason, earlier: number): Partial<Insertable<RunRow>> {
  const others = earlier === 0 ? '' : ` So it was with ${earlier} due times before it, which have no run of their own.`;
  return { state: 'cancelled', swept: 1, reason_code: code, reason_text: text + others };
}

/** Until when a run kept the rule from what it was due for: runs of a rule follow each other, so it is the last one. */
async function lastEnd(trx: Kysely<Schema>, ruleUid: string, nowMs: number): Promise<number> {
  const run = await trx
    .selectFrom('runs')
    .select('finished_at')
    .where('rule_uid', '=', ruleUid)
    .where((is) => is.or([is('reason_code', 'is', null), is('reason_code', 'not in', PASSED_OVER)]))
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const last = run?.finished_at ?? 0;
  // One that lies ahead says that the clock was set back, and nothing of the time until now.
  return last <= nowMs ? last : 0;
}

/** Inserts those that have no row yet: a clock that was set back comes to due times again that had their run. */
async function insertNew(trx: Kysely<Schema>, runs: readonly Insertable<RunRow>[]): Promise<number> {
  if (runs.length === 0) return 0;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('runs')
    .values(runs)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return Number(numInsertedOrUpdatedRows ?? 0n);
}
