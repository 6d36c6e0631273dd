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
import { formatQuery, parseQuery } from './request-target.ts';

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

const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...'/%+&=?#.é封😀\0\n '), fc.string({ unit: 'binary', maxLength: 1 })),
  maxLength: 6,
});
const pairs = fc.array(fc.tuple(text, text), { maxLength: 4 });
/** As on the wire: one character per byte, and neither control characters nor blanks at the ends. */
const headerText = fc
  .array(fc.oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff })), { maxLength: 6 })
  .map((codes) => String.fromCharCode(...codes));
const canonicalOf = (key: string, query: readonly (readonly [string, string])[], headers: Record<string, string>) =>
  canonicalRequestV4({ method: 'PUT', bucket: 'b', key, query: parseQuery(formatQuery(query)), headers }, []);

test('law: the order of parameters and of headers is not signed', () => {
  fc.assert(
    fc.property(text, pairs, headerText, (key, query, value) => {
      const there = canonicalOf(key, query, { 'x-oss-a': value, 'x-oss-b': 'b', host: 'h' });
      const back = canonicalOf(key, query.toReversed(), { host: 'other', 'x-oss-b': 'b', 'x-oss-a': `\t${value} ` });
      expect(back.toString('latin1')).toBe(there.toString('latin1'));
    }),
  );
});

test('law: requests that differ in what is signed have canonical requests that differ', () => {
  const signed = fc.tuple(text, pairs, headerText);
  // What the query is read as: a part without name and value is none, and the signature is not signed.
  const meaning = (query: readonly (readonly [string, string])[]) =>
    parseQuery(formatQuery(query))
      .pairs.filter(([name]) => name !== 'x-oss-signature')
      .map((pair) => JSON.stringify(pair))
      .sort();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(signed, signed),
        signed.chain((one) =>
          fc.tuple(
            fc.constant(one),
            fc.tuple(
              fc.oneof(fc.constant(one[0]), text),
              fc.oneof(fc.constant(one[1]), pairs),
              fc.oneof(fc.constant(one[2]), headerText),
            ),
          ),
        ),
      ),
      ([a, b]) => {
        const of = ([key, query, value]: typeof a) =>
          canonicalOf(key, query, { 'x-oss-meta-a': value }).toString('latin1');
        const facts = ([key, query, value]: typeof a) => JSON.stringify([key, meaning(query), value]);
        expect(of(a) === of(b)).toBe(facts(a) === facts(b));
      },
    ),
    { numRuns: 2_000 },
  );
});
