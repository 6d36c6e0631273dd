import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { DataFolderLock } from './data-folder-lock.ts';

const MODULE = new URL('./data-folder-lock.ts', import.meta.url).href;

/** The paths of what was synced. */
const { synced } = vi.hoisted(() => ({ synced: [] as string[] }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const opened = new Map<number, string>();
  const openSync: typeof fs.openSync = (file, ...how) => {
    const fd = fs.openSync(file, ...how);
    opened.set(fd, String(file));
    return fd;
  };
  const fsyncSync = (fd: number) => {
    synced.push(opened.get(fd) ?? 'unknown');
    fs.fsyncSync(fd);
  };
  return { ...fs, openSync, fsyncSync };
});

/** A process that takes the lock and keeps it until it is killed. */
async function otherProcessHolding(folder: string) {
  const script = `
    const { DataFolderLock } = await import(${JSON.stringify(MODULE)});
    globalThis.held = DataFolderLock.take(${JSON.stringify(folder)});
    console.log('taken');
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}

test('the folder is made when it is not there, for its owner alone', () => {
  const folder = path.join(temporaryFolder(), 'deep', 'data');
  DataFolderLock.take(folder).release();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('a file where the folder should be, or a folder above it, is refused in words', () => {
  const file = path.join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => DataFolderLock.take(file)).toThrow(`The data folder "${file}" is a file. Name a folder.`);
  const below = path.join(file, 'data');
  expect(() => DataFolderLock.take(below)).toThrow(`The data folder "${below}" would lie below a file.`);
});

test('the parent of each folder that was made is synced, and no other', () => {
  const existing = temporaryFolder();
  synced.length = 0;
  DataFolderLock.take(path.join(existing, 'a', 'b', 'c')).release();
  expect(synced.toSorted()).toEqual([existing, path.join(existing, 'a'), path.join(existing, 'a', 'b')]);
  synced.length = 0;
  DataFolderLock.take(path.join(existing, 'a', 'b', 'c')).release();
  expect(synced).toEqual([]);
});

test('a second process is refused in words, and the folder is free when the first is killed', async () => {
  const folder = temporaryFolder();
  const other = await otherProcessHolding(folder);
  expect(() => DataFolderLock.take(folder)).toThrow(`The data folder "${folder}" is in use by another process.`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  DataFolderLock.take(folder).release();
});

test('the same process is refused as well, until it lets go', () => {
  const folder = temporaryFolder();
  const lock = DataFolderLock.take(folder);
  expect(() => DataFolderLock.take(folder)).toThrow('in use');
  lock.release();
  DataFolderLock.take(folder).release();
});
