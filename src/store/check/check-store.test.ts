/** Each fault is made on purpose in a store that was closed, and has to be found where it is. */

import { mkdir, open, readdir, rename, truncate, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../../test/crash/random.ts';
import { churn } from '../../../test/store-churn.ts';
import { bytesOf, put, putMultipart, remainsOf, storeOfPhotos, uploadOf } from '../../../test/store-fixture.ts';
import { TestKeys } from '../../../test/test-keys.ts';
import { type ObjectRecord, packRecord, unpackRecord } from '../../core/record.ts';
import { BodyFiles } from '../bodies/body-files.ts';
import {
  contentKey,
  type IndexDatabase,
  objectIndexKey,
  openIndex,
  splitVersionIndexKey,
  versionIndexKeyOf,
} from '../index-database.ts';
import type { CheckOptions } from './check-context.ts';
import { checkStore } from './check-store.ts';
import { FINDING_KINDS, type Finding, type FindingKind } from './finding.ts';

type Change = Partial<Omit<CheckOptions, 'onFinding'>>;

async function check(folder: string, change: Change = {}) {
  const db = openIndex(folder);
  const findings: Finding[] = [];
  try {
    const onFinding = (finding: Finding) => findings.push(finding);
    const options = { withBodies: true, keys: new TestKeys(), ...change, onFinding };
    return { counts: await checkStore(db, BodyFiles.at(folder), options), findings };
  } finally {
    await db.root.close();
  }
}

/** A closed store. `plain` is short, `long` a file, `parts` of two files, `versions` has three versions, the oldest
 *  being the null version and the newest a delete marker; `secret` is short and `vault` long, both encrypted. An upload
 *  to `upload` has one part in the index and one in a file. */
async function sampleStore(): Promise<string> {
  const { store, folder } = await storeOfPhotos();
  const tags = [{ key: 'team', value: 'a' }];
  await put(store, 'plain', 'short', { tags });
  await put(store, 'long', bytesOf(100_000, 1));
  await putMultipart(store, 'parts', [bytesOf(110_000, 2), bytesOf(50_000, 3)]);
  await put(store, 'secret', 'short', { encryption: { algorithm: 'AES256' } });
  await put(store, 'vault', bytesOf(200_000, 4), { encryption: { algorithm: 'KMS', keyId: 'a' } });
  await uploadOf(store, 'upload', [bytesOf(100, 5), bytesOf(110_000, 6)]);
  await put(store, 'versions', 'null version');
  await store.changeBucket('photos', { versioning: 'Enabled' });
  await put(store, 'versions', 'second');
  await store.delete({ bucket: 'photos', key: 'versions' });
  await store.close();
  return folder;
}

/** What is found once `damage` was done to the sample. */
async function findingsAfter(damage: (db: IndexDatabase, folder: string) => unknown, change: Change = {}) {
  const folder = await sampleStore();
  const db = openIndex(folder);
  try {
    await damage(db, folder);
  } finally {
    await db.root.close();
  }
  return (await check(folder, change)).findings;
}

const keyOf = (key: string): Buffer => objectIndexKey(1, Buffer.from(key));

function latest(db: IndexDatabase, key: string): ObjectRecord {
  const packed = db.objects.get(keyOf(key));
  if (packed === undefined) throw new Error(`there is no ${key}`);
  return unpackRecord(packed);
}

const changeLatest = (db: IndexDatabase, key: string, change: Partial<ObjectRecord>) =>
  db.objects.put(keyOf(key), packRecord({ ...latest(db, key), ...change }));

/** The older versions of `versions`, newest first, by their index keys. */
function older(db: IndexDatabase): { indexKey: Buffer; record: ObjectRecord }[] {
  return [...db.versions.getRange()].map(({ key, value }) => ({
    indexKey: Buffer.from(key),
    record: unpackRecord(value),
  }));
}

async function changeOlder(db: IndexDatabase, at: number, change: Partial<ObjectRecord>): Promise<void> {
  const found = older(db)[at];
  if (found !== undefined) await db.versions.put(found.indexKey, packRecord({ ...found.record, ...change }));
}

const fileOf = (db: IndexDatabase, folder: string, key: string): string =>
  BodyFiles.at(folder).pathOf(latest(db, key).contentId);

/** The content ids of the files of the multipart object, in their order. */
const partFiles = (db: IndexDatabase): number[] => {
  const packed = db.compositions.get(contentKey(latest(db, 'parts').contentId)) ?? Buffer.alloc(0);
  return [packed.readDoubleLE(0), packed.readDoubleLE(17)];
};

async function flipByte(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  await handle.close();
}

test('a store with nothing wrong has no findings, and everything in it was counted', async () => {
  const { counts, findings } = await check(await sampleStore());
  expect(findings).toEqual([]);
  expect(counts).toEqual({
    objects: 5,
    versions: 8,
    uploads: 1,
    bodies: 10,
    bytes: 5 + 100_000 + 160_000 + 5 + 200_000 + 110_100 + 12 + 6,
    unopened: 0,
    filesToRemove: 0,
  });
});

test('whatever was done to a store, there is nothing wrong with it', async () => {
  const seed = Date.now() % 2 ** 32;
  const { store, folder, keys } = await storeOfPhotos();
  const random = new Random(seed);
  for (const versioning of ['Enabled', 'Suspended', 'Enabled'] as const) {
    await churn(store, random, 60);
    await store.changeBucket('photos', { versioning });
  }
  await churn(store, random, 40);
  await store.close();
  const { counts, findings } = await check(folder, { keys });
  expect({ seed, findings }).toEqual({ seed, findings: [] });
  expect(counts.versions).toBeGreaterThan(20);
  expect(counts).toMatchObject({ unopened: 0, filesToRemove: 0 });
});

test('what a kill left of an upload and of a removal is no fault, because the next start sees to it', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', bytesOf(100_000));
  let remains = '';
  async function* body() {
    yield bytesOf(100_000);
    remains = await remainsOf(folder);
  }
  await store.put({ bucket: 'photos', key: 'l', metadata: { headers: {}, user: {} } }, body());
  // As if it had been renamed already.
  const ids = BodyFiles.at(remains);
  await writeFile(ids.pathOf(2), bytesOf(10));
  const { counts, findings } = await check(remains);
  expect(findings).toEqual([]);
  expect(counts.filesToRemove).toBe(1);
});

const about = (text: string) => expect.stringContaining(text) as string;

const FAULTS: readonly [string, FindingKind, Partial<Finding>, (db: IndexDatabase, folder: string) => unknown][] = [
  [
    'a record of another form',
    'record-unreadable',
    { key: 'plain' },
    (db) => db.objects.put(keyOf('plain'), Buffer.alloc(80)),
  ],
  [
    'a record that was cut',
    'record-unreadable',
    { key: 'plain' },
    (db) => db.objects.put(keyOf('plain'), Buffer.of(2)),
  ],
  [
    'a key that is no UTF-8',
    'key-invalid',
    {},
    (db) =>
      db.root.childTransaction(() => {
        db.objects.putSync(objectIndexKey(1, Buffer.of(0xc3)), packRecord(latest(db, 'plain')));
        db.objects.removeSync(keyOf('plain'));
      }),
  ],
  [
    'an object of a bucket that is gone',
    'bucket-missing',
    { bucket: 'number 9', key: 'x' },
    (db) =>
      db.objects.put(
        objectIndexKey(9, Buffer.from('x')),
        packRecord({ ...latest(db, 'versions'), hasNoncurrent: false }),
      ),
  ],
  [
    'older versions without a latest',
    'latest-missing',
    { key: 'versions' },
    (db) => db.objects.remove(keyOf('versions')),
  ],
  [
    'a latest version that says it is none',
    'latest-flag-wrong',
    { key: 'plain' },
    (db) => changeLatest(db, 'plain', { isLatest: false }),
  ],
  [
    'an older version that says it is the latest',
    'latest-flag-wrong',
    { key: 'versions' },
    (db) => changeOlder(db, 0, { isLatest: true }),
  ],
  [
    'older versions that nobody looks for',
    'noncurrent-flag-wrong',
    { key: 'versions' },
    (db) => changeLatest(db, 'versions', { hasNoncurrent: false }),
  ],
  [
    'older versions that are announced and not there',
    'noncurrent-flag-wrong',
    { key: 'plain' },
    (db) => changeLatest(db, 'plain', { hasNoncurrent: true }),
  ],
  [
    'an older version that announces others',
    'noncurrent-flag-wrong',
    { key: 'versions' },
    (db) => changeOlder(db, 1, { hasNoncurrent: true }),
  ],
  [
    'a null version that is not found by its name',
    'null-version-wrong',
    { versionId: 'null' },
    (db) => db.nulls.remove(keyOf('versions')),
  ],
  [
    'a name of a null version that is not there',
    'null-version-wrong',
    { key: 'plain' },
    (db) => db.nulls.put(keyOf('plain'), 1),
  ],
  [
    'a name of a null version that leads to another',
    'null-version-wrong',
    { key: 'versions' },
    (db) => db.nulls.put(keyOf('versions'), older(db)[0]?.record.sequence ?? 0),
  ],
  [
    'two null versions of a key',
    'null-version-wrong',
    { versionId: 'null' },
    (db) => changeOlder(db, 0, { versionId: '' }),
  ],
  [
    'a version id of another version',
    'version-id-wrong',
    { key: 'versions' },
    (db) => changeOlder(db, 0, { versionId: latest(db, 'versions').versionId }),
  ],
  [
    'a version that is numbered above the next',
    'sequence-wrong',
    { key: 'plain' },
    (db) => changeLatest(db, 'plain', { sequence: 1000 }),
  ],
  [
    'a version that lies under the number of another',
    'sequence-wrong',
    { versionId: 'null' },
    async (db) => {
      const found = older(db)[1];
      if (found === undefined) return;
      await db.versions.remove(found.indexKey);
      const moved = versionIndexKeyOf(splitVersionIndexKey(found.indexKey).objectKey, 1);
      await db.versions.put(moved, packRecord(found.record));
    },
  ],
  [
    'a latest version that is older than others',
    'sequence-wrong',
    { key: 'versions' },
    (db) => changeLatest(db, 'versions', { sequence: 1 }),
  ],
  ['totals that are off by one', 'totals-wrong', { bucket: 'photos' }, (db) => db.objects.remove(keyOf('plain'))],
  [
    'totals of a bucket that is gone',
    'totals-wrong',
    { text: about('bucket number 9') },
    (db) => db.totals.put(9, Buffer.alloc(112)),
  ],
  [
    'a content of a number that was never given',
    'content-id-wrong',
    { contentId: 1000 },
    (db) => changeLatest(db, 'plain', { contentId: 1000 }),
  ],
  [
    'a content of a number that is none',
    'content-id-wrong',
    { contentId: -1.5 },
    (db) => changeLatest(db, 'plain', { contentId: -1.5 }),
  ],
  [
    'a delete marker with a content',
    'content-id-wrong',
    { key: 'versions' },
    (db) => changeLatest(db, 'versions', { contentId: 1 }),
  ],
  [
    'a content of two versions',
    'content-shared',
    { key: 'secret' },
    (db) => changeLatest(db, 'secret', { contentId: latest(db, 'plain').contentId }),
  ],
  [
    'metadata without what belongs to it',
    'facts-unreadable',
    { key: 'secret' },
    (db) => db.metadata.put(contentKey(latest(db, 'secret').contentId), '{"seal":{}}'),
  ],
  [
    'metadata that is no JSON',
    'facts-unreadable',
    { key: 'plain' },
    (db) => db.metadata.put(contentKey(latest(db, 'plain').contentId), '{'),
  ],
  [
    'an encrypted object without its data key',
    'encryption-wrong',
    { key: 'secret' },
    (db) => db.metadata.remove(contentKey(latest(db, 'secret').contentId)),
  ],
  [
    'an encrypted object that is said to be plain',
    'encryption-wrong',
    { key: 'secret' },
    (db) => changeLatest(db, 'secret', { encryption: 'none' }),
  ],
  [
    'a list of parts that is lost',
    'composition-wrong',
    { key: 'parts' },
    (db) => db.compositions.remove(contentKey(latest(db, 'parts').contentId)),
  ],
  [
    'a list of parts of another length',
    'composition-wrong',
    { key: 'parts' },
    (db) => changeLatest(db, 'parts', { sizeBytes: 1 }),
  ],
  [
    'a list of parts that was overwritten',
    'composition-wrong',
    { key: 'parts' },
    (db) => db.compositions.put(contentKey(latest(db, 'parts').contentId), Buffer.alloc(17, 0xff)),
  ],
  [
    'a short body that is lost',
    'body-missing',
    { key: 'plain' },
    (db) => db.bodies.remove(contentKey(latest(db, 'plain').contentId)),
  ],
  ['a file that is lost', 'body-missing', { key: 'long' }, (db, folder) => unlink(fileOf(db, folder, 'long'))],
  [
    'a folder where a file should be',
    'body-missing',
    { key: 'long' },
    async (db, folder) => {
      await unlink(fileOf(db, folder, 'long'));
      await mkdir(fileOf(db, folder, 'long'));
    },
  ],
  [
    'a file of a part that is lost',
    'body-missing',
    { key: 'parts' },
    (db, folder) => unlink(BodyFiles.at(folder).pathOf(partFiles(db)[1] ?? 0)),
  ],
  [
    'a short body of another length',
    'body-length-wrong',
    { key: 'plain' },
    (db) => db.bodies.put(contentKey(latest(db, 'plain').contentId), Buffer.from('shor')),
  ],
  [
    'a file that was cut',
    'body-length-wrong',
    { key: 'long' },
    (db, folder) => truncate(fileOf(db, folder, 'long'), 99_999),
  ],
  [
    'an encrypted file without its tags',
    'body-length-wrong',
    { key: 'vault' },
    (db, folder) => truncate(fileOf(db, folder, 'vault'), 200_000),
  ],
  [
    'an empty object that has a size',
    'body-length-wrong',
    { key: 'plain' },
    (db) => changeLatest(db, 'plain', { bodyPlace: 'none' }),
  ],
  [
    'a short body with other bytes',
    'body-damaged',
    { key: 'plain', text: about('MD5') },
    (db) => db.bodies.put(contentKey(latest(db, 'plain').contentId), Buffer.from('shorT')),
  ],
  [
    'a file with other bytes',
    'body-damaged',
    { key: 'long', text: about('MD5') },
    (db, folder) => flipByte(fileOf(db, folder, 'long'), 50_000),
  ],
  [
    'a part with other bytes',
    'body-damaged',
    { key: 'parts', text: about('CRC-64') },
    (db, folder) => flipByte(BodyFiles.at(folder).pathOf(partFiles(db)[0] ?? 0), 5),
  ],
  [
    'an encrypted file with other bytes',
    'body-damaged',
    { key: 'vault', text: about('damaged') },
    (db, folder) => flipByte(fileOf(db, folder, 'vault'), 150_000),
  ],
  [
    'a record with another CRC-64',
    'body-damaged',
    { key: 'plain', text: about('CRC-64') },
    (db) => changeLatest(db, 'plain', { crc64: 1n }),
  ],
  [
    'an upload that can not be read',
    'upload-unreadable',
    { key: 'upload' },
    async (db) => {
      for (const key of [...db.uploads.getKeys()]) await db.uploads.put(key, '{');
    },
  ],
  [
    'a part that can not be read',
    'part-unreadable',
    { key: 'upload' },
    async (db) => {
      for (const key of [...db.parts.getKeys()]) await db.parts.put(key, '{');
    },
  ],
  [
    'a part whose upload is lost',
    'part-without-upload',
    {},
    async (db) => {
      for (const key of [...db.uploads.getKeys()]) await db.uploads.remove(key);
    },
  ],
  [
    'an upload to a bucket that is gone',
    'bucket-missing',
    { bucket: 'number 1', key: 'upload' },
    (db) => db.buckets.remove('photos'),
  ],
  [
    'the file of an uploaded part that is lost',
    'body-missing',
    { key: 'upload' },
    async (db, folder) => {
      const ids = [...db.parts.getRange()].map(({ value }) => (JSON.parse(value) as { contentId: number }).contentId);
      await unlink(BodyFiles.at(folder).pathOf(ids[1] ?? 0));
    },
  ],
  [
    'a part with another MD5',
    'body-damaged',
    { key: 'upload', text: about('MD5') },
    async (db) => {
      for (const { key, value } of [...db.parts.getRange()]) {
        await db.parts.put(key, JSON.stringify({ ...JSON.parse(value), md5: '0'.repeat(32) }));
      }
    },
  ],
  [
    'a body that nobody names',
    'content-unnamed',
    { contentId: 99, text: about('body') },
    (db) => db.bodies.put(contentKey(99), Buffer.of(1)),
  ],
  [
    'a mark of a file that nobody names',
    'content-unnamed',
    { contentId: 99, text: about('file') },
    (db) => db.files.put(contentKey(99), Buffer.of()),
  ],
  [
    'a list of parts that nobody names',
    'content-unnamed',
    { contentId: 99, text: about('parts') },
    (db) => db.compositions.put(contentKey(99), Buffer.of()),
  ],
  [
    'metadata of no version',
    'content-unnamed',
    { contentId: 99, text: about('metadata') },
    (db) => db.metadata.put(contentKey(99), '{}'),
  ],
  [
    'a file in use that has no mark',
    'file-unmarked',
    { key: 'long' },
    (db) => db.files.remove(contentKey(latest(db, 'long').contentId)),
  ],
  [
    'a file that nobody names',
    'file-unmarked',
    { contentId: 1 },
    (_, folder) => writeFile(BodyFiles.at(folder).pathOf(1), 'x'),
  ],
  [
    'a file of a foreign name',
    'file-foreign',
    { text: about('notes.txt') },
    (_, folder) => writeFile(path.join(folder, 'bodies', 'notes.txt'), 'x'),
  ],
  [
    'a file in the wrong folder',
    'file-foreign',
    {},
    async (db, folder) => {
      await mkdir(path.join(folder, 'bodies', '00000000001'));
      const file = fileOf(db, folder, 'long');
      await rename(file, path.join(folder, 'bodies', '00000000001', path.basename(file)));
    },
  ],
  [
    'a file in use that is marked to be removed',
    'removal-of-live-body',
    {},
    (db) => db.garbage.put(contentKey(latest(db, 'long').contentId), Buffer.of()),
  ],
];

test.each(FAULTS)('%s is found', async (_, kind, place, damage) => {
  const findings = await findingsAfter(damage);
  expect(findings).toContainEqual(expect.objectContaining({ kind, ...place }));
});

test('every kind of finding was made on purpose', () => {
  expect(new Set(FAULTS.map(([, kind]) => kind))).toEqual(new Set(FINDING_KINDS));
});

test('one fault is one finding', async () => {
  expect(await findingsAfter((db, folder) => unlink(fileOf(db, folder, 'long')))).toEqual([
    {
      kind: 'body-missing',
      bucket: 'photos',
      key: 'long',
      versionId: 'null',
      contentId: 2,
      text: expect.stringMatching(/^has lost the body 2: it is not in the file .*00000000000002$/),
    },
  ]);
});

test('without the bytes, lengths are checked and digests are not', async () => {
  const quick = { withBodies: false };
  expect(await findingsAfter((db, folder) => flipByte(fileOf(db, folder, 'long'), 5), quick)).toEqual([]);
  const cut = await findingsAfter((db, folder) => truncate(fileOf(db, folder, 'long'), 5), quick);
  expect(cut).toMatchObject([{ kind: 'body-length-wrong' }]);
});

test('what there is no key for is checked by its length, and said to be', async () => {
  const folder = await sampleStore();
  expect(await check(folder, { keys: undefined })).toMatchObject({ findings: [], counts: { unopened: 2 } });
  const keys = new TestKeys();
  keys.disabled.add('a');
  expect(await check(folder, { keys })).toMatchObject({ findings: [], counts: { unopened: 1 } });
});

test('a wrapped data key that was changed is damage, and not for want of a key', async () => {
  const findings = await findingsAfter(async (db) => {
    const at = contentKey(latest(db, 'secret').contentId);
    const facts = JSON.parse(db.metadata.get(at) ?? '') as { seal: { wrapped: string } };
    const wrapped = Buffer.from(facts.seal.wrapped, 'base64').fill(7, 12, 20).toString('base64');
    await db.metadata.put(at, JSON.stringify({ ...facts, seal: { ...facts.seal, wrapped } }));
  });
  expect(findings).toMatchObject([{ kind: 'body-damaged', key: 'secret' }]);
});

test('a check changes nothing: not the files either that a start would remove', async () => {
  const folder = await sampleStore();
  await writeFile(path.join(folder, 'staging', 'theirs'), 'x');
  await writeFile(BodyFiles.at(folder).pathOf(50), 'x');
  const files = async () => (await readdir(folder, { recursive: true })).sort();
  const before = await files();
  expect((await check(folder)).findings).toEqual([]);
  expect(await files()).toEqual(before);
});

test('a check that is to stop stops, and tells how far it got on its way', async () => {
  const folder = await sampleStore();
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error('stopped'));
  await expect(check(folder, { signal: stop.signal, onProgress })).rejects.toThrow('stopped');
});
