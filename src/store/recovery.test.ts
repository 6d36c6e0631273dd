/** What is there after an end that nobody prepared for. A kill is played by a copy of the folder; the crash suite kills
 *  real processes. */

import { glob, mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  bodyFilesIn,
  bytesOf,
  contentOf,
  inChunks,
  NO_METADATA,
  openStore,
  put,
  putMultipart,
  remainsOf,
  storeOfPhotos,
  uploadOf,
} from '../../test/store-fixture.ts';
import { DomainError } from '../core/errors.ts';
import { MIN_PART_BYTES } from '../core/limits.ts';
import type { Upload } from '../core/stored-object.ts';
import { ContentTable } from './bodies/content-table.ts';
import { CommitError, CommitQueue } from './commit-queue.ts';
import type { ObjectStore } from './object-store.ts';

const EVERY_VERSION = { prefix: '', keyMarker: '', versionIdMarker: '', delimiter: '', maxKeys: 1000 };

const bodies = new Map([
  ['empty', Buffer.alloc(0)],
  ['short', bytesOf(100, 1)],
  ['long', bytesOf(100_000, 2)],
]);

test('a store that was closed has everything when it is opened again', async () => {
  const { store, folder } = await storeOfPhotos();
  const bucket = store.findBucket('photos');
  const metadata = { headers: { 'content-type': 'text/plain' }, user: { a: 'b' } };
  for (const [key, bytes] of bodies) await put(store, key, bytes, { metadata });
  const totals = store.totals('photos');
  await store.close();

  const again = await openStore(folder);
  expect(again.findBucket('photos')).toEqual(bucket);
  expect(again.totals('photos')).toEqual(totals);
  for (const [key, bytes] of bodies) expect(await contentOf(again, key)).toEqual(bytes);
  expect(again.head({ bucket: 'photos', key: 'long' })?.metadata).toEqual(metadata);
});

test('a store that was killed has every object it acknowledged, and is open for more', async () => {
  const { store, folder } = await storeOfPhotos();
  await Promise.all(Array.from({ length: 200 }, (_, n) => put(store, `k${n}`, bytesOf(n * 400, n))));
  const again = await openStore(await remainsOf(folder));
  expect(again.totals('photos')).toEqual(store.totals('photos'));
  for (let n = 0; n < 200; n++) expect(await contentOf(again, `k${n}`)).toEqual(bytesOf(n * 400, n));
  await put(again, 'more', bytesOf(100_000));
  expect(await contentOf(again, 'k150')).toEqual(bytesOf(60_000, 150));
});

test('an upload that a kill broke off leaves no file', async () => {
  const { store, folder } = await storeOfPhotos();
  let remains = '';
  async function* body() {
    yield bytesOf(100_000);
    yield bytesOf(100_000);
    remains = await remainsOf(folder);
  }
  await store.put({ bucket: 'photos', key: 'k', metadata: NO_METADATA }, body());
  expect(await bodyFilesIn(remains)).toHaveLength(1);
  const again = await openStore(remains);
  expect(again.head({ bucket: 'photos', key: 'k' })).toBeUndefined();
  expect(await bodyFilesIn(remains)).toEqual([]);
});

test('a body file that was in place but not yet named is swept, and its neighbours stay', async () => {
  const { store, folder } = await storeOfPhotos();
  const remains = await remainsOfUnnamed(store, folder);
  expect(await publishedIn(remains)).toHaveLength(2);
  const again = await openStore(remains);
  expect(again.head({ bucket: 'photos', key: 'unnamed' })).toBeUndefined();
  expect(await publishedIn(remains)).toHaveLength(1);
  expect(await contentOf(again, 'meanwhile')).toEqual(bytesOf(100_000, 2));
});

test('a long upload that is committed after many short ones survives', async () => {
  const { store, folder } = await storeOfPhotos();
  async function* body() {
    yield bytesOf(100_000);
    for (let n = 0; n < 20; n++) await put(store, `short${n}`, bytesOf(100_000));
  }
  await store.put({ bucket: 'photos', key: 'long', metadata: NO_METADATA }, body());
  const again = await openStore(await remainsOf(folder));
  expect(await contentOf(again, 'long')).toEqual(bytesOf(100_000));
});

test('a file that could not be removed when its object was replaced is removed at the next start', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', bytesOf(100_000));
  const [name = ''] = await publishedIn(folder);
  await blockRemoval(path.join(folder, name));
  await put(store, 'k', 'short');

  const remains = await remainsOf(folder);
  await unblockRemoval(path.join(remains, name));
  const again = await openStore(remains);
  expect(await bodyFilesIn(remains)).toEqual([]);
  expect(String(await contentOf(again, 'k'))).toBe('short');
});

test('a sweep that was itself broken off is made up for at the next start', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', bytesOf(100_000));
  const [replaced = ''] = await publishedIn(folder);
  await blockRemoval(path.join(folder, replaced));
  await put(store, 'k', 'short');
  const remains = await remainsOfUnnamed(store, folder);
  await unblockRemoval(path.join(remains, replaced));
  const [, unnamed = '', meanwhile] = (await publishedIn(remains)).sort();

  await blockRemoval(path.join(remains, unnamed));
  await expect(openStore(remains)).rejects.toThrow('EISDIR');
  await unblockRemoval(path.join(remains, unnamed));
  await openStore(remains);
  expect(await publishedIn(remains)).toEqual([meanwhile]);
});

test.each([
  ['reached the disk', true],
  ['did not reach the disk', false],
])(
  'a long body whose commit failed, though it %s, is decided on at the next start when the index went with it',
  async (_, isWritten) => {
    const { store, folder } = await storeOfPhotos();
    failNextCommit(isWritten);
    const unreadable = vi.spyOn(ContentTable.prototype, 'hasFile').mockImplementation(() => {
      throw new Error('MDB_PANIC');
    });
    onTestFinished(() => unreadable.mockRestore());
    await expect(put(store, 'k', bytesOf(100_000))).rejects.toThrow('I/O error');
    expect(await publishedIn(folder)).toHaveLength(1);
    await put(store, 'later', 'x'); // Its commit must not move the marks past the open question.

    const remains = await remainsOf(folder);
    const again = await openStore(remains);
    expect(await contentOf(again, 'k')).toEqual(isWritten ? bytesOf(100_000) : undefined);
    expect(await publishedIn(remains)).toHaveLength(isWritten ? 1 : 0);
  },
);

test.each([
  ['reached the disk stays', true],
  ['did not reach the disk goes at once', false],
])('the file of a body whose commit failed and %s', async (_, isWritten) => {
  const { store, folder } = await storeOfPhotos();
  failNextCommit(isWritten);
  await expect(put(store, 'k', bytesOf(100_000))).rejects.toThrow('I/O error');
  expect(await publishedIn(folder)).toHaveLength(isWritten ? 1 : 0);
  expect(await contentOf(store, 'k')).toEqual(isWritten ? bytesOf(100_000) : undefined);
});

test('the file of a refused put that could not be removed is removed at the next start', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', 'before');
  let name = '';
  const { refused } = await store.hold(async () => {
    const ifExists = () => new DomainError('InvalidArgument', 'taken');
    const refused = put(store, 'k', bytesOf(100_000), { ifExists });
    refused.catch(() => undefined);
    await vi.waitFor(async () => expect(await publishedIn(folder)).toHaveLength(1));
    [name = ''] = await publishedIn(folder);
    await blockRemoval(path.join(folder, name));
    return { refused };
  });
  await expect(refused).rejects.toThrow('taken');
  await put(store, 'later', 'x');

  const remains = await remainsOf(folder);
  await unblockRemoval(path.join(remains, name));
  await openStore(remains);
  expect(await publishedIn(remains)).toEqual([]);
});

test('a content id is not given out again after a kill', async () => {
  const { store, folder } = await storeOfPhotos();
  const { contentId } = (await put(store, 'k', 'x')).record;
  await store.delete({ bucket: 'photos', key: 'k' });
  const again = await openStore(await remainsOf(folder));
  expect((await put(again, 'k', 'y')).record.contentId).toBeGreaterThan(contentId);
});

const PARTS = [bytesOf(MIN_PART_BYTES, 1), bytesOf(MIN_PART_BYTES, 2), bytesOf(100, 3)];

test('a store that was killed has every version, upload and part it acknowledged', async () => {
  const { store, folder } = await storeOfPhotos({ versioning: 'Enabled' });
  await putMultipart(store, 'k', PARTS);
  await put(store, 'k', bytesOf(100_000));
  await store.delete({ bucket: 'photos', key: 'k' });
  const { upload, parts } = await uploadOf(store, 'k', PARTS);
  const { versions } = store.listVersions('photos', EVERY_VERSION);
  const again = await openStore(await remainsOf(folder));
  expect(again.totals('photos')).toEqual(store.totals('photos'));
  expect(again.listVersions('photos', EVERY_VERSION).versions).toEqual(versions);
  expect(versions.map(({ record }) => record.isDeleteMarker)).toEqual([true, false, false]);
  expect(again.uploads.listParts(upload, 0, 10).parts).toEqual(parts);
  await again.uploads.complete(upload, parts, { forbidOverwrite: false });
  expect(await contentOf(again, 'k')).toEqual(Buffer.concat(PARTS));
});

test('an upload that was being completed is an upload still, or an object', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload, parts } = await uploadOf(store, 'k', PARTS);
  const { before, completing } = await store.hold(async () => {
    const completing = store.uploads.complete(upload, parts.slice(0, 2), { forbidOverwrite: false });
    return { before: await remainsOf(folder), completing };
  });
  await completing;
  const after = await remainsOf(folder);

  const stillUpload = await openStore(before);
  expect(stillUpload.uploads.listParts(upload, 0, 10).parts).toEqual(parts);
  expect(stillUpload.head({ bucket: 'photos', key: 'k' })).toBeUndefined();
  const object = await openStore(after);
  expect(() => object.uploads.find(upload)).toThrow('does not exist');
  expect(await contentOf(object, 'k')).toEqual(Buffer.concat(PARTS.slice(0, 2)));
  expect(await publishedIn(after)).toHaveLength(2);
});

test('a part that was in place but not yet named is swept, and the parts before it stay', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload, parts } = await uploadOf(store, 'k', PARTS.slice(0, 1));
  const { remains, uploading } = await store.hold(async () => {
    const uploading = store.uploads.putPart(upload, 2, inChunks(bytesOf(MIN_PART_BYTES, 2), 100_000));
    await vi.waitFor(async () => expect(await publishedIn(folder)).toHaveLength(2));
    return { remains: await remainsOf(folder), uploading };
  });
  await uploading;
  const again = await openStore(remains);
  expect(await publishedIn(remains)).toHaveLength(1);
  expect(again.uploads.listParts(upload, 0, 10).parts).toEqual(parts);
});

test.each([
  ['a part that came again', (store, upload) => store.uploads.putPart(upload, 1, inChunks(bytesOf(9), 9))],
  ['a part of an aborted upload', (store, upload) => store.uploads.abort(upload)],
  ['a part that was not named', (store, upload) => completeWithout(store, upload, 1)],
] satisfies [string, (store: ObjectStore, upload: Upload) => Promise<unknown>][])(
  'the file of %s that could not be removed is removed at the next start',
  async (_, change) => {
    const { store, folder } = await storeOfPhotos();
    const { upload } = await uploadOf(store, 'k', [bytesOf(100_000), bytesOf(10)]);
    const [name = ''] = await publishedIn(folder);
    await blockRemoval(path.join(folder, name));
    await change(store, upload);
    const remains = await remainsOf(folder);
    await unblockRemoval(path.join(remains, name));
    await openStore(remains);
    expect(await publishedIn(remains)).toEqual([]);
  },
);

test.each([
  ['replaced', (store: ObjectStore) => put(store, 'k', 'short')],
  ['deleted', (store: ObjectStore) => store.delete({ bucket: 'photos', key: 'k' })],
])('every part of an object that was %s goes at the next start, wherever the removal stopped', async (_, change) => {
  const { store, folder } = await storeOfPhotos();
  await putMultipart(
    store,
    'k',
    [PARTS[0], PARTS[1], bytesOf(100_000)].flatMap((part) => part ?? []),
  );
  const names = (await publishedIn(folder)).sort();
  for (const name of names.slice(1)) await blockRemoval(path.join(folder, name));
  await change(store);
  const remains = await remainsOf(folder);
  for (const name of names.slice(1)) await unblockRemoval(path.join(remains, name));
  expect(await publishedIn(remains)).toEqual(names.slice(1));
  await openStore(remains);
  expect(await publishedIn(remains)).toEqual([]);
});

test('the order of versions goes on after a kill', async () => {
  const { store, folder } = await storeOfPhotos({ versioning: 'Enabled' });
  const before = (await put(store, 'k', 'x')).record;
  await store.delete({ bucket: 'photos', key: 'k', versionId: before.versionId });
  const again = await openStore(await remainsOf(folder));
  const after = (await put(again, 'k', 'y')).record;
  expect(after.sequence).toBeGreaterThan(before.sequence);
  expect(after.versionId).not.toBe(before.versionId);
});

async function completeWithout(store: ObjectStore, upload: Upload, partNumber: number): Promise<void> {
  const { parts } = store.uploads.listParts(upload, 0, 10);
  const named = parts.filter((part) => part.partNumber !== partNumber);
  await store.uploads.complete(upload, named, { forbidOverwrite: false });
}

/** Lets the next commit fail: after it was written, or instead. */
function failNextCommit(isWritten: boolean): void {
  const { commit } = CommitQueue.prototype;
  const spy = vi.spyOn(CommitQueue.prototype, 'commit');
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementationOnce(async function (this: CommitQueue, mutate, weight) {
    if (isWritten) await commit.call(this, mutate, weight);
    throw new CommitError(new Error('I/O error'));
  });
}

/**
 * What a kill leaves of an upload between its file's rename and its commit. It was long under way: the object
 * `meanwhile` came after it and is committed already.
 */
async function remainsOfUnnamed(store: ObjectStore, folder: string): Promise<string> {
  const before = (await publishedIn(folder)).length;
  const isOthersTurn = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  async function* body() {
    yield bytesOf(100_000, 1);
    isOthersTurn.resolve();
    await isHeld.promise;
  }
  const uploading = store.put({ bucket: 'photos', key: 'unnamed', metadata: NO_METADATA }, body());
  await isOthersTurn.promise;
  await put(store, 'meanwhile', bytesOf(100_000, 2));
  const remains = await store.hold(async () => {
    isHeld.resolve();
    await vi.waitFor(async () => expect(await publishedIn(folder)).toHaveLength(before + 2));
    return await remainsOf(folder);
  });
  await uploading;
  return remains;
}

/** The body files in their place, relative to `folder`. */
async function publishedIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of glob('bodies/*/*', { cwd: folder, withFileTypes: true })) {
    if (entry.isFile()) names.push(path.relative(folder, path.join(entry.parentPath, entry.name)));
  }
  return names;
}

/** Puts a folder in the file's place, which cannot be unlinked, not even by root. */
async function blockRemoval(file: string): Promise<void> {
  await unlink(file);
  await mkdir(file);
}

async function unblockRemoval(file: string): Promise<void> {
  await rm(file, { recursive: true });
  await writeFile(file, bytesOf(100_000));
}
