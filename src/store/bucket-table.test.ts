import { expect, test } from 'vitest';
import { contentOf, openStore, photos, put } from '../../test/store-fixture.ts';
import { MAX_BUCKETS } from './bucket-table.ts';

const code = (code: string) => expect.objectContaining({ code });

test('a bucket is found under its name with what was asked of it', async () => {
  const store = await openStore();
  const made = await store.createBucket(photos);
  expect(made).toMatchObject({ ...photos, id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(store.findBucket('photos')).toEqual(made);
  expect(store.findBucket('photo')).toBeUndefined();
  expect(store.findBucket('p'.repeat(10_000))).toBeUndefined();
});

test('a bucket that is made again with the same settings stays the one it was', async () => {
  const store = await openStore();
  const made = await store.createBucket(photos);
  expect(await store.createBucket({ ...photos, acl: 'public-read' })).toEqual(made);
});

test.each([
  ['in another region', { region: 'cn-beijing' }, "can't modify location"],
  ['of another class', { storageClass: 'IA' }, "can't modify storage class"],
  ['of other redundancy', { redundancy: 'ZRS' }, "can't modify data redundancy type"],
  ['for another account', { owner: '2000000000000000' }, 'name is not available'],
] as const)('a bucket is not made again %s', async (_, change, message) => {
  const store = await openStore();
  await store.createBucket(photos);
  const again = store.createBucket({ ...photos, ...change });
  await expect(again).rejects.toThrow(code('BucketAlreadyExists'));
  await expect(again).rejects.toThrow(message);
});

test('an account has a bounded number of buckets, however many are made at once', async () => {
  const store = await openStore();
  const names = Array.from({ length: MAX_BUCKETS + 3 }, (_, n) => `bucket-${String(n).padStart(3, '0')}`);
  const outcomes = await Promise.allSettled(names.map((name) => store.createBucket({ ...photos, name })));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_BUCKETS);
  await expect(store.createBucket({ ...photos, name: 'one-more' })).rejects.toThrow(code('TooManyBuckets'));
  await store.deleteBucket('bucket-007');
  await store.createBucket({ ...photos, name: 'one-more' });
});

test('buckets are listed in order of name, a page at a time', async () => {
  const store = await openStore();
  for (const name of ['c-c', 'a-1', 'b', 'a', 'a-10']) await store.createBucket({ ...photos, name });
  const page = (after: string, limit: number) => store.listBuckets(after, limit).map(({ name }) => name);
  expect(page('', 10)).toEqual(['a', 'a-1', 'a-10', 'b', 'c-c']);
  expect(page('', 2)).toEqual(['a', 'a-1']);
  expect(page('a-1', 2)).toEqual(['a-10', 'b']);
  expect(page('aa', 2)).toEqual(['b', 'c-c']);
  expect(page('c-c', 2)).toEqual([]);
  expect(page('b'.repeat(10_000), 2)).toEqual(['c-c']); // Longer than a key of the index can be.
});

test('only an empty bucket is deleted, and only once', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  await put(store, 'k', 'v');
  await expect(store.deleteBucket('photos')).rejects.toThrow(code('BucketNotEmpty'));
  await store.delete('photos', 'k');
  await store.deleteBucket('photos');
  expect(store.findBucket('photos')).toBeUndefined();
  await expect(store.deleteBucket('photos')).rejects.toThrow(code('NoSuchBucket'));
});

test('the neighbour of a full bucket is empty', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  await store.createBucket({ ...photos, name: 'neighbour' });
  await put(store, '\u{10FFFF}', 'v');
  expect(store.totals('neighbour')).toEqual({ objects: 0, bytes: 0 });
  await store.deleteBucket('neighbour');
});

test('a bucket remade under an old name inherits nothing', async () => {
  const store = await openStore();
  const old = await store.createBucket(photos);
  await put(store, 'k', 'v');
  await store.delete('photos', 'k');
  await store.deleteBucket('photos');
  const remade = await store.createBucket({ ...photos, region: 'cn-beijing' });
  expect(remade.id).not.toBe(old.id);
  expect(store.totals('photos')).toEqual({ objects: 0, bytes: 0 });
  expect(await contentOf(store, 'k')).toBeUndefined();
});
