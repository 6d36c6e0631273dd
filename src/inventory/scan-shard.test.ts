import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { objectKey, objectRecord } from '../../test/arbitraries.ts';
import { openReader } from '../../test/contract/memory-reader.ts';
import { MemorySource } from '../../test/contract/memory-source.ts';
import { plainRecord } from '../../test/plain-record.ts';
import { type ReferenceRow, referenceRow } from '../../test/reference-encoder.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { prefixRange } from '../core/key-range.ts';
import { reportColumns } from '../core/report-columns.ts';
import { sha256Of } from '../core/report-facts.ts';
import { createRowEncoder } from './row-encoder.ts';
import { createRowFilter } from './row-filter.ts';
import { type ShardWork, scanShard } from './scan-shard.ts';

const rule = anyRule({ optionalFields: ['Size', 'LastModifiedDate', 'ETag', 'StorageClass'] });
const columns = reportColumns(rule);

/** Scans the rows as one shard. */
async function scan(rows: readonly ReferenceRow[], change: Partial<ShardWork> = {}) {
  const source = new MemorySource();
  for (const { key, record } of rows) await source.add(key, record);
  const reader = openReader(source.reader.options);
  await reader.begin();
  const work: ShardWork = {
    reader,
    filter: createRowFilter(rule),
    encoder: createRowEncoder({ bucket: 'photos', columns, nullVersionId: '' }),
    range: prefixRange(''),
    path: path.join(temporaryFolder(), 'shard'),
    onProgress: () => {},
    ...change,
  };
  const result = await scanShard(work);
  return { result, csv: result.file && gunzipSync(readFileSync(work.path)).toString(), path: work.path };
}

const numbered = (count: number): ReferenceRow[] =>
  Array.from({ length: count }, (_, n) => ({
    key: `k${String(n).padStart(7, '0')}`,
    record: { ...plainRecord, sizeBytes: n, lastModifiedMs: n * 1000 },
  }));
const csvOf = (rows: readonly ReferenceRow[]) =>
  rows.map((row) => referenceRow({ bucket: 'photos', columns, nullVersionId: '' }, row)).join('');
const keyOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

test.each([1, 2, 255, 256, 257, 5000, 20_000])('a shard of %i rows is written whole and in order', async (count) => {
  const rows = numbered(count);
  const { result, csv } = await scan(rows);
  expect(csv === csvOf(rows)).toBe(true);
  expect(result).toMatchObject({ scanned: count, matched: count, rowsSha256: sha256Of(Buffer.from(csvOf(rows))) });
  expect(keyOf(result.firstKey)).toBe(rows[0]?.key);
  expect(keyOf(result.lastKey)).toBe(rows.at(-1)?.key);
});

test('a shard without a row, or without one that matches, leaves no file', async () => {
  const none = await scan([]);
  expect(none.result).toEqual({ scanned: 0, matched: 0 });
  expect(existsSync(none.path)).toBe(false);
  const unmatched = await scan(numbered(1000), { filter: () => false });
  expect(unmatched.result).toEqual({ scanned: 1000, matched: 0 });
  expect(existsSync(unmatched.path)).toBe(false);
});

test('only what matches is written, and first and last key are of what matches', async () => {
  const rows = numbered(3000);
  const filtered = anyRule({ filter: { lowerSizeBytes: 700, upperSizeBytes: 2200 } });
  const { result, csv } = await scan(rows, { filter: createRowFilter(filtered) });
  const expected = rows.slice(700, 2201);
  expect(csv === csvOf(expected)).toBe(true);
  expect(result).toMatchObject({ scanned: 3000, matched: expected.length });
  expect(keyOf(result.firstKey)).toBe(expected[0]?.key);
  expect(keyOf(result.lastKey)).toBe(expected.at(-1)?.key);
});

test('only the range is scanned', async () => {
  const { result, csv } = await scan(numbered(3000), { range: prefixRange('k00010') });
  expect(csv === csvOf(numbered(3000).slice(1000, 1100))).toBe(true);
  expect(result.scanned).toBe(100);
});

test('rows of any kind are written as the slow and plain encoder writes them', async () => {
  const key = fc.uniqueArray(objectKey, { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(key, fc.infiniteStream(objectRecord), async (keys, records) => {
      const rows = keys.map((key) => ({
        key,
        record: { ...records.next().value, isDeleteMarker: false, isLatest: true },
      }));
      const { csv } = await scan(rows);
      rows.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
      expect(csv ?? '').toBe(csvOf(rows));
    }),
    { numRuns: 50 },
  );
});

test('the longest rows there can be fit into a block', async () => {
  const key = (n: number) => `${String.fromCodePoint(0x4e00 + n)}${'封'.repeat(340)}`;
  const record = { ...plainRecord, etag: '"'.repeat(256), versionId: '"'.repeat(1024) };
  const rows = Array.from({ length: 600 }, (_, n) => ({ key: key(n), record }));
  const { csv } = await scan(rows);
  expect(csv === csvOf(rows)).toBe(true);
});

test('progress is told as it is made, and the last word is the whole', async () => {
  const told: { scanned: number; matched: number; bytesWritten: number }[] = [];
  await scan(numbered(20_000), { onProgress: (rows) => void told.push(rows) });
  expect(told.length).toBeGreaterThan(50);
  expect(told.map(({ scanned }) => scanned)).toEqual(told.map(({ scanned }) => scanned).sort((a, b) => a - b));
  expect(told.at(-1)).toMatchObject({ scanned: 20_000, matched: 20_000 });
});

test('a shard that is stopped, or whose source breaks, leaves no file', async () => {
  const file = path.join(temporaryFolder(), 'shard');
  let batches = 0;
  const onProgress = () => {
    if (++batches === 40) throw new Error('stopped');
  };
  await expect(scan(numbered(20_000), { path: file, onProgress })).rejects.toThrow('stopped');
  expect(existsSync(file)).toBe(false);

  const broken = new MemorySource({ failAfterRows: 7000 });
  for (const { key, record } of numbered(8000)) await broken.add(key, record);
  const reader = openReader(broken.reader.options);
  await reader.begin();
  await expect(scan([], { reader, path: file })).rejects.toThrow('the source broke');
  expect(existsSync(file)).toBe(false);
});
