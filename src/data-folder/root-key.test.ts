import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { createRootKey, readRootKey, rootKeyFile } from './root-key.ts';

test('a folder without a key has none', () => {
  expect(readRootKey(temporaryFolder())).toBeUndefined();
});

test('a key that was made is kept, for the owner of the file alone', () => {
  const folder = temporaryFolder();
  const key = createRootKey(folder);
  expect(readRootKey(folder)).toEqual(key);
  expect(statSync(rootKeyFile(folder)).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('keys are long and made by chance', () => {
  const [first, second] = [createRootKey(temporaryFolder()), createRootKey(temporaryFolder())];
  expect(first.accessKeyId).not.toBe(second.accessKeyId);
  expect(first.accessKeySecret).not.toBe(second.accessKeySecret);
  expect(Buffer.from(first.accessKeySecret, 'base64url')).toHaveLength(24);
});

test.each([
  ['text that is no JSON', '{"accessKeySecret": "s3cret'],
  ['JSON that is no key', '{"accessKeyId": "me"}'],
])('a damaged file (%s) is told by its name, and never by what it holds', (_, text) => {
  const folder = temporaryFolder();
  writeFileSync(rootKeyFile(folder), text);
  const read = () => readRootKey(folder);
  expect(read).toThrow(rootKeyFile(folder));
  expect(read).not.toThrow('s3cret');
});
