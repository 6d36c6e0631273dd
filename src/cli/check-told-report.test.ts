/** Reports with a report.json: every kind of lie, in it or in what lies beside it, is told where it is. */

import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { factsOf } from '../../test/contract/memory-destination.ts';
import {
  type FactsDocument,
  type FactsShard,
  type Report,
  rewriteFacts,
  rewriteManifest,
  row,
  writeReport,
} from '../../test/report-fixture.ts';
import { sha256Of } from '../core/report-facts.ts';
import { checkReport, type ReportCheck } from './check-report.ts';
import type { Problem } from './problems.ts';
import { openReportSource } from './report-source.ts';

/** Three files: of the ranges up to "d", up to "p" and from there on. */
const FILES = [[row('a'), row('b/c')], [row('d'), row('e'), row('é')], [row('封面')]];
const KEYS = ['a', 'b/c', 'd', 'e', 'é', '封面'];

async function check({ manifest }: Report): Promise<ReportCheck> {
  const noServer = () => {
    throw new Error('no server is needed here');
  };
  return await checkReport(openReportSource(manifest, noServer), () => undefined);
}

function shardAt({ shards }: FactsDocument, at: number): FactsShard {
  const shard = shards[at];
  if (shard === undefined) throw new Error(`no shard ${at}`);
  return shard;
}

function fileAt(document: FactsDocument, at: number) {
  const { file } = shardAt(document, at);
  if (file === null) throw new Error(`shard ${at} has no file`);
  return file;
}

const saying = (text: string) => expect.stringContaining(text) as string;

test('a report that its run tells the truth of has no problems, and nothing is left unchecked', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  expect(await check(report)).toEqual({ problems: [], notes: [], isProven: true, files: 3, rows: KEYS.length });
});

test('a shard in which nothing matched is part of a whole report', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteFacts(report, ({ shards }) => {
    const [first, ...others] = shards;
    if (first === undefined) throw new Error('a shard');
    const nothing = { ...first, range: { start: '', end: '0' }, scanned: 0, matched: 0, firstKey: null, lastKey: null };
    first.range.start = '0';
    shards.splice(0, shards.length, { ...nothing, rowsSha256: null, file: null }, first, ...others);
    for (const [number, shard] of shards.entries()) shard.number = number;
  });
  expect(await check(report)).toMatchObject({ problems: [], notes: [] });
});

test('without a report.json the report is checked as far as it goes, and a note says how far', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  unlinkSync(report.reportJson);
  expect(await check(report)).toMatchObject({ problems: [], notes: [saying('no report.json')], rows: KEYS.length });
});

/** Puts other rows in place of a file, and makes MD5, size, manifest and checksum fit: all but report.json. */
function tamper(report: Report, at: number, rows: readonly string[]): void {
  const bytes = gzipSync(rows.map((key) => `photos,"${encodeURIComponent(key)}","12"\n`).join(''));
  writeFileSync(report.files[at] ?? '', bytes);
  rewriteManifest(report, ({ files }) => {
    const file = files[at];
    if (file === undefined) throw new Error('a file');
    const { sizeBytes, md5 } = factsOf(bytes);
    file.size = sizeBytes;
    file.MD5checksum = md5;
  });
}

test('a row that was taken out, with every checksum made to fit, is told by its file and shard', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  tamper(report, 1, ['d', 'é']);
  const { problems } = await check(report);
  const file = report.keys[1];
  expect(problems).toContainEqual({ file: 'report.json', text: saying('a manifest whose SHA-256 is') });
  expect(problems).toContainEqual({ file, shard: 1, text: 'its number of rows is 2, and report.json says 3' });
  expect(problems).toContainEqual({ file, shard: 1, text: saying('the SHA-256 of its rows is') });
  expect(problems).toContainEqual({ file, shard: 1, text: saying('report.json gives it the MD5') });
});

test('a row that was changed for another is told by the digest of the rows', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  tamper(report, 1, ['d', 'f', 'é']);
  const { problems } = await check(report);
  expect(problems).toContainEqual({ file: report.keys[1], shard: 1, text: saying('the SHA-256 of its rows is') });
});

test('a row that lies outside of the range of its shard is told by its place', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  tamper(report, 0, ['a', 'b/c', 'cow', 'dog']);
  const { problems } = await check(report);
  expect(problems).toContainEqual({
    file: report.keys[0],
    row: 4,
    text: 'its key "dog" lies outside of the range of shard 0, from "" up to "d"',
  });
  expect(problems.filter(({ row }) => row !== undefined)).toHaveLength(1 + 1); // And "d" comes before "dog".
});

const SHA256 = sha256Of(Buffer.from('another'));

/** What report.json may say, and what is told of it; the file is that of the shard unless it is report.json. */
const LIES: readonly (readonly [string, (document: FactsDocument) => unknown, Partial<Problem> & { text: string }])[] =
  [
    [
      'a gap between two ranges',
      (document) => {
        shardAt(document, 0).range.end = 'c';
      },
      {
        shard: 1,
        text: 'its range begins at "d", where the range before it ends at "c": what lies between is left out',
      },
    ],
    [
      'ranges that overlap',
      (document) => {
        shardAt(document, 0).range.end = 'dd';
      },
      {
        shard: 1,
        text: 'its range begins at "d", where the range before it ends at "dd": what lies between is covered twice',
      },
    ],
    [
      'a first range that begins behind the prefix of the rule',
      (document) => {
        shardAt(document, 0).range.start = 'a';
      },
      { shard: 0, text: 'its range begins at "a", where the keys to cover begin at "": what lies between is left out' },
    ],
    [
      'a first range that begins before the prefix of the rule',
      (document) => {
        document.rule.filter.prefix = 'a';
      },
      {
        shard: 0,
        text: 'its range begins at "", where the keys to cover begin at "a": what lies between is not to be covered',
      },
    ],
    [
      'a last range that ends before the keys of the rule do',
      (document) => {
        shardAt(document, 2).range.end = '%F0';
      },
      { shard: 2, text: 'the last range ends at "�", where the keys to cover end at the end of all keys' },
    ],
    [
      'a last range that ends behind the keys of the rule',
      (document) => {
        document.rule.filter.prefix = 'a';
        shardAt(document, 0).range.start = 'a';
      },
      { shard: 2, text: 'the last range ends at the end of all keys, where the keys to cover end at "b"' },
    ],
    [
      'a range before the last without an end',
      (document) => {
        shardAt(document, 1).range.end = null;
      },
      { shard: 2, text: 'where the range before it ends at the end of all keys' },
    ],
    [
      'a range that ends before it begins',
      (document) => {
        shardAt(document, 1).range.end = 'c';
      },
      { shard: 1, text: 'its range ends at "c", before it begins at "d"' },
    ],
    ['no shard', (document) => void document.shards.splice(0), { text: 'it has no shard, so it covers no key' }],
    ['a shard taken out', (document) => void document.shards.pop(), { shard: 1, text: 'the last range ends at' }],
    [
      'shards in another order',
      (document) => void document.shards.reverse(),
      { shard: 0, text: 'its number is 2, and it is the one after 0 others' },
    ],
    [
      'another first key',
      (document) => {
        shardAt(document, 1).firstKey = 'dd';
      },
      { file: 'data/file-1', shard: 1, text: 'its first key is "d", and report.json says "dd"' },
    ],
    [
      'another last key',
      (document) => {
        shardAt(document, 1).lastKey = 'f';
      },
      { file: 'data/file-1', shard: 1, text: 'its last key is "é", and report.json says "f"' },
    ],
    [
      'keys outside of their range',
      (document) => {
        shardAt(document, 1).firstKey = 'c';
      },
      { shard: 1, text: 'its keys from "c" to "é" lie outside of its range, from "d" up to' },
    ],
    [
      'a first key behind the last',
      (document) => {
        shardAt(document, 1).lastKey = 'd.';
      },
      { file: 'data/file-1', shard: 1, text: 'its last key is' },
    ],
    [
      'a row more',
      (document) => {
        shardAt(document, 1).matched = 4;
        shardAt(document, 1).scanned = 4;
      },
      { file: 'data/file-1', shard: 1, text: 'its number of rows is 3, and report.json says 4' },
    ],
    [
      'more rows matched than scanned',
      (document) => {
        shardAt(document, 1).scanned = 2;
      },
      { shard: 1, text: 'it matched 3 rows of 2 that it scanned' },
    ],
    [
      'another digest of rows',
      (document) => {
        shardAt(document, 2).rowsSha256 = SHA256;
      },
      { file: 'data/file-2', shard: 2, text: `and report.json says ${SHA256}` },
    ],
    [
      'another digest of a file',
      (document) => {
        fileAt(document, 2).sha256 = SHA256;
      },
      { file: 'data/file-2', shard: 2, text: `and report.json says ${SHA256}` },
    ],
    [
      'another size of a file',
      (document) => {
        fileAt(document, 0).size += 1;
      },
      { file: 'data/file-0', shard: 0, text: 'bytes, and the manifest' },
    ],
    [
      'another MD5 of a file',
      (document) => {
        fileAt(document, 0).md5 = 'A'.repeat(32);
      },
      { file: 'data/file-0', shard: 0, text: `report.json gives it the MD5 ${'A'.repeat(32)}, and the manifest` },
    ],
    [
      'a file that the manifest does not name',
      (document) => {
        fileAt(document, 0).key = 'data/other';
      },
      { file: 'data/other', shard: 0, text: 'report.json names it, and the manifest does not' },
    ],
    [
      'one file for two shards',
      (document) => {
        shardAt(document, 1).file = shardAt(document, 0).file;
      },
      { file: 'data/file-0', shard: 1, text: 'report.json names it behind a file' },
    ],
    ...(['scanned', 'matched', 'bytesWritten'] as const).map(
      (what) =>
        [
          `another sum of ${what}`,
          (document: FactsDocument) => {
            document.counts[what] = 1;
          },
          { text: `counts.${what} is 1, and its shards come to` },
        ] as const,
    ),
    [
      'another manifest',
      (document) => {
        document.manifest.sha256 = SHA256;
      },
      { text: `it tells of a manifest whose SHA-256 is ${SHA256}, and this one's is` },
    ],
    [
      'another source',
      (document) => ({ ...document, source: { bucket: 'videos' } }),
      { text: 'its source bucket is "videos", and the manifest says "photos"' },
    ],
    [
      'another destination',
      (document) => {
        document.rule.destination.bucket = 'elsewhere';
      },
      { text: 'its destination bucket is "elsewhere", and the manifest says "acme-reports"' },
    ],
    [
      'other columns',
      (document) => ({ ...document, columns: ['Bucket', 'Key'] }),
      { text: 'its list of columns is "Bucket, Key", and the manifest says "Bucket, Key, Size"' },
    ],
  ];

test.each(LIES)(
  'a report.json that tells of %s is found out',
  async (_, change, { file = 'report.json', text, ...where }) => {
    const report = writeReport({ files: FILES, withFacts: true });
    rewriteFacts(report, change);
    const { problems } = await check(report);
    const found = problems.map((problem) => ({
      ...problem,
      file: problem.file.replace(/^.*(data\/file-\d)\.csv\.gz$/, '$1'),
    }));
    expect(found).toContainEqual({ file, ...where, text: saying(text) });
  },
);

test('a first key that differs only in bytes that are not shown is found out', async () => {
  const long = 'k'.repeat(200);
  const report = writeReport({ files: [[row(`${long}1`)]], withFacts: true });
  rewriteFacts(report, (document) => {
    shardAt(document, 0).firstKey = `${long}0`;
  });
  expect((await check(report)).problems).toContainEqual({
    file: report.keys[0],
    shard: 0,
    text: saying('its first key is'),
  });
});

test('a key that no store would take is told, however long it is', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteFacts(report, (document) => {
    shardAt(document, 0).range.start = 'a'.repeat(20_000_000);
  });
  expect((await check(report)).problems).toContainEqual({
    file: 'report.json',
    shard: 0,
    text: saying('range.start: must have 3072 characters at the most'),
  });
});

test('a file that the manifest names and report.json does not is told', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  const stranger = 'inv/photos/nightly/data/stranger.csv.gz';
  rewriteManifest(report, ({ files }) => void files.push({ key: stranger, size: 0, MD5checksum: '' }));
  const text = 'the manifest names it, and report.json does not';
  expect((await check(report)).problems).toContainEqual({ file: stranger, text });
});

test('a file that is taken out of the manifest, and is in report.json, is told', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteManifest(report, ({ files }) => void files.shift());
  const text = 'report.json names it, and the manifest does not';
  expect((await check(report)).problems).toContainEqual({ file: report.keys[0], shard: 0, text });
});

test('a file that the manifest names twice is told', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteManifest(report, ({ files }) => void files.push(...files.slice(-1)));
  const text = 'the manifest names it more than once';
  expect((await check(report)).problems).toContainEqual({ file: report.keys[2], text });
});

test.each<[string, (document: FactsDocument) => unknown, Partial<Problem> & { text: string }]>([
  ['no JSON', () => '{"version": ', { text: 'it is no JSON' }],
  ['no object', () => '7', { text: 'the document: Invalid input: expected object' }],
  ['of a version to come', (document) => ({ ...document, version: '2' }), { text: 'version: ' }],
  ['without shards', ({ shards, ...document }) => document, { text: 'shards: ' }],
  ['nested without end', () => '['.repeat(1_000_000), { text: 'lie in each other more than 16 deep' }],
  [
    'with keys in the clear',
    (document) => {
      shardAt(document, 1).firstKey = 'é';
    },
    { shard: 1, text: 'firstKey: must be percent-encoded' },
  ],
  [
    'with half of a digest',
    (document) => {
      shardAt(document, 1).rowsSha256 = 'ab';
    },
    { shard: 1, text: 'rowsSha256: must be 64' },
  ],
  [
    'with rows of no file',
    (document) => {
      shardAt(document, 1).file = null;
    },
    { shard: 1, text: 'file: ' },
  ],
  [
    'with a file of no rows',
    (document) => {
      shardAt(document, 1).matched = 0;
    },
    { shard: 1, text: 'firstKey: ' },
  ],
  [
    'with a count below none',
    (document) => {
      shardAt(document, 1).scanned = -1;
    },
    { shard: 1, text: 'scanned: ' },
  ],
])('a report.json that is %s is told, and the rest is checked', async (_, change, { text, ...where }) => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteFacts(report, change);
  const { problems, rows } = await check(report);
  expect(problems[0]).toEqual({ file: 'report.json', ...where, text: saying(text) });
  expect(rows).toBe(KEYS.length);
});

test('a report.json with a million wrong shards tells of some', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteFacts(report, (document) => ({ ...document, shards: Array.from({ length: 1_000_000 }, () => 7) }));
  expect((await check(report)).problems).toHaveLength(20);
});

test('a report.json too large to be one is told, not read', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  truncateSync(report.reportJson, 10 * 1024 ** 3);
  expect((await check(report)).problems).toEqual([{ file: 'report.json', text: saying('which none has') }]);
});

test('a bit flipped at whatever byte of what report.json says of shards and sums is told', async () => {
  const report = writeReport({ files: [[row('a')], [row('m')]], withFacts: true });
  const bytes = readFileSync(report.reportJson);
  const text = bytes.toString();
  const [from, to] = [text.indexOf('"columns"'), text.indexOf('"manifest"')];
  for (let at = from; at < to; at++) {
    if (/\s/.test(text[at] ?? '')) continue;
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 0x01;
    writeFileSync(report.reportJson, flipped);
    expect((await check(report)).problems, `byte ${at}, behind ${text.slice(at - 20, at)}`).not.toEqual([]);
  }
});

test.each([403, 404])('where the web answers %i for report.json, the report is checked without', async (status) => {
  const report = writeReport({ files: FILES });
  const root = path.resolve(path.dirname(report.manifest), '..');
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/report.json')) response.writeHead(status).end();
    else response.end(readFileSync(path.join(root, request.url ?? '')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const manifest = `http://127.0.0.1:${port}/${path.basename(path.dirname(report.manifest))}/manifest.json`;
  expect(await check({ ...report, manifest })).toMatchObject({
    problems: [],
    notes: [saying('no report.json')],
    files: 3,
  });
});

test('times that contradict the manifest are told, and a point in time before the run began is noted', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteFacts(report, (document) => {
    document.pointInTime = '2001-01-01T00:00:00.000Z';
  });
  const { problems, notes } = await check(report);
  expect({ problems, notes }).toEqual({ problems: [], notes: [saying('lies before the start of its run')] });
  rewriteFacts(report, (document) => {
    document.run = { startedAt: '2001-01-01T00:00:00.000Z' };
  });
  expect((await check(report)).problems).toEqual([
    { file: 'report.json', text: saying('its start of the scan is "978307200", and the manifest says') },
  ]);
});

test('columns that the rule does not ask for are told', async () => {
  const report = writeReport({ files: FILES, withFacts: true });
  rewriteFacts(report, ({ rule }) => {
    Object.assign(rule, { optionalFields: ['ETag'] });
  });
  expect((await check(report)).problems).toEqual([
    { file: 'report.json', text: 'its columns are "Bucket, Key, Size", and its rule asks for "Bucket, Key, ETag"' },
  ]);
});
