/** The engine end to end: from a source, through its threads, to a report in a destination. */

import { AssertionError } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { DomainError } from '../src/core/errors.ts';
import { cutRange, type KeyRange, prefixRange } from '../src/core/key-range.ts';
import type { ObjectRecord } from '../src/core/record.ts';
import { dataFileKey, manifestKey, type ReportPlace, reportFolder } from '../src/core/report.ts';
import type { Rule } from '../src/core/rule.ts';
import { OPTIONAL_FIELDS } from '../src/core/rule-fields.ts';
import type { Destination } from '../src/inventory/destination.ts';
import { Inventory, type InventoryOptions } from '../src/inventory/inventory.ts';
import { publishReport } from '../src/inventory/publish.ts';
import { ScanPool } from '../src/inventory/scan-pool.ts';
import type { ShardResult } from '../src/inventory/scan-shard.ts';
import type { Source } from '../src/inventory/source.ts';
import { openIndex } from '../src/store/index-database.ts';
import { BucketDestination } from '../src/store/inventory-destination.ts';
import { BucketSource } from '../src/store/inventory-source.ts';
import { anyRule } from './any-rule.ts';
import { MemoryDestination } from './contract/memory-destination.ts';
import { MemorySource } from './contract/memory-source.ts';
import { plainRecord } from './plain-record.ts';
import { type ReferenceRow, referenceRow } from './reference-encoder.ts';
import { anyFacts } from './report-facts-fixture.ts';
import { contentOf, NOW_MS, openStore, photos, put, temporaryFolder } from './store-fixture.ts';

const FOLDER_MS = Date.UTC(2026, 9, 4, 16, 0);
const place: ReportPlace = { destinationPrefix: 'inv', sourceBucket: 'photos', ruleId: 'nightly-all' };
const REPORT_FOLDER = reportFolder(place, FOLDER_MS);
const rule = anyRule({ optionalFields: ['Size', 'LastModifiedDate', 'ETag', 'StorageClass', 'Crc64'] });

function openPool(threads: number): ScanPool {
  const pool = new ScanPool({ threads });
  onTestFinished(() => pool.close());
  return pool;
}

function openInventory(source: Source, change: Partial<InventoryOptions> = {}) {
  const destination = new MemoryDestination();
  const spool = temporaryFolder();
  const pool = change.pool ?? openPool(2);
  const inventory = new Inventory({ rule, sourceBucket: 'photos', source, destination, spool, ...change, pool });
  onTestFinished(() => inventory.close());
  return { inventory, destination, spool };
}

/** Scans all ranges, as many at once as the inventory can, and gives what each came to, in the order of the ranges. */
async function scanAll(inventory: Inventory) {
  const { ranges } = await inventory.begin();
  const shards = ranges.map((range, n) => ({ range, fileKey: dataFileKey(place, `file-${n}`) }));
  const results: (ShardResult & { readonly fileKey: string })[] = [];
  const queue = [...shards.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [n, { range, fileKey }] = next;
      results[n] = { ...(await inventory.scanShard(range, fileKey)), fileKey };
    }
  };
  await Promise.all(Array.from({ length: inventory.concurrency }, work));
  return results;
}

async function publish(destination: Destination, results: Awaited<ReturnType<typeof scanAll>>): Promise<void> {
  const shards = results.map(({ fileKey, scanned, matched, file, firstKey, lastKey }, number) => {
    const shard = { number, range: prefixRange(''), scanned, matched };
    if (!(file && firstKey && lastKey)) return shard;
    return { ...shard, delivered: { firstKey, lastKey, file: { key: fileKey, ...file } } };
  });
  const facts = anyFacts({ sourceBucket: place.sourceBucket, rule, shards });
  await publishReport({ destination, folder: REPORT_FOLDER, facts });
}

/** The rows that a report's manifest leads to. */
function rowsOf(destination: MemoryDestination): string {
  const bytes = destination.objects.get(manifestKey(REPORT_FOLDER))?.bytes;
  const manifest = JSON.parse(String(bytes)) as { readonly files: readonly { readonly key: string }[] };
  return manifest.files.map(({ key }) => gunzipSync(destination.objects.get(key)?.bytes ?? '').toString()).join('');
}

async function sourceWith(rows: readonly ReferenceRow[]): Promise<MemorySource> {
  const source = new MemorySource();
  for (const { key, record } of rows) await source.add(key, record);
  return source;
}

const numbered = (count: number): ReferenceRow[] =>
  Array.from({ length: count }, (_, n) => ({
    key: `${n % 3 === 0 ? 'photos' : 'films'}/${String(n).padStart(7, '0')}😀.png`,
    record: { ...plainRecord, sizeBytes: n, lastModifiedMs: n * 1_000_000, crc64: BigInt(n) ** 3n },
  }));
const inKeyOrder = (rows: readonly ReferenceRow[]) =>
  [...rows].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
const csvOf = (inventory: Inventory, rows: readonly ReferenceRow[]) =>
  rows
    .map((row) => referenceRow({ bucket: place.sourceBucket, columns: inventory.columns, nullVersionId: '' }, row))
    .join('');

test('a report of many shards has every row once, in order, in files that the manifest tells the truth about', async () => {
  const rows = inKeyOrder(numbered(80_000));
  const { inventory, destination, spool } = openInventory(await sourceWith(rows));
  const results = await scanAll(inventory);
  expect(inventory.concurrency).toBe(2);
  expect(results.length).toBeGreaterThan(1);

  await publish(destination, results);
  expect(rowsOf(destination) === csvOf(inventory, rows)).toBe(true);
  expect(results.map(({ matched }) => matched).reduce((sum, each) => sum + each)).toBe(80_000);
  expect(inventory.counts()).toMatchObject({ scanned: 80_000, matched: 80_000 });
  let next = 0;
  for (const { firstKey, lastKey, matched } of results) {
    expect(Buffer.from(firstKey ?? []).toString()).toBe(rows[next]?.key);
    next += matched;
    expect(Buffer.from(lastKey ?? []).toString()).toBe(rows[next - 1]?.key);
  }
  for (const { contentType } of destination.objects.values()) {
    expect(contentType).toMatch(/^application\/gzip|application\/json|text\/plain$/);
  }
  await inventory.close();
  expect(await readdir(spool)).toEqual([]);
});

test('the report of the worked example has the files and rows of the worked example', async () => {
  const versions: [string, Partial<ObjectRecord>][] = [
    [
      'raw/2026/clip-001.mp4',
      {
        versionId: 'YWNtZS12ZXJzaW9uLTAwMi0xYjI2NzYxOWM0ODEyY2M0NmVlMjgxNzQ3ODg0',
        isLatest: false,
        sizeBytes: 1_048_576,
        storageClass: 'IA',
        lastModifiedMs: Date.UTC(2026, 7, 11, 22, 1, 44),
        etag: '9E107D9D372BB6826BD81D3542A419D6',
      },
    ],
    [
      'raw/2026/clip-001.mp4',
      {
        versionId: 'YWNtZS12ZXJzaW9uLTAwMy00M2EwMzI5OWEzYzNmZWQzZDhjZTdiODIwZjNh',
        sizeBytes: 734_003_200,
        lastModifiedMs: Date.UTC(2026, 8, 30, 2, 14, 9),
        etag: '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B-70',
        isMultipartUploaded: true,
        encryption: 'KMS',
      },
    ],
    [
      'raw/2026/封面.png',
      {
        versionId: 'YWNtZS12ZXJzaW9uLTAwMS02NjU0YzczNGNjYWI4ZjQ0MGZmMDgyNWViNDQz',
        sizeBytes: 20_480,
        lastModifiedMs: Date.UTC(2026, 8, 30, 2, 15, 0),
        etag: 'E4D909C290D0FB1CA068FFADDF22CBD0',
      },
    ],
  ];
  const source = await sourceWith(versions.map(([key, change]) => ({ key, record: { ...plainRecord, ...change } })));
  const ofAllVersions: Rule = anyRule({
    filter: { prefix: 'raw/' },
    includedObjectVersions: 'All',
    optionalFields: ['Size', 'StorageClass', 'LastModifiedDate', 'ETag', 'IsMultipartUploaded', 'EncryptionStatus'],
  });
  const { inventory, destination } = openInventory(source, { rule: ofAllVersions, sourceBucket: 'acme-media' });
  const results = await scanAll(inventory);
  expect(results).toMatchObject([{ scanned: 3, matched: 3 }]);
  const [{ fileKey } = { fileKey: '' }] = results;
  const output = new URL('./vectors/inventory/output/', import.meta.url);
  const csv = readFileSync(new URL('6f1d2c9e-53f0-4b7e-9a57-0c9d7c1f4a11.csv', output), 'utf8');
  expect(gunzipSync(destination.objects.get(fileKey)?.bytes ?? '').toString()).toBe(csv);
});

test('the prefix of a rule bounds what is scanned, and its filter what is delivered', async () => {
  const rows = numbered(9000);
  const filtered = anyRule({ ...rule, filter: { prefix: 'photos/', lowerSizeBytes: 100, upperSizeBytes: 6000 } });
  const { inventory, destination } = openInventory(await sourceWith(rows), { rule: filtered });
  const results = await scanAll(inventory);
  expect(results.reduce((sum, { scanned }) => sum + scanned, 0)).toBe(3000);
  await publish(destination, results);
  const expected = inKeyOrder(rows).filter(
    ({ key, record }) => key.startsWith('photos/') && record.sizeBytes >= 100 && record.sizeBytes <= 6000,
  );
  expect(rowsOf(destination) === csvOf(inventory, expected)).toBe(true);
});

test('an inventory of nothing delivers no file', async () => {
  const { inventory, destination } = openInventory(new MemorySource());
  expect(await scanAll(inventory)).toMatchObject([{ scanned: 0, matched: 0 }]);
  expect(destination.objects.size).toBe(0);
});

test('a range nobody matched in delivers no file, and its neighbours do', async () => {
  const rows = numbered(300);
  const filtered = anyRule({ ...rule, filter: { upperSizeBytes: 10 } });
  const { inventory, destination } = openInventory(await sourceWith(rows), { rule: filtered });
  await inventory.begin();
  const [films, others] = cutRange(prefixRange(''), [Buffer.from('g')]);
  expect(films && (await inventory.scanShard(films, 'films'))).toMatchObject({ scanned: 200, matched: 7 });
  expect(others && (await inventory.scanShard(others, 'photos'))).toMatchObject({ scanned: 100, matched: 4 });
  const nothing = { start: Buffer.from('x') };
  expect(await inventory.scanShard(nothing, 'nothing')).toEqual({ scanned: 0, matched: 0 });
  expect([...destination.objects.keys()]).toEqual(['films', 'photos']);
});

test('a source that breaks makes its shard fail, and the inventory can still be closed', async () => {
  const source = new MemorySource({ failAfterRows: 500 });
  for (const { key, record } of numbered(1000)) await source.add(key, record);
  const { inventory, destination, spool } = openInventory(source);
  const { ranges } = await inventory.begin();
  await expect(inventory.scanShard(ranges[0] ?? prefixRange(''), 'k')).rejects.toThrow('the source broke');
  await inventory.close();
  expect(destination.objects.size).toBe(0);
  expect(await readdir(spool)).toEqual([]);
});

test('a source whose module cannot be loaded fails the inventory at its beginning', async () => {
  const source = new MemorySource();
  const reader = { module: new URL('./nowhere.ts', import.meta.url).href, options: {} };
  const { inventory } = openInventory({ reader, estimateRows: () => 0, pin: (begin) => source.pin(begin) });
  await expect(inventory.begin()).rejects.toThrow('nowhere');
  await inventory.close();
});

test('a scan that is stopped fails, and so do those after it', async () => {
  const { inventory, destination } = openInventory(await sourceWith(numbered(20_000)));
  await inventory.begin();
  const scanning = inventory.scanShard(prefixRange(''), 'k');
  inventory.stop();
  await expect(scanning).rejects.toThrow('the run was stopped');
  await expect(inventory.scanShard(prefixRange(''), 'k')).rejects.toThrow('the run was stopped');
  expect(destination.objects.size).toBe(0);
});

test('closing in the middle of a scan ends the scan first', async () => {
  const { inventory, spool } = openInventory(await sourceWith(numbered(20_000)));
  await inventory.begin();
  const scanning = expect(inventory.scanShard(prefixRange(''), 'k')).rejects.toThrow('the run was stopped');
  await inventory.close();
  await scanning;
  expect(await readdir(spool)).toEqual([]);
});

test('a destination that refuses a file fails its shard, and the thread takes the next', async () => {
  const refusal = new Error('no more room');
  let isFull = true;
  class FullDestination extends MemoryDestination {
    override async putFile(...file: Parameters<MemoryDestination['putFile']>): Promise<void> {
      if (isFull) throw refusal;
      await super.putFile(...file);
    }
  }
  const { inventory, spool } = openInventory(await sourceWith(numbered(10)), { destination: new FullDestination() });
  await inventory.begin();
  await expect(inventory.scanShard(prefixRange(''), 'k')).rejects.toThrow(refusal);
  isFull = false;
  expect(await inventory.scanShard(prefixRange(''), 'k')).toMatchObject({ matched: 10 });
  await inventory.close();
  expect(await readdir(spool)).toEqual([]);
});

test.each([
  [0, 1],
  [50_000, 1],
  [50_001, 2],
  [120_000, 3],
  [1_000_000, 4],
])('of four threads, a source of about %i rows gets %i', (rows, threads) => {
  const source = new MemorySource();
  source.estimateRows = () => rows;
  expect(openInventory(source, { pool: openPool(4) }).inventory.concurrency).toBe(threads);
});

/** A source whose reader is this object, written as JavaScript. */
function sourceReading(reader: string): Source {
  const text = `import { DomainError } from '${new URL('../src/core/errors.ts', import.meta.url).href}';
    export const openReader = () => (${reader});`;
  const module = `data:text/javascript,${encodeURIComponent(text)}`;
  const pin = async (begin: () => Promise<void>) => {
    await begin();
    return NOW_MS;
  };
  return { reader: { module, options: {} }, estimateRows: () => 1, pin };
}

test.each(['stop', 'close'] as const)('a split without end is over soon after a %s', async (order) => {
  const source = sourceReading(`{
    begin: () => ({ nullVersionId: '' }),
    split(range, rowsPerPart, onPart) { for (;;) onPart(); },
    close() {},
  }`);
  const { inventory, spool } = openInventory(source);
  const begun = expect(inventory.begin()).rejects.toThrow('the run was stopped');
  setTimeout(() => void inventory[order](), 200);
  await begun;
  await inventory.close();
  expect(await readdir(spool)).toEqual([]);
});

test('a promise of ours that is broken in a thread is told as one, so that nobody tries it again', async () => {
  const { inventory } = openInventory(
    sourceReading(`{
      begin() { process.getBuiltinModule('node:assert').fail('the index is out of order'); },
      close() {},
    }`),
  );
  const error = await inventory.begin().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AssertionError);
  expect(error).toMatchObject({ message: 'the index is out of order' });
});

test('what a reader refuses keeps its code and its details on the way out of its thread', async () => {
  const refusal = "throw new DomainError('SourceGone', 'The source is gone.', { bucket: 'photos' });";
  const { inventory } = openInventory(sourceReading(`{ begin() { ${refusal} }, close() {} }`));
  const error = await inventory.begin().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toMatchObject({ code: 'SourceGone', message: 'The source is gone.', details: { bucket: 'photos' } });
});

test('files for a destination that encrypts lie scrambled on their way, and are what they would be otherwise', async () => {
  const rows = numbered(9000);
  const scanInto = async (destination: SpyingDestination) => {
    const { inventory } = openInventory(await sourceWith(rows), { destination });
    return (await scanAll(inventory)).map(({ file }) => file);
  };
  const [inTheClear, encrypting] = [new SpyingDestination(), new SpyingDestination()];
  encrypting.isEncrypting = true;
  expect(await scanInto(encrypting)).toEqual(await scanInto(inTheClear));

  const key = dataFileKey(place, 'file-0');
  const delivered = inTheClear.objects.get(key)?.bytes ?? Buffer.alloc(0);
  expect(encrypting.objects.get(key)?.bytes.equals(delivered)).toBe(true);
  expect(inTheClear.spooled.equals(delivered)).toBe(true);
  expect(encrypting.spooled).toHaveLength(delivered.length);
  for (let at = 0; at + 16 <= delivered.length; at += 256) {
    expect(encrypting.spooled.indexOf(delivered.subarray(at, at + 16))).toBe(-1);
  }
});

/** Remembers how the file that it is given lies on the disk. */
class SpyingDestination extends MemoryDestination {
  spooled = Buffer.alloc(0);

  override async putFile(...[key, file]: Parameters<MemoryDestination['putFile']>): Promise<void> {
    this.spooled = readFileSync(file.path);
    await super.putFile(key, file);
  }
}

/** A store with the buckets `photos` and `reports`, and an inventory of the first into the second. */
async function openEmbedded() {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  await store.createBucket(photos);
  await store.createBucket({ ...photos, name: 'reports' });
  const open = (rule: Rule, pool = openPool(2)) =>
    openInventory(
      new BucketSource({
        store,
        folder,
        bucket: 'photos',
        withNoncurrent: rule.includedObjectVersions === 'All',
        now: () => NOW_MS,
      }),
      { rule, destination: new BucketDestination(store, { bucket: 'reports' }), spool: folder, pool },
    ).inventory;
  const csvOfWhole = async (inventory: Inventory, [range]: readonly KeyRange[]) => {
    await inventory.scanShard(range ?? prefixRange(''), 'data');
    return gunzipSync((await contentOf(store, 'data', 'reports')) ?? '').toString();
  };
  return { store, folder, open, csvOfWhole };
}

test('an embedded bucket is reported as it was at the pinned instant, into a bucket of the same store', async () => {
  const { store, open, csvOfWhole } = await openEmbedded();
  const keys = Array.from({ length: 300 }, (_, n) => `k${n}`);
  const rows = await Promise.all(keys.map(async (key) => ({ key, record: (await put(store, key, key)).record })));
  const inventory = open(rule);
  const { pointInTimeMs, ranges } = await inventory.begin();
  expect(pointInTimeMs).toBe(NOW_MS);
  await Promise.all([
    put(store, 'late', 'x'),
    put(store, 'k7', 'changed'),
    store.delete({ bucket: 'photos', key: 'k8' }),
  ]);
  expect(await csvOfWhole(inventory, ranges)).toBe(csvOf(inventory, inKeyOrder(rows)));
  expect(inventory.counts()).toMatchObject({ scanned: 300, matched: 300 });
});

test.each(['All', 'Current'] as const)(
  '%s versions of an embedded bucket are reported in the order of a listing',
  async (versions) => {
    const { store, open, csvOfWhole } = await openEmbedded();
    const everyField = anyRule({ includedObjectVersions: versions, optionalFields: OPTIONAL_FIELDS });
    for (const key of ['a', 'b', 'c']) await put(store, key, `null version of ${key}`);
    await store.changeBucket('photos', { versioning: 'Enabled' });
    for (let round = 0; round < 3; round++) {
      for (const key of ['b', 'b\u0000', 'c', 'd']) await put(store, key, `${round} of ${key}`);
      for (const key of ['c', 'e']) await store.delete({ bucket: 'photos', key });
    }
    await put(store, 'c', 'again');
    const listed = store.listVersions('photos', {
      prefix: '',
      keyMarker: '',
      versionIdMarker: '',
      delimiter: '',
      maxKeys: 1000,
    }).versions;
    expect(listed).toHaveLength(22);
    const inventory = open(everyField);
    const { ranges } = await inventory.begin();
    await store.delete({ bucket: 'photos', key: 'b', versionId: 'null' });
    await put(store, 'd', 'newer');

    const expected = listed.filter(({ record }) => versions === 'All' || (record.isLatest && !record.isDeleteMarker));
    const form = { bucket: 'photos', columns: inventory.columns, nullVersionId: 'null' } as const;
    expect(await csvOfWhole(inventory, ranges)).toBe(expected.map((row) => referenceRow(form, row)).join(''));
  },
);

test('a thread that waits for its next run holds no snapshot, which would keep the index from reusing its pages', async () => {
  const { store, folder, open } = await openEmbedded();
  await put(store, 'a', 'x');
  const { root } = openIndex(folder);
  onTestFinished(() => root.close());
  /** The threads that are at some transaction, as lmdb lists its readers: process, thread, transaction or "-". */
  const reading = () => [...root.readerList().matchAll(/(\w+) \d+$/gm)].map(([, thread]) => thread);
  const [, ours] = /(\w+) \S+$/m.exec(root.readerList().trim()) ?? [];
  const snapshots = () => reading().filter((thread) => thread !== ours);
  const pool = openPool(1);
  for (let again = 0; again < 3; again++) {
    const inventory = open(rule, pool);
    await inventory.begin();
    expect(snapshots()).toHaveLength(1);
    await inventory.close();
    expect(snapshots()).toEqual([]);
    expect(pool.size).toBe(1);
  }
});
