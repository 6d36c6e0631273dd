import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NOW_MS, openStore, photos, temporaryFolder } from '../../test/store-fixture.ts';
import { type IndexDatabase, openIndex } from './index-database.ts';
import { ObjectStore } from './object-store.ts';

/** Works on the index of a folder that no store has open. */
async function inIndex<T>(folder: string, work: (db: IndexDatabase) => T | Promise<T>): Promise<T> {
  const db = openIndex(folder);
  try {
    return await work(db);
  } finally {
    await db.root.close();
  }
}

test('every scan worker that may be configured can read at once', () => {
  const { root } = openIndex(temporaryFolder());
  onTestFinished(() => root.close());
  // 64 runs of 256 threads (config.ts), and a second reader for each.
  expect(root.getStats()).toMatchObject({ maxReaders: 2 * 64 * 256 });
});

test('a new data folder bears the mark of its format, on disk', async () => {
  const folder = temporaryFolder();
  await (await openStore(folder)).close();
  expect(await inIndex(folder, ({ meta }) => meta.get('format'))).toBe(1);
});

test('a data folder from before there was a mark is read as format 1, and marked', async () => {
  const folder = temporaryFolder();
  const old = await openStore(folder);
  const bucket = await old.createBucket(photos);
  await old.close();
  await inIndex(folder, ({ meta }) => meta.remove('format'));
  const store = await openStore(folder);
  expect(store.findBucket('photos')).toEqual(bucket);
  await store.close();
  expect(await inIndex(folder, ({ meta }) => meta.get('format'))).toBe(1);
});

test('a data folder of another format is refused in words, and left as it is', async () => {
  const folder = temporaryFolder();
  await (await openStore(folder)).close();
  await inIndex(folder, ({ meta }) => meta.put('format', 2));
  await writeFile(path.join(folder, 'staging', 'theirs'), 'x');
  for (let attempt = 1; attempt <= 2; attempt++) {
    await expect(ObjectStore.open(folder, { now: () => NOW_MS })).rejects.toThrow(
      'The data folder was written by another version: its format is 2, and this version reads 1.',
    );
  }
  expect(await readdir(path.join(folder, 'staging'))).toEqual(['theirs']);
});
