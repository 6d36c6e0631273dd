import fc from 'fast-check';
import { expect, test } from 'vitest';
import { presignV1, presignV4 } from '../../../test/presign.ts';
import { anySealer, lastingKeys, MemoryDirectory } from '../../../test/session-fixture.ts';
import { Sessions } from '../../access/sessions.ts';
import { DomainError } from '../../core/errors.ts';
import { isSignedSubresource } from '../../core/oss-signed-subresources.ts';
import { encodeKey, parseQuery, type Query } from '../../core/request-target.ts';
import type { SignedRequest } from '../../core/signed-request.ts';
import { resolveAddress } from './address.ts';
import { type Authenticated, authenticate } from './authenticate.ts';
import { MAX_SKEW_MS } from './claim.ts';

const NOW = Date.UTC(2026, 10, 22, 15, 0, 0);
const SECRET = 'correct horse battery staple';
const LIFETIME_SECONDS = 600;
const root = { kind: 'root', accountId: '1000', accessKeyId: 'ak' } as const;
const places = { domain: 'localhost', regions: ['cn-hangzhou'] };
const lasting = lastingKeys(SECRET, root);

type Version = 'v1' | 'v4';
const versions: readonly Version[] = ['v1', 'v4'];

const plain: SignedRequest = {
  method: 'PUT',
  bucket: 'logs',
  key: 'a/b',
  query: parseQuery('acl'),
  headers: { 'content-type': 'text/plain', 'x-oss-meta-a': '1' },
};

// What a signed URL allows

test.each(versions)('a URL signed with %s stands for whoever signed it', (version) => {
  expect(ask(presigned(plain, version))).toEqual({ identity: root, signature: version, isUrl: true });
});

test.each(versions)(
  'a URL signed with %s is good until it expires and no longer, whatever its signature',
  (version) => {
    const request = presigned(plain, version);
    const expiresAtMs = NOW + LIFETIME_SECONDS * 1000;
    expect(ask(request, { nowMs: expiresAtMs }).identity).toEqual(root);
    for (const late of [request, change(request, version === 'v1' ? 'Signature' : 'x-oss-signature', 'wrong')]) {
      expect(refusalOf(late, { nowMs: expiresAtMs + 1 })).toMatchObject({
        code: version === 'v1' ? 'UrlExpired' : 'UrlV4Expired',
        message: 'Request has expired.',
        details: { Expires: '2026-11-22T15:10:00.000Z', ServerTime: '2026-11-22T15:10:00.001Z' },
      });
    }
  },
);

test('a V4 URL may begin fifteen minutes ahead of our clock, and no more', () => {
  const request = presigned(plain, 'v4');
  expect(ask(request, { nowMs: NOW - MAX_SKEW_MS }).identity).toEqual(root);
  expect(refusalOf(request, { nowMs: NOW - MAX_SKEW_MS - 1 })).toMatchObject({
    code: 'RequestTimeTooSkewed',
    details: {
      MaxAllowedSkewMilliseconds: '900000',
      RequestTime: '2026-11-22T15:00:00.000Z',
      ServerTime: '2026-11-22T14:44:59.999Z',
    },
  });
});

test.each(versions)('a URL signed with %s for an unknown key is refused by its name', (version) => {
  expect(refusalOf(presigned(plain, version, { accessKeyId: 'who' }))).toMatchObject({
    code: 'InvalidAccessKeyId',
    details: { OSSAccessKeyId: 'who' },
  });
});

test.each(versions)('the headers that %s signs must be sent as they were signed', (version) => {
  const { headers, ...request } = presigned(plain, version);
  for (const changed of [
    { ...headers, 'content-type': 'text/html' },
    { ...headers, 'x-oss-meta-a': '2' },
    { ...headers, 'x-oss-added': '1' },
    { 'content-type': 'text/plain' },
  ]) {
    expect(refusalOf({ ...request, headers: changed }).code).toBe('SignatureDoesNotMatch');
  }
  expect(ask({ ...request, headers: { ...headers, 'user-agent': 'any' } }).identity).toEqual(root);
});

test('a mismatch shows what was signed: with Expires for V1, with all of the query for V4', () => {
  const v1 = refusalOf({ ...presigned(plain, 'v1'), method: 'GET' });
  expect(v1.details.StringToSign).toBe('GET\n\ntext/plain\n1795360200\nx-oss-meta-a:1\n/logs/a/b?acl');
  const v4 = refusalOf({ ...presigned(plain, 'v4'), method: 'GET' });
  expect(v4.details.CanonicalRequest).toBe(
    'GET\n/logs/a/b\nacl&x-oss-credential=ak%2F20261122%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&' +
      'x-oss-date=20261122T150000Z&x-oss-expires=600&x-oss-signature-version=OSS4-HMAC-SHA256\n' +
      'content-type:text/plain\nx-oss-meta-a:1\n\n\nUNSIGNED-PAYLOAD',
  );
  expect(v4.details.StringToSignBytes).toMatch(/^4F 53 53 34 (?:[0-9A-F]{2} )+$/);
});

test('V4 covers every parameter, V1 those of its list', () => {
  const query = parseQuery('versionId=1&prefix=p');
  for (const [version, name, code] of [
    ['v4', 'prefix', 'SignatureDoesNotMatch'],
    ['v4', 'versionId', 'SignatureDoesNotMatch'],
    ['v1', 'versionId', 'SignatureDoesNotMatch'],
  ] as const) {
    expect(refusalOf(change(presigned({ ...plain, query }, version), name, 'other')).code).toBe(code);
  }
  expect(ask(change(presigned({ ...plain, query }, 'v1'), 'prefix', 'other')).identity).toEqual(root);
});

test.each(versions)('of a parameter that comes twice, %s leaves no choice open', (version) => {
  const once = presigned({ ...plain, query: parseQuery('versionId=b') }, version);
  const added = refusalOf({ ...once, query: parseQuery(`versionId=a&${rawOf(once.query)}`) });
  expect(added.code).toBe(version === 'v1' ? 'SignatureDoesNotMatch' : 'InvalidArgument');
  // V4 sorts them by value, so another order would be signed all the same, and mean the other version.
  const twice = presigned({ ...plain, query: parseQuery('versionId=b&versionId=a') }, version);
  const swapped = { ...twice, query: parseQuery(rawOf({ pairs: twice.query.pairs.toSorted() })) };
  expect(swapped.query.get('versionId')).toBe('a');
  expect(refusalOf(swapped).code).toBe(version === 'v1' ? 'SignatureDoesNotMatch' : 'InvalidArgument');
});

test('a parameter that comes twice with one value is one', () => {
  for (const query of [parseQuery('acl&acl='), parseQuery('versionId=a&versionId=a')]) {
    expect(ask(presigned({ ...plain, query }, 'v4')).identity).toEqual(root);
  }
});

test('an additional header of a V4 URL is signed, and must be there', () => {
  const headers = { ...plain.headers, host: 'h', range: 'bytes=0-7' };
  const request = presigned({ ...plain, headers }, 'v4', { additionalHeaders: ['Range', 'host'] });
  expect(request.query.get('x-oss-additional-headers')).toBe('host;range');
  expect(ask(request).identity).toEqual(root);
  for (const range of ['bytes=0-8', undefined]) {
    expect(refusalOf({ ...request, headers: { ...headers, range } }).code).toBe('SignatureDoesNotMatch');
  }
});

// What is missing or malformed

test.each([
  ['OSSAccessKeyId', 'UrlKeyIdMissing'],
  ['Expires', 'UrlExpiresMissing'],
  ['Signature', 'UrlSignatureMissing'],
])('a V1 URL without %s is refused, also when it is empty', (key, code) => {
  for (const value of [undefined, '']) {
    expect(refusalOf(change(presigned(plain, 'v1'), key, value))).toMatchObject({
      code,
      message: 'Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters',
    });
  }
});

test.each(['abc', '1e9', '1.5', '-1', ' 1', '0x10', '1'.repeat(16)])('Expires=%s is no date', (expires) => {
  expect(refusalOf(change(presigned(plain, 'v1'), 'Expires', expires))).toMatchObject({
    code: 'UrlExpiresInvalid',
    message: 'Invalid date (should be seconds since epoch).',
    details: { ArgumentName: 'Expires', ArgumentValue: expires },
  });
});

test('an Expires beyond all dates is good for ever', () => {
  const request = presigned(plain, 'v1', { expiresAtSeconds: 999_999_999_999_999 });
  expect(ask(request).identity).toEqual(root);
});

const CREDENTIAL = 'ak/20261122/cn-hangzhou/oss/aliyun_v4_request';
test.each([
  ['x-oss-signature-version', undefined, 'UrlVersionInvalid'],
  ['x-oss-signature-version', 'ABC', 'UrlVersionInvalid'],
  ['x-oss-signature-version', 'OSS2', 'NotImplemented'],
  ['x-oss-credential', undefined, 'UrlV4CredentialMissing'],
  ['x-oss-credential', '', 'UrlV4CredentialMissing'],
  ['x-oss-credential', CREDENTIAL.replace('aliyun_v4', 'aws4'), 'UrlV4CredentialInvalid'],
  ['x-oss-credential', CREDENTIAL.replace('/oss/', '/oss-cloudbox/'), 'UrlV4CredentialInvalid'],
  ['x-oss-credential', `${CREDENTIAL}/x`, 'UrlV4CredentialInvalid'],
  ['x-oss-credential', CREDENTIAL.replace('20261122', '2026-11-22'), 'UrlV4CredentialDateInvalid'],
  ['x-oss-credential', CREDENTIAL.replace('20261122', '20261121'), 'UrlV4CredentialDateInvalid'],
  ['x-oss-credential', CREDENTIAL.replace('cn-', 'oss-cn-'), 'UrlV4RegionInvalid'],
  ['x-oss-credential', CREDENTIAL.replace('cn-hangzhou', 'mars'), 'UrlV4RegionInvalid'],
  ['x-oss-date', undefined, 'DateMissing'],
  ['x-oss-date', '2026-11-22T15:00:00Z', 'DateMissing'],
  ['x-oss-date', 'Sun, 22 Nov 2026 15:00:00 GMT', 'DateMissing'],
  ['x-oss-expires', undefined, 'UrlV4ExpiresMissing'],
  ['x-oss-expires', '', 'UrlV4ExpiresMissing'],
  ['x-oss-expires', '0', 'UrlV4ExpiresInvalid'],
  ['x-oss-expires', '604801', 'UrlV4ExpiresInvalid'],
  ['x-oss-expires', '-1', 'UrlV4ExpiresInvalid'],
  ['x-oss-expires', '1e3', 'UrlV4ExpiresInvalid'],
  ['x-oss-expires', '9'.repeat(400), 'UrlV4ExpiresInvalid'],
  ['x-oss-signature', undefined, 'UrlV4SignatureMissing'],
  ['x-oss-signature', '', 'UrlV4SignatureMissing'],
  ['x-oss-additional-headers', '', 'AdditionalHeadersEmpty'],
  ['x-oss-additional-headers', 'host;', 'AdditionalHeaderNameEmpty'],
  ['x-oss-additional-headers', 'host', 'SignatureDoesNotMatch'],
  ['x-oss-security-token', 'token', 'SignatureDoesNotMatch'],
])('a V4 URL with %s %j is refused with %s', (key, value, code) => {
  expect(refusalOf(change(presigned(plain, 'v4'), key, value)).code).toBe(code);
});

test.each([1, 604_800])('a V4 URL may be good for %i seconds', (lifetimeSeconds) => {
  expect(ask(presigned(plain, 'v4', { lifetimeSeconds })).identity).toEqual(root);
});

test('a region must be the one that the host names', () => {
  const request = presigned(plain, 'v4');
  expect(ask(request, { hostRegion: 'cn-hangzhou' }).identity).toEqual(root);
  expect(refusalOf(request, { hostRegion: 'cn-beijing' })).toMatchObject({
    code: 'UrlV4RegionInvalid',
    details: { ArgumentName: 'region', ArgumentValue: 'cn-hangzhou' },
  });
});

test('the payload of a V4 URL needs no hash, and takes no other than that it is unsigned', () => {
  const withHash = (hash: string) => ({ ...plain, headers: { 'x-oss-content-sha256': hash } });
  expect(ask(presigned(withHash('UNSIGNED-PAYLOAD'), 'v4')).identity).toEqual(root);
  expect(refusalOf(presigned(withHash('e3b0c442'), 'v4')).code).toBe('ContentSha256Invalid');
});

// Two of them, or another's

test('a URL with parts of both forms is refused', () => {
  const both = parseQuery(`${rawOf(presigned(plain, 'v1').query)}&${rawOf(presigned(plain, 'v4').query)}`);
  expect(refusalOf({ ...plain, query: both }).code).toBe('SignedTwice');
  expect(refusalOf(change(presigned(plain, 'v4'), 'Signature', 's')).code).toBe('SignedTwice');
});

test.each(['AWSAccessKeyId=ak&Expires=1&Signature=s', 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ak'])(
  'the URL signed for another service, %s, is refused by its name',
  (raw) => {
    expect(refusalOf({ ...plain, query: parseQuery(raw) })).toMatchObject({
      code: 'NotImplemented',
      message: expect.stringContaining('AWS'),
    });
  },
);

test.each(versions)('a token goes into the query of a URL signed with %s, and a lasting key has none', (version) => {
  const inHeader = { ...plain, headers: { 'x-oss-security-token': 'token' } };
  expect(refusalOf(presigned(inHeader, version))).toMatchObject({
    code: 'SecurityTokenInHeader',
    message: 'Security-token must be provided by query string parameter.',
  });
  for (const name of ['security-token', 'x-oss-security-token']) {
    const inQuery = { ...plain, query: parseQuery(`${name}=token`) };
    expect(refusalOf(presigned(inQuery, version)).code).toBe('InvalidSecurityToken');
  }
});

test.each([
  ['v1', 'security-token'],
  ['v4', 'x-oss-security-token'],
] as const)('a URL that a session signed with %s ends with the session', (version, name) => {
  const directory = new MemoryDirectory();
  const credentials = new Sessions(directory, anySealer());
  const role = directory.addRole();
  const key = credentials.issue({ role, sessionName: 'anna', seconds: 900, nowMs: NOW });
  const signed = (token: string) => {
    const withToken = { ...plain, query: parseQuery(`acl&${name}=${encodeURIComponent(token)}`) };
    const lifetime = { lifetimeSeconds: 3600, expiresAtSeconds: NOW / 1000 + 3600 };
    return presigned(withToken, version, { accessKeyId: key.accessKeyId, secret: key.secret, ...lifetime });
  };
  const request = signed(key.securityToken);
  const session = { kind: 'session', roleName: 'writer', sessionName: 'anna' };
  expect(ask(request, { credentials, nowMs: NOW + 899_999 })).toMatchObject({ identity: session, isUrl: true });
  expect(refusalOf(request, { credentials, nowMs: NOW + 900_000 }).code).toBe('SecurityTokenExpired');
  expect(refusalOf(signed('other'), { credentials }).code).toBe('InvalidSecurityToken');
  expect(refusalOf(change(request, name, undefined), { credentials }).code).toBe('InvalidAccessKeyId');
});

// Laws

const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const anyName = fc.constantFrom('versionId', 'uploadId', 'response-content-type', 'x-oss-process', 'acl', 'tagging');
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'DELETE', 'HEAD'),
  bucket: fc.constantFrom('logs', 'b-1'),
  key: anyText,
  query: fc
    .uniqueArray(fc.tuple(anyName, anyText), { selector: ([name]) => name, maxLength: 4 })
    .map((pairs) => parseQuery(rawOf({ pairs }))),
  headers: fc.constant({}),
});

test('law: what was signed as a URL is accepted, and with any byte of its path or query changed it is not', () => {
  fc.assert(
    fc.property(anyRequest, fc.constantFrom(...versions), fc.nat(), fc.nat({ max: 7 }), (request, version, at, bit) => {
      const { query } = presigned(request, version);
      const target = `/${request.bucket}/${encodeKey(request.key)}?${rawOf(query)}`;
      const { method } = request;
      expect(ask(read(method, target))).toEqual({ identity: root, signature: version, isUrl: true });

      const index = 1 + (at % (target.length - 1));
      const byte = String.fromCharCode(target.charCodeAt(index) ^ (1 << bit));
      const bent = target.slice(0, index) + byte + target.slice(index + 1);
      fc.pre(!isSame(method, target, bent, version));
      expect(outcome(() => ask(read(method, bent)))).not.toBe('accepted');
    }),
    { numRuns: 1000 },
  );
});

test('law: any query is accepted or refused with a DomainError', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(CREDENTIAL, 'OSS4-HMAC-SHA256', '600'));
  const name = fc.constantFrom(...presigned(plain, 'v1').query.pairs, ...presigned(plain, 'v4').query.pairs);
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (parts) => {
      const query = parseQuery(rawOf({ pairs: parts.map(([[each], text]) => [each, text]) }));
      outcome(() => ask({ ...plain, query }));
    }),
  );
});

// Building requests

interface Context {
  readonly nowMs?: number;
  readonly hostRegion?: string;
  readonly credentials?: Sessions;
}

function ask(request: SignedRequest, { nowMs = NOW, hostRegion, credentials = lasting }: Context = {}): Authenticated {
  return authenticate(request, { credentials, nowMs, servedRegions: places.regions, hostRegion });
}

function refusalOf(request: SignedRequest, context?: Context): DomainError {
  try {
    ask(request, context);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return error as DomainError;
  }
  throw new Error('the request was accepted');
}

function presigned(request: SignedRequest, version: Version, changes: object = {}): SignedRequest {
  const key = { accessKeyId: 'ak', secret: SECRET };
  const v1 = { ...key, expiresAtSeconds: NOW / 1000 + LIFETIME_SECONDS, ...changes };
  const v4 = { ...key, region: 'cn-hangzhou', signedAtMs: NOW, lifetimeSeconds: LIFETIME_SECONDS, ...changes };
  return { ...request, query: parseQuery(version === 'v1' ? presignV1(request, v1) : presignV4(request, v4)) };
}

/** The request with a parameter replaced, taken away or added. */
function change(request: SignedRequest, name: string, value: string | undefined): SignedRequest {
  const others = request.query.pairs.filter(([each]) => each !== name);
  const pairs = value === undefined ? others : [...others, [name, value] as const];
  return { ...request, query: parseQuery(rawOf({ pairs })) };
}

function rawOf({ pairs }: Pick<Query, 'pairs'>): string {
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

/** What the server makes of a target. */
function read(method: string, target: string): SignedRequest {
  const { bucket, key, rawQuery } = resolveAddress('127.0.0.1', target, places);
  return { method, bucket, key, query: parseQuery(rawQuery), headers: {} };
}

/** True when a target means what the other does: in another spelling, or in what the signature doesn't cover. */
function isSame(method: string, one: string, other: string, version: Version): boolean {
  const meaning = (target: string) => {
    const { bucket, key, query } = read(method, target);
    const isCovered = ([name]: readonly [string, string]) => version === 'v4' || isSignedSubresource(name);
    const signature = ['OSSAccessKeyId', 'Expires', 'Signature'].map((name) => query.get(name));
    return JSON.stringify([bucket, key, query.pairs.filter(isCovered).toSorted(), signature]);
  };
  try {
    return meaning(one) === meaning(other);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return false;
  }
}

function outcome(work: () => Authenticated): 'accepted' | 'anonymous' | 'refused' {
  try {
    return work().identity.kind === 'anonymous' ? 'anonymous' : 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return 'refused';
  }
}
