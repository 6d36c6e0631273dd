import { readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../test/data-folder.ts';
import { bytesOf, put, temporaryFolder } from '../../test/store-fixture.ts';
import { backUpData, makeBackupFolder } from './data-backup.ts';
import { restoreDataFolder } from './data-restore.ts';

/** A backup of a data folder with one body file. */
async function backUp(): Promise<string> {
  const { source, store } = await openDataFolder();
  await put(store, 'long', bytesOf(100_000));
  const folder = path.join(temporaryFolder(), 'backup');
  await makeBackupFolder(folder, source.data);
  await backUpData(source, folder, { isLinked: false });
  return folder;
}

const options = (folder: string) => ({ withBodies: true, keyFile: path.join(folder, 'encryption-key.json') });

test('a folder that is empty or not there becomes what was backed up', async () => {
  const backup = await backUp();
  const empty = temporaryFolder();
  const missing = path.join(temporaryFolder(), 'not', 'there');
  for (const data of [empty, missing]) {
    expect(await restoreDataFolder(backup, data, options(data))).toMatchObject({ hasRootKey: false });
    expect((await readdir(data)).toSorted()).toEqual(['control.sqlite', 'store']);
  }
});

test('a folder whose place no other can take is refused before anything is copied, and left as it is', async () => {
  const backup = await backUp();
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
  const data = path.join(folder, 'data');
  await symlink(elsewhere, data);
  let files = 0;
  const onProgress = () => files++;
  await expect(restoreDataFolder(backup, data, { ...options(data), onProgress })).rejects.toThrow('is a link');
  expect(files).toBe(0);
  expect(await readdir(folder)).toEqual(['data']);
  expect(await readdir(elsewhere)).toEqual([]);
});
