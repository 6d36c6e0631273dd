/** Shards of a run as rows: planned by name, settled once, read in key order. */

import assert from 'node:assert/strict';
import type { Kysely, Selectable } from 'kysely';
import type { KeyRange } from '../core/key-range.ts';
import type { Schema, ShardRow } from './schema.ts';

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

export async function insertShards(
  db: Kysely<Schema>,
  runId: string,
  attempt: number,
  shards: readonly PlannedShard[],
): Promise<void> {
  for (const { number, range, fileKey } of shards) {
    await db
      .insertInto('shards')
      .values({
        run_id: runId,
        number,
        attempt,
        range_start: Buffer.from(range.start),
        range_end: range.end === undefined ? null : Buffer.from(range.end),
        file_key: fileKey,
        settled: 0,
        scanned: 0,
        matched: 0,
      })
      .execute();
  }
}

/** Settles the shard that writes `fileKey`; false when no shard of the run does. */
export async function settleShardRow(
  db: Kysely<Schema>,
  runId: string,
  fileKey: string,
  result: SettledShard,
): Promise<boolean> {
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
    .where('file_key', '=', fileKey)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function shardRows(db: Kysely<Schema>, runId: string): Promise<Selectable<ShardRow>[]> {
  return await db.selectFrom('shards').selectAll().where('run_id', '=', runId).orderBy('number').execute();
}

/** What a report promises of its files, checked before a manifest says so: none is missing, and keys only rise. */
export function assertWhole(runId: string, shards: readonly Selectable<ShardRow>[]): void {
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
