import { expect, test } from 'vitest';
import { putExchange } from '../../../../test/put-exchange.ts';
import { DomainError } from '../../../core/errors.ts';
import type { Exchange } from '../operation.ts';
import { readNewObject, readTags } from './new-object.ts';

type Headers = Readonly<Record<string, string>>;

function exchangeWith(headers: Headers, assertAllowed?: Exchange['assertAllowed']): Exchange {
  const store = { findBucket: () => ({ id: 'b1', name: 'logs' }) };
  return putExchange({ headers, store, requestTags: readTags(headers), assertAllowed });
}

const plain = { bucket: 'logs', bucketId: 'b1', key: 'a', metadata: { headers: {}, user: {} } };

test('without headers it is a plain object, and what is not said is left to the bucket', () => {
  expect(readNewObject(exchangeWith({ host: 'localhost' }))).toEqual(plain);
});

test('every header that an object has is read', () => {
  const headers = {
    'content-type': 'text/plain',
    expires: 'soon',
    'x-oss-meta-author': 'someone',
    'x-oss-storage-class': 'IA',
    'x-oss-object-acl': 'public-read',
    'x-oss-tagging': 'a=1&b=%2B',
    'x-oss-server-side-encryption': 'KMS',
    'x-oss-server-side-encryption-key-id': 'k1',
    'x-oss-forbid-overwrite': 'true',
  };
  expect(readNewObject(exchangeWith(headers))).toEqual({
    ...plain,
    metadata: { headers: { 'content-type': 'text/plain', expires: 'soon' }, user: { author: 'someone' } },
    storageClass: 'IA',
    acl: 'public-read',
    tags: [
      { key: 'a', value: '1' },
      { key: 'b', value: '+' },
    ],
    encryption: { algorithm: 'KMS', keyId: 'k1' },
    forbidOverwrite: true,
  });
});

test.each<[Headers, object]>([
  [{ 'x-oss-server-side-encryption': 'AES256' }, { encryption: { algorithm: 'AES256' } }],
  [{ 'x-oss-server-side-encryption': 'KMS' }, { encryption: { algorithm: 'KMS' } }],
  [
    { 'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': '' },
    { encryption: { algorithm: 'KMS' } },
  ],
  [{ 'x-oss-forbid-overwrite': 'True' }, { forbidOverwrite: true }],
  [{ 'x-oss-forbid-overwrite': 'false' }, {}],
  [{ 'x-oss-tagging': '' }, { tags: [] }],
  [{ 'x-oss-object-acl': 'default' }, { acl: 'default' }],
])('%j is read as %j', (headers, expected) => {
  expect(readNewObject(exchangeWith(headers))).toEqual({ ...plain, ...expected });
});

test.each<[Headers, string, string]>([
  [{ 'x-oss-server-side-encryption': 'SM4' }, 'NotImplemented', 'AES256, KMS are accepted'],
  [{ 'x-oss-server-side-encryption': 'aes256' }, 'EncryptionAlgorithmInvalid', '"aes256"'],
  [{ 'x-oss-server-side-encryption': '' }, 'EncryptionAlgorithmInvalid', 'AES256, KMS'],
  [{ 'x-oss-server-side-encryption-key-id': 'k1' }, 'InvalidArgument', 'KMS only'],
  [
    { 'x-oss-server-side-encryption': 'AES256', 'x-oss-server-side-encryption-key-id': 'k1' },
    'InvalidArgument',
    'KMS only',
  ],
  [{ 'x-oss-server-side-data-encryption': 'SM4' }, 'NotImplemented', 'not implemented'],
  [{ 'x-oss-object-acl': 'open' }, 'ObjectAclInvalid', '"open"'],
  [{ 'x-oss-storage-class': 'Glacier' }, 'InvalidArgument', '"Glacier"'],
  [{ 'x-oss-forbid-overwrite': 'yes' }, 'InvalidArgument', '"yes"'],
  [{ 'x-oss-tagging': 'a=1&a=2' }, 'RepeatedTags', '"a"'],
  [{ 'x-oss-meta-a': 'b'.repeat(8192) }, 'MetadataTooLarge', '8193'],
])('%j is refused as %s', (headers, code, message) => {
  expect(() => readNewObject(exchangeWith(headers))).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test.each<[Headers, string]>([
  [{ 'x-oss-object-acl': 'public-read' }, 'oss:PutObjectAcl'],
  [{ 'x-oss-server-side-encryption': 'KMS' }, 'kms:GenerateDataKey'],
])('%j needs %s besides', (headers, needed) => {
  const refuse = (action: string) => {
    if (action === needed) throw new DomainError('AccessDenied', 'Not that.');
  };
  expect(readNewObject(exchangeWith({}, refuse))).toEqual(plain);
  expect(() => readNewObject(exchangeWith(headers, refuse))).toThrow('Not that.');
});

test.each<Headers>([{ 'x-oss-object-acl': 'default' }, { 'x-oss-server-side-encryption': 'AES256' }])(
  '%j needs nothing besides',
  (headers) => {
    const refuse = () => {
      throw new DomainError('AccessDenied', 'Not that.');
    };
    expect(readNewObject(exchangeWith(headers, refuse))).toMatchObject(plain);
  },
);
