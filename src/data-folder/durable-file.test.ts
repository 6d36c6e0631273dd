import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { createFileDurably, removeDrafts } from './durable-file.ts';

test('a file is made whole, for the owner alone, and nothing else is left in the folder', () => {
  const folder = temporaryFolder();
  createFileDurably(path.join(folder, 'key'), 'text');
  expect(readFileSync(path.join(folder, 'key'), 'utf8')).toBe('text');
  expect(statSync(path.join(folder, 'key')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['key']);
});

test('a file that is there is never written over', () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'key'), 'first');
  expect(() => createFileDurably(path.join(folder, 'key'), 'second')).toThrow('EEXIST');
  expect(readFileSync(path.join(folder, 'key'), 'utf8')).toBe('first');
  expect(readdirSync(folder)).toEqual(['key']);
});

test('drafts that a killed process left are removed, and nothing else', () => {
  const folder = temporaryFolder();
  const kept = ['key', 'key.new', 'key.0123456789ab.old', 'other.0123456789ab.new'];
  for (const name of [...kept, 'key.0123456789ab.new', 'key.ffffffffffff.new']) {
    writeFileSync(path.join(folder, name), '');
  }
  removeDrafts(path.join(folder, 'key'));
  expect(readdirSync(folder).toSorted()).toEqual(kept.toSorted());
  removeDrafts(path.join(folder, 'none', 'key'));
});
