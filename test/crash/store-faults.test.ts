/** A disk that refuses a write of the store: the change fails, nothing else does, and the next one is served. */

import { expect, onTestFinished, test } from 'vitest';
import { armFailpoints, type FaultPoint } from '../../src/core/failpoint.ts';
import { BodyFiles } from '../../src/store/bodies/body-files.ts';
import { checkStore } from '../../src/store/check/check-store.ts';
import { openIndex } from '../../src/store/index-database.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import {
  bodyFilesIn,
  bytesOf,
  contentOf,
  inChunks,
  openStore,
  photos,
  put,
  temporaryFolder,
} from '../store-fixture.ts';

const LONG = 100_000;
const CODES = ['ENOSPC', 'EIO'] as const;
const OF_A_BODY = ['body.stage', 'body.write', 'body.sync', 'body.place', 'body.rename', 'body.sync-folder'] as const;
const OF_A_REMOVAL = ['removal.unlink', 'removal.sync-folder'] as const;

/** What is thrown at the point is what Node reports of a disk. Returns how often it was thrown. */
function failAt(point: FaultPoint, code: (typeof CODES)[number]): () => number {
  let count = 0;
  armFailpoints((reached) => {
    if (reached !== point) return;
    count++;
    throw Object.assign(new Error(`${code}: of the disk`), { code });
  });
  onTestFinished(() => armFailpoints(undefined));
  return () => count;
}

async function openWithBucket(folder: string): Promise<ObjectStore> {
  const store = await openStore(folder);
  await store.createBucket(photos);
  return store;
}

/** What a check of the whole store finds in a folder that a store has closed. */
async function findingsIn(folder: string): Promise<unknown[]> {
  const findings: unknown[] = [];
  const index = openIndex(folder);
  try {
    const onFinding = (finding: unknown) => void findings.push(finding);
    await checkStore(index, BodyFiles.at(folder), { withBodies: true, onFinding });
    return findings;
  } finally {
    await index.root.close();
  }
}

for (const code of CODES) {
  for (const point of OF_A_BODY) {
    test(`a put that meets ${code} at ${point} fails and leaves nothing, and the next is served`, async () => {
      const folder = temporaryFolder();
      const store = await openWithBucket(folder);
      await put(store, 'small', 'kept');
      const before = store.totals(photos.name);
      const count = failAt(point, code);
      await expect(put(store, 'long', bytesOf(LONG))).rejects.toMatchObject({ code });
      expect(count()).toBe(1);
      expect(store.head({ bucket: photos.name, key: 'long' })).toBeUndefined();
      expect(store.totals(photos.name)).toEqual(before);
      armFailpoints(undefined);
      expect(await bodyFilesIn(folder)).toEqual([]);
      await put(store, 'long', bytesOf(LONG, 2));
      expect(await contentOf(store, 'long')).toEqual(bytesOf(LONG, 2));
      expect((await contentOf(store, 'small'))?.toString()).toBe('kept');
      await store.close();
      expect(await findingsIn(folder)).toEqual([]);
    });
  }

  test(`changes of every kind that meet ${code} in their commit fail and change nothing, and the next are served`, async () => {
    const folder = temporaryFolder();
    const store = await openWithBucket(folder);
    await store.changeBucket(photos.name, { versioning: 'Enabled' });
    await put(store, 'k', bytesOf(LONG));
    const { uploadId } = await store.uploads.initiate({
      bucket: photos.name,
      key: 'u',
      metadata: { headers: {}, user: {} },
    });
    const address = { bucket: photos.name, key: 'u', uploadId };
    const part = await store.uploads.putPart(address, 1, inChunks(bytesOf(LONG), 4096));
    const changes: (() => Promise<unknown>)[] = [
      () => put(store, 'k', 'small'),
      () => put(store, 'k', bytesOf(LONG, 3)),
      () => store.delete({ bucket: photos.name, key: 'k' }),
      () => store.delete({ bucket: photos.name, key: 'k', versionId: versionsIn(store)[0]?.versionId ?? '' }),
      () => store.change({ bucket: photos.name, key: 'k' }, { tags: [{ key: 'a', value: 'b' }] }),
      () => store.uploads.putPart(address, 1, inChunks(bytesOf(LONG, 4), 4096)),
      () => store.uploads.complete(address, [{ partNumber: 1, etag: part.etag }], { forbidOverwrite: false }),
      () => store.uploads.abort(address),
      () => store.createBucket({ ...photos, name: 'other' }),
    ];
    const before = [versionsIn(store), store.totals(photos.name), await bodyFilesIn(folder)];
    const count = failAt('index.commit', code);
    const outcomes = await Promise.allSettled(changes.map((change) => change()));
    expect(outcomes.map(({ status }) => status)).toEqual(changes.map(() => 'rejected'));
    expect(count()).toBeGreaterThan(changes.length);
    armFailpoints(undefined);
    expect([versionsIn(store), store.totals(photos.name), await bodyFilesIn(folder)]).toEqual(before);
    expect(store.findBucket('other')).toBeUndefined();
    await store.uploads.complete(address, [{ partNumber: 1, etag: part.etag }], { forbidOverwrite: false });
    expect(await contentOf(store, 'u')).toEqual(bytesOf(LONG));
    await store.close();
    expect(await findingsIn(folder)).toEqual([]);
  });

  for (const point of OF_A_REMOVAL) {
    test(`a delete is served though ${code} at ${point} keeps its file, which the next start removes`, async () => {
      const folder = temporaryFolder();
      const store = await openWithBucket(folder);
      await put(store, 'k', bytesOf(LONG));
      const count = failAt(point, code);
      await store.delete({ bucket: photos.name, key: 'k' });
      await store.close();
      expect(count()).toBe(1);
      armFailpoints(undefined);
      await (await openStore(folder)).close();
      expect(await bodyFilesIn(folder)).toEqual([]);
      expect(await findingsIn(folder)).toEqual([]);
    });
  }
}

function versionsIn(store: ObjectStore) {
  const request = { prefix: '', delimiter: '', keyMarker: '', versionIdMarker: '', maxKeys: 1000 };
  return store.listVersions(photos.name, request).versions.map(({ record }) => record);
}
