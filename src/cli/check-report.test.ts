import { mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Document,
  type Report,
  ROWS_IN_ORDER,
  type Row,
  rewriteManifest,
  row,
  writeReport,
} from '../../test/report-fixture.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import type { Column } from '../core/report-columns.ts';
import { checkReport, type ReportCheck } from './check-report.ts';
import { openReportSource } from './report-source.ts';

/** The reports here have no report.json; of those that have one is check-told-report.test.ts. */
async function check(report: Pick<Report, 'manifest'>): Promise<Omit<ReportCheck, 'notes' | 'isProven'>> {
  const { notes, isProven, ...found } = await checkAll(report);
  return found;
}

async function checkAll({ manifest }: Pick<Report, 'manifest'>): Promise<ReportCheck> {
  const noServer = () => {
    throw new Error('no server is needed here');
  };
  return await checkReport(openReportSource(manifest, noServer), () => undefined);
}

const WHOLE = { problems: [], files: 2, rows: 6 };
const ALL: readonly Column[] = ['Bucket', 'Key', 'VersionId', 'IsLatest', 'IsDeleteMarker', 'LastModifiedDate'];

function change(file: string, how: (bytes: Buffer) => Buffer): void {
  writeFileSync(file, how(readFileSync(file)));
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}

test('a report that is whole has no problems', async () => {
  expect(await check(writeReport())).toEqual(WHOLE);
});

test('the worked example of the inventory sheet is whole', async () => {
  const folder = new URL('../../test/vectors/inventory/output/inv/acme-media/nightly-all/', import.meta.url);
  const manifest = fileURLToPath(new URL('2026-10-04T16-00Z/manifest.json', folder));
  expect(await check({ manifest })).toMatchObject({ problems: [], files: 1 });
});

test('files that were gathered in one folder are found there', async () => {
  const report = writeReport();
  for (const file of report.files) renameSync(file, path.join(path.dirname(report.manifest), path.basename(file)));
  expect(await check(report)).toEqual(WHOLE);
});

test('a bit flipped at whatever byte of the manifest is told', async () => {
  const report = writeReport();
  const bytes = readFileSync(report.manifest);
  for (let at = 0; at < bytes.length; at++) {
    writeFileSync(report.manifest, flipped(bytes, at));
    expect((await check(report)).problems[0], `byte ${at}`).toMatchObject({ file: report.manifest });
  }
});

test('a bit flipped at whatever byte of the checksum is told', async () => {
  const report = writeReport();
  const bytes = readFileSync(report.checksum);
  for (let at = 0; at < bytes.length; at++) {
    writeFileSync(report.checksum, flipped(bytes, at));
    const text = expect.stringContaining('manifest.checksum says');
    expect((await check(report)).problems, `byte ${at}`).toEqual([{ file: report.manifest, text }]);
  }
});

test.each([0, 1])('a bit flipped at whatever byte of data file %i is told', async (index) => {
  const report = writeReport();
  const file = report.files[index] ?? '';
  const bytes = readFileSync(file);
  for (let at = 0; at < bytes.length; at++) {
    writeFileSync(file, flipped(bytes, at));
    const { problems } = await check(report);
    expect(problems[0], `byte ${at}`).toMatchObject({ file: report.keys[index], text: expect.stringContaining('MD5') });
  }
});

test('a checksum that is missing is told, and the rest is checked', async () => {
  const report = writeReport();
  unlinkSync(report.checksum);
  expect(await check(report)).toEqual({
    ...WHOLE,
    problems: [{ file: 'manifest.checksum', text: 'the file is missing' }],
  });
});

test.each([0, 1])('data file %i that is missing is told, and the other is checked', async (index) => {
  const report = writeReport();
  unlinkSync(report.files[index] ?? '');
  const problems = [{ file: report.keys[index], text: 'the file is missing' }];
  expect(await check(report)).toEqual({ problems, files: 2, rows: 3 });
});

test('a manifest that is missing is said in words', async () => {
  const report = writeReport();
  unlinkSync(report.manifest);
  await expect(check(report)).rejects.toThrow(`There is no manifest at "${report.manifest}"`);
});

test.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, -1), /\d+ bytes, and the manifest says/],
  ['longer by a byte', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)]), /\d+ bytes, and the manifest says/],
  ['empty', () => Buffer.alloc(0), /it has 0 bytes/],
  ['of other bytes', (bytes: Buffer) => Buffer.alloc(bytes.length), /its MD5 is/],
] as const)('a data file %s is told', async (_, how, text) => {
  const report = writeReport();
  change(report.files[1] ?? '', how);
  const { problems } = await check(report);
  expect(problems[0]).toMatchObject({ file: report.keys[1], text: expect.stringMatching(text) });
});

/** What may be done to the rows of a report, and where it is told: file and row, counted from 0 and from 1. */
const TAMPERINGS: readonly (readonly [
  string,
  readonly (readonly Row[])[],
  { file: number; row: number; text: string },
])[] = [
  ['a row out of order', [[row('b'), row('a')]], { file: 0, row: 2, text: '"a" comes before the key "b"' }],
  ['a row doubled', [[row('a'), row('a')]], { file: 0, row: 2, text: '"a" is there twice' }],
  ['a row doubled with another size', [[row('a'), row('a', 13)]], { file: 0, row: 2, text: '"a" is there twice' }],
  [
    'rows out of order across files',
    [[row('a'), row('m')], [row('b')]],
    { file: 1, row: 1, text: '"b" comes before the key "m"' },
  ],
  ['a row doubled across files', [[row('a')], [row('a')]], { file: 1, row: 1, text: '"a" is there twice' }],
  [
    'a row of another bucket',
    [[row('a'), ['videos', 'b', '1']]],
    { file: 0, row: 2, text: 'its bucket is "videos", not "photos"' },
  ],
  [
    'a row with a column too many',
    [[row('a'), [...row('b'), 'x']]],
    { file: 0, row: 2, text: '4 columns where the manifest names 3' },
  ],
  [
    'a row with a column too few',
    [[row('a'), ['photos', 'b']]],
    { file: 0, row: 2, text: '2 columns where the manifest names 3' },
  ],
  ['a row without anything', [[row('a'), ['']]], { file: 0, row: 2, text: '1 columns where the manifest names 3' }],
  ['a key that is not encoded', [[row('a'), ['photos', '%G0', '1']]], { file: 0, row: 2, text: 'not percent-encoded' }],
  ['a key whose code is cut', [[row('a'), ['photos', 'b%4', '1']]], { file: 0, row: 2, text: 'not percent-encoded' }],
  ['keys in the order of UTF-16', [[row('\u{1F600}'), row('\uFFFD')]], { file: 0, row: 2, text: 'comes before' }],
];

test.each(TAMPERINGS)('%s is told by its row, even when all sums fit', async (_, files, { file, row, text }) => {
  const report = writeReport({ files });
  const { problems } = await check(report);
  expect(problems).toEqual([{ file: report.keys[file], row, text: expect.stringContaining(text) }]);
});

test.each(TAMPERINGS)('%s is told by MD5 when manifest and checksum are left alone', async (_, files) => {
  const report = writeReport({ files: files.map((_, index) => [row(`fine-${index}`)]) });
  const tampered = writeReport({ files });
  for (const [index, file] of report.files.entries()) writeFileSync(file, readFileSync(tampered.files[index] ?? ''));
  const { problems } = await check(report);
  expect(problems.map(({ text }) => text).join()).toContain('its MD5 is');
});

test('a row lost is told by MD5; when all sums were made to fit, report.json alone could tell', async () => {
  const report = writeReport();
  const lossy = writeReport({ files: [[row('a'), row('b c')], ROWS_IN_ORDER[1] ?? []] });
  writeFileSync(report.files[0] ?? '', readFileSync(lossy.files[0] ?? ''));
  expect((await check(report)).problems[0]).toMatchObject({ file: report.keys[0] });
  expect((await check(lossy)).problems).toEqual([]);
});

test('files listed in the wrong order are told by the first row out of order', async () => {
  const report = writeReport();
  rewriteManifest(report, ({ files }) => void files.reverse());
  expect((await check(report)).problems).toMatchObject([{ file: report.keys[0], row: 1 }]);
});

test('a file listed twice is told', async () => {
  const report = writeReport({ files: [[row('a')]] });
  rewriteManifest(report, ({ files }) => void files.push(...files));
  expect((await check(report)).problems).toMatchObject([{ row: 1, text: expect.stringContaining('twice') }]);
});

test('quotes within values are doubled, and a value may hold commas', async () => {
  const files = [[['photos', 'a', 'say "hi", twice'], row('b')]];
  expect((await check(writeReport({ files }))).problems).toEqual([]);
});

test.each(['photos,"a","12', 'photos,"a"x,"12"', 'photos,"a","1"2"'])(
  'a row with a stray quote is told: %s',
  async (line) => {
    const report = writeReport({ files: [[row('a')]], compress: () => gzipSync(`${line}\n`) });
    expect((await check(report)).problems).toMatchObject([{ row: 1, text: 'its quotes are not balanced' }]);
  },
);

test('values without quotes are read as well, as older reports have them', async () => {
  const compress = () => gzipSync('photos,a,12\nphotos,b,\n');
  expect(await check(writeReport({ files: [[row('a')]], compress }))).toEqual({ problems: [], files: 1, rows: 2 });
});

test.each([
  [
    'two gzip members',
    (text: string) => Buffer.concat([gzipSync(text), gzipSync('photos,"z","1"\n')]),
    'follow its gzip data',
  ],
  [
    'garbage behind its gzip data',
    (text: string) => Buffer.concat([gzipSync(text), Buffer.from('!')]),
    '1 bytes follow',
  ],
  ['its gzip data cut', (text: string) => gzipSync(text).subarray(0, -9), 'it ends before its gzip data does'],
  ['its gzip trailer cut', (text: string) => gzipSync(text).subarray(0, -3), 'it ends before its gzip data does'],
  ['no gzip data at all', (text: string) => Buffer.from(text), 'does not begin as a gzip file'],
  ['a last row without end', (text: string) => gzipSync(text.slice(0, -1)), 'the row has no end'],
  [
    'a row of more than a megabyte',
    (text: string) => gzipSync(`${text}${'x'.repeat(3_000_000)}`),
    'longer than 1048576 bytes',
  ],
] as const)('a file with %s is told, even when all sums fit', async (_, compress, text) => {
  const report = writeReport({ files: [[row('a')]], compress });
  expect((await check(report)).problems).toMatchObject([{ file: report.keys[0], text: expect.stringContaining(text) }]);
});

test.each([
  ['no JSON', () => '{"files": [', 'it is no JSON'],
  ['no object', () => '[]', 'expected object'],
  ['without files', (document: Document) => ({ ...document, files: undefined }), 'files'],
  [
    'with a size in words',
    (document: Document) => ({ ...document, files: [{ key: 'a', size: 'big', MD5checksum: '' }] }),
    'files.0.size',
  ],
  ['of another format', (document: Document) => ({ ...document, fileFormat: 'ORC' }), 'fileFormat'],
  ['with other first columns', (document: Document) => ({ ...document, fileSchema: 'Key, Bucket' }), 'fileSchema'],
] as const)('a manifest that is %s is told', async (_, change, text) => {
  const report = writeReport();
  rewriteManifest(report, change);
  const { problems } = await check(report);
  expect(problems[0]).toMatchObject({ file: report.manifest, text: expect.stringContaining(text) });
});

test('a manifest with a million wrong files tells of some', async () => {
  const report = writeReport();
  rewriteManifest(report, (document) => ({ ...document, files: Array.from({ length: 1_000_000 }, () => 7) }));
  expect((await check(report)).problems.length).toBeLessThanOrEqual(20);
});

test('a manifest too large to be one is told, not read', async () => {
  const report = writeReport();
  truncateSync(report.manifest, 10 * 1024 ** 3);
  expect((await check(report)).problems).toEqual([
    { file: report.manifest, text: expect.stringContaining('which no manifest has') },
  ]);
});

test('a checksum too large to be one is told', async () => {
  const report = writeReport();
  truncateSync(report.checksum, 10 * 1024 ** 3);
  expect((await check(report)).problems).toMatchObject([{ text: expect.stringContaining('far more than a checksum') }]);
});

test.each(['../../../outside', '/outside', 'data/..', '..', '.', 'data/', '', 'outside\u0000', 'folder', 'device'])(
  'a key never leads out of the report, nor to what is no file: %j',
  async (key) => {
    const report = writeReport({ files: [[row('a')]] });
    const data = path.dirname(report.files[0] ?? '');
    renameSync(report.files[0] ?? '', path.join(path.dirname(path.dirname(data)), 'outside'));
    mkdirSync(path.join(data, 'folder'));
    symlinkSync('/dev/zero', path.join(data, 'device'));
    rewriteManifest(report, ({ files }) => {
      for (const file of files) file.key = key;
    });
    expect((await check(report)).problems).toMatchObject([{ text: 'the file is missing' }]);
  },
);

test("what a report says is shown without the power to move a terminal's cursor", async () => {
  const report = writeReport({ files: [[['\u001b[2Jevil', 'a', '1']]] });
  const { problems } = await check(report);
  expect(problems.map(({ text }) => text).join()).not.toContain('\u001b');
});

test('after twenty problems the rest is left', async () => {
  const files = [Array.from({ length: 1000 }, (_, index) => row(`z${index}`, index)).toReversed()];
  expect((await check(writeReport({ files }))).problems).toHaveLength(20);
});

/** Rows of a report of all versions: key, version, is it the latest, modified in that second. */
function version(key: string, id: string, isLatest: boolean, second: number): Row {
  return ['photos', key, id, String(isLatest), 'false', `2026-10-04T16-00-0${second}Z`];
}

test.each<[string, readonly Row[], string | undefined]>([
  ['newest first', [version('a', '3', true, 3), version('a', '2', false, 2), version('b', '1', true, 9)], undefined],
  ['two within one second', [version('a', '3', true, 2), version('a', '2', false, 2)], undefined],
  [
    'without the latest, which a filter left out',
    [version('a', '2', false, 2), version('a', '1', false, 1)],
    undefined,
  ],
  [
    'oldest first',
    [version('a', '2', false, 2), version('a', '3', true, 3)],
    'the latest version of "a" comes after an older one',
  ],
  ['two that are the latest', [version('a', '3', true, 3), version('a', '2', true, 2)], 'the latest version of "a"'],
  ['one that is there twice', [version('a', '3', true, 3), version('a', '3', false, 3)], '"a" is there twice'],
  [
    'one that is there twice, apart',
    [version('a', '3', true, 3), version('a', '2', false, 3), version('a', '3', false, 3)],
    'twice',
  ],
])('versions of a key: %s', async (_, rows, problem) => {
  const { problems } = await check(writeReport({ columns: ALL, files: [rows] }));
  expect(problems.map(({ text }) => text)).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
});

const WITH_CONTENT: readonly Column[] = [
  ...['Bucket', 'Key', 'VersionId', 'IsLatest', 'IsDeleteMarker'],
  ...['Size', 'ETag', 'StorageClass', 'EncryptionStatus', 'Crc64'],
] as Column[];
const OBJECT: Row = ['photos', 'a', 'null', 'true', 'false', '0', 'D41D8CD98F00B204E9800998ECF8427E', 'IA', 'true', ''];
const MARKER: Row = ['photos', 'a', 'null', 'true', 'true', '', '', '', 'false', ''];
const having = (row: Row, column: Column, value: string) => row.with(WITH_CONTENT.indexOf(column), value);

test.each<[string, Row, string | undefined]>([
  ['an object', OBJECT, undefined],
  ['a delete marker', MARKER, undefined],
  ['an object without a size', having(OBJECT, 'Size', ''), 'the object "a" has no size'],
  ['a delete marker with a size', having(MARKER, 'Size', '0'), 'the delete marker of "a" has "0" as its Size'],
  ['a delete marker with a class', having(MARKER, 'StorageClass', 'IA'), 'has "IA" as its StorageClass'],
  ['a delete marker with a checksum', having(MARKER, 'Crc64', '7'), 'has "7" as its Crc64'],
  ['neither', having(OBJECT, 'IsDeleteMarker', 'True'), 'its IsDeleteMarker is "True", neither true nor false'],
  ['a latest that may be', having(OBJECT, 'IsLatest', ''), 'its IsLatest is "", neither true nor false'],
])('a row of %s is held against what it says it is', async (_, row, problem) => {
  const { problems } = await check(writeReport({ columns: WITH_CONTENT, files: [[row]] }));
  expect(problems.map(({ text }) => text)).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
});

test('versions that are not in order of time are noted, because a clock that was set back makes such', async () => {
  const rows = [version('a', '3', true, 3), version('a', '1', false, 1), version('a', '2', false, 2)];
  const { manifest } = writeReport({ columns: ALL, files: [[version('0', '1', true, 0)], rows] });
  const { problems, notes } = await checkAll({ manifest });
  expect(problems).toEqual([]);
  expect(notes).toContainEqual(expect.stringContaining('versions of "a" are not in the order of their times'));
});

test('hundreds of thousands of versions of one key are checked with a bounded memory of them', async () => {
  const count = 300_000;
  const rows = Array.from({ length: count }, (_, index) => version('a', `version-${index}`, index === 0, 0));
  expect(await check(writeReport({ columns: ALL, files: [rows] }))).toEqual({ problems: [], files: 1, rows: count });
});

test('a report is verified over HTTP, from where its files lie', async () => {
  const report = writeReport();
  const root = path.resolve(path.dirname(report.manifest), '..');
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(path.join(root, request.url ?? '')));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const manifest = `${base}/${path.basename(path.dirname(report.manifest))}/manifest.json`;
  expect(await check({ manifest })).toEqual(WHOLE);
  unlinkSync(report.files[1] ?? '');
  expect((await check({ manifest })).problems).toEqual([{ file: report.keys[1], text: 'the file is missing' }]);
  await expect(check({ manifest: `${base}/none/manifest.json` })).rejects.toThrow('There is no manifest at');
});

test('a server that breaks off in mid-file is an error, not a verdict', async () => {
  const report = writeReport();
  const server = createServer((request, response) => {
    if (request.url?.endsWith('report.json')) {
      response.writeHead(404).end();
    } else if (request.url?.endsWith('.gz')) {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    } else {
      response.end(readFileSync(path.join(path.dirname(report.manifest), path.basename(request.url ?? ''))));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const manifest = `http://127.0.0.1:${(server.address() as AddressInfo).port}/minute/manifest.json`;
  await expect(check({ manifest })).rejects.toThrow();
});

test('a folder in place of a manifest is said in words', async () => {
  await expect(check({ manifest: temporaryFolder() })).rejects.toThrow('There is no manifest at');
});
