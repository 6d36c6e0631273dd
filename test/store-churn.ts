/** Changes of every kind to a store's bucket `photos`, in an order that a seed repeats. */

import type { ObjectStore } from '../src/store/object-store.ts';
import type { Random } from './crash/random.ts';
import { bytesOf, put, putMultipart, uploadOf } from './store-fixture.ts';

const ENCRYPTIONS = [
  {},
  {},
  { encryption: { algorithm: 'AES256' } },
  { encryption: { algorithm: 'KMS', keyId: 'a' } },
] as const;
const SIZES = [0, 1, 300, 32 * 1024, 32 * 1024 + 1, 70_000, 131_072];
/** The least that a part may have. */
const PART_BYTES = 100 * 1024;

/** Makes so many changes, one after the other, to keys that begin with `prefix`. */
export async function churn(store: ObjectStore, random: Random, count: number, prefix = ''): Promise<void> {
  for (let change = 0; change < count; change++) await changeOnce(store, random, `${prefix}${random.between(0, 8)}`);
}

async function changeOnce(store: ObjectStore, random: Random, key: string): Promise<void> {
  const metadata = { headers: random.isOneIn(2) ? { 'content-type': 'text/plain' } : {}, user: {} };
  const tags = random.isOneIn(4) ? [{ key: 'team', value: 'a' }] : [];
  const more = { metadata, tags, ...random.pick(ENCRYPTIONS) };
  switch (random.between(0, 8)) {
    case 0:
      await store.delete({ bucket: 'photos', key });
      return;
    case 1: {
      const listing = { prefix: key, keyMarker: '', versionIdMarker: '', delimiter: '', maxKeys: 100 };
      const { versions } = store.listVersions('photos', listing);
      if (versions.length === 0) return;
      const { key: of, record } = random.pick(versions);
      await store.delete({ bucket: 'photos', key: of, versionId: record.versionId || 'null' });
      return;
    }
    case 2:
      await putMultipart(store, key, [bytesOf(PART_BYTES, anySeed(random)), bytesOf(random.pick(SIZES), 7)], more);
      return;
    case 3: {
      const { upload } = await uploadOf(store, key, [bytesOf(random.pick(SIZES), 3)], more);
      if (random.isOneIn(2)) await store.uploads.abort(upload);
      return;
    }
    default:
      await put(store, key, bytesOf(random.pick(SIZES), anySeed(random)), more);
  }
}

const anySeed = (random: Random): number => random.between(1, 1_000_000);
