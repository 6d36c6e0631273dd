/** The steps of a scan, each in the transaction of its caller: begun, planned, shard by shard settled, ended. */

import type { Kysely } from 'kysely';
import { findRun, type StoredRun } from './run-rows.ts';
import { enterState, RunOver, reasonFacts, stayIn } from './run-steps.ts';
import type { Schema } from './schema.ts';
import {
  type AttemptRef,
  deleteShards,
  insertShards,
  type PlannedShard,
  replaceAttempt,
  type SettledShard,
  settleShardRow,
  shardRows,
} from './shard-rows.ts';
import { assertCovers, type ScanTotals, totalsOfWhole } from './whole-scan.ts';

export interface ScanPlan {
  readonly pointInTimeMs: number;
  /** About how many objects there are to be scanned; null when nobody knows. */
  readonly expectedRows: number | null;
  readonly shards: readonly PlannedShard[];
}

/** Begins a scan, or begins it again: nothing is left of an earlier one, nor of what put that off. */
export async function beginScan(trx: Kysely<Schema>, runId: string, nowMs: number): Promise<void> {
  const tries = (await findRun(trx, runId))?.tries ?? 0;
  await enterState(trx, runId, 'scanning', {
    tries: tries + 1,
    started_at: nowMs,
    retry_at: null,
    ...reasonFacts(null),
    point_in_time: null,
    expected_rows: null,
    scanned: 0,
    matched: 0,
    bytes_written: 0,
  });
  await deleteShards(trx, runId);
}

/** False when another run has the folder. A run has one: by reserving another it lets go of the first. */
export async function reserveFolder(trx: Kysely<Schema>, runId: string, candidate: string): Promise<boolean> {
  await scanningRun(trx, runId);
  const taken = await trx.selectFrom('runs').select('id').where('folder', '=', candidate).executeTakeFirst();
  if (taken !== undefined) return taken.id === runId;
  await stayIn(trx, runId, 'scanning', { folder: candidate });
  return true;
}

/** Writes the plan of a scan that has none yet. */
export async function writePlan(trx: Kysely<Schema>, runId: string, plan: ScanPlan, nowMs: number): Promise<void> {
  const { rule } = await scanningRun(trx, runId);
  if ((await shardRows(trx, runId)).length > 0) throw new RunOver(runId);
  const ranges = plan.shards.map(({ range }) => range);
  assertCovers(runId, rule, ranges);
  await stayIn(trx, runId, 'scanning', { point_in_time: plan.pointInTimeMs, expected_rows: plan.expectedRows });
  await insertShards(trx, runId, plan.shards, nowMs);
}

/** Nothing when the scan is over: then the sums of its shards count. */
export async function noteProgress(db: Kysely<Schema>, runId: string, counts: ScanTotals): Promise<void> {
  await db
    .updateTable('runs')
    .set({ scanned: counts.scanned, matched: counts.matched, bytes_written: counts.bytesWritten })
    .where('id', '=', runId)
    .where('state', '=', 'scanning')
    .execute();
}

export async function settleShard(
  trx: Kysely<Schema>,
  attempt: AttemptRef,
  result: SettledShard,
  nowMs: number,
): Promise<void> {
  await scanningRun(trx, attempt.runId);
  if (!(await settleShardRow(trx, attempt, result, nowMs))) throw new RunOver(attempt.runId);
}

export async function nextAttempt(
  trx: Kysely<Schema>,
  failed: AttemptRef,
  next: { readonly fault: string; readonly fileKey: string },
  nowMs: number,
): Promise<void> {
  await scanningRun(trx, failed.runId);
  if (!(await replaceAttempt(trx, failed, next, nowMs))) throw new RunOver(failed.runId);
}

/** Proves that the scan is whole, and sums it up. */
export async function endScan(trx: Kysely<Schema>, runId: string): Promise<void> {
  const { rule } = await scanningRun(trx, runId);
  const { scanned, matched, bytesWritten } = await totalsOfWhole(trx, runId, rule);
  await enterState(trx, runId, 'publishing', { scanned, matched, bytes_written: bytesWritten });
}

async function scanningRun(trx: Kysely<Schema>, runId: string): Promise<StoredRun> {
  const run = await findRun(trx, runId);
  if (run?.state !== 'scanning') throw new RunOver(runId);
  return run;
}
