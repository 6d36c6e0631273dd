import { expect, test } from 'vitest';
import { refuseUnservedHeaders } from './unserved-headers.ts';

function refusalOf(headers: Readonly<Record<string, string>>): unknown {
  try {
    refuseUnservedHeaders({ headers });
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each([
  ['x-oss-server-side-data-encryption', 'SM4'],
  ['x-oss-callback', 'e30='],
  ['if-none-match', '*'],
  ['if-match', '"a"'],
  ['transfer-encoding', 'gzip, chunked'],
])('%s: %s is refused by name', (header, value) => {
  expect(refusalOf({ [header]: value })).toMatchObject({
    code: 'NotImplemented',
    details: { Header: header, Value: value },
  });
});

test.each([
  ['transfer-encoding', 'chunked'],
  ['transfer-encoding', 'Chunked'],
  ['x-oss-storage-class', 'IA'],
  ['x-oss-meta-if-match', '*'],
])('%s: %s asks for nothing that is not served', (header, value) => {
  expect(refusalOf({ [header]: value })).toBeUndefined();
});

test.each(['algorithm', 'key', 'key-md5'])(
  'encryption with a key of the client is refused, whose %s is not shown',
  (part) => {
    const header = `x-oss-server-side-encryption-customer-${part}`;
    const refusal = refusalOf({ 'x-oss-server-side-encryption': 'AES256', [header]: 'c2VjcmV0' });
    expect(refusal).toMatchObject({ code: 'NotImplemented', details: { Header: header } });
    expect(JSON.stringify(refusal)).not.toContain('c2VjcmV0');
  },
);

test('the condition of a copy may stand under its own name too, and only of a copy', () => {
  const twice = { 'if-match': '"a"', 'x-oss-copy-source-if-match': '"a"' };
  expect(refusalOf({ ...twice, 'x-oss-copy-source': '/b/k' })).toBeUndefined();
  expect(refusalOf(twice)).toMatchObject({ details: { Header: 'if-match' } });
  const other = { ...twice, 'x-oss-copy-source': '/b/k', 'if-match': '"b"' };
  expect(refusalOf(other)).toMatchObject({ details: { Header: 'if-match' } });
});

test('the value is shown without what could be more than text', () => {
  expect(refusalOf({ 'x-oss-callback': `a\u202e${'b'.repeat(200)}` })).toMatchObject({
    details: { Value: `a\uFFFD${'b'.repeat(98)}…` },
  });
});
