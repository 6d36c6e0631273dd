import type { RootDatabase } from 'lmdb';
import { expect, onTestFinished, test } from 'vitest';
import { ReaderThread } from '../../test/contract/reader-thread.ts';
import { NOW_MS, openStore, photos, put, temporaryFolder } from '../../test/store-fixture.ts';
import { prefixRange } from '../core/key-range.ts';
import { openIndex } from './index-database.ts';
import { BucketSource } from './inventory-source.ts';
import { openReader } from './snapshot-reader.ts';

async function sourceOf(rows: number) {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  await store.createBucket(photos);
  await Promise.all(Array.from({ length: rows }, (_, n) => put(store, `k${n}`, 'x')));
  const { root } = openIndex(folder);
  onTestFinished(() => root.close());
  return { source: new BucketSource(store, folder, photos.name, () => NOW_MS), root };
}

test.each([
  ['to its end', Number.POSITIVE_INFINITY],
  ['in part', 2],
])('a reader that read %s lets go of its snapshot when it is closed', async (_, maxBatches) => {
  const { source, root } = await sourceOf(100);
  const reader = new ReaderThread(source);
  await source.pin(() => reader.begin());
  await reader.scan(prefixRange(''), 10, maxBatches);
  expect(snapshotsIn(root)).toBe(1);
  await reader.close();
  expect(snapshotsIn(root)).toBe(0);
});

test('a reader whose thread is ended lets go of its snapshot', async () => {
  const { source, root } = await sourceOf(100);
  const reader = new ReaderThread(source);
  await source.pin(() => reader.begin());
  await reader.scan(prefixRange(''), 10, 2);
  await reader.terminate();
  expect(snapshotsIn(root)).toBe(0);
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

/** How many snapshots other threads hold: each keeps the index from using the pages it sees again. */
function snapshotsIn(root: RootDatabase): number {
  root.resetReadTxn(); // This thread's own.
  const readers = root.readerList().trim().split('\n').slice(1);
  return readers.filter((line) => !line.endsWith(' -')).length;
}
