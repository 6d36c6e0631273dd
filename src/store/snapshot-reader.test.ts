import type { RootDatabase } from 'lmdb';
import { expect, onTestFinished, test } from 'vitest';
import { ReaderThread } from '../../test/contract/reader-thread.ts';
import { NOW_MS, openStore, photos, put, temporaryFolder } from '../../test/store-fixture.ts';
import { prefixRange } from '../core/key-range.ts';
import { openIndex } from './index-database.ts';
import { BucketSource } from './inventory-source.ts';
import type { ObjectStore } from './object-store.ts';
import { openReader } from './snapshot-reader.ts';

const EVERY_VERSION = { prefix: '', keyMarker: '', versionIdMarker: '', delimiter: '', maxKeys: 1000 };

async function sourceOf(rows: number) {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  await store.createBucket(photos);
  await Promise.all(Array.from({ length: rows }, (_, n) => put(store, `k${n}`, 'x')));
  const { root } = openIndex(folder);
  onTestFinished(() => root.close());
  return {
    source: new BucketSource({ store, folder, bucket: photos.name, withNoncurrent: false, now: () => NOW_MS }),
    root,
  };
}

test.each([
  ['to its end', Number.POSITIVE_INFINITY],
  ['in part', 2],
])('a reader that read %s lets go of its snapshot when it is closed', async (_, maxBatches) => {
  const { source, root } = await sourceOf(100);
  const reader = new ReaderThread(source);
  await begun(source, reader);
  await reader.scan(prefixRange(''), 10, maxBatches);
  expect(snapshotsIn(root)).toBe(1);
  await reader.close();
  expect(snapshotsIn(root)).toBe(0);
});

test('a reader whose thread is ended lets go of its snapshot', async () => {
  const { source, root } = await sourceOf(100);
  const reader = new ReaderThread(source);
  await begun(source, reader);
  await reader.scan(prefixRange(''), 10, 2);
  await reader.terminate();
  expect(snapshotsIn(root)).toBe(0);
});

test.each([
  ['with older versions, newest first', true],
  ['without older versions', false],
])('a reader shows each key as it was at its instant, %s', async (_, withNoncurrent) => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  await store.createBucket({ ...photos, versioning: 'Enabled' });
  for (const key of ['a', 'a\u0000', 'b']) {
    for (let n = 0; n < 15; n++) await put(store, key, `${n}`);
    if (key === 'b') await store.delete({ bucket: 'photos', key });
  }
  const all = store.listVersions('photos', EVERY_VERSION).versions;
  const source = new BucketSource({ store, folder, bucket: photos.name, withNoncurrent, now: () => NOW_MS });
  const reader = new ReaderThread(source);
  await source.pin(async () => {
    await reader.begin();
  });
  await put(store, 'a', 'later');
  for (const { key, record } of all.slice(1)) {
    await store.delete({ bucket: 'photos', key, versionId: record.versionId });
  }
  const expected = withNoncurrent ? all : all.filter(({ record }) => record.isLatest);
  for (const limit of [1, 7, 1000]) {
    const { rows, counts } = await reader.scan(prefixRange(''), limit);
    expect(rows).toEqual(expected);
    expect(counts.every((count) => count <= limit)).toBe(true);
  }
});

test('a split tells of each part, and whoever is told can stop it', async () => {
  const { source } = await sourceOf(100);
  const reader = openReader(source.reader.options);
  onTestFinished(() => reader.close());
  reader.begin();
  let parts = 0;
  reader.split(prefixRange(''), 10, () => parts++);
  expect(parts).toBe(9);
  const stop = () => {
    throw new Error('stopped');
  };
  expect(() => reader.split(prefixRange(''), 10, stop)).toThrow('stopped');
});

test('a reader tells how the null version is called, as it was at its instant', async () => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  await store.createBucket(photos);
  const reader = () => {
    const opened = openReader(sourceIn(store, folder).reader.options);
    onTestFinished(() => opened.close());
    return opened;
  };
  const early = reader();
  expect(early.begin()).toEqual({ nullVersionId: '' });
  for (const versioning of ['Enabled', 'Suspended'] as const) {
    await store.changeBucket(photos.name, { versioning });
    expect(reader().begin()).toEqual({ nullVersionId: 'null' });
  }
});

test.each([
  ['is gone', false],
  ['was made anew', true],
])('a bucket that %s when its reader begins is not the source any more', async (_, isMadeAnew) => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  await store.createBucket(photos);
  const reader = openReader(sourceIn(store, folder).reader.options);
  onTestFinished(() => reader.close());
  await store.deleteBucket(photos.name);
  if (isMadeAnew) await store.createBucket(photos);
  expect(() => reader.begin()).toThrow(expect.objectContaining({ code: 'SourceGone' }));
});

async function begun(source: BucketSource, reader: ReaderThread): Promise<void> {
  await source.pin(async () => {
    await reader.begin();
  });
}

function sourceIn(store: ObjectStore, folder: string): BucketSource {
  return new BucketSource({ store, folder, bucket: photos.name, withNoncurrent: true, now: () => NOW_MS });
}

/** How many snapshots other threads hold: each keeps the index from using the pages it sees again. */
function snapshotsIn(root: RootDatabase): number {
  root.resetReadTxn(); // This thread's own.
  const readers = root.readerList().trim().split('\n').slice(1);
  return readers.filter((line) => !line.endsWith(' -')).length;
}
