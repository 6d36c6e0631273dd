import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anySealer, lastingKeys, MemoryDirectory } from '../../../test/session-fixture.ts';
import {
  type SigningVector,
  signedAtMs,
  v1Vectors,
  v2Vectors,
  v4Vectors,
  wireRequest,
} from '../../../test/signing-vectors.ts';
import { type SessionCredentials, Sessions } from '../../access/sessions.ts';
import { DomainError, type ErrorCode } from '../../core/errors.ts';
import { signatureV1, stringToSignV1 } from '../../core/oss-signature-v1.ts';
import {
  canonicalRequestV4,
  EMPTY_VALUE_FORMS,
  signatureV4,
  signV4,
  stringToSignV4,
} from '../../core/oss-signature-v4.ts';
import { formatQuery, parseQuery, type Query } from '../../core/request-target.ts';
import type { HeaderFields, SignedRequest } from '../../core/signed-request.ts';
import { type AuthenticationContext, authenticate } from './authenticate.ts';
import { MAX_SKEW_MS } from './claim.ts';

const NOW = Date.UTC(2026, 10, 22, 15, 0, 0);
const SECRET = 'correct horse battery staple';
const root = { kind: 'root', accountId: '1000', accessKeyId: 'ak' } as const;
const signer = { accessKeyId: 'ak', secret: SECRET, region: 'cn-hangzhou', signedAtMs: NOW };
const context = contextFor('ak', SECRET, NOW);
const plain: SignedRequest = {
  method: 'PUT',
  bucket: 'logs',
  key: 'a/b',
  query: parseQuery('acl&prefix=p'),
  headers: { host: 'logs.localhost', 'content-type': 'text/plain', 'x-oss-meta-a': '1' },
};

// Published vectors

const vectors = [...v1Vectors, ...v4Vectors].filter(({ wire }) => wire !== undefined);

/** Vectors whose signature is right and whose request isn't for us all the same. */
const REFUSED: Readonly<Record<string, ErrorCode>> = {
  // Tokens beside lasting keys, which have none.
  'v4-header-token': 'InvalidSecurityToken',
  'v1-query-token-pluskey': 'InvalidSecurityToken',
  'v1-query-odd-token': 'InvalidSecurityToken',
  'v1-query-many-params': 'InvalidSecurityToken',
  'v4-query-token': 'InvalidSecurityToken',
  // A cloud box: its product isn't ours.
  'v4-header-cloudbox': 'CredentialScopeInvalid',
  'v4-query-cloudbox': 'UrlV4CredentialInvalid',
};
const accepted = vectors.filter(({ id }) => REFUSED[id] === undefined);
const headerVectors = accepted.filter(({ kind }) => kind === 'header');

test('every vector is accepted, refused for a reason, or has no request for a server', () => {
  const ids = vectors.map(({ id }) => id);
  expect(Object.keys(REFUSED).filter((id) => !ids.includes(id))).toEqual([]);
  expect(vectors.map(({ wire }) => wire?.verdict)).toEqual(vectors.map(() => 'ok'));
  expect(new Set(vectors.map(({ kind }) => kind))).toEqual(new Set(['header', 'query']));
  const others = [...v1Vectors, ...v4Vectors].filter(({ id }) => !ids.includes(id));
  // These two kinds end before a signature; the tests of the signatures themselves run them.
  expect(new Set(others.map(({ kind }) => kind))).toEqual(new Set(['header-string-to-sign', 'canonical-request']));
});

test.each(accepted)('the request of $id is accepted at the time it was signed', (vector) => {
  const { accessKeyId } = vector.input;
  expect(authenticate(wireRequest(vector), contextOf(vector))).toEqual({
    identity: { ...root, accessKeyId },
    signature: vector.id.slice(0, 2),
    isUrl: vector.kind === 'query',
  });
});

test.each(vectors.filter(({ id }) => REFUSED[id] !== undefined))('the request of $id is refused', (vector) => {
  expect(refusalOf(wireRequest(vector), contextOf(vector)).code).toBe(REFUSED[vector.id]);
});

test.each(v2Vectors)('the request of $id is refused by the name of its scheme', ({ input, expect: published }) => {
  const { method, bucket, key, accessKeyId, expires } = input;
  const pairs = [
    ['x-oss-signature-version', 'OSS2'],
    ['x-oss-access-key-id', accessKeyId],
    ['x-oss-expires', String(expires)],
    ['x-oss-signature', published.signature ?? ''],
  ] as const;
  const { authorization, signature } = published;
  const query = parseQuery(signature === undefined ? input.rawQuery : `${input.rawQuery}&${formatQuery(pairs)}`);
  const refusal = refusalOf({ method, bucket, key, query, headers: { authorization } }, context);
  expect(refusal).toMatchObject({ code: 'NotImplemented', message: expect.stringContaining('OSS2') });
});

const signed = vectors.filter(({ id }) => !id.endsWith('-cloudbox'));

test.each(signed)('the request of $id is refused with a wrong secret', (vector) => {
  const wrong = contextFor(vector.input.accessKeyId, `${vector.input.accessKeySecret}x`, signedAtMs(vector));
  expect(refusalOf(wireRequest(vector), wrong).code).toBe('SignatureDoesNotMatch');
});

test.each(headerVectors)('no byte of what $id signs can change', (vector) => {
  const request = wireRequest(vector);
  for (const [what, changed] of changesOf(request, vector.id.startsWith('v4'))) {
    expect.soft(refusalOf(changed, contextOf(vector)).code, what).toBe('SignatureDoesNotMatch');
  }
});

test.each(headerVectors)('no byte of the date of $id can change', (vector) => {
  const request = wireRequest(vector);
  const name = request.headers['x-oss-date'] === undefined ? 'date' : 'x-oss-date';
  for (const value of flips(request.headers[name] ?? '')) {
    refusalOf(withHeaders(request, { [name]: value }), contextOf(vector));
  }
});

// Who is nobody

test('a request without any signature is anonymous', () => {
  expect(authenticate(plain, context)).toEqual({
    identity: { kind: 'anonymous' },
    signature: 'none',
    isUrl: false,
  });
});

test('a signature in the header and a part of one in the URL is refused', () => {
  for (const raw of ['OSSAccessKeyId=ak', 'Expires=1', 'x-oss-credential=c', 'X-Amz-Signature=s']) {
    const request = { ...signedV4(plain), query: parseQuery(raw) };
    expect(refusalOf(request, context).code).toBe('SignedTwice');
  }
});

// The form of the claim

test.each(['', 'OSS', 'OSS3 ak:s', 'OSS4-HMAC-SHA256', 'Basic abc', 'OSS ak'])(
  'the Authorization %j is malformed',
  (authorization) => {
    expect(refusalOf(withHeaders(plain, { authorization }), context).code).toBe('AuthorizationMalformed');
  },
);

test.each(['AWS ak:s', 'AWS4-HMAC-SHA256 Credential=ak'])(
  'the Authorization %j is of a scheme that is not served',
  (authorization) => {
    expect(refusalOf(withHeaders(plain, { authorization }), context)).toMatchObject({
      code: 'NotImplemented',
      message: expect.stringContaining(
        `${authorization.split(' ')[0]} are not served: sign with OSS4-HMAC-SHA256 or OSS`,
      ),
    });
  },
);

test('an empty V1 signature is refused', () => {
  expect(refusalOf(withHeaders(plain, { authorization: 'OSS ak:' }), context).code).toBe('SignatureEmpty');
});

test.each([undefined, '', 'e3b0c44298fc1c149afbf4c8996fb924'])('the payload hash %j is refused', (hash) => {
  const request = withHeaders(signedV4(plain), { 'x-oss-content-sha256': hash });
  expect(refusalOf(request, context)).toMatchObject({
    code: 'ContentSha256Invalid',
    details: { ArgumentName: 'x-oss-content-sha256', ArgumentValue: hash ?? '' },
  });
});

test('a scope that ends otherwise, or of another product, is refused', () => {
  const request = signedV4(plain);
  for (const [from, to] of [
    ['aliyun_v4_request', 'aws4_request'],
    ['/oss/', '/oss-cloudbox/'],
  ] as const) {
    const authorization = request.headers.authorization?.replace(from, to);
    expect(refusalOf(withHeaders(request, { authorization }), context).code).toBe('CredentialScopeInvalid');
  }
});

test('a scope of another day than the request is refused', () => {
  for (const day of ['20261121', '2026', '20261122T']) {
    const request = signedV4(plain);
    const authorization = request.headers.authorization?.replace('/20261122/', `/${day}/`);
    expect(refusalOf(withHeaders(request, { authorization }), context).code).toBe('CredentialDateInvalid');
  }
});

test('a region that is not served is refused, and named', () => {
  const request = signedV4(plain, { region: 'eu-central-1' });
  expect(refusalOf(request, context)).toMatchObject({
    code: 'SigningRegionInvalid',
    message: 'Invalid signing region in Authorization header.',
    details: { ArgumentName: 'region', ArgumentValue: 'eu-central-1' },
  });
});

test('a served region must also be the one that the host names', () => {
  const served = { ...context, servedRegions: ['cn-hangzhou', 'cn-beijing'] };
  const request = signedV4(plain, { region: 'cn-beijing' });
  expect(authenticate(request, served).signature).toBe('v4');
  expect(authenticate(request, { ...served, hostRegion: 'cn-beijing' }).signature).toBe('v4');
  expect(refusalOf(request, { ...served, hostRegion: 'cn-hangzhou' }).code).toBe('SigningRegionInvalid');
});

test('an empty list of additional headers is refused', () => {
  const request = signedV4(plain);
  const authorization = request.headers.authorization?.replace(',Signature', ',AdditionalHeaders=,Signature');
  expect(refusalOf(withHeaders(request, { authorization }), context).code).toBe('AdditionalHeadersEmpty');
});

// The clock

test.each([undefined, '', 'yesterday', 'Sun, 22 Nov 2026 15:00:00 GMT'])('a V4 request with x-oss-date %j', (date) => {
  const request = withHeaders(signedV4(plain), { 'x-oss-date': date });
  expect(refusalOf(request, context).code).toBe('DateMissing');
});

test.each([undefined, '', 'yesterday', '20261122T150000Z'])('a V1 request with Date %j', (date) => {
  const request = withHeaders(plain, { date, authorization: 'OSS ak:sig' });
  expect(refusalOf(request, context).code).toBe('DateMissing');
});

test('Date stands in for a missing x-oss-date in V4', () => {
  const scope = { date: '20261122', region: 'cn-hangzhou', product: 'oss' };
  const headers = { date: 'Sun, 22 Nov 2026 15:00:00 GMT', 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD' };
  const request = withHeaders(plain, headers);
  const stringToSign = stringToSignV4(canonicalRequestV4(request, []), '20261122T150000Z', scope);
  const authorization =
    'OSS4-HMAC-SHA256 Credential=ak/20261122/cn-hangzhou/oss/aliyun_v4_request,' +
    `Signature=${signatureV4(SECRET, scope, stringToSign)}`;
  expect(authenticate(withHeaders(request, { authorization }), context).signature).toBe('v4');
  const elsewhen = withHeaders(request, { authorization, date: 'Sun, 22 Nov 2026 15:00:01 GMT' });
  expect(refusalOf(elsewhen, context).code).toBe('SignatureDoesNotMatch');
});

test('the clock may differ by fifteen minutes either way, and no more', () => {
  for (const request of [signedV4(plain), signedV1(plain)]) {
    for (const skew of [-MAX_SKEW_MS, MAX_SKEW_MS]) {
      expect(authenticate(request, { ...context, nowMs: NOW + skew }).identity).toEqual(root);
      const beyond = NOW + skew + Math.sign(skew);
      expect(refusalOf(request, { ...context, nowMs: beyond })).toMatchObject({
        code: 'RequestTimeTooSkewed',
        details: {
          MaxAllowedSkewMilliseconds: '900000',
          RequestTime: '2026-11-22T15:00:00.000Z',
          ServerTime: new Date(beyond).toISOString(),
        },
      });
    }
  }
});

// Key, signature, token

test('an unknown access key is refused by name, whatever the signature', () => {
  for (const request of [signedV4(plain, { accessKeyId: 'who' }), signedV1(plain, 'who')]) {
    expect(refusalOf(request, context)).toMatchObject({
      code: 'InvalidAccessKeyId',
      details: { OSSAccessKeyId: 'who' },
    });
  }
});

test('a V1 mismatch shows what was signed, in the order of the wire', () => {
  const request = withHeaders(signedV1(plain), { authorization: 'OSS ak:wrong' });
  const stringToSign =
    'PUT\n\ntext/plain\nSun, 22 Nov 2026 15:00:00 GMT\nx-oss-date:Sun, 22 Nov 2026 15:00:00 GMT\nx-oss-meta-a:1\n/logs/a/b?acl';
  const { details } = refusalOf(request, context);
  expect(Object.entries(details)).toEqual([
    ['OSSAccessKeyId', 'ak'],
    ['SignatureProvided', 'wrong'],
    ['StringToSign', stringToSign],
    ['StringToSignBytes', expect.stringMatching(/^50 55 54 0A 0A 74 65 (?:[0-9A-F]{2} )+61 63 6C $/)],
  ]);
});

test('a V4 mismatch shows the canonical request too', () => {
  const { details } = refusalOf({ ...signedV4(plain), method: 'GET' }, context);
  expect(Object.keys(details)).toEqual([
    'OSSAccessKeyId',
    'SignatureProvided',
    'StringToSign',
    'StringToSignBytes',
    'CanonicalRequest',
  ]);
  expect(details.CanonicalRequest).toMatch(/^GET\n\/logs\/a\/b\nacl&prefix=p\ncontent-type:text\/plain\n/);
});

test('a mismatch reveals neither the secret nor the right signature', () => {
  for (const request of [signedV4(plain), signedV1(plain)]) {
    const signature = signatureOf(request.headers.authorization ?? '');
    const authorization = request.headers.authorization?.replace(signature, 'wrong');
    const { message, details } = refusalOf(withHeaders(request, { authorization }), context);
    const shown = JSON.stringify({ message, details });
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain(signature);
  }
});

test('an additional header that the request lacks is a mismatch, even if signed that way', () => {
  const request = signedV4(plain);
  const authorization = request.headers.authorization?.replace(',Signature', ',AdditionalHeaders=absent,Signature');
  expect(refusalOf(withHeaders(request, { authorization }), context).code).toBe('SignatureDoesNotMatch');
});

test('a header that is always signed may be listed as additional and is signed once', () => {
  const request = signedV4(plain, { additionalHeaders: ['host'] });
  const authorization = request.headers.authorization?.replace('=host', '=Content-Type;host;x-oss-meta-a');
  expect(authenticate(withHeaders(request, { authorization }), context).identity).toEqual(root);
});

test('an additional header is signed, any other is not', () => {
  const listed = signedV4(plain, { additionalHeaders: ['host'] });
  expect(refusalOf(withHeaders(listed, { host: 'other' }), context).code).toBe('SignatureDoesNotMatch');
  expect(authenticate(withHeaders(signedV4(plain), { host: 'other' }), context).identity).toEqual(root);
});

test('V1 leaves parameters that are not sub-resources unsigned, V4 signs them all', () => {
  const query = parseQuery('acl&prefix=other');
  expect(authenticate({ ...signedV1(plain), query }, context).signature).toBe('v1');
  expect(refusalOf({ ...signedV4(plain), query }, context).code).toBe('SignatureDoesNotMatch');
});

test('a parameter without a value may be signed with its "=", and never with another value', () => {
  for (const [index, form] of EMPTY_VALUE_FORMS.entries()) {
    const request = withHeaders(
      { ...plain, query: parseQuery('versions=&prefix=') },
      {
        'x-oss-date': '20261122T150000Z',
        'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    );
    const scope = { date: '20261122', region: 'cn-hangzhou', product: 'oss' };
    const stringToSign = stringToSignV4(canonicalRequestV4(request, [], form), '20261122T150000Z', scope);
    const authorization =
      'OSS4-HMAC-SHA256 Credential=ak/20261122/cn-hangzhou/oss/aliyun_v4_request,' +
      `Signature=${signatureV4(SECRET, scope, stringToSign)}`;
    expect.soft(authenticate(withHeaders(request, { authorization }), context).identity, `${index}`).toEqual(root);
    for (const raw of ['versions&prefix=p', 'versions', 'versions&prefix&marker', 'versions=1&prefix']) {
      const other = { ...withHeaders(request, { authorization }), query: parseQuery(raw) };
      expect.soft(refusalOf(other, context).code, raw).toBe('SignatureDoesNotMatch');
    }
  }
});

test('a security token is looked at only once the signature is right', () => {
  const withToken = withHeaders(plain, { 'x-oss-security-token': 'token' });
  for (const sign of [signedV4, signedV1]) {
    expect(refusalOf(sign(withToken), context)).toMatchObject({
      code: 'InvalidSecurityToken',
      message: 'The security token you provided is invalid.',
    });
    const added = withHeaders(sign(plain), { 'x-oss-security-token': 'token' });
    expect(refusalOf(added, context).code).toBe('SignatureDoesNotMatch');
  }
});

// Sessions

const issue = { sessionName: 'anna', seconds: 900, nowMs: NOW };

function sessionContext() {
  const directory = new MemoryDirectory();
  const sessions = new Sessions(directory, anySealer());
  const role = directory.addRole();
  return { directory, role, sessions, context: { ...context, credentials: sessions } };
}

function signedBySession(key: SessionCredentials, token: string, sign: 'v1' | 'v4' = 'v4'): SignedRequest {
  const withToken = withHeaders(plain, { 'x-oss-security-token': token });
  const { accessKeyId, secret } = key;
  return sign === 'v4' ? signedV4(withToken, { accessKeyId, secret }) : signedV1(withToken, accessKeyId, secret);
}

test.each(['v1', 'v4'] as const)('a session signs with %s and its token, and is its role', (version) => {
  const { role, sessions, context } = sessionContext();
  const key = sessions.issue({ role, ...issue });
  const { accessKeyId } = key;
  expect(authenticate(signedBySession(key, key.securityToken, version), context)).toEqual({
    identity: {
      kind: 'session',
      accountId: role.accountId,
      accessKeyId,
      roleId: role.id,
      roleName: 'writer',
      sessionName: 'anna',
      policies: role.policies,
    },
    signature: version,
    isUrl: false,
  });
});

test('the key of a session is unknown without its token, and no good beside that of another', () => {
  const { role, sessions, context } = sessionContext();
  const [one, other] = [sessions.issue({ role, ...issue }), sessions.issue({ role, ...issue })];
  const { accessKeyId, secret } = one;
  expect(refusalOf(signedV4(plain, { accessKeyId, secret }), context)).toMatchObject({
    code: 'InvalidAccessKeyId',
    details: { OSSAccessKeyId: accessKeyId },
  });
  expect(refusalOf(signedBySession(one, other.securityToken), context).code).toBe('SecurityTokenMismatch');
});

test('a session signs with its own secret', () => {
  const { role, sessions, context } = sessionContext();
  const [one, other] = [sessions.issue({ role, ...issue }), sessions.issue({ role, ...issue })];
  const request = signedBySession({ ...one, secret: other.secret }, one.securityToken);
  expect(refusalOf(request, context).code).toBe('SignatureDoesNotMatch');
});

test('a request with two tokens is refused, even if they are the same', () => {
  const { role, sessions, context } = sessionContext();
  const { accessKeyId, secret, securityToken } = sessions.issue({ role, ...issue });
  const query = parseQuery(`acl&x-oss-security-token=${securityToken}`);
  const twice = { ...withHeaders(plain, { 'x-oss-security-token': securityToken }), query };
  expect(refusalOf(signedV4(twice, { accessKeyId, secret }), context).code).toBe('InvalidSecurityToken');
});

// Laws

const anyText = fc.string({ unit: 'binary', maxLength: 30 });
const anyHeaders = fc.dictionary(
  fc.stringMatching(/^x-oss-meta-[a-z0-9_-]{1,8}$/),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((byte) => String.fromCharCode(byte)), maxLength: 20 }),
);
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  bucket: fc.constantFrom('b', 'logs'),
  key: fc.option(anyText, { nil: undefined }),
  query: fc.uniqueArray(fc.tuple(anyText, anyText), { selector: ([name]) => name, maxLength: 6 }).map(queryOf),
  headers: anyHeaders,
});

test('law: what signV4 signs is accepted', () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      expect(authenticate(signedV4(request), context)).toEqual({ identity: root, signature: 'v4', isUrl: false });
    }),
  );
});

test('law: what is signed for one key and query is refused for any other', () => {
  const keyAndQuery = ({ key, query }: SignedRequest) => [key ?? '', query.pairs.toSorted(byText)];
  fc.assert(
    fc.property(anyRequest, anyRequest, (one, other) => {
      fc.pre(JSON.stringify(keyAndQuery(one)) !== JSON.stringify(keyAndQuery(other)));
      const moved = { ...signedV4(one), key: other.key, query: other.query };
      expect(refusalOf(moved, context).code).toBe('SignatureDoesNotMatch');
    }),
  );
});

test('law: an Authorization header is accepted or refused with a DomainError', () => {
  const scheme = fc.constantFrom('', 'OSS ', 'OSS ak:', 'OSS4-HMAC-SHA256 ', 'OSS4-HMAC-SHA256 Credential=ak/');
  fc.assert(
    fc.property(scheme, fc.string({ unit: 'binary' }), (start, rest) => {
      refusalOf(withHeaders(signedV4(plain), { authorization: start + rest }), context);
    }),
  );
});

// Building requests

function contextFor(accessKeyId: string, secret: string, nowMs: number): AuthenticationContext {
  const identity = { ...root, accessKeyId };
  return {
    credentials: lastingKeys(secret, identity),
    nowMs,
    servedRegions: ['cn-hangzhou'],
    hostRegion: undefined,
  };
}

function contextOf(vector: SigningVector): AuthenticationContext {
  return contextFor(vector.input.accessKeyId, vector.input.accessKeySecret, signedAtMs(vector));
}

function withHeaders(request: SignedRequest, headers: HeaderFields): SignedRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

function signedV4(request: SignedRequest, changes: Partial<typeof signer & { additionalHeaders: string[] }> = {}) {
  return withHeaders(request, { ...signV4(request, { ...signer, ...changes }) });
}

function signedV1(request: SignedRequest, accessKeyId = 'ak', secret = SECRET): SignedRequest {
  const date = new Date(NOW).toUTCString();
  const dated = withHeaders(request, { 'x-oss-date': date });
  return withHeaders(dated, {
    authorization: `OSS ${accessKeyId}:${signatureV1(secret, stringToSignV1(dated, date))}`,
  });
}

function refusalOf(request: SignedRequest, by: AuthenticationContext): DomainError {
  try {
    authenticate(request, by);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return error as DomainError;
  }
  throw new Error('the request was accepted');
}

/** Each way to change one byte of what is signed, with a name for the report of a failure. */
function* changesOf(request: SignedRequest, isV4: boolean): Generator<[what: string, changed: SignedRequest]> {
  const { method, key, query, headers } = request;
  const authorization = headers.authorization ?? '';
  const signature = signatureOf(authorization);
  const claim = authorization.slice(0, authorization.length - signature.length);
  for (const value of flips(signature)) {
    yield [`signature ${value}`, withHeaders(request, { authorization: claim + value })];
  }
  for (const value of [...flips(method), 'GET', 'PUT', 'POST', 'DELETE'].filter((each) => each !== method)) {
    yield [`method ${value}`, { ...request, method: value }];
  }
  for (const value of flips(key ?? '')) yield [`key ${value}`, { ...request, key: value }];
  yield ['a longer key', { ...request, key: `${key ?? ''}x` }];
  yield ['another bucket', { ...request, bucket: `${request.bucket}x` }];

  const isFreeToFlip = (name: string) => name !== 'x-oss-date' && name !== 'x-oss-content-sha256';
  for (const name of Object.keys(headers).filter((each) => isSignedHeader(each) && isFreeToFlip(each))) {
    for (const value of flips(headers[name] ?? ''))
      yield [`${name}: ${value}`, withHeaders(request, { [name]: value })];
    yield [`no ${name}`, withHeaders(request, { [name]: undefined })];
  }
  yield ['one more header', withHeaders(request, { 'x-oss-added': '1' })];

  for (const [index, [name, value]] of query.pairs.entries()) {
    if (!isV4 && name === 'non-resousce') continue; // the vector's unsigned parameter
    const others = query.pairs.toSpliced(index, 1);
    for (const changed of flips(name))
      yield [`?${changed}`, { ...request, query: queryOf([...others, [changed, value]]) }];
    for (const changed of [...flips(value), `${value}x`]) {
      yield [`?${name}=${changed}`, { ...request, query: queryOf([...others, [name, changed]]) }];
    }
    yield [`no ?${name}`, { ...request, query: queryOf(others) }];
  }
  yield ['one more parameter', { ...request, query: queryOf([...query.pairs, ['uploads', '']]) }];
}

function signatureOf(authorization: string): string {
  return /(?::|Signature=)([^:]+)$/.exec(authorization)?.[1] ?? '';
}

function isSignedHeader(name: string): boolean {
  return name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5';
}

function flips(text: string): string[] {
  return [...text].map(
    (character, i) => text.slice(0, i) + String.fromCharCode(character.charCodeAt(0) ^ 1) + text.slice(i + 1),
  );
}

function queryOf(pairs: Query['pairs']): Query {
  return parseQuery(formatQuery(pairs));
}

function byText(a: readonly string[], b: readonly string[]): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
