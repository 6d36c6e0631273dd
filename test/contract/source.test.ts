/** Every source, held against the one contract. */

import { BucketSource } from '../../src/store/inventory-source.ts';
import { plainRecord } from '../plain-record.ts';
import { NOW_MS, openStore, photos, put, temporaryFolder } from '../store-fixture.ts';
import { MemorySource } from './memory-source.ts';
import { sourceContract } from './source-contract.ts';

sourceContract('the memory source', async () => {
  const source = new MemorySource();
  let contentId = 0;
  return {
    source,
    async add(key) {
      const record = { ...plainRecord, contentId: ++contentId };
      await source.add(key, record);
      return record;
    },
  };
});

for (const withNoncurrent of [false, true]) {
  sourceContract(`the embedded source of ${withNoncurrent ? 'all' : 'the latest'} versions`, async () => {
    const folder = temporaryFolder();
    const store = await openStore(folder);
    for (const name of ['before', photos.name, 'after'])
      await store.createBucket({ ...photos, name, versioning: 'Enabled' });
    for (const bucket of ['before', 'after']) await put(store, 'not ours', 'x', { bucket });
    const source = new BucketSource({ store, folder, bucket: photos.name, withNoncurrent, now: () => NOW_MS });
    return { source, add: async (key) => (await put(store, key, key)).record };
  });
}
