/** Every destination, held against the one contract. */

import { describe, expect, test } from 'vitest';
import type { RuleEncryption } from '../../src/core/rule.ts';
import type { NewBucket } from '../../src/store/bucket-table.ts';
import { BucketDestination } from '../../src/store/inventory-destination.ts';
import { collect, openStore, photos, temporaryFolder } from '../store-fixture.ts';
import { TestKeys } from '../test-keys.ts';
import { destinationContract } from './destination-contract.ts';
import { MemoryDestination } from './memory-destination.ts';

destinationContract('the memory destination', async () => {
  const destination = new MemoryDestination();
  return { destination, spool: temporaryFolder(), read: async (key) => destination.objects.get(key) };
});

describe.each<[string, Partial<NewBucket>, RuleEncryption | undefined]>([
  ['the embedded destination', {}, undefined],
  ['the embedded destination of a rule that encrypts', {}, { method: 'SSE-KMS', keyId: 'our-key' }],
  ['the embedded destination in a bucket that encrypts', { encryption: { algorithm: 'AES256' } }, undefined],
  ['the embedded destination in a bucket with versioning', { versioning: 'Enabled' }, undefined],
  ['the embedded destination in a bucket whose versioning is suspended', { versioning: 'Suspended' }, undefined],
])('%s', (name, { versioning, ...bucket }, encryption) => {
  destinationContract(name, async () => {
    const spool = temporaryFolder();
    const store = await openStore(spool);
    await store.createBucket({ ...photos, ...bucket });
    if (versioning !== undefined) await store.changeBucket(photos.name, { versioning });
    return {
      destination: new BucketDestination(store, { bucket: photos.name, ...(encryption && { encryption }) }),
      spool,
      async read(key) {
        const found = await store.read({ bucket: photos.name, key });
        if (found === undefined) return undefined;
        return { bytes: await collect(found.body), contentType: String(found.metadata.headers['content-type']) };
      },
    };
  });
});

test('what is removed from a bucket with versioning leaves neither a version nor a delete marker', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  await store.changeBucket(photos.name, { versioning: 'Enabled' });
  const destination = new BucketDestination(store, { bucket: photos.name });
  await destination.putNew('k', Buffer.from('x'), 'text/plain');
  await destination.remove('k');
  await destination.remove('k');
  expect(store.totals(photos.name)).toMatchObject({ objects: 0, deleteMarkers: 0 });
});

test('a delete marker is nothing to be read', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  await store.changeBucket(photos.name, { versioning: 'Enabled' });
  const destination = new BucketDestination(store, { bucket: photos.name });
  await destination.putNew('k', Buffer.from('x'), 'text/plain');
  await store.delete({ bucket: photos.name, key: 'k' });
  expect(await destination.read('k', 100)).toBeUndefined();
});

test('what somebody hid behind a delete marker stays hidden when it is removed', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  await store.changeBucket(photos.name, { versioning: 'Enabled' });
  const destination = new BucketDestination(store, { bucket: photos.name });
  await destination.putNew('k', Buffer.from('x'), 'text/plain');
  await store.delete({ bucket: photos.name, key: 'k' });
  await destination.remove('k');
  expect(await destination.stat('k')).toBeUndefined();
});

test('what is put is encrypted as the rule says, else as the bucket does it at that time', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  const ofBucket = new BucketDestination(store, { bucket: photos.name });
  const ofRule = new BucketDestination(store, { bucket: photos.name, encryption: { method: 'SSE-OSS' } });
  const encryptionOf = async (destination: BucketDestination) => {
    await destination.remove('k');
    await destination.putNew('k', Buffer.from('x'), 'text/plain');
    const object = store.head({ bucket: photos.name, key: 'k' });
    return [destination.encrypts(), object?.record.encryption, object?.keyId];
  };
  expect(await encryptionOf(ofBucket)).toEqual([false, 'none', undefined]);
  expect(await encryptionOf(ofRule)).toEqual([true, 'AES256', undefined]);
  await store.changeBucket(photos.name, { encryption: { algorithm: 'KMS', keyId: 'bucket-key' } });
  expect(await encryptionOf(ofBucket)).toEqual([true, 'KMS', 'bucket-key']);
  expect(await encryptionOf(ofRule)).toEqual([true, 'AES256', undefined]);
  await store.changeBucket(photos.name, { encryption: null });
  expect(await encryptionOf(ofBucket)).toEqual([false, 'none', undefined]);
});

test('a key that is taken is told to be so without a data key, which there may be none for', async () => {
  const keys = new TestKeys();
  const store = await openStore(undefined, undefined, keys);
  await store.createBucket(photos);
  const encryption = { method: 'SSE-KMS', keyId: 'our-key' } as const;
  const destination = new BucketDestination(store, { bucket: photos.name, encryption });
  await destination.putNew('k', Buffer.from('x'), 'text/plain');
  keys.disabled.add('our-key');
  expect(await destination.putNew('k', Buffer.from('y'), 'text/plain')).toBe(false);
  await expect(destination.putNew('other', Buffer.from('y'), 'text/plain')).rejects.toThrow('disabled');
  expect(await destination.stat('other')).toBeUndefined();
});

test('what lay in a bucket that is gone counts as removed', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  const destination = new BucketDestination(store, { bucket: photos.name });
  await store.deleteBucket(photos.name);
  await destination.remove('k');
});

test('a bucket that is gone takes nothing more', async () => {
  const destination = new BucketDestination(await openStore(), { bucket: photos.name });
  await expect(destination.putNew('k', Buffer.from('x'), 'text/plain')).rejects.toThrow('does not exist');
});
