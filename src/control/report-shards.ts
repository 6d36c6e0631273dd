/** The settled shards of a run, as its report tells of them. */

import assert from 'node:assert/strict';
import type { Kysely } from 'kysely';
import type { DeliveredShard, ReportShard } from '../core/report-facts.ts';
import type { Schema } from './schema.ts';
import { type StoredShard, shardRows } from './shard-rows.ts';

/** In key order; none when the run has no plan. */
export async function reportShards(db: Kysely<Schema>, runId: string): Promise<ReportShard[]> {
  const rows = await shardRows(db, runId);
  return rows.map((row) => {
    const { number, range_start, range_end, scanned, matched } = row;
    const range = { start: range_start, ...(range_end !== null && { end: range_end }) };
    const delivered = deliveredOf(row);
    return { number, range, scanned, matched, ...(delivered && { delivered }) };
  });
}

function deliveredOf(row: StoredShard): DeliveredShard | undefined {
  const { size_bytes, md5, sha256, rows_sha256, first_key, last_key } = row;
  if (size_bytes === null) return undefined;
  assert(
    md5 !== null && first_key !== null && last_key !== null,
    `run ${row.run_id}: shard ${row.number} lacks facts of its file`,
  );
  return {
    firstKey: first_key,
    lastKey: last_key,
    file: { key: row.file_key, sizeBytes: size_bytes, md5 },
    ...(sha256 !== null && rows_sha256 !== null && { digests: { file: sha256, rows: rows_sha256 } }),
  };
}
