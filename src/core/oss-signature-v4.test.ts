import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  inputRequest,
  ofKind,
  type SigningVector,
  signedAtMs,
  v4Vectors,
  wireRequest,
  withV4Headers,
} from '../../test/signing-vectors.ts';
import { DomainError } from './errors.ts';
import {
  canonicalRequestV4,
  formatIsoBasic,
  parseIsoBasic,
  parseV4Authorization,
  signatureV4,
  signV4,
  stringToSignV4,
} from './oss-signature-v4.ts';
import { parseQuery } from './request-target.ts';

const request = { method: 'GET', bucket: 'b', query: parseQuery(''), headers: { host: 'h', 'content-type': 't' } };
const signer = { accessKeyId: 'ak', secret: 'sk', region: 'cn-hangzhou', signedAtMs: Date.UTC(2023, 11, 16) };

test.each(ofKind(v4Vectors, 'header'))('the header vector $id', (vector) => {
  const { input, expect: expected } = vector;
  const ms = signedAtMs(vector);
  const headers = signV4(inputRequest(vector), {
    accessKeyId: input.accessKeyId,
    secret: input.accessKeySecret,
    region: input.region ?? '',
    product: input.product ?? '',
    additionalHeaders: input.additionalHeaders ?? [],
    signedAtMs: ms,
  });
  expect(headers.authorization).toBe(vector.wire?.headers.Authorization);
  expect(headers['x-oss-date']).toBe(vector.wire?.headers['x-oss-date']);
  expect(headers['x-oss-content-sha256']).toBe('UNSIGNED-PAYLOAD');
  expect(parseV4Authorization(headers.authorization).signature).toBe(
    expected.signature ?? parseV4Authorization(expected.authorization ?? '').signature,
  );

  const canonical = canonicalRequestV4(withV4Headers(inputRequest(vector), ms), input.additionalHeaders ?? []);
  if (expected.canonicalRequest) expect(canonical.toString()).toBe(expected.canonicalRequest);
  const stringToSign = stringToSignV4(canonical, formatIsoBasic(ms), scopeOf(vector));
  if (expected.stringToSign) expect(stringToSign).toBe(expected.stringToSign);
});

test.each(ofKind(v4Vectors, 'canonical-request'))('the canonical request of $id', (vector) => {
  const canonical = canonicalRequestV4(withV4Headers(inputRequest(vector), signedAtMs(vector)), []);
  expect(canonical.toString()).toBe(vector.expect.canonicalRequest);
});

test.each(ofKind(v4Vectors, 'query'))('the signature of the URL vector $id', (vector) => {
  const wire = wireRequest(vector);
  const additional = wire.query.get('x-oss-additional-headers')?.split(';') ?? [];
  const dateTime = wire.query.get('x-oss-date') ?? '';
  const stringToSign = stringToSignV4(canonicalRequestV4(wire, additional), dateTime, scopeOf(vector));
  expect(signatureV4(vector.input.accessKeySecret, scopeOf(vector), stringToSign)).toBe(vector.expect.signature);
});

test('parameters sort by encoded name and then value, not by the assembled pair', () => {
  const query = parseQuery('a-b=1&a=2&a=1&a&Z=/');
  const canonical = canonicalRequestV4({ method: 'get', query, headers: {} }, []).toString();
  expect(canonical).toBe('GET\n/\nZ=%2F&a&a=1&a=2&a-b=1\n\n\nUNSIGNED-PAYLOAD');
});

test('header names sort in plain byte order', () => {
  const names = ['x-oss-meta-abc_123', 'x-oss-meta-abc123', 'x-oss-meta-abc-123', 'x-oss-meta-abc'];
  const headers = Object.fromEntries(names.map((name) => [name, '1']));
  const lines = canonicalRequestV4({ method: 'GET', query: parseQuery(''), headers }, [])
    .toString()
    .split('\n');
  expect(lines.slice(3, 7)).toEqual(names.toReversed().map((name) => `${name}:1`));
});

test('an additional header that is always signed, repeated or absent does not sign twice', () => {
  const listed = ['Host', 'host', 'content-type', 'x-oss-none', 'absent', 'constructor', '__proto__'];
  expect(canonicalRequestV4(request, listed).toString()).toBe(
    'GET\n/b/\n\ncontent-type:t\nhost:h\n\nhost\nUNSIGNED-PAYLOAD',
  );
});

test('headers are signed as the bytes of the wire', () => {
  const headers = { 'x-oss-meta-a': Buffer.from('voilà').toString('latin1') };
  expect(canonicalRequestV4({ ...request, headers }, []).toString()).toContain('x-oss-meta-a:voilà\n');
});

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
  [`OSS4-HMAC-SHA256 ${CREDENTIAL},AdditionalHeaders=a;;b,Signature=f`, 'AdditionalHeadersEmpty'],
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

test('an ISO basic date is read, any other text is not', () => {
  expect(parseIsoBasic('20231216T162057Z')).toBe(Date.UTC(2023, 11, 16, 16, 20, 57));
  for (const text of ['', '0', '20230230T000000Z', '20231216T240000Z', '2023-12-16T16:20:57Z', '20231216T162057']) {
    expect(parseIsoBasic(text)).toBeUndefined();
  }
});

test('law: an ISO basic date is read as the second it was written from', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
      expect(parseIsoBasic(formatIsoBasic(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});

function scopeOf(vector: SigningVector) {
  const date = formatIsoBasic(signedAtMs(vector)).slice(0, 8);
  return { date, region: vector.input.region ?? '', product: vector.input.product ?? '' };
}
