import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { presignV1 } from '../../test/presign.ts';
import { inputRequest, ofKind, v1Vectors, wireRequest } from '../../test/signing-vectors.ts';
import { DomainError } from './errors.ts';
import { parseHttpDate, parseV1Authorization, signatureV1, stringToSignV1 } from './oss-signature-v1.ts';
import { isSignedSubresource } from './oss-signed-subresources.ts';
import { encodeKey, formatQuery, parseQuery } from './request-target.ts';

test.each(ofKind(v1Vectors, 'header'))('the header vector $id', (vector) => {
  const { input, expect: expected } = vector;
  const stringToSign = stringToSignV1(inputRequest(vector), input.date ?? input.headers.Date ?? '');
  expect(stringToSign.toString()).toBe(expected.stringToSign);
  expect(`OSS ${input.accessKeyId}:${signatureV1(input.accessKeySecret, stringToSign)}`).toBe(expected.authorization);
});

test.each(ofKind(v1Vectors, 'header-string-to-sign'))('the string to sign of $id', (vector) => {
  const stringToSign = stringToSignV1(inputRequest(vector), vector.input.date ?? '');
  expect(stringToSign.toString()).toBe(vector.expect.stringToSign);
});

test.each(ofKind(v1Vectors, 'query'))('the URL vector $id, with Expires in place of the date', (vector) => {
  const { input, expect: expected } = vector;
  const { expires: expiresAtSeconds = 0, accessKeyId, accessKeySecret: secret } = input;
  const request = inputRequest(vector);
  expect(stringToSignV1(request, String(expiresAtSeconds)).toString()).toBe(expected.stringToSign);
  const query = parseQuery(presignV1(request, { accessKeyId, secret, expiresAtSeconds }));
  expect(query.get('Signature')).toBe(expected.signature);
  expect(query.pairs.toSorted()).toEqual(wireRequest(vector).query.pairs.toSorted());
});

test('a service-level request signs "/"', () => {
  const request = { method: 'GET', query: parseQuery('prefix=a'), headers: {} };
  expect(stringToSignV1(request, 'D').toString()).toBe('GET\n\n\nD\n/');
});

test('the first value of a repeated sub-resource is signed, once', () => {
  const request = { method: 'GET', bucket: 'b', query: parseQuery('versionId=1&versionId=2&acl='), headers: {} };
  expect(stringToSignV1(request, 'D').toString()).toBe('GET\n\n\nD\n/b/?acl&versionId=1');
});

test('headers are signed as the bytes of the wire', () => {
  // "à" ends in the byte 0xa0, which is a blank to String.trim.
  const onTheWire = Buffer.from(' voilà ').toString('latin1');
  const request = {
    method: 'PUT',
    bucket: 'b',
    key: 'é',
    query: parseQuery(''),
    headers: { 'x-oss-meta-a': onTheWire },
  };
  const stringToSign = stringToSignV1(request, 'D');
  expect(stringToSign.toString()).toBe('PUT\n\n\nD\nx-oss-meta-a:voilà\n/b/é');
  const byHand = createHmac('sha1', 'sk').update('PUT\n\n\nD\nx-oss-meta-a:voilà\n/b/é').digest('base64');
  expect(signatureV1('sk', stringToSign)).toBe(byHand);
});

test('inventory parameters are signed, listing parameters are not', () => {
  expect(['inventory', 'inventoryId', 'continuation-token', 'x-oss-anything'].every(isSignedSubresource)).toBe(true);
  expect(['prefix', 'marker', 'max-keys', 'OSSAccessKeyId', 'Expires', 'Signature', ''].some(isSignedSubresource)).toBe(
    false,
  );
});

test('an authorization is parsed into key and signature', () => {
  expect(parseV1Authorization('OSS ak:a+b/c=')).toEqual({ accessKeyId: 'ak', signature: 'a+b/c=' });
});

test.each([
  ['OSS2 ak:sig', 'AuthorizationMalformed'],
  ['OSS', 'AuthorizationMalformed'],
  ['OSS ', 'AuthorizationMalformed'],
  ['OSS ak', 'AuthorizationMalformed'],
  ['OSS :sig', 'AuthorizationMalformed'],
  ['OSS ak:sig,OSS ak:sig', 'AuthorizationMalformed'],
  ['OSS ak:', 'SignatureEmpty'],
])('the authorization %j is refused with %s', (value, code) => {
  expect(() => parseV1Authorization(value)).toThrow(expect.objectContaining({ code }));
});

test('law: parsing an authorization throws nothing but DomainError', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', 'OSS ', 'OSS ak:'), (text, start) => {
      try {
        parseV1Authorization(start + text);
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
      }
    }),
  );
});

test('an RFC 1123 date in GMT is read, any other text is not', () => {
  expect(parseHttpDate('Wed, 28 Dec 2022 10:27:41 GMT')).toBe(Date.UTC(2022, 11, 28, 10, 27, 41));
  for (const text of ['', 'Invalid Date', '2022-12-28T10:27:41Z', 'Thu, 28 Dec 2022 10:27:41 GMT', '0']) {
    expect(parseHttpDate(text)).toBeUndefined();
  }
  expect(parseHttpDate('Thu, 1 Dec 2022 10:27:41 GMT')).toBeUndefined();
  expect(parseHttpDate('Wed, 30 Feb 2022 10:27:41 GMT')).toBeUndefined();
});

test('law: keys that differ have strings to sign that differ', () => {
  const key = fc.string({ unit: 'binary', minLength: 1 });
  const stringToSign = (text: string) =>
    stringToSignV1({ method: 'GET', bucket: 'b', key: text, query: parseQuery(''), headers: {} }, 'D').toString('hex');
  fc.assert(fc.property(key, key, (a, b) => (encodeKey(a) === encodeKey(b)) === (stringToSign(a) === stringToSign(b))));
});

test('law: neither the order of parameters and headers is signed, nor what the list leaves out', () => {
  const value = fc.string({
    unit: fc.oneof(fc.constantFrom(...'/%+&=?#é😀 '), fc.string({ unit: 'binary', maxLength: 1 })),
  });
  const covered = fc.uniqueArray(fc.tuple(fc.constantFrom('acl', 'uploadId', 'x-oss-a', 'versionId'), value), {
    selector: ([name]) => name,
  });
  const pairs = fc.tuple(covered, fc.array(fc.tuple(fc.constantFrom('prefix', 'marker', 'Acl'), value)));
  fc.assert(
    fc.property(value, pairs, (key, [signed, unsigned]) => {
      const textOf = (query: readonly (readonly [string, string])[], headers: Record<string, string>) =>
        stringToSignV1(
          { method: 'GET', bucket: 'b', key, query: parseQuery(formatQuery(query)), headers },
          'D',
        ).toString('hex');
      const there = textOf(signed, { 'x-oss-a': '\xe9', 'x-oss-b': '2' });
      const back = textOf([...unsigned, ...signed.toReversed()], { host: 'h', 'x-oss-b': '2', 'x-oss-a': ' \xe9\t' });
      expect(back).toBe(there);
    }),
  );
});
