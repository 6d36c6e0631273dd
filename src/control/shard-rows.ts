/** Shards of a run as rows: planned by name, settled once, read in key order. */

import assert from 'node:assert/strict';
import type { Kysely, Selectable } from 'kysely';
import type { KeyRange } from '../core/key-range.ts';
import type { AttemptRow, Schema, ShardRow } from './schema.ts';

export interface PlannedShard {
  readonly number: number;
  readonly range: KeyRange;
  readonly fileKey: string;
}

/** What a shard came to; `file` is absent when no row matched. */
export interface SettledShard {
  readonly scanned: number;
  readonly matched: number;
  readonly file?: { readonly sizeBytes: number; readonly md5: string };
  readonly firstKey?: Uint8Array;
  readonly lastKey?: Uint8Array;
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

async function insertAttempt(
  db: Kysely<Schema>,
  attempt: Pick<AttemptRow, 'run_id' | 'shard' | 'number' | 'file_key' | 'started_at'>,
): Promise<void> {
  await db
    .insertInto('attempts')
    .values({ ...attempt, state: 'open' })
    .execute();
}

/** Settles the shard whose current attempt writes `fileKey`; false when no shard of the run has such an attempt. */
export async function settleShardRow(
  db: Kysely<Schema>,
  { runId, fileKey, nowMs }: { readonly runId: string; readonly fileKey: string; readonly nowMs: number },
  result: SettledShard,
): Promise<boolean> {
  const attempt = await db
    .selectFrom('attempts')
    .selectAll()
    .where('run_id', '=', runId)
    .where('file_key', '=', fileKey)
    .executeTakeFirst();
  if (attempt === undefined) return false;
  const { numUpdatedRows } = await db
    .updateTable('shards')
    .set({
      settled: 1,
      size_bytes: result.file?.sizeBytes ?? null,
      md5: result.file?.md5 ?? null,
      first_key: result.firstKey ? Buffer.from(result.firstKey) : null,
      last_key: result.lastKey ? Buffer.from(result.lastKey) : null,
      scanned: result.scanned,
      matched: result.matched,
    })
    .where('run_id', '=', runId)
    .where('number', '=', attempt.shard)
    .where('attempt', '=', attempt.number)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await db
    .updateTable('attempts')
    .set({ state: 'settled', ended_at: nowMs })
    .where('run_id', '=', runId)
    .where('shard', '=', attempt.shard)
    .where('number', '=', attempt.number)
    .execute();
  return true;
}

/** A shard, and the data file of its current attempt. */
export type StoredShard = Selectable<ShardRow> & Pick<AttemptRow, 'file_key'>;

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

/** What a report promises of its files, checked before a manifest says so: none is missing, and keys only rise. */
export function assertWhole(runId: string, shards: readonly StoredShard[]): void {
  let last: Uint8Array | null = null;
  for (const { number, settled, size_bytes, md5, matched, first_key, last_key } of shards) {
    assert(settled === 1, `run ${runId}: shard ${number} is not settled`);
    assert(
      (size_bytes === null) === (matched === 0),
      `run ${runId}: shard ${number} has rows and no file, or a file and no rows`,
    );
    if (size_bytes === null) continue;
    assert(
      md5 !== null && first_key !== null && last_key !== null,
      `run ${runId}: shard ${number} lacks facts of its file`,
    );
    assert(
      last === null || Buffer.compare(last, first_key) < 0,
      `run ${runId}: shard ${number} overlaps the one before it`,
    );
    last = last_key;
  }
}
