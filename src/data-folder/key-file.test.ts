import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { openKeyFile } from './key-file.ts';

const place = () => path.join(temporaryFolder(), 'encryption-key.json');
const create = (file: string) => openKeyFile(file, { mayCreate: true });
const open = (file: string) => openKeyFile(file, { mayCreate: false });

function writeKeyFile(text: string): string {
  const file = place();
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

test('a key file is made for its owner alone, and read again as it was made', () => {
  const file = place();
  const made = create(file);
  expect(made.key).toHaveLength(32);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(open(file)).toEqual(made);
  expect(create(file)).toEqual(made);
});

test('key files are made by chance', () => {
  const [first, second] = [create(place()), create(place())];
  expect(first.id).not.toBe(second.id);
  expect(first.key).not.toEqual(second.key);
});

test('a key file that is missing is not made anew when it would have to open keys', () => {
  const file = place();
  expect(() => open(file)).toThrow(/is missing.*Bring it back.*--key-file/);
  expect(existsSync(file)).toBe(false);
});

test.each([0o640, 0o604, 0o660, 0o610])('a key file of mode %o is refused, with what to do', (mode) => {
  const file = place();
  create(file);
  chmodSync(file, mode);
  const words = `has mode 0${mode.toString(8)}, so that others than its owner have access. Run: chmod 600 "${file}"`;
  expect(() => open(file)).toThrow(words);
});

test('a key file that its owner can only read is accepted', () => {
  const file = place();
  const made = create(file);
  chmodSync(file, 0o400);
  expect(open(file)).toEqual(made);
});

test.each([
  ['no JSON', '{"id": "a", "key": "c2VjcmV0'],
  ['no object', '"c2VjcmV0"'],
  ['no id', JSON.stringify({ key: Buffer.alloc(32, 's3cret').toString('base64') })],
  ['a key that is no base64', JSON.stringify({ id: 'a', key: 's3cret!' })],
  ['a key of another length', JSON.stringify({ id: 'a', key: Buffer.alloc(31, 's3cret').toString('base64') })],
  ['nothing', ''],
  ['too much', `${' '.repeat(5000)}{}`],
])('a key file that holds %s is refused, kept, and not shown', (_, text) => {
  const file = writeKeyFile(text);
  let message = '';
  try {
    create(file);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain(`"${file}" does not hold {"id": ..., "key": 32 bytes in base64}`);
  expect(message).not.toMatch(/c2VjcmV0|s3cret|czNjcmV0/);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a copy that a killed process left beside the key file is removed', () => {
  const file = place();
  create(file);
  copyFileSync(file, `${file}.0123456789ab.new`);
  open(file);
  expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
});

test('what is no regular file is refused at once', () => {
  const folder = place();
  mkdirSync(folder, { mode: 0o700 });
  expect(() => open(folder)).toThrow('no regular file');
  const pipe = place();
  execFileSync('mkfifo', ['-m', '600', pipe]);
  expect(() => open(pipe)).toThrow('no regular file');
});

test('a place where no file can be made is told', () => {
  expect(() => create('/nonexistent/encryption-key.json')).toThrow(/"\/nonexistent\/.*" can't be made: ENOENT/);
});
