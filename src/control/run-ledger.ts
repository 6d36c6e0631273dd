/**
 * Runs, their shards and the attempts at them: a machine of states whose steps are each one transaction. A step names
 * the states that it may start from (core/run-machine.ts; ARCHITECTURE.md draws them); one that comes too late, because
 * the run was cancelled or begun again meanwhile, changes nothing and is told so by `RunOver`.
 *
 * A shard and its first attempt are written by `plan`, in one step with all others; each attempt names the file that it
 * is about to write, so that whatever is left in the destination is known by name.
 */

import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { SqlStep } from '../core/failpoint.ts';
import type { DataFile } from '../core/report.ts';
import { dataFilesOf, type ReportShard } from '../core/report-facts.ts';
import type { RunReason, RunTrigger, RunView } from '../core/run.ts';
import { allFileKeys, staleFileKeys } from './attempt-rows.ts';
import { changeState } from './change-state.ts';
import { startRun } from './new-run.ts';
import { reportShards } from './report-shards.ts';
import type { StoredRule } from './rule-row.ts';
import { cancelRun, endRun } from './run-ends.ts';
import { findRun, hasOpenRun, type StoredRun, unsweptRuns } from './run-rows.ts';
import { markSwept, putOffRun } from './run-steps.ts';
import { lastRuleUid, listRuns, type RuleName, type RunPage, viewRun } from './run-views.ts';
import {
  beginScan,
  endScan,
  nextAttempt,
  noteProgress,
  reserveFolder,
  type ScanPlan,
  settleShard,
  writePlan,
} from './scan-steps.ts';
import type { Schema } from './schema.ts';
import type { SettledShard } from './shard-rows.ts';
import { nextRetryAtMs, nextWaitingRun, type Waiting } from './waiting-runs.ts';
import type { ScanTotals } from './whole-scan.ts';

export type { StoredRun } from './run-rows.ts';
export { RunOver } from './run-steps.ts';

export class RunLedger {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;

  constructor(db: Kysely<Schema>, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Plans a run that a person asked for; throws `RuleDisabled`, `RunUnderWay` or `NoSuchRule`. */
  async start({ uid }: StoredRule, trigger: RunTrigger): Promise<RunView> {
    return await this.#step('run-start', (trx, nowMs) => startRun(trx, uid, trigger, nowMs));
  }

  /** Begins, or begins again, the scan: no shard is planned yet. The files of an earlier try must be gone. */
  async scanning(runId: string): Promise<void> {
    await this.#step('run-scanning', (trx, nowMs) => beginScan(trx, runId, nowMs));
  }

  /** Reserves a report folder, named with the destination bucket before it; false when another run has it. */
  async reserveFolder(runId: string, candidate: string): Promise<boolean> {
    return await this.#step('run-folder', (trx) => reserveFolder(trx, runId, candidate));
  }

  /** Writes the plan: every shard with the name that the data file of its first attempt will have. */
  async plan(runId: string, plan: ScanPlan): Promise<void> {
    await this.#step('run-plan', (trx, nowMs) => writePlan(trx, runId, plan, nowMs));
  }

  /** Keeps what the scan has done so far, for those who watch. */
  async progress(runId: string, counts: ScanTotals): Promise<void> {
    await noteProgress(this.#db, runId, counts);
  }

  /** Keeps what became of the shard whose current attempt writes `fileKey`. */
  async settleShard(runId: string, fileKey: string, result: SettledShard): Promise<void> {
    await this.#step('shard-settle', (trx, nowMs) => settleShard(trx, { runId, fileKey }, result, nowMs));
  }

  /** Gives up the shard's current attempt, which writes `failedFileKey`, because of `fault`: the next writes `fileKey`. */
  async nextAttempt(
    runId: string,
    failedFileKey: string,
    next: { readonly fault: string; readonly fileKey: string },
  ): Promise<void> {
    const failed = { runId, fileKey: failedFileKey };
    await this.#step('attempt-next', (trx, nowMs) => nextAttempt(trx, failed, next, nowMs));
  }

  /** All shards are settled: proves it, and sums them up. From here on the report follows from the rows alone. */
  async publishing(runId: string): Promise<void> {
    await this.#step('run-publishing', (trx) => endScan(trx, runId));
  }

  async published(runId: string, manifestKey: string): Promise<void> {
    await this.#step('run-published', (trx, nowMs) => endRun(trx, runId, { state: 'published', manifestKey }, nowMs));
  }

  /** Nothing matched: no file was delivered. */
  async empty(runId: string, reason: RunReason): Promise<void> {
    await this.#step('run-empty', (trx, nowMs) => endRun(trx, runId, { state: 'empty', reason }, nowMs));
  }

  async failed(runId: string, reason: RunReason): Promise<void> {
    await this.#step('run-failed', (trx, nowMs) => endRun(trx, runId, { state: 'failed', reason }, nowMs));
  }

  /** A passing fault puts the run off: a scan waits for its next try from the start, publishing goes on where it was. */
  async putOff(runId: string, fault: { readonly reason: RunReason; readonly retryAtMs: number }): Promise<void> {
    await this.#step('run-put-off', (trx, nowMs) => putOffRun(trx, runId, { ...fault, nowMs }));
  }

  /** Cancels a run for `by`; throws `NoSuchRun`, or `RunNotCancellable` once it is publishing or over. */
  async cancel(rule: RuleName, runId: string, by: string): Promise<RunView> {
    return await this.#step('run-cancel', (trx, nowMs) => cancelRun(trx, rule, { runId, by, nowMs }));
  }

  /** Nothing is left of a run that is over but its report. */
  async swept(runId: string): Promise<void> {
    await this.#step('run-swept', (trx) => markSwept(trx, runId));
  }

  find(runId: string): Promise<StoredRun | undefined> {
    return findRun(this.#db, runId);
  }

  /** Is there a run that is not over? */
  hasOpen(): Promise<boolean> {
    return hasOpenRun(this.#db);
  }

  /** The open run that is to be worked on next, if one waits. */
  nextWaiting(waiting: Waiting): Promise<StoredRun | undefined> {
    return nextWaitingRun(this.#db, waiting);
  }

  /** When the next of the runs that are put off is due. */
  nextRetryAtMs(nowMs: number): Promise<number | undefined> {
    return nextRetryAtMs(this.#db, nowMs);
  }

  /** Runs that are over and may have left files: `staleFileKeys` of those with a report, else `allFileKeys`. */
  unswept(): Promise<StoredRun[]> {
    return unsweptRuns(this.#db);
  }

  /** Every file that a run without a report may have written; asked of a run with one, it throws. */
  allFileKeys(runId: string): Promise<string[]> {
    return allFileKeys(this.#db, runId);
  }

  /** The files that failed attempts of a run may have written; no report names one. */
  staleFileKeys(runId: string): Promise<string[]> {
    return staleFileKeys(this.#db, runId);
  }

  /** The data files of a run whose shards are settled, in key order. */
  async files(runId: string): Promise<DataFile[]> {
    return dataFilesOf(await this.reportShards(runId));
  }

  /** What the shards of a run came to when all are settled, in key order. */
  reportShards(runId: string): Promise<ReportShard[]> {
    return reportShards(this.#db, runId);
  }

  view(rule: RuleName, runId: string): Promise<RunView> {
    return viewRun(this.#db, rule, runId);
  }

  lastRuleUid(bucketId: string, ruleId: string): Promise<string | undefined> {
    return lastRuleUid(this.#db, bucketId, ruleId);
  }

  list(ruleUid: string, before: number | undefined, limit: number): Promise<RunPage> {
    return listRuns(this.#db, ruleUid, before, limit);
  }

  /** One transaction, at the time that the clock shows. */
  async #step<T>(name: SqlStep, work: (trx: Kysely<Schema>, nowMs: number) => Promise<T>): Promise<T> {
    return await changeState(this.#db, name, (trx) => work(trx, this.#clock.now()));
  }
}
