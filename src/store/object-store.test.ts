import { createHash } from 'node:crypto';
import { mkdir, open, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import {
  bodyFilesIn,
  bytesOf,
  collect,
  contentOf,
  expectSame,
  inChunks,
  NO_METADATA,
  NOW_MS,
  photos,
  put,
  putMultipart,
  storeOfPhotos,
} from '../../test/store-fixture.ts';
import { DomainError } from '../core/errors.ts';
import { armFailpoints } from '../core/failpoint.ts';
import { MAX_INDEX_BODY_BYTES } from './bodies/body-intake.ts';
import { packBodies } from './bodies/content.ts';
import { CommitQueue } from './commit-queue.ts';
import { contentKey, openIndex } from './index-database.ts';

const code = (code: string) => expect.objectContaining({ code });
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest();

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['of no byte', 0, 'none'],
  ['of one byte', 1, 'index'],
  ['as long as the index keeps', MAX_INDEX_BODY_BYTES, 'index'],
  ['one byte longer than that', MAX_INDEX_BODY_BYTES + 1, 'file'],
  ['of 5 MB', 5_000_000, 'file'],
] as const)('a body %s comes back as it was put', async (_, length, bodyPlace) => {
  const { store, folder } = await storeOfPhotos();
  const bytes = bytesOf(length);
  const { record } = await put(store, 'k', bytes);
  expect(record).toMatchObject({ sizeBytes: length, bodyPlace, lastModifiedMs: NOW_MS, storageClass: 'Standard' });
  expect(record.etag).toBe(md5(bytes).toString('hex').toUpperCase());
  expect(store.head({ bucket: 'photos', key: 'k' })?.record).toEqual(record);
  expectSame(await contentOf(store, 'k'), bytes);
  expect(await bodyFilesIn(folder)).toHaveLength(bodyPlace === 'file' ? 1 : 0);
});

test('metadata comes back with the object, and an object without any has none', async () => {
  const { store } = await storeOfPhotos();
  const metadata = { headers: { 'content-type': 'image/png' }, user: { camera: 'Größe 6 封' } };
  await put(store, 'a', 'x', { metadata });
  await put(store, 'b', 'x');
  expect(store.head({ bucket: 'photos', key: 'a' })?.metadata).toEqual(metadata);
  expect((await store.read({ bucket: 'photos', key: 'a' }))?.metadata).toEqual(metadata);
  expect(store.head({ bucket: 'photos', key: 'b' })?.metadata).toEqual(NO_METADATA);
  await put(store, 'a', 'y');
  expect(store.head({ bucket: 'photos', key: 'a' })?.metadata).toEqual(NO_METADATA);
});

test('an object may be of another class than its bucket', async () => {
  const { store } = await storeOfPhotos();
  expect((await put(store, 'k', 'x', { storageClass: 'IA' })).record).toMatchObject({ storageClass: 'IA' });
});

test.each([
  ['in the index', 1000],
  ['in a file', 1_000_000],
])('a part of a body %s is read by itself', async (_, length) => {
  const { store } = await storeOfPhotos();
  const bytes = bytesOf(length);
  await put(store, 'k', bytes);
  for (const [start, end] of [
    [0, 1],
    [10, 500],
    [length - 1, length],
    [length, length],
    [7, 7],
  ] as const) {
    const part = await store.read({ bucket: 'photos', key: 'k' }, ({ record }) => {
      expect(record.sizeBytes).toBe(length);
      return { start, end };
    });
    expectSame(part && (await collect(part.body)), bytes.subarray(start, end));
  }
});

test('what is not there is not found, and what has no bucket is told so', async () => {
  const { store } = await storeOfPhotos();
  expect(store.head({ bucket: 'photos', key: 'k' })).toBeUndefined();
  expect(await store.read({ bucket: 'photos', key: 'k' })).toBeUndefined();
  expect(() => store.head({ bucket: 'films', key: 'k' })).toThrow(code('NoSuchBucket'));
  await expect(put(store, 'k', 'x', { bucket: 'films' })).rejects.toThrow(code('NoSuchBucket'));
  await expect(put(store, '/k', 'x')).rejects.toThrow(code('InvalidObjectName'));
});

test('a key that differs in its last bytes alone is another object', async () => {
  const { store } = await storeOfPhotos();
  const longest = 'k'.repeat(1022);
  for (const key of [`${longest}a`, `${longest}b`, 'k', 'k\u0000', 'k\uFFFD', 'k😀']) await put(store, key, key);
  for (const key of [`${longest}a`, `${longest}b`, 'k', 'k\u0000', 'k\uFFFD', 'k😀']) {
    expect(String(await contentOf(store, key))).toBe(key);
  }
});

test('many objects that are put at once are all there at once', async () => {
  const { store } = await storeOfPhotos();
  const keys = Array.from({ length: 500 }, (_, n) => `k${n}`);
  await Promise.all(
    keys.map(async (key) => {
      await put(store, key, `body of ${key}`);
      expect(String(await contentOf(store, key))).toBe(`body of ${key}`);
    }),
  );
  expect(store.totals('photos').objects).toBe(500);
});

test('an object that is put again has the new body, and the old file is gone', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', bytesOf(100_000, 1));
  const [first] = await bodyFilesIn(folder);
  await put(store, 'k', bytesOf(100_000, 2));
  expectSame(await contentOf(store, 'k'), bytesOf(100_000, 2));
  const files = await bodyFilesIn(folder);
  expect(files).toHaveLength(1);
  expect(files).not.toContain(first);
  await put(store, 'k', 'short');
  expect(await bodyFilesIn(folder)).toEqual([]);
  expect(String(await contentOf(store, 'k'))).toBe('short');
});

test('whoever reads a body reads it to its end, though it is replaced and deleted meanwhile', async () => {
  const { store } = await storeOfPhotos();
  for (const length of [20_000, 5_000_000]) {
    await put(store, 'k', bytesOf(length));
    const found = await store.read({ bucket: 'photos', key: 'k' });
    await put(store, 'k', 'other');
    await store.delete({ bucket: 'photos', key: 'k' });
    expectSame(found && (await collect(found.body)), bytesOf(length));
  }
});

test('readers and writers of one key at once see whole bodies only', async () => {
  const { store } = await storeOfPhotos();
  const bodies = [bytesOf(40_000, 1), bytesOf(50_000, 2), bytesOf(10, 3)];
  await put(store, 'k', bodies[0] ?? '');
  const writing = Promise.all(Array.from({ length: 60 }, (_, n) => put(store, 'k', bodies[n % bodies.length] ?? '')));
  const seen = Array.from({ length: 60 }, async () => {
    const found = await store.read({ bucket: 'photos', key: 'k' });
    const bytes = found && (await collect(found.body));
    expect(bytes && bodies.find((body) => body.equals(bytes))?.length).toBe(found?.record.sizeBytes);
  });
  await Promise.all([writing, ...seen]);
});

test('deleting removes object and file, and is no error when there is nothing', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'a', bytesOf(100_000));
  await put(store, 'b', 'x');
  await store.delete({ bucket: 'photos', key: 'a' });
  await store.delete({ bucket: 'photos', key: 'a' });
  expect(await contentOf(store, 'a')).toBeUndefined();
  expect(await bodyFilesIn(folder)).toEqual([]);
  await put(store, 'c', 'x');
  await store.deleteMany('photos', [{ key: 'b' }, { key: 'nothing' }, { key: 'c' }, { key: 'b' }]);
  expect(store.totals('photos')).toMatchObject({ objects: 0, bytes: 0 });
});

test('many deletes at once weigh as much as they are', async () => {
  const { store } = await storeOfPhotos();
  const commit = vi.spyOn(CommitQueue.prototype, 'commit');
  await store.deleteMany('photos', [{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
  expect(commit).toHaveBeenCalledExactlyOnceWith(expect.any(Function), 3);
});

test('of objects with very many parts not all are removed in one commit', async () => {
  const { store, folder } = await storeOfPhotos();
  const { compositions, root } = openIndex(folder);
  onTestFinished(() => root.close());
  const keys = ['a', 'b', 'c'];
  for (const [number, key] of keys.entries()) {
    const { record } = await putMultipart(store, key, [bytesOf(10)]);
    const bodies = Array.from({ length: 3000 }, (_, at) => {
      return { contentId: 1_000_000 * (number + 1) + at, sizeBytes: 0, place: 'file' as const };
    });
    await compositions.put(contentKey(record.contentId), packBodies(bodies));
  }
  const leftMeanwhile: number[] = [];
  onTestFinished(() => armFailpoints(undefined));
  armFailpoints((point) => {
    if (point === 'removal.unlink') leftMeanwhile.push(store.totals('photos').objects);
  });
  const deleted = await store.deleteMany(
    'photos',
    [...keys, 'nothing'].map((key) => ({ key })),
  );
  expect(deleted).toEqual(Array.from({ length: 4 }, () => ({ isDeleteMarker: false })));
  expect([...new Set(leftMeanwhile)]).toEqual([2, 1, 0]);
});

test('the totals of a bucket follow its objects', async () => {
  const { store } = await storeOfPhotos();
  await put(store, 'a', bytesOf(10));
  await put(store, 'b', bytesOf(100_000));
  expect(store.totals('photos')).toMatchObject({ objects: 2, bytes: 100_010 });
  await put(store, 'b', bytesOf(5));
  expect(store.totals('photos')).toMatchObject({ objects: 2, bytes: 15 });
  await store.delete({ bucket: 'photos', key: 'a' });
  expect(store.totals('photos')).toMatchObject({ objects: 1, bytes: 5 });
});

test.each([
  ['a length', { sizeBytes: 100_001 }, 'IncompleteBody'],
  ['an MD5', { md5: Buffer.alloc(16) }, 'InvalidDigest'],
  ['a CRC-64', { crc64: 1n }, 'InvalidCrc64'],
])('a body that breaks the promise of %s is not stored', async (_, promise, expected) => {
  const { store, folder } = await storeOfPhotos();
  for (const length of [10, 100_000]) {
    await expect(put(store, 'k', bytesOf(length), { promise })).rejects.toThrow(code(expected));
    expect(store.head({ bucket: 'photos', key: 'k' })).toBeUndefined();
    expect(await bodyFilesIn(folder)).toEqual([]);
  }
});

test('a body that keeps its promises is stored', async () => {
  const { store } = await storeOfPhotos();
  const bytes = Buffer.from('123456789');
  const promise = { sizeBytes: 9, md5: md5(bytes), crc64: 11_051_210_869_376_104_954n };
  expect((await put(store, 'k', bytes, { promise })).record).toMatchObject({ crc64: promise.crc64 });
});

test('a body that promises more than a put may bring is refused before it is read', async () => {
  const { store } = await storeOfPhotos();
  const promise = { sizeBytes: 5 * 1024 ** 3 + 1 };
  await expect(put(store, 'k', 'x', { promise })).rejects.toThrow(code('EntityTooLarge'));
});

test.each([100, 100_000])('a body that breaks off after %i bytes leaves nothing', async (length) => {
  const { store, folder } = await storeOfPhotos();
  async function* brokenBody() {
    yield bytesOf(length);
    throw new Error('connection lost');
  }
  await put(store, 'k', 'before');
  const broken = store.put({ bucket: 'photos', key: 'k', metadata: NO_METADATA }, brokenBody());
  await expect(broken).rejects.toThrow('connection lost');
  expect(String(await contentOf(store, 'k'))).toBe('before');
  expect(await bodyFilesIn(folder)).toEqual([]);
});

test.each([
  ['vanished', false],
  ['was remade', true],
])('a body whose bucket %s during the upload is not stored', async (_, isRemade) => {
  const { store, folder } = await storeOfPhotos();
  for (const length of [10, 100_000]) {
    async function* body() {
      await store.deleteBucket('photos');
      if (isRemade) await store.createBucket(photos);
      yield bytesOf(length);
    }
    const late = store.put({ bucket: 'photos', key: 'k', metadata: NO_METADATA }, body());
    await expect(late).rejects.toThrow(code('NoSuchBucket'));
    expect(await bodyFilesIn(folder)).toEqual([]);
    await store.createBucket(photos);
    expect(store.totals('photos').objects).toBe(0);
  }
});

test('a put that must not replace is refused when the key is taken, whoever of two comes first', async () => {
  const { store, folder } = await storeOfPhotos();
  const ifExists = () => new DomainError('InvalidArgument', 'taken');
  const rivals = await Promise.allSettled([
    put(store, 'k', bytesOf(100_000, 1), { ifExists }),
    put(store, 'k', bytesOf(100_000, 2), { ifExists }),
  ]);
  expect(rivals.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await bodyFilesIn(folder)).toHaveLength(1);
  expect(await contentOf(store, 'k')).toHaveLength(100_000);
});

test('a finished file is taken over as an object', async () => {
  const { store, folder } = await storeOfPhotos();
  const file = path.join(folder, 'report');
  const bytes = bytesOf(1000);
  await writeFile(file, bytes);
  const request = { bucket: 'photos', key: 'k', metadata: NO_METADATA };
  const { record } = await store.adopt(request, { path: file }, { md5: md5(bytes) });
  expect(record).toMatchObject({ sizeBytes: 1000, bodyPlace: 'file' });
  expectSame(await contentOf(store, 'k'), bytes);
  await expect(stat(file)).rejects.toThrow('ENOENT');
});

test('a file that changed after it was written is not taken over', async () => {
  const { store, folder } = await storeOfPhotos();
  const file = path.join(folder, 'report');
  await writeFile(file, bytesOf(1000, 2));
  const request = { bucket: 'photos', key: 'k', metadata: NO_METADATA };
  const promise = { sizeBytes: 1000, md5: md5(bytesOf(1000, 1)) };
  await expect(store.adopt(request, { path: file }, promise)).rejects.toThrow(code('InvalidDigest'));
  expect(store.head({ bucket: 'photos', key: 'k' })).toBeUndefined();
  expect(await bodyFilesIn(folder)).toEqual([]);
});

test('a body file is on disk, and its name too, before the index names it', async () => {
  const { store, folder } = await storeOfPhotos();
  const handle = await open(folder, 'r');
  const anyHandle = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  const steps: string[] = [];
  const note = async (step: string) => {
    const isNamed = store.head({ bucket: 'photos', key: 'k' }) !== undefined;
    const where = await bodyFilesIn(folder);
    steps.push(`${step}, ${where.length} file, ${isNamed ? 'named' : 'not named'}`);
  };
  const { datasync, sync } = anyHandle;
  vi.spyOn(anyHandle, 'datasync').mockImplementation(async function (this: typeof handle) {
    expect((await this.stat()).size).toBe(100_000);
    await datasync.call(this);
    await note('body synced');
  });
  vi.spyOn(anyHandle, 'sync').mockImplementation(async function (this: typeof handle) {
    expect((await this.stat()).isDirectory()).toBe(true);
    await sync.call(this);
    await note('folder synced');
  });
  await put(store, 'k', bytesOf(100_000));
  await note('answered');
  expect(steps).toEqual([
    'body synced, 1 file, not named',
    'folder synced, 1 file, not named', // The new folder's own name.
    'folder synced, 1 file, not named',
    'answered, 1 file, named',
  ]);
});

test('an object is not lost when the file of its predecessor cannot be removed', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', bytesOf(100_000, 1));
  const [old] = await bodyFilesIn(folder);
  const file = path.join(folder, 'bodies', '00000000000', old ?? '');
  await unlink(file);
  await mkdir(file); // A folder cannot be unlinked, not even by root.
  await put(store, 'k', bytesOf(100_000, 2));
  expectSame(await contentOf(store, 'k'), bytesOf(100_000, 2));
  await store.delete({ bucket: 'photos', key: 'k' });
});

test('a put whose file cannot be removed fails for the reason it failed for', async () => {
  const { store, folder } = await storeOfPhotos();
  const taken = new DomainError('InvalidArgument', 'taken');
  await put(store, 'k', 'before');
  await breakFolderSyncs(folder, () => store.head({ bucket: 'photos', key: 'k' }) !== undefined, 2);
  await expect(put(store, 'k', bytesOf(100_000), { ifExists: () => taken })).rejects.toBe(taken);
});

test('an upload whose staged file cannot be removed fails for the reason it failed for', async () => {
  const { store, folder } = await storeOfPhotos();
  async function* brokenBody() {
    yield bytesOf(100_000);
    const [name = ''] = await bodyFilesIn(folder);
    await unlink(path.join(folder, 'staging', name));
    await mkdir(path.join(folder, 'staging', name)); // A folder cannot be unlinked, not even by root.
    throw new Error('connection lost');
  }
  const broken = store.put({ bucket: 'photos', key: 'k', metadata: NO_METADATA }, brokenBody());
  await expect(broken).rejects.toThrow('connection lost');
});

test('a removed file keeps its mark until the removal is durable', async () => {
  const { store, folder } = await storeOfPhotos();
  const { garbage, root } = openIndex(folder);
  onTestFinished(() => root.close());
  await put(store, 'k', bytesOf(100_000));
  const spy = await breakFolderSyncs(folder, () => true);
  await store.delete({ bucket: 'photos', key: 'k' });
  expect(await bodyFilesIn(folder)).toEqual([]);
  await vi.waitFor(() => expect(spy).toHaveBeenCalled());
  await put(store, 'later', 'x'); // Whatever was handed in before is committed with it or earlier.
  expect(garbage.getKeysCount()).toBe(1);
  spy.mockRestore();
  await put(store, 'k', bytesOf(100_000));
  await store.delete({ bucket: 'photos', key: 'k' });
  await store.close();
  expect(garbage.getKeysCount()).toBe(1);
});

test('chunks of any size make the same object', async () => {
  const { store } = await storeOfPhotos();
  const bytes = bytesOf(100_000);
  const request = { bucket: 'photos', key: 'k', metadata: NO_METADATA };
  for (const chunkBytes of [1000, MAX_INDEX_BODY_BYTES, MAX_INDEX_BODY_BYTES + 1, 100_000]) {
    await store.put(request, inChunks(bytes, chunkBytes));
    expectSame(await contentOf(store, 'k'), bytes);
  }
});

/** Lets folder syncs fail while `isBroken`, but for the first `good` ones. */
async function breakFolderSyncs(folder: string, isBroken: () => boolean, good = 0) {
  const handle = await open(folder, 'r');
  await handle.close();
  const anyHandle = Object.getPrototypeOf(handle) as typeof handle;
  const { sync } = anyHandle;
  let count = 0;
  return vi.spyOn(anyHandle, 'sync').mockImplementation(async function (this: typeof handle) {
    if (isBroken() && ++count > good) throw new Error('EIO');
    await sync.call(this);
  });
}

test('an object that is meant is removed with its file, and another under its key is not', async () => {
  const { store, folder } = await storeOfPhotos();
  const { record } = await put(store, 'k', bytesOf(100_000, 1));
  const isMeant = ({ etag }: { readonly etag: string }) => etag === record.etag;
  await put(store, 'k', bytesOf(100_000, 2));
  expect(await store.deleteIf('photos', 'k', isMeant)).toBe(false);
  expectSame(await contentOf(store, 'k'), bytesOf(100_000, 2));
  await put(store, 'k', bytesOf(100_000, 1));
  expect(await store.deleteIf('photos', 'k', isMeant)).toBe(true);
  expect(store.head({ bucket: 'photos', key: 'k' })).toBeUndefined();
  expect(await bodyFilesIn(folder)).toEqual([]);
  expect(await store.deleteIf('photos', 'k', isMeant)).toBe(true);
});

test('with versioning, an object that is meant goes behind one delete marker', async () => {
  const { store } = await storeOfPhotos();
  await store.changeBucket('photos', { versioning: 'Enabled' });
  await put(store, 'k', 'x');
  for (let n = 0; n < 2; n++) expect(await store.deleteIf('photos', 'k', () => true)).toBe(true);
  const page = { prefix: '', delimiter: '', keyMarker: '', versionIdMarker: '', maxKeys: 10 };
  expect(store.listVersions('photos', page).versions.map(({ record }) => record.isDeleteMarker)).toEqual([true, false]);
});

test('a put between the look and the commit of a delete keeps its object', async () => {
  const { store } = await storeOfPhotos();
  const { record } = await put(store, 'k', 'old');
  const removing = store.deleteIf('photos', 'k', ({ etag }) => etag === record.etag);
  const putting = put(store, 'k', 'new');
  await Promise.all([removing, putting]);
  expect(String(await contentOf(store, 'k'))).toBe('new');
});
