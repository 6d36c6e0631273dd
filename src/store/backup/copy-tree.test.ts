import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/store-fixture.ts';
import { copyTree } from './copy-tree.ts';

async function sample(): Promise<string> {
  const folder = temporaryFolder();
  await mkdir(path.join(folder, 'a', 'b'), { recursive: true });
  for (let n = 0; n < 20; n++) await writeFile(path.join(folder, 'a', `f${n}`), `text ${n}`);
  await writeFile(path.join(folder, 'a', 'b', 'deep'), 'deep');
  return folder;
}

test('all files and folders are copied, and counted', async () => {
  const [from, to] = [await sample(), path.join(temporaryFolder(), 'to')];
  let copied = 0;
  await copyTree(from, to, { onFiles: (count) => (copied += count) });
  expect((await readdir(to, { recursive: true })).sort()).toEqual((await readdir(from, { recursive: true })).sort());
  expect(await readFile(path.join(to, 'a', 'f19'), 'utf8')).toBe('text 19');
  expect(await readFile(path.join(to, 'a', 'b', 'deep'), 'utf8')).toBe('deep');
  expect(copied).toBe(21);
});

test('nothing that is there already is written over, and nothing is followed out of the folder', async () => {
  const from = await sample();
  const to = path.join(temporaryFolder(), 'to');
  await mkdir(to);
  await expect(copyTree(from, to, {})).rejects.toThrow('EEXIST');
  await symlink('/etc/passwd', path.join(from, 'a', 'link'));
  await expect(copyTree(from, path.join(temporaryFolder(), 'to'), {})).rejects.toThrow('neither a file nor a folder');
});

test('copying ends when it is told to', async () => {
  const stop = AbortSignal.abort(new Error('stopped'));
  await expect(copyTree(await sample(), path.join(temporaryFolder(), 'to'), { signal: stop })).rejects.toThrow(
    'stopped',
  );
});
