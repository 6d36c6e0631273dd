import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError } from './errors.ts';
import { signV4 } from './oss-signature-v4.ts';
import { parseV4Authorization } from './oss-signature-v4-claim.ts';
import { parseQuery } from './request-target.ts';

const request = { method: 'GET', bucket: 'b', query: parseQuery(''), headers: { host: 'h', 'content-type': 't' } };
const signer = { accessKeyId: 'ak', secret: 'sk', region: 'cn-hangzhou', signedAtMs: Date.UTC(2023, 11, 16) };

test('what signV4 writes, parseV4Authorization reads', () => {
  const { authorization } = signV4(request, { ...signer, additionalHeaders: ['Host'] });
  expect(parseV4Authorization(authorization)).toEqual({
    accessKeyId: 'ak',
    date: '20231216',
    region: 'cn-hangzhou',
    product: 'oss',
    additionalHeaders: ['host'],
    signature: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(authorization).not.toContain('sk');
});

test('a blank after a comma is tolerated, and names may come in any order and case', () => {
  const value = 'OSS4-HMAC-SHA256 Signature=f, AdditionalHeaders=Host;abc, Credential=ak/d/r/p/aliyun_v4_request';
  expect(parseV4Authorization(value)).toEqual({
    accessKeyId: 'ak',
    date: 'd',
    region: 'r',
    product: 'p',
    additionalHeaders: ['host', 'abc'],
    signature: 'f',
  });
});

test('a value may hold "=": it is shown to the client whole', () => {
  const value = 'OSS4-HMAC-SHA256 Credential=ak/d/r/p/aliyun_v4_request,Signature=f=g=';
  expect(parseV4Authorization(value).signature).toBe('f=g=');
});

const CREDENTIAL = 'Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request';
test.each([
  ['OSS4-HMAC-SHA256', 'AuthorizationMalformed'],
  ['OSS4-HMAC-SHA256 ', 'AuthorizationMalformed'],
  ['AWS4-HMAC-SHA256 Credential=a', 'AuthorizationMalformed'],
  [`OSS4-HMAC-SHA256 ${CREDENTIAL}`, 'AuthorizationMalformed'],
  ['OSS4-HMAC-SHA256 Signature=f', 'AuthorizationMalformed'],
  [`OSS4-HMAC-SHA256 ${CREDENTIAL},Signature=`, 'AuthorizationMalformed'],
  [`OSS4-HMAC-SHA256 ${CREDENTIAL},Signature=f,`, 'AuthorizationMalformed'],
  [`OSS4-HMAC-SHA256 ${CREDENTIAL},Signature=f,Signature=f`, 'AuthorizationMalformed'],
  [`OSS4-HMAC-SHA256 ${CREDENTIAL},Signature=f,SignedHeaders=host`, 'AuthorizationMalformed'],
  [`OSS4-HMAC-SHA256 ${CREDENTIAL},AdditionalHeaders=,Signature=f`, 'AdditionalHeadersEmpty'],
  [`OSS4-HMAC-SHA256 ${CREDENTIAL},AdditionalHeaders=a;;b,Signature=f`, 'AdditionalHeaderNameEmpty'],
  ['OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aws4_request,Signature=f', 'CredentialScopeInvalid'],
  ['OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss,Signature=f', 'CredentialScopeInvalid'],
  ['OSS4-HMAC-SHA256 Credential=/20231216/r/oss/aliyun_v4_request,Signature=f', 'CredentialScopeInvalid'],
  ['OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aliyun_v4_request/x,Signature=f', 'CredentialScopeInvalid'],
])('the authorization %j is refused with %s', (value, code) => {
  expect(() => parseV4Authorization(value)).toThrow(expect.objectContaining({ code }));
});

test('law: parsing an authorization throws nothing but DomainError', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('Credential=', 'Signature=', ',', '/', ';', '='),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      try {
        parseV4Authorization(`OSS4-HMAC-SHA256 ${parts.join('')}`);
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
      }
    }),
  );
});
