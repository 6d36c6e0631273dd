import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { contentOf, NO_METADATA, NOW_MS, openStore, photos, put, temporaryFolder } from '../../test/store-fixture.ts';
import { BucketTable, MAX_BUCKETS } from './bucket-table.ts';
import { CommitQueue } from './commit-queue.ts';
import { openIndex } from './index-database.ts';
import { TotalsTable } from './totals.ts';

/** The totals of a bucket that never held anything. */
const NOTHING = { objects: 0, bytes: 0, deleteMarkers: 0, uploads: 0, classes: {}, lastModifiedMs: 0 };
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
  await store.createBucket({ ...photos, name: 'of-another', owner: '2000000000000000' });
  await store.deleteBucket('bucket-007');
  await store.createBucket({ ...photos, name: 'one-more' });
});

test('what is meant for a bucket does nothing to the next of its name', async () => {
  const store = await openStore();
  const { id: bucketId } = await store.createBucket(photos);
  await store.deleteBucket(photos.name, bucketId);
  const next = await store.createBucket({ ...photos, owner: '2000000000000000' });
  const uploading = { bucket: photos.name, bucketId, key: 'k', metadata: NO_METADATA };
  await expect(put(store, 'k', 'x', { bucketId })).rejects.toThrow(code('NoSuchBucket'));
  await expect(store.uploads.initiate(uploading)).rejects.toThrow(code('NoSuchBucket'));
  await expect(store.changeBucket(photos.name, { acl: 'public-read' }, bucketId)).rejects.toThrow(code('NoSuchBucket'));
  await expect(store.deleteBucket(photos.name, bucketId)).rejects.toThrow(code('NoSuchBucket'));
  expect(store.findBucket(photos.name)).toEqual(next);
  expect(store.totals(photos.name)).toEqual(NOTHING);
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
  await store.delete({ bucket: 'photos', key: 'k' });
  await store.deleteBucket('photos');
  expect(store.findBucket('photos')).toBeUndefined();
  await expect(store.deleteBucket('photos')).rejects.toThrow(code('NoSuchBucket'));
});

test('the neighbour of a full bucket is empty', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  await store.createBucket({ ...photos, name: 'neighbour' });
  await put(store, '\u{10FFFF}', 'v');
  expect(store.totals('neighbour')).toEqual(NOTHING);
  await store.deleteBucket('neighbour');
});

test('a bucket remade under an old name inherits nothing', async () => {
  const store = await openStore();
  const old = await store.createBucket(photos);
  await put(store, 'k', 'v');
  await store.delete({ bucket: 'photos', key: 'k' });
  await store.deleteBucket('photos');
  const remade = await store.createBucket({ ...photos, region: 'cn-beijing' });
  expect(remade.id).not.toBe(old.id);
  expect(store.totals('photos')).toEqual(NOTHING);
  expect(await contentOf(store, 'k')).toBeUndefined();
});

test('a setting changes by itself, null takes one away, and both are there after a restart', async () => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  const made = await store.createBucket(photos);
  const tags = [{ key: 'k', value: 'v' }];
  const encryption = { algorithm: 'KMS', keyId: 'mine' } as const;
  await store.changeBucket('photos', { tags, encryption, policy: '{}' });
  await store.changeBucket('photos', { versioning: 'Enabled' });
  expect(await store.changeBucket('photos', { acl: 'public-read' })).toEqual({
    ...made,
    tags,
    encryption,
    policy: '{}',
    versioning: 'Enabled',
    acl: 'public-read',
  });
  await store.changeBucket('photos', { tags: null });
  await store.changeBucket('photos', { encryption: null, versioning: 'Suspended' });
  const left = { ...made, policy: '{}', acl: 'public-read', versioning: 'Suspended' };
  expect(store.findBucket('photos')).toEqual(left);
  await store.close();
  const again = await openStore(folder);
  expect(again.findBucket('photos')).toEqual(left);
  expect(await again.changeBucket('photos', { policy: null })).not.toHaveProperty('policy');
});

test('a bucket that is not there has no setting to change', async () => {
  const store = await openStore();
  await expect(store.changeBucket('photos', { acl: 'private' })).rejects.toThrow(code('NoSuchBucket'));
});

test('a change to the bucket of one id leaves the next of its name alone', async () => {
  const store = await openStore();
  const { id } = await store.createBucket(photos);
  expect(await store.changeBucket('photos', { acl: 'public-read' }, id)).toMatchObject({ acl: 'public-read' });
  await store.deleteBucket('photos');
  const next = await store.createBucket(photos);
  const late = store.changeBucket('photos', { acl: 'public-read' }, id);
  await expect(late).rejects.toThrow(code('NoSuchBucket'));
  expect(store.findBucket('photos')).toEqual(next);
});

test('a bucket is found as the last change left it', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  expect(store.findBucket('photos')?.acl).toBe('private');
  await store.changeBucket('photos', { acl: 'public-read' });
  expect(store.findBucket('photos')?.acl).toBe('public-read');
  await store.deleteBucket('photos');
  expect(store.findBucket('photos')).toBeUndefined();
  const { id } = await store.createBucket(photos);
  expect(store.findBucket('photos')?.id).toBe(id);
});

/** The bucket `photos` in an index of its own; `beforeCommit` runs inside each transaction after its changes. */
async function openTable() {
  const db = openIndex(temporaryFolder());
  onTestFinished(() => db.root.close());
  const hooks = { beforeCommit: () => undefined as unknown };
  const queue = new CommitQueue(db.root, { beforeCommit: () => hooks.beforeCommit() });
  const table = new BucketTable(db, new TotalsTable(db), queue);
  await table.create(photos, () => NOW_MS);
  return { table, queue, hooks, aclNow: () => table.find('photos')?.acl };
}

test('a change is seen by the mutations after it in its commit, and by nobody when that is taken back', async () => {
  const { table, hooks, aclNow } = await openTable();
  const seen: unknown[] = [];
  hooks.beforeCommit = () => {
    seen.push(aclNow());
    throw new Error('taken back');
  };
  await expect(table.change('photos', { acl: 'public-read' })).rejects.toThrow('taken back');
  expect(seen).toEqual(['public-read']);
  expect(aclNow()).toBe('private');
});

test('a change whose neighbour in the commit breaks is taken back and made again', async () => {
  const { table, queue, aclNow } = await openTable();
  const seen: unknown[] = [];
  const changed = table.change('photos', { acl: 'public-read' });
  const broken = queue.commit(() => {
    seen.push(aclNow());
    throw new Error('broken');
  });
  await expect(broken).rejects.toThrow('broken');
  await changed;
  expect(seen).toEqual(['public-read', 'public-read']);
  expect(aclNow()).toBe('public-read');
});

test('a bucket that is looked for all the while a change is on its way is found changed once that is answered', async () => {
  const { table, aclNow } = await openTable();
  let isAnswered = false;
  const changed = table.change('photos', { acl: 'public-read' }).finally(() => {
    isAnswered = true;
  });
  let looks = 0;
  for (; !isAnswered; looks++) {
    aclNow();
    await setImmediate();
  }
  await changed;
  expect(looks).toBeGreaterThan(1);
  expect(aclNow()).toBe('public-read');
});
