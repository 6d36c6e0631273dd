/** Multipart uploads: docs/spec/oss-protocol.md, section 5.8. */

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  bodyFilesIn,
  bytesOf,
  collect,
  contentOf,
  expectSame,
  inChunks,
  NO_METADATA,
  NOW_MS,
  openStore,
  photos,
  put,
  putMultipart,
  storeOfPhotos,
  uploadOf,
} from '../../test/store-fixture.ts';
import { MIN_PART_BYTES } from '../core/limits.ts';
import { digestsOf } from './bodies/body-digest.ts';
import type { ObjectStore } from './object-store.ts';

const code = (code: string) => expect.objectContaining({ code });
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest();
const upperHex = (bytes: Buffer) => bytes.toString('hex').toUpperCase();
const NO_WISH = { forbidOverwrite: false };

/** Three parts as they may be: two of them long enough to be followed by another. */
const BODIES = [bytesOf(MIN_PART_BYTES, 1), bytesOf(MIN_PART_BYTES + 7, 2), bytesOf(50, 3)] as const;
const WHOLE = Buffer.concat(BODIES);
const putPart = (
  store: ObjectStore,
  upload: Parameters<ObjectStore['uploads']['putPart']>[0],
  n: number,
  bytes: Buffer,
) => store.uploads.putPart(upload, n, inChunks(bytes, 10_000));

test('an object is made of its parts, with the digests of the whole', async () => {
  const { store } = await storeOfPhotos();
  const metadata = { headers: { 'content-type': 'video/mp4' }, user: { a: 'b' } };
  const tags = [{ key: 'k', value: 'v' }];
  const more = { metadata, tags, storageClass: 'IA', acl: 'public-read' } as const;
  const { record } = await putMultipart(store, 'k', BODIES, more);
  expect(record).toMatchObject({
    sizeBytes: WHOLE.length,
    etag: `${upperHex(md5(Buffer.concat(BODIES.map(md5))))}-3`,
    crc64: digestsOf(WHOLE).crc64,
    objectType: 'Multipart',
    isMultipartUploaded: true,
    storageClass: 'IA',
    acl: 'public-read',
    tagCount: 1,
    lastModifiedMs: NOW_MS,
    bodyPlace: 'parts',
  });
  expect(store.head({ bucket: 'photos', key: 'k' })).toEqual({ record, metadata, tags });
  expectSame(await contentOf(store, 'k'), WHOLE);
});

test('any range is read over the edges of parts', async () => {
  const { store } = await storeOfPhotos();
  await putMultipart(store, 'k', BODIES);
  const edges = [0, MIN_PART_BYTES, 2 * MIN_PART_BYTES + 7, WHOLE.length];
  const places = [...new Set(edges.flatMap((edge) => [edge - 1, edge, edge + 1]))].filter((at) => at >= 0);
  for (const start of places) {
    for (const end of places.filter((place) => place >= start && place <= WHOLE.length)) {
      const found = await store.read({ bucket: 'photos', key: 'k' }, () => ({ start, end }));
      expectSame(found && (await collect(found.body)), WHOLE.subarray(start, end));
    }
  }
});

test('a part answers with its digests, and is listed by its number whenever it came', async () => {
  const { store } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', []);
  const bytes = bytesOf(10);
  for (const n of [10_000, 2, 300]) {
    expect(await putPart(store, upload, n, bytes)).toEqual({
      partNumber: n,
      sizeBytes: 10,
      etag: upperHex(md5(bytes)),
      crc64: digestsOf(bytes).crc64,
      lastModifiedMs: NOW_MS,
    });
  }
  const page = (after: number, limit: number) => {
    const { parts, nextAfter } = store.uploads.listParts(upload, after, limit);
    return [parts.map(({ partNumber }) => partNumber), nextAfter];
  };
  expect(page(0, 1000)).toEqual([[2, 300, 10_000], undefined]);
  expect(page(0, 2)).toEqual([[2, 300], 300]);
  expect(page(300, 2)).toEqual([[10_000], undefined]);
  expect(page(2, 2)).toEqual([[300, 10_000], undefined]);
  expect(page(10_000, 2)).toEqual([[], undefined]);
});

test('a part that comes again takes the place of the first, and its file goes', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', [BODIES[1]]);
  const again = await putPart(store, upload, 1, BODIES[0]);
  expect(store.uploads.listParts(upload, 0, 10).parts).toEqual([again]);
  expect(await bodyFilesIn(folder)).toHaveLength(1);
  expect(store.totals('photos')).toMatchObject({ objects: 0, bytes: MIN_PART_BYTES, uploads: 1 });
  await store.uploads.complete(upload, 'all', NO_WISH);
  expectSame(await contentOf(store, 'k'), BODIES[0]);
});

test('parts that are not named are removed when the upload is completed', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload, parts } = await uploadOf(store, 'k', [BODIES[0], BODIES[1], BODIES[1], BODIES[0]]);
  const { record } = await store.uploads.complete(
    upload,
    [parts[0], parts[3]].flatMap((part) => part ?? []),
    NO_WISH,
  );
  expect(record.etag).toMatch(/-2$/);
  expectSame(await contentOf(store, 'k'), Buffer.concat([BODIES[0], BODIES[0]]));
  expect(await bodyFilesIn(folder)).toHaveLength(2);
  expect(store.totals('photos')).toMatchObject({ objects: 1, bytes: 2 * MIN_PART_BYTES, uploads: 0 });
  expect(() => store.uploads.find(upload)).toThrow(code('NoSuchUpload'));
});

test('completing with all parts takes them in the order of their numbers', async () => {
  const { store } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', []);
  await putPart(store, upload, 7, BODIES[2]);
  await putPart(store, upload, 3, BODIES[0]);
  await putPart(store, upload, 5, BODIES[1]);
  await store.uploads.complete(upload, 'all', NO_WISH);
  expectSame(await contentOf(store, 'k'), WHOLE);
});

test('an upload that is aborted leaves nothing', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', BODIES);
  expect(store.totals('photos')).toMatchObject({ objects: 0, bytes: WHOLE.length, uploads: 1 });
  await store.uploads.abort(upload);
  expect(await bodyFilesIn(folder)).toEqual([]);
  expect(store.totals('photos')).toMatchObject({ objects: 0, bytes: 0, uploads: 0 });
  const gone = code('NoSuchUpload');
  await expect(store.uploads.abort(upload)).rejects.toThrow(gone);
  await expect(store.uploads.complete(upload, 'all', NO_WISH)).rejects.toThrow(gone);
  await expect(putPart(store, upload, 1, BODIES[0])).rejects.toThrow(gone);
  expect(() => store.uploads.listParts(upload, 0, 10)).toThrow(gone);
  expect(await bodyFilesIn(folder)).toEqual([]);
});

test('a part whose upload ends while it arrives is not stored', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', []);
  async function* body() {
    yield BODIES[0];
    await store.uploads.abort(upload);
  }
  await expect(store.uploads.putPart(upload, 1, body())).rejects.toThrow(code('NoSuchUpload'));
  expect(await bodyFilesIn(folder)).toEqual([]);
  expect(store.totals('photos')).toMatchObject({ bytes: 0, uploads: 0 });
});

test.each([
  ['of which there is none', 'InvalidPart', [{ partNumber: 4, etag: 'x' }]],
  ['by another ETag', 'InvalidPart', [{ partNumber: 1, etag: upperHex(md5(BODIES[1])) }]],
  ['out of order', 'InvalidPartOrder', [2, 1]],
  ['twice', 'InvalidPartOrder', [1, 1]],
  ['not at all', 'InvalidPart', []],
  ['with a short one that is not the last', 'EntityTooSmall', [1, 3, 4]],
] as const)('parts that are named %s make no object, and stay', async (_, expected, names) => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', 'before');
  const { upload, parts } = await uploadOf(store, 'k', [
    ...BODIES,
    ...(expected === 'EntityTooSmall' ? [BODIES[0]] : []),
  ]);
  const named = names.flatMap((name) => (typeof name === 'number' ? (parts[name - 1] ?? []) : name));
  const totals = store.totals('photos');
  const files = await bodyFilesIn(folder);
  await expect(store.uploads.complete(upload, named, NO_WISH)).rejects.toThrow(code(expected));
  expect(String(await contentOf(store, 'k'))).toBe('before');
  expect(store.uploads.listParts(upload, 0, 10).parts).toEqual(parts);
  expect(store.totals('photos')).toEqual(totals);
  expect(await bodyFilesIn(folder)).toEqual(files);
});

test('an upload without a part makes no object', async () => {
  const { store } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', []);
  await expect(store.uploads.complete(upload, 'all', NO_WISH)).rejects.toThrow(code('InvalidPart'));
});

test('a part is named by its ETag in either case, and the last may be empty', async () => {
  const { store } = await storeOfPhotos();
  const { upload, parts } = await uploadOf(store, 'k', [BODIES[0], Buffer.alloc(0)]);
  const named = parts.map(({ partNumber, etag }) => ({ partNumber, etag: etag.toLowerCase() }));
  const { record } = await store.uploads.complete(upload, named, NO_WISH);
  expect(record).toMatchObject({ sizeBytes: MIN_PART_BYTES, crc64: digestsOf(BODIES[0]).crc64 });
  expectSame(await contentOf(store, 'k'), BODIES[0]);
});

test('forbidding to overwrite is kept at the beginning and at the end of an upload', async () => {
  const { store } = await storeOfPhotos();
  const taken = code('FileAlreadyExists');
  const { upload, parts } = await uploadOf(store, 'k', [BODIES[2]], { forbidOverwrite: true });
  await put(store, 'k', 'came first');
  await expect(uploadOf(store, 'k', [], { forbidOverwrite: true })).rejects.toThrow(taken);
  await expect(store.uploads.complete(upload, parts, { forbidOverwrite: true })).rejects.toThrow(taken);
  expect(String(await contentOf(store, 'k'))).toBe('came first');
  await store.changeBucket('photos', { versioning: 'Enabled' });
  await store.uploads.complete(upload, parts, { forbidOverwrite: true });
  expectSame(await contentOf(store, 'k'), BODIES[2]);
});

test('of two that complete an upload at once one makes the object', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload, parts } = await uploadOf(store, 'k', BODIES);
  const rivals = await Promise.allSettled([
    store.uploads.complete(upload, parts, NO_WISH),
    store.uploads.complete(upload, 'all', NO_WISH),
    store.uploads.abort(upload),
  ]);
  expect(rivals.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(rivals[1]).toMatchObject({ reason: code('NoSuchUpload') });
  expectSame(await contentOf(store, 'k'), WHOLE);
  expect(await bodyFilesIn(folder)).toHaveLength(2);
});

test('an object made of parts takes all their files with it', async () => {
  const { store, folder } = await storeOfPhotos();
  await putMultipart(store, 'k', BODIES);
  await putMultipart(store, 'k', [BODIES[1], BODIES[0]]);
  expect(await bodyFilesIn(folder)).toHaveLength(2);
  expectSame(await contentOf(store, 'k'), Buffer.concat([BODIES[1], BODIES[0]]));
  await store.delete({ bucket: 'photos', key: 'k' });
  expect(await bodyFilesIn(folder)).toEqual([]);
  expect(store.totals('photos')).toMatchObject({ objects: 0, bytes: 0, uploads: 0 });
});

test('versions made of parts stand beside each other, and go one by one', async () => {
  const { store, folder } = await storeOfPhotos({ versioning: 'Enabled' });
  const { record: one } = await putMultipart(store, 'k', BODIES);
  const { record: other } = await putMultipart(store, 'k', [BODIES[1], BODIES[2]]);
  expect(one.versionId).not.toBe(other.versionId);
  const bodyOf = async (versionId: string) => {
    const found = await store.read({ bucket: 'photos', key: 'k', versionId });
    return found && (await collect(found.body));
  };
  expectSame(await bodyOf(one.versionId), WHOLE);
  await store.delete({ bucket: 'photos', key: 'k', versionId: other.versionId });
  expect(await bodyFilesIn(folder)).toHaveLength(2);
  expectSame(await contentOf(store, 'k'), WHOLE);
  await store.delete({ bucket: 'photos', key: 'k', versionId: one.versionId });
  expect(await bodyFilesIn(folder)).toEqual([]);
});

test('an upload belongs to its key and its bucket', async () => {
  const { store } = await storeOfPhotos();
  await store.createBucket({ ...photos, name: 'films' });
  const { upload } = await uploadOf(store, 'k', BODIES);
  const gone = code('NoSuchUpload');
  expect(store.uploads.find(upload)).toEqual(upload);
  expect(() => store.uploads.find({ ...upload, key: 'other' })).toThrow(gone);
  expect(() => store.uploads.find({ ...upload, bucket: 'films' })).toThrow(gone);
  expect(() => store.uploads.find({ ...upload, bucket: 'nothing' })).toThrow(code('NoSuchBucket'));
  for (const uploadId of ['', 'x', '0'.repeat(32), `${upload.uploadId}00`, upload.uploadId.slice(1)]) {
    expect(() => store.uploads.find({ ...upload, uploadId })).toThrow(gone);
  }
});

test('an upload that is not finished keeps its bucket, and none begins in a bucket that went', async () => {
  const { store } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', []);
  await expect(store.deleteBucket('photos')).rejects.toThrow(code('BucketNotEmpty'));
  await store.uploads.abort(upload);
  await store.deleteBucket('photos');
  await expect(uploadOf(store, 'k', [])).rejects.toThrow(code('NoSuchBucket'));
});

test('a key may hold as many NUL characters as fit, and is told when there are more', async () => {
  const { store } = await storeOfPhotos();
  const many = '\u0000'.repeat(900);
  await putMultipart(store, many, BODIES);
  expectSame(await contentOf(store, many), WHOLE);
  const tooMany = '\u0000'.repeat(1023);
  await expect(uploadOf(store, tooMany, [])).rejects.toThrow(code('InvalidObjectName'));
  expect(() => store.uploads.find({ bucket: 'photos', key: tooMany, uploadId: 'A'.repeat(32) })).toThrow(
    code('NoSuchUpload'),
  );
});

test('an upload goes on after a restart, with the settings it began with', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload, parts } = await uploadOf(store, 'k', [BODIES[0]], { metadata: { ...NO_METADATA, user: { a: 'b' } } });
  await store.close();
  const again = await openStore(folder);
  expect(again.uploads.find(upload)).toEqual(upload);
  expect(again.uploads.listParts(upload, 0, 10).parts).toEqual(parts);
  const second = await putPart(again, upload, 2, BODIES[1]);
  const { metadata } = await again.uploads.complete(upload, [...parts, second], NO_WISH);
  expect(metadata.user).toEqual({ a: 'b' });
  expectSame(await contentOf(again, 'k'), Buffer.concat([BODIES[0], BODIES[1]]));
});
