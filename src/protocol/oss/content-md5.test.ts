import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkMd5, readMd5Header } from './content-md5.ts';

const body = Buffer.from('body');
const digest = createHash('md5').update(body).digest();
const invalid = expect.objectContaining({ code: 'InvalidDigest' });

test('a request may come without a Content-MD5', () => {
  expect(readMd5Header({})).toBeUndefined();
  expect(() => checkMd5({}, body)).not.toThrow();
});

test.each([digest.toString('base64'), digest.toString('base64').replace(/=+$/, '')])(
  'the digest is read from %s, with its padding or without',
  (text) => {
    expect(readMd5Header({ 'content-md5': text })).toEqual(digest);
    expect(() => checkMd5({ 'content-md5': text }, body)).not.toThrow();
  },
);

test.each([
  '',
  '=',
  digest.toString('hex'),
  digest.toString('base64url'),
  digest.subarray(1).toString('base64'),
  `${digest.toString('base64')},${digest.toString('base64')}`,
  ` ${digest.toString('base64')}`,
])('%j is no digest', (text) => {
  expect(() => readMd5Header({ 'content-md5': text })).toThrow(invalid);
});

test('a digest with more padding than there can be is refused at once, however long it is', () => {
  const unpadded = digest.toString('base64').replace(/=+$/, '');
  for (const rest of ['===', `${'='.repeat(60_000)}!`]) {
    expect(() => readMd5Header({ 'content-md5': unpadded + rest })).toThrow(invalid);
  }
});

test('a body that is not the promised one is refused', () => {
  const headers = { 'content-md5': digest.toString('base64') };
  expect(() => checkMd5(headers, Buffer.from('another'))).toThrow(invalid);
});
