/** What a report promises of its scan, proved on the rows before the report is begun: nothing is missing or twice. */

import assert from 'node:assert/strict';
import type { Kysely } from 'kysely';
import { coverFault, type KeyRange, prefixRange } from '../core/key-range.ts';
import type { Rule } from '../core/rule.ts';
import type { Schema } from './schema.ts';
import { type StoredShard, shardRows } from './shard-rows.ts';

export interface ScanTotals {
  readonly scanned: number;
  readonly matched: number;
  readonly bytesWritten: number;
}

/** Ranges are in key order, and together all keys that the rule asks for. */
export function assertCovers(runId: string, rule: Rule, ranges: readonly KeyRange[]): void {
  const fault = coverFault(prefixRange(rule.filter.prefix ?? ''), ranges);
  assert(
    fault === undefined,
    `run ${runId}: the shards do not cover the rule's keys: shard ${fault?.part}, ${fault?.text}`,
  );
}

/** Sums up the shards of a run, all of which are settled, whole, and each within its range. */
export async function totalsOfWhole(db: Kysely<Schema>, runId: string, rule: Rule): Promise<ScanTotals> {
  const shards = await shardRows(db, runId);
  assertCovers(runId, rule, shards.map(rangeOf));
  for (const [number, shard] of shards.entries()) {
    assert(shard.number === number, `run ${runId}: shard ${number} is missing`);
    assertSettled(shard);
  }
  const sum = (count: (shard: StoredShard) => number) => shards.reduce((total, shard) => total + count(shard), 0);
  return {
    scanned: sum((shard) => shard.scanned),
    matched: sum((shard) => shard.matched),
    bytesWritten: sum((shard) => shard.size_bytes ?? 0),
  };
}

/** Keys of ranges that join only rise from shard to shard when each shard's lie within its range. */
function assertSettled(shard: StoredShard): void {
  const name = `run ${shard.run_id}: shard ${shard.number}`;
  const { size_bytes, md5, sha256, rows_sha256, first_key, last_key } = shard;
  assert(shard.settled === 1, `${name} is not settled`);
  assert((size_bytes === null) === (shard.matched === 0), `${name} has rows and no file, or a file and no rows`);
  if (size_bytes === null) return;
  assert(
    md5 !== null && sha256 !== null && rows_sha256 !== null && first_key !== null && last_key !== null,
    `${name} lacks facts of its file`,
  );
  assert(Buffer.compare(first_key, last_key) <= 0, `${name} ends before it begins`);
  const { start, end } = rangeOf(shard);
  const isInside = Buffer.compare(start, first_key) <= 0 && (end === undefined || Buffer.compare(last_key, end) < 0);
  assert(isInside, `${name} has rows outside its range`);
}

function rangeOf({ range_start, range_end }: StoredShard): KeyRange {
  return { start: range_start, ...(range_end !== null && { end: range_end }) };
}
