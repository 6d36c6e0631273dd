import { expect, test } from 'vitest';
import { findSecrets, type Output, type Secret } from './find-secrets.ts';

const SECRET = 'b3/+~kQ7"mVt zé9';
const key: Secret = { kind: 'key', bytes: Buffer.from(SECRET) };
const inLog = (text: string, kind = 'server'): Output[] => [
  { kind, name: 'log', text: Buffer.from(text).toString('latin1') },
];

test.each([
  ['as it is', SECRET],
  ['in JSON', JSON.stringify({ secret: SECRET })],
  ['in hex', Buffer.from(SECRET).toString('hex')],
  ['in upper-case hex', Buffer.from(SECRET).toString('hex').toUpperCase()],
  ['URL-encoded', encodeURIComponent(SECRET)],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in base64, behind one character', Buffer.from(`k${SECRET}!`).toString('base64')],
  ['in base64, behind two', Buffer.from(`id${SECRET}!`).toString('base64')],
  ['in base64url', Buffer.from(`me:${SECRET}`).toString('base64url')],
])('a secret is found %s', (_how, text) => {
  expect(findSecrets(inLog(`{"msg":"before ${text} after"}`), [key])).not.toEqual([]);
});

test('nothing is found where there is nothing', () => {
  expect(findSecrets(inLog('{"msg":"request failed","err":"b3/+~kQ"}'), [key])).toEqual([]);
});

test('a key of bytes is found as bytes', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, n) => 200 + n));
  expect(
    findSecrets([{ kind: 'audit', name: 'log', text: `a${bytes.toString('latin1')}` }], [{ kind: 'key', bytes }]),
  ).toHaveLength(1);
});

test.each([
  'GET /?OSSAccessKeyId=a&Expires=1&Signature=nPZ7bI1Wg3lCOuRn3Vj4D0y0yPk%3D',
  '"authorization":"OSS LTAI0001:nPZ7bI1Wg3lCOuRn3Vj4D0y0yPk="',
  'x-oss-signature=77dbfb4a1ee2ad6a5d2e5dd5ba2b0ab2a0ad7a9ea1d5cd9ac3a7e0e3bc0ab1fd',
  '"x-oss-security-token":"CAISmAJ1q6Ft5B2yfSjIr5"',
  '"StringToSign":"GET"',
])('what proves a request is found in a log, and may be told to whoever sent it: %s', (text) => {
  expect(findSecrets(inLog(text), [])).toHaveLength(1);
  expect(findSecrets(inLog(text, 'answer'), [])).toEqual([]);
});

test("a session's token may be told to whoever sent it, and stands in no log", () => {
  const token: Secret = { kind: 'token', bytes: Buffer.from('CAISmAJ1q6Ft5B2y') };
  expect(findSecrets(inLog('CAISmAJ1q6Ft5B2y'), [token])).toHaveLength(1);
  expect(findSecrets(inLog('CAISmAJ1q6Ft5B2y', 'answer'), [token])).toEqual([]);
});
