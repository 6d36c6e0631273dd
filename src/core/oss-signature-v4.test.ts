import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { presignV4 } from '../../test/presign.ts';
import {
  inputRequest,
  ofKind,
  type SigningVector,
  signedAtMs,
  v4Vectors,
  wireRequest,
  withV4Headers,
} from '../../test/signing-vectors.ts';
import {
  canonicalRequestV4,
  EMPTY_VALUE_FORMS,
  formatIsoBasic,
  parseIsoBasic,
  signatureV4,
  signV4,
  stringToSignV4,
} from './oss-signature-v4.ts';
import { parseV4Authorization } from './oss-signature-v4-claim.ts';
import { parseQuery } from './request-target.ts';

const request = { method: 'GET', bucket: 'b', query: parseQuery(''), headers: { host: 'h', 'content-type': 't' } };

test.each(ofKind(v4Vectors, 'header'))('the header vector $id', (vector) => {
  const { input, expect: expected } = vector;
  const ms = signedAtMs(vector);
  const headers = signV4(inputRequest(vector), signerOf(vector));
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

test.each(ofKind(v4Vectors, 'query'))('the URL vector $id', (vector) => {
  const raw = presignV4(inputRequest(vector), { ...signerOf(vector), lifetimeSeconds: vector.input.expiresIn ?? 0 });
  const query = parseQuery(raw);
  expect(query.get('x-oss-signature')).toBe(vector.expect.signature);
  expect(query.pairs.toSorted()).toEqual(wireRequest(vector).query.pairs.toSorted());
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

test('a parameter without a value is signed bare, or with "=" where a client is known to do so', () => {
  const query = parseQuery('versions&prefix=&max-keys=1');
  const lines = EMPTY_VALUE_FORMS.map(
    (form) =>
      canonicalRequestV4({ ...request, query }, [], form)
        .toString()
        .split('\n')[2],
  );
  expect(lines).toEqual(['max-keys=1&prefix&versions', 'max-keys=1&prefix=&versions', 'max-keys=1&prefix=&versions=']);
});

test('each secret and scope signs with a key of its own, however many there are and however often', () => {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  for (let i = 0; i < 200; i++) {
    const scope = { date: `2023121${i % 3}`, region: `region-${i % 150}` };
    for (const [secret, product] of [
      ['one', 'oss'],
      ['other', 'oss'],
      ['one', 'oss-cloudbox'],
      ['one', 'oss'],
    ] as const) {
      const steps = [scope.date, scope.region, product, 'aliyun_v4_request', 'text'];
      const expected = steps.reduce(hmac, Buffer.from(`aliyun_v4${secret}`)).toString('hex');
      expect(signatureV4(secret, { ...scope, product }, 'text')).toBe(expected);
    }
  }
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

function signerOf(vector: SigningVector) {
  const { accessKeyId, accessKeySecret: secret, region = '', product = '', additionalHeaders = [] } = vector.input;
  return { accessKeyId, secret, region, product, additionalHeaders, signedAtMs: signedAtMs(vector) };
}

function scopeOf(vector: SigningVector) {
  const date = formatIsoBasic(signedAtMs(vector)).slice(0, 8);
  return { date, region: vector.input.region ?? '', product: vector.input.product ?? '' };
}
