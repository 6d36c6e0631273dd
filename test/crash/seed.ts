/** The data folder as a suite finds it: buckets, and objects that nobody changes. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openControlDatabase } from '../../src/control/control-database.ts';
import { systemClock } from '../../src/core/clock.ts';
import { ObjectStore } from '../../src/store/object-store.ts';
import { NO_METADATA, photos, put } from '../store-fixture.ts';
import { TestKeys } from '../test-keys.ts';
import { BASE_PREFIX, DESTINATION, ENCRYPTED, SOURCE, VERSIONED } from './names.ts';

const AT_ONCE = 256;

/** Straight into the store: over HTTP it would take the time of all the rest. */
export async function seedData(data: string, baseObjects: number): Promise<void> {
  const folder = path.join(data, 'store');
  await mkdir(folder, { recursive: true });
  // The index has buckets then, and a folder that has these and no control database has lost it.
  await (await openControlDatabase(data)).destroy();
  // Nothing is encrypted here, so these keys seal nothing.
  const store = await ObjectStore.open(folder, { clock: systemClock, keys: new TestKeys() });
  try {
    for (const name of [SOURCE, DESTINATION, VERSIONED, ENCRYPTED]) await store.createBucket({ ...photos, name });
    await store.changeBucket(VERSIONED, { versioning: 'Enabled' });
    await store.changeBucket(ENCRYPTED, { encryption: { algorithm: 'AES256' } });
    for (let from = 0; from < baseObjects; from += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, baseObjects - from) }, (_, index) => from + index);
      await Promise.all(batch.map((index) => put(store, baseKey(index), String(index), { metadata: NO_METADATA })));
    }
  } finally {
    await store.close();
  }
}

const baseKey = (index: number): string => `${BASE_PREFIX}${String(index).padStart(9, '0')}`;
