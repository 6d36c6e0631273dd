import { expect, test } from 'vitest';
import type { Bucket } from '../../../core/bucket.ts';
import type { ObjectRecord } from '../../../core/record.ts';
import { md5Header } from './object-headers.ts';
import { encryptionHeaders, versionHeader } from './reply-headers.ts';

const bucket = (versioning?: Bucket['versioning']) => ({ ...(versioning && { versioning }) }) as Bucket;

test.each([
  ['that never had versioning', undefined, '', {}],
  ['with versioning', 'Enabled', 'CAEQ1', { 'x-oss-version-id': 'CAEQ1' }],
  ['with versioning, of an object from before', 'Enabled', '', { 'x-oss-version-id': 'null' }],
  ['whose versioning is suspended', 'Suspended', '', { 'x-oss-version-id': 'null' }],
  ['that got versioning during the request', undefined, 'CAEQ1', { 'x-oss-version-id': 'CAEQ1' }],
] as const)('the version in a bucket %s', (_what, versioning, versionId, headers) => {
  expect(versionHeader(bucket(versioning), { versionId })).toEqual(headers);
});

test('encryption is told with its master key, and plaintext is not told', () => {
  const encrypted = (encryption: ObjectRecord['encryption']) => ({ encryption }) as ObjectRecord;
  expect(encryptionHeaders({ record: encrypted('none') })).toEqual({});
  expect(encryptionHeaders({ record: encrypted('AES256') })).toEqual({ 'x-oss-server-side-encryption': 'AES256' });
  expect(encryptionHeaders({ record: encrypted('KMS'), keyId: 'k1' })).toEqual({
    'x-oss-server-side-encryption': 'KMS',
    'x-oss-server-side-encryption-key-id': 'k1',
  });
});

test.each([
  ['of a Normal object', 'Normal', '5D41402ABC4B2A76B9719D911017C592', { 'Content-MD5': 'XUFAKrxLKna5cZ2REBfFkg==' }],
  ['of parts', 'Multipart', '5D41402ABC4B2A76B9719D911017C592-2', {}],
  ['of another type', 'Appendable', '5D41402ABC4B2A76B9719D911017C592', {}],
  ['of another kind', 'Normal', 'not-an-md5', {}],
] as const)('an ETag %s is the MD5 of the content or is not told as that', (_what, objectType, etag, headers) => {
  expect(md5Header({ objectType, etag } as ObjectRecord)).toEqual(headers);
});
