import { expect, test } from 'vitest';
import { refuseUnservedHeaders } from './unserved-headers.ts';

function refusalOf(headers: Readonly<Record<string, string>>): unknown {
  const request = { id: '', method: 'PUT', target: '/', headers, body: (async function* () {})() };
  try {
    refuseUnservedHeaders(request);
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each([
  ['x-oss-server-side-encryption', 'AES256'],
  ['x-oss-tagging', 'a=b'],
  ['if-none-match', '*'],
  ['x-oss-object-acl', 'public-read'],
  ['x-oss-forbid-overwrite', 'true'],
  ['x-oss-forbid-overwrite', ''],
  ['transfer-encoding', 'gzip, chunked'],
])('%s: %s is refused by name', (header, value) => {
  expect(refusalOf({ [header]: value })).toMatchObject({
    code: 'NotImplemented',
    details: { Header: header, Value: value },
  });
});

test.each([
  ['x-oss-object-acl', 'default'],
  ['x-oss-object-acl', 'Default'],
  ['x-oss-forbid-overwrite', 'false'],
  ['transfer-encoding', 'chunked'],
  ['x-oss-storage-class', 'IA'],
  ['x-oss-meta-if-match', '*'],
])('%s: %s asks for nothing that is not done anyway', (header, value) => {
  expect(refusalOf({ [header]: value })).toBeUndefined();
});

test('the value is shown without what could be more than text', () => {
  expect(refusalOf({ 'x-oss-tagging': `a\u202e${'b'.repeat(200)}` })).toMatchObject({
    details: { Value: `a\uFFFD${'b'.repeat(98)}…` },
  });
});
