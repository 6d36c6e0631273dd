/** Shards of a run as rows: planned with their ranges, settled once by the attempt that is the current one. */

import type { Kysely, Selectable } from 'kysely';
import type { KeyRange } from '../core/key-range.ts';
import { endAttempt, findOpenAttempt, insertAttempt } from './attempt-rows.ts';
import type { AttemptRow, Schema, ShardRow } from './schema.ts';

export interface PlannedShard {
  readonly number: number;
  readonly range: KeyRange;
  /** Of its first attempt. */
  readonly fileKey: string;
}

/** What a shard came to; `file` and what goes with it are absent when no row matched. */
export interface SettledShard {
  readonly scanned: number;
  readonly matched: number;
  readonly file?: { readonly sizeBytes: number; readonly md5: string; readonly sha256: string };
  /** Of the rows before they were compressed. */
  readonly rowsSha256?: string;
  readonly firstKey?: Uint8Array;
  readonly lastKey?: Uint8Array;
}

/** Which attempt, by the file that it writes. */
export interface AttemptRef {
  readonly runId: string;
  readonly fileKey: string;
}

/** Writes down the shards of a plan, each with its first attempt. */
export async function insertShards(
  db: Kysely<Schema>,
  runId: string,
  shards: readonly PlannedShard[],
  nowMs: number,
): Promise<void> {
  for (const { number, range, fileKey } of shards) {
    await db
      .insertInto('shards')
      .values({
        run_id: runId,
        number,
        attempt: 1,
        range_start: Buffer.from(range.start),
        range_end: range.end === undefined ? null : Buffer.from(range.end),
        settled: 0,
        scanned: 0,
        matched: 0,
      })
      .execute();
    await insertAttempt(db, { run_id: runId, shard: number, number: 1, file_key: fileKey, started_at: nowMs });
  }
}

/** Settles the shard whose current attempt this is; false when it is none, or is over. */
export async function settleShardRow(
  db: Kysely<Schema>,
  { runId, fileKey }: AttemptRef,
  result: SettledShard,
  nowMs: number,
): Promise<boolean> {
  const attempt = await findOpenAttempt(db, runId, fileKey);
  if (attempt === undefined) return false;
  const { numUpdatedRows } = await db
    .updateTable('shards')
    .set({
      settled: 1,
      size_bytes: result.file?.sizeBytes ?? null,
      md5: result.file?.md5 ?? null,
      sha256: result.file?.sha256 ?? null,
      rows_sha256: result.rowsSha256 ?? null,
      first_key: result.firstKey ? Buffer.from(result.firstKey) : null,
      last_key: result.lastKey ? Buffer.from(result.lastKey) : null,
      scanned: result.scanned,
      matched: result.matched,
    })
    .where('run_id', '=', runId)
    .where('number', '=', attempt.shard)
    .where('attempt', '=', attempt.number)
    .where('settled', '=', 0)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await endAttempt(db, attempt, { fault: null, nowMs });
  return true;
}

/** Gives up the shard's current attempt for another, which writes `fileKey`; false when it is none, or is over. */
export async function replaceAttempt(
  db: Kysely<Schema>,
  { runId, fileKey: failedFileKey }: AttemptRef,
  { fault, fileKey }: { readonly fault: string; readonly fileKey: string },
  nowMs: number,
): Promise<boolean> {
  const failed = await findOpenAttempt(db, runId, failedFileKey);
  if (failed === undefined) return false;
  const number = failed.number + 1;
  const { numUpdatedRows } = await db
    .updateTable('shards')
    .set({ attempt: number })
    .where('run_id', '=', runId)
    .where('number', '=', failed.shard)
    .where('attempt', '=', failed.number)
    .where('settled', '=', 0)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await endAttempt(db, failed, { fault, nowMs });
  await insertAttempt(db, { run_id: runId, shard: failed.shard, number, file_key: fileKey, started_at: nowMs });
  return true;
}

/** Forgets the plan of a scan that is begun again, and all attempts at it. */
export async function deleteShards(db: Kysely<Schema>, runId: string): Promise<void> {
  await db.deleteFrom('attempts').where('run_id', '=', runId).execute();
  await db.deleteFrom('shards').where('run_id', '=', runId).execute();
}

/** A shard, and the data file of its current attempt. */
export type StoredShard = Selectable<ShardRow> & Pick<AttemptRow, 'file_key'>;

/** In key order. */
export async function shardRows(db: Kysely<Schema>, runId: string): Promise<StoredShard[]> {
  return await db
    .selectFrom('shards')
    .innerJoin('attempts', (join) =>
      join
        .onRef('attempts.run_id', '=', 'shards.run_id')
        .onRef('attempts.shard', '=', 'shards.number')
        .onRef('attempts.number', '=', 'shards.attempt'),
    )
    .selectAll('shards')
    .select('attempts.file_key')
    .where('shards.run_id', '=', runId)
    .orderBy('shards.number')
    .execute();
}
