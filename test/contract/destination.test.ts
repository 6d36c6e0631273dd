/** Every destination, held against the one contract. */

import { expect, test } from 'vitest';
import { BucketDestination } from '../../src/store/inventory-destination.ts';
import { collect, openStore, photos, temporaryFolder } from '../store-fixture.ts';
import { destinationContract } from './destination-contract.ts';
import { MemoryDestination } from './memory-destination.ts';

destinationContract('the memory destination', async () => {
  const destination = new MemoryDestination();
  return { destination, spool: temporaryFolder(), read: async (key) => destination.objects.get(key) };
});

destinationContract('the embedded destination', async () => {
  const spool = temporaryFolder();
  const store = await openStore(spool);
  await store.createBucket(photos);
  return {
    destination: new BucketDestination(store, photos.name),
    spool,
    async read(key) {
      const found = await store.read(photos.name, key);
      if (found === undefined) return undefined;
      return { bytes: await collect(found.body), contentType: String(found.metadata.headers['content-type']) };
    },
  };
});

test('what lay in a bucket that is gone counts as removed', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  const destination = new BucketDestination(store, photos.name);
  await store.deleteBucket(photos.name);
  await destination.remove('k');
});

test('a bucket that is gone takes nothing more', async () => {
  const destination = new BucketDestination(await openStore(), photos.name);
  await expect(destination.putNew('k', Buffer.from('x'), 'text/plain')).rejects.toThrow('does not exist');
});
