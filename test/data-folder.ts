/** A data folder with its store and its control database, in this process and without a server. */

import { mkdir } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { openControlDatabase } from '../src/control/control-database.ts';
import { copyControlDatabase } from '../src/control/control-file.ts';
import { type BackupSource, storeFolder } from '../src/data-folder/data-backup.ts';
import { openStore, photos, temporaryFolder } from './store-fixture.ts';

export async function openDataFolder(data = temporaryFolder()) {
  const db = await openControlDatabase(data);
  await mkdir(storeFolder(data), { recursive: true });
  const store = await openStore(storeFolder(data));
  if (store.findBucket(photos.name) === undefined) await store.createBucket(photos);
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await store.close();
    await db.destroy();
  };
  onTestFinished(close);
  const source: BackupSource = {
    data,
    lend: (atInstant, work) => store.lend(atInstant, work),
    copyControl: (file) => copyControlDatabase(db, file),
    now: () => Date.now(),
  };
  return { data, db, store, source, close };
}
