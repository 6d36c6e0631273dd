import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { assertTakesWrites, diskRoom } from './disk.ts';

test('a folder that takes writes keeps nothing of the trial', async () => {
  const folder = temporaryFolder();
  await assertTakesWrites(folder);
  expect(await readdir(folder)).toEqual([]);
});

test('what the disk says comes through', async () => {
  await expect(assertTakesWrites(path.join(temporaryFolder(), 'gone'))).rejects.toThrow('ENOENT');
});

test('a disk has more room than is free, and some of that', async () => {
  const { sizeBytes, freeBytes } = await diskRoom(temporaryFolder());
  expect(freeBytes).toBeGreaterThan(0);
  expect(sizeBytes).toBeGreaterThan(freeBytes);
});
