import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../test/crash/random.ts';
import { openDataFolder } from '../../test/data-folder.ts';
import { churn } from '../../test/store-churn.ts';
import { bodyFilesIn, bytesOf, contentOf, openStore, put, temporaryFolder } from '../../test/store-fixture.ts';
import { TestKeys } from '../../test/test-keys.ts';
import { ControlFile } from '../control/control-file.ts';
import type { ListPage } from '../core/stored-object.ts';
import { BodyFiles } from '../store/bodies/body-files.ts';
import { checkStore } from '../store/check/check-store.ts';
import type { Finding } from '../store/check/finding.ts';
import { openIndex } from '../store/index-database.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { backedUpData, backUpData, describeBackup, makeBackupFolder, storeFolder } from './data-backup.ts';

const COPIED = { isLinked: false };

/** A backup of the source in a folder of its own. */
async function backUp(source: Parameters<typeof backUpData>[0], options: Parameters<typeof backUpData>[2] = COPIED) {
  const folder = path.join(temporaryFolder(), 'backup');
  await makeBackupFolder(folder, source.data);
  return { folder, description: await backUpData(source, folder, options) };
}

async function findingsIn(folder: string): Promise<Finding[]> {
  return (await checkOf(folder)).findings;
}

async function checkOf(folder: string) {
  const db = openIndex(folder);
  const findings: Finding[] = [];
  try {
    const onFinding = (finding: Finding) => findings.push(finding);
    const options = { withBodies: true, keys: new TestKeys(), onFinding };
    return { counts: await checkStore(db, BodyFiles.at(folder), options), findings };
  } finally {
    await db.root.close();
  }
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for (let marker: string | undefined = ''; marker !== undefined; ) {
    const page: ListPage = await store.list('photos', { prefix: '', marker, delimiter: '', maxKeys: 1000 });
    keys.push(...page.objects.map(({ key }) => key));
    marker = page.nextMarker;
  }
  return keys;
}

test('a backup is a data folder that opens, with everything in it', async () => {
  const { data, store, source } = await openDataFolder();
  await put(store, 'short', 'bytes', { tags: [{ key: 'a', value: 'b' }] });
  await put(store, 'long', bytesOf(100_000));
  await writeFile(path.join(data, 'root-access-key.json'), '{}', { mode: 0o600 });
  await writeFile(path.join(data, 'encryption-key.json'), 'secret', { mode: 0o600 });
  const { folder, description } = await backUp(source);

  expect(await describeBackup(folder)).toEqual(description);
  expect(description).toMatchObject({ files: 1, keyFileId: null });
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const copy = backedUpData(folder);
  expect((await readdir(copy)).sort()).toEqual(['control.sqlite', 'root-access-key.json', 'store']);
  expect((await stat(path.join(copy, 'root-access-key.json'))).mode & 0o777).toBe(0o600);
  expect(await findingsIn(storeFolder(copy))).toEqual([]);
  const again = await openStore(storeFolder(copy));
  expect(await contentOf(again, 'long')).toEqual(bytesOf(100_000));
  expect(again.head({ bucket: 'photos', key: 'short' })).toEqual(store.head({ bucket: 'photos', key: 'short' }));
  expect(again.totals('photos')).toEqual(store.totals('photos'));
});

test('each backup under load is the state of one instant, of objects and rules alike', async () => {
  const seed = Date.now() % 2 ** 32;
  const { db, store, source } = await openDataFolder();
  await store.changeBucket('photos', { versioning: 'Enabled' });
  let isOver = false;
  const until = async (work: (n: number) => Promise<unknown>) => {
    for (let n = 0; !isOver; n++) await work(n);
  };
  const row = (name: string) =>
    db.insertInto('accounts').values({ id: name, name, state: 'enabled', created_at: 0 }).execute();
  const writers = [
    ...[1, 2, 3].map((writer) => churn.bind(undefined, store, new Random(seed + writer), 5, `${writer}-`)).map(until),
    // Of each pair the second is begun when the first was acknowledged: no instant has the second alone.
    until(async (n) => {
      await put(store, `first/${n}`, bytesOf(n % 2 === 0 ? 10 : 40_000, n));
      await put(store, `second/${n}`, 'x');
    }),
    until(async (n) => {
      await put(store, `object-first/${n}`, 'x');
      await row(`after-object/${n}`);
    }),
    until(async (n) => {
      await row(`row-first/${n}`);
      await put(store, `after-row/${n}`, 'x');
    }),
  ];
  const backups: string[] = [];
  try {
    for (let n = 0; n < 4; n++) backups.push((await backUp(source)).folder);
  } finally {
    isOver = true;
    await Promise.all(writers);
  }
  await store.close();
  // What was deleted while a backup held its file is gone too.
  const { counts, findings } = await checkOf(storeFolder(source.data));
  expect({ seed, findings, left: counts.filesToRemove }).toEqual({ seed, findings: [], left: 0 });

  let [pairs, rows] = [0, 0];
  for (const folder of backups) {
    const copy = backedUpData(folder);
    expect({ seed, findings: await findingsIn(storeFolder(copy)) }).toEqual({ seed, findings: [] });
    const again = await openStore(storeFolder(copy));
    const control = ControlFile.open(copy);
    const names = new Set((await control.db.selectFrom('accounts').select('name').execute()).map(({ name }) => name));
    await control.close();
    const found = new Set(await keysOf(again));
    for (const [earlier, later, isThere] of [
      ['first', 'second', [found, found]],
      ['object-first', 'after-object', [found, names]],
      ['row-first', 'after-row', [names, found]],
    ] as const) {
      const laterOnes = [...isThere[1]].filter((name) => name.startsWith(`${later}/`));
      for (const name of laterOnes) expect(isThere[0]).toContain(name.replace(later, earlier));
      if (earlier === 'first') pairs += laterOnes.length;
      else rows += laterOnes.length;
    }
    await again.close();
  }
  expect(pairs).toBeGreaterThan(10);
  expect(rows).toBeGreaterThan(10);
}, 120_000);

test('nothing is committed while rules and objects are taken hold of', async () => {
  const { store, source } = await openDataFolder();
  const { store: other } = await openDataFolder();
  let isCommitted = false;
  let late: Promise<unknown> = Promise.resolve();
  const copyControl: typeof source.copyControl = async (file) => {
    await source.copyControl(file);
    late = put(store, 'late', 'x').then(() => {
      isCommitted = true;
    });
    // Another store shows how long a commit takes that nobody holds up.
    for (let n = 0; n < 3; n++) await put(other, 'k', 'x');
    expect(isCommitted).toBe(false);
  };
  const { folder } = await backUp({ ...source, copyControl });
  await late;
  const again = await openStore(storeFolder(backedUpData(folder)));
  expect(again.head({ bucket: 'photos', key: 'late' })).toBeUndefined();
});

test('a file that is deleted while it is backed up is in the backup, and goes from the store afterwards', async () => {
  const { store, source, data } = await openDataFolder();
  await put(store, 'k', bytesOf(100_000));
  let isDeleted = false;
  const lend: typeof source.lend = (atInstant, work) =>
    source.lend(atInstant, async (frozen) => {
      await store.delete({ bucket: 'photos', key: 'k' });
      isDeleted = true;
      expect(await bodyFilesIn(storeFolder(data))).toHaveLength(1);
      return await work(frozen);
    });
  const { folder } = await backUp({ ...source, lend });
  expect(isDeleted).toBe(true);
  expect(await bodyFilesIn(storeFolder(data))).toEqual([]);
  expect(await contentOf(await openStore(storeFolder(backedUpData(folder))), 'k')).toEqual(bytesOf(100_000));
});

test('linked bodies share their bytes with the store, and outlast their deletion there', async () => {
  const { store, source, data } = await openDataFolder();
  await put(store, 'k', bytesOf(100_000));
  const { folder } = await backUp(source, { isLinked: true });
  const copy = storeFolder(backedUpData(folder));
  expect((await stat(BodyFiles.at(copy).pathOf(1))).ino).toBe(
    (await stat(BodyFiles.at(storeFolder(data)).pathOf(1))).ino,
  );
  await store.delete({ bucket: 'photos', key: 'k' });
  expect(await findingsIn(copy)).toEqual([]);
});

test('a backup that fails, or is broken off, leaves nothing behind and the store as it was', async () => {
  const { store, source, data } = await openDataFolder();
  await put(store, 'k', bytesOf(100_000));
  const stop = new AbortController();
  const folder = path.join(temporaryFolder(), 'backup');
  await makeBackupFolder(folder, data);
  const onProgress = () => stop.abort(new Error('stopped'));
  await expect(backUpData(source, folder, { ...COPIED, signal: stop.signal, onProgress })).rejects.toThrow('stopped');
  await expect(stat(folder)).rejects.toThrow('ENOENT');

  await makeBackupFolder(folder, data);
  await rm(BodyFiles.at(storeFolder(data)).pathOf(1));
  await expect(backUpData(source, folder, COPIED)).rejects.toThrow('ENOENT');
  await expect(stat(folder)).rejects.toThrow('ENOENT');
  await store.delete({ bucket: 'photos', key: 'k' });
  await backUpData(source, await made(folder, data), COPIED);
});

async function made(folder: string, data: string): Promise<string> {
  await makeBackupFolder(folder, data);
  return folder;
}

test.each([
  ['relative', () => 'backup', 'where an absolute path'],
  ['with a NUL', () => '/tmp/a\0b', 'where an absolute path'],
  ['that is there', (data: string) => path.dirname(data), 'which is there already'],
  ['without a parent', (data: string) => path.join(data, '..', 'no-such-folder', 'b'), 'whose parent is no folder'],
  ['in the data folder', (data: string) => path.join(data, 'backup'), 'which lies in the data folder'],
  ['deep in the data folder', (data: string) => path.join(data, 'store', 'backup'), 'which lies in the data folder'],
])('a folder %s is refused in words', async (_, folder, words) => {
  const { data } = await openDataFolder();
  await expect(makeBackupFolder(folder(data), data)).rejects.toMatchObject({
    code: 'InvalidArgument',
    message: expect.stringContaining(words),
  });
});

test('a folder beside the data folder whose name begins alike is accepted', async () => {
  const parent = temporaryFolder();
  await mkdir(path.join(parent, 'data'));
  const { data } = await openDataFolder(path.join(parent, 'data'));
  await makeBackupFolder(path.join(parent, 'data-backup'), data);
});

test('a folder without backup.json, or with another, is no backup', async () => {
  const { store, source } = await openDataFolder();
  await put(store, 'k', 'x');
  const { folder } = await backUp(source);
  const file = path.join(folder, 'backup.json');
  const text = await readFile(file, 'utf8');
  await chmod(file, 0o600);
  for (const other of ['', '[]', text.slice(0, -5), text.replace('"format": 1', '"format": 2')]) {
    await writeFile(file, other);
    await expect(describeBackup(folder)).rejects.toThrow('it is damaged, or of a version that is newer');
  }
  await rm(file);
  await expect(describeBackup(folder)).rejects.toThrow('holds no backup.json');
});

test('a backup that is stopped before it begins asks its source for nothing, and leaves no folder', async () => {
  const { source } = await openDataFolder();
  const folder = path.join(temporaryFolder(), 'backup');
  await makeBackupFolder(folder, source.data);
  const closed = { ...source, lend: () => Promise.reject(new Error('the store is closed')) };
  const signal = AbortSignal.abort(new Error('the server was stopped'));
  await expect(backUpData(closed, folder, { isLinked: false, signal })).rejects.toThrow('the server was stopped');
  expect(await readdir(path.dirname(folder))).toEqual([]);
});
