/** What a run says of a report, for tests: of the rows that a fixture wrote, or of next to none. */

import { type DeliveredShard, type ReportFacts, type ReportShard, sha256Of } from '../src/core/report-facts.ts';
import { anyRule } from './any-rule.ts';
import { factsOf } from './contract/memory-destination.ts';
import { NOW_MS } from './store-fixture.ts';

export function anyFacts(change: Partial<ReportFacts> = {}): ReportFacts {
  return {
    run: { id: '0123456789abcdef', trigger: 'manual', scheduledForMs: NOW_MS, startedAtMs: NOW_MS, tries: 1 },
    pointInTimeMs: NOW_MS,
    sourceBucket: 'photos',
    rule: anyRule(),
    shards: [],
    ...change,
  };
}

export interface ShardOf {
  readonly number: number;
  /** Of the range; without `end` it has none. */
  readonly start: string;
  readonly end?: string | undefined;
  /** Of the rows, in order. */
  readonly keys: readonly string[];
  readonly fileKey: string;
  readonly file: Uint8Array;
  readonly rows: string;
}

/** What a shard came to that wrote this file of these rows. */
export function shardOf({ number, start, end, keys, ...written }: ShardOf): ReportShard {
  const range = { start: Buffer.from(start), ...(end !== undefined && { end: Buffer.from(end) }) };
  const counts = { scanned: keys.length, matched: keys.length };
  const [first, last] = [keys[0], keys.at(-1)];
  if (first === undefined || last === undefined) return { number, range, ...counts };
  const delivered: DeliveredShard = {
    firstKey: Buffer.from(first),
    lastKey: Buffer.from(last),
    file: { key: written.fileKey, ...factsOf(written.file) },
    digests: { file: sha256Of(written.file), rows: sha256Of(Buffer.from(written.rows)) },
  };
  return { number, range, ...counts, delivered };
}
