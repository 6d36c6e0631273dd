import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore, photos, temporaryFolder } from '../../test/store-fixture.ts';
import { type IndexDatabase, openIndex } from './index-database.ts';

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
  expect(await inIndex(folder, ({ meta }) => meta.get('format'))).toBe(2);
});

test('a new data folder whose first start was broken off before its mark is new still', async () => {
  const folder = temporaryFolder();
  await inIndex(folder, () => undefined);
  await (await openStore(folder)).close();
  expect(await inIndex(folder, ({ meta }) => meta.get('format'))).toBe(2);
});

test.each([
  ['of another format', 3, (db: IndexDatabase) => db.meta.put('format', 3)],
  ['from before there was a mark', 1, (db: IndexDatabase) => db.meta.remove('format')],
])('a data folder %s is refused in words, and left as it is', async (_, format, change) => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  await store.createBucket(photos);
  await store.close();
  await inIndex(folder, change);
  await writeFile(path.join(folder, 'staging', 'theirs'), 'x');
  for (let attempt = 1; attempt <= 2; attempt++) {
    await expect(openStore(folder)).rejects.toThrow(
      `The data folder was written by another version: its format is ${format}, and this version reads 2.`,
    );
  }
  expect(await readdir(path.join(folder, 'staging'))).toEqual(['theirs']);
});
