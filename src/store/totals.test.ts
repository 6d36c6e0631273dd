import { expect, test } from 'vitest';
import { bytesOf, openStore, photos, put, putMultipart, storeOfPhotos, uploadOf } from '../../test/store-fixture.ts';
import { MIN_PART_BYTES } from '../core/limits.ts';

const NOTHING = { objects: 0, bytes: 0, deleteMarkers: 0, uploads: 0, classes: {}, lastModifiedMs: 0 };

test('a bucket that never held anything has totals of nothing', async () => {
  const { store } = await storeOfPhotos();
  expect(store.totals('photos')).toEqual(NOTHING);
  expect(() => store.totals('films')).toThrow(expect.objectContaining({ code: 'NoSuchBucket' }));
});

test('objects and bytes are counted by class, older versions too, delete markers and uploads apart', async () => {
  let now = 1000;
  const { store, folder } = await storeOfPhotos({ versioning: 'Enabled' }, { now: () => now });
  await put(store, 'a', bytesOf(10));
  await put(store, 'a', bytesOf(100), { storageClass: 'IA' });
  await put(store, 'b', bytesOf(1), { storageClass: 'IA' });
  await store.delete({ bucket: 'photos', key: 'b' });
  await putMultipart(store, 'm', [bytesOf(MIN_PART_BYTES), bytesOf(5)], { storageClass: 'Archive' });
  now = 2000;
  await uploadOf(store, 'u', [bytesOf(7), bytesOf(8)]);
  const totals = {
    objects: 4,
    bytes: 111 + MIN_PART_BYTES + 5 + 15,
    deleteMarkers: 1,
    uploads: 1,
    classes: {
      Standard: { objects: 1, bytes: 10 },
      IA: { objects: 2, bytes: 101 },
      Archive: { objects: 1, bytes: MIN_PART_BYTES + 5 },
    },
    lastModifiedMs: 2000,
  };
  expect(store.totals('photos')).toEqual(totals);
  await store.close();
  expect((await openStore(folder)).totals('photos')).toEqual(totals);
});

test('what goes is counted off, until nothing is left', async () => {
  let now = 1000;
  const { store } = await storeOfPhotos({ versioning: 'Enabled' }, { now: () => now });
  const { record } = await put(store, 'a', bytesOf(10), { storageClass: 'IA' });
  const { versionId = '' } = await store.delete({ bucket: 'photos', key: 'a' });
  const { upload } = await uploadOf(store, 'u', [bytesOf(7)]);
  now = 3000;
  await store.uploads.abort(upload);
  await store.deleteMany('photos', [
    { key: 'a', versionId: record.versionId },
    { key: 'a', versionId },
  ]);
  expect(store.totals('photos')).toEqual({ ...NOTHING, lastModifiedMs: 3000 });
  await store.deleteMany('photos', [{ key: 'a', versionId }]);
  expect(store.totals('photos')).toEqual({ ...NOTHING, lastModifiedMs: 3000 });
});

test('a refused change counts for nothing', async () => {
  const { store } = await storeOfPhotos();
  await put(store, 'a', 'x');
  const totals = store.totals('photos');
  await expect(put(store, 'a', 'longer', { forbidOverwrite: true })).rejects.toThrow('already exists');
  await expect(put(store, 'b', 'x', { promise: { sizeBytes: 2 } })).rejects.toThrow('promised');
  expect(store.totals('photos')).toEqual(totals);
});

test('buckets are counted apart, and one that is made again begins with nothing', async () => {
  const { store } = await storeOfPhotos();
  await store.createBucket({ ...photos, name: 'films' });
  await put(store, 'k', 'x');
  await put(store, 'k', 'xyz', { bucket: 'films' });
  expect(store.totals('photos')).toMatchObject({ objects: 1, bytes: 1 });
  expect(store.totals('films')).toMatchObject({ objects: 1, bytes: 3 });
  await store.delete({ bucket: 'films', key: 'k' });
  await store.deleteBucket('films');
  await store.createBucket({ ...photos, name: 'films' });
  expect(store.totals('films')).toEqual(NOTHING);
});
