import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { anyFacts, shardOf } from '../../test/report-facts-fixture.ts';
import { manifestKey, renderManifest } from './report.ts';
import {
  dataFilesOf,
  manifestOf,
  percentEncoded,
  type ReportFacts,
  renderReportFacts,
  sha256Of,
} from './report-facts.ts';

const FOLDER = 'inv/photos/nightly-all/2026-10-04T16-00Z';
const rows = 'photos,"a"\nphotos,"b%2Fc"\n';
const SHARDS = [
  shardOf({ number: 0, start: '', end: 'm', keys: ['a', 'b/c'], fileKey: 'data/0', file: Buffer.from('zipped'), rows }),
  shardOf({ number: 1, start: 'm', keys: [], fileKey: 'data/1', file: Buffer.of(), rows: '' }),
];
const facts = anyFacts({ shards: SHARDS });

function render(of: ReportFacts): Buffer | undefined {
  return renderReportFacts(of, FOLDER, renderManifest(manifestOf(of)));
}

test('a report tells of its run, its rule, each of its shards, and the manifest beside it', () => {
  const manifest = renderManifest(manifestOf(facts));
  expect(JSON.parse(String(render(facts)))).toEqual({
    version: '1',
    run: {
      id: '0123456789abcdef',
      trigger: 'manual',
      scheduledFor: '2026-10-04T16:00:00.000Z',
      startedAt: '2026-10-04T16:00:00.000Z',
      tries: 1,
    },
    pointInTime: '2026-10-04T16:00:00.000Z',
    source: { bucket: 'photos' },
    rule: anyRule(),
    columns: ['Bucket', 'Key', ...anyRule().optionalFields],
    counts: { scanned: 2, matched: 2, bytesWritten: 6 },
    keyEncoding: 'percent',
    shards: [
      {
        number: 0,
        range: { start: '', end: 'm' },
        scanned: 2,
        matched: 2,
        firstKey: 'a',
        lastKey: 'b%2Fc',
        rowsSha256: sha256Of(Buffer.from(rows)),
        file: {
          key: 'data/0',
          size: 6,
          md5: expect.stringMatching(/^[0-9A-F]{32}$/),
          sha256: sha256Of(Buffer.from('zipped')),
        },
      },
      {
        number: 1,
        range: { start: 'm', end: null },
        scanned: 0,
        matched: 0,
        firstKey: null,
        lastKey: null,
        rowsSha256: null,
        file: null,
      },
    ],
    manifest: { key: manifestKey(FOLDER), sha256: sha256Of(manifest) },
  });
});

test('the manifest names the files of the shards that delivered one, in order', () => {
  expect(dataFilesOf(SHARDS).map(({ key }) => key)).toEqual(['data/0']);
  expect(manifestOf(facts)).toMatchObject({ creationTimestampSeconds: 1_791_129_600, files: dataFilesOf(SHARDS) });
});

test('a shard without digests, from a version that kept none, leaves a report without one', () => {
  const old = SHARDS.map(({ delivered, ...shard }) => {
    if (delivered === undefined) return shard;
    const { digests, ...kept } = delivered;
    return { ...shard, delivered: kept };
  });
  expect(render({ ...facts, shards: old })).toBeUndefined();
});

test('one that nobody would read for its length is not written', () => {
  const [shard] = SHARDS;
  if (shard === undefined) throw new Error('a shard');
  expect(render({ ...facts, shards: Array.from({ length: 150_000 }, () => shard) })).toBeUndefined();
});

test('a key is written as in a row: all but the bare characters as upper-case hex, and back it is the same', () => {
  const bare = /^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1023 }), (key) => {
      const text = percentEncoded(key);
      expect(text).toMatch(bare);
      expect(text).toHaveLength(
        key.reduce((length, byte) => length + (/[A-Za-z0-9._~-]/.test(String.fromCharCode(byte)) ? 1 : 3), 0),
      );
    }),
  );
  const key = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(key, (key) => {
      expect(decodeURIComponent(percentEncoded(Buffer.from(key)))).toBe(key);
    }),
  );
});
