/** Signed URLs: those that the unmodified ali-oss SDK makes, and those that a server must refuse. */

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseQuery } from '../../src/core/request-target.ts';
import type { SignedRequest } from '../../src/core/signed-request.ts';
import { presignV1, presignV4 } from '../presign.ts';
import { TEST_KEY } from '../server-process.ts';
import { rawQuery } from '../wire-client.ts';
import { type AliOss, type AliOssError, aliOss } from './ali-oss-client.ts';
import { BUCKET, REPORTS, type Refusal, type RefusingServer, startRefusingServer } from './refusing-server.ts';

const DOMAIN = 'oss-cn-hangzhou.aliyuncs.com';
const HOUR_MS = 3_600_000;
const LIFETIME_SECONDS = 600;

type Version = 'v1' | 'v4';
const versions: readonly Version[] = ['v1', 'v4'];

let server: RefusingServer;

beforeAll(async () => {
  server = await startRefusingServer();
});

afterAll(() => server.stop());

afterEach(() => {
  vi.useRealTimers();
});

describe.each(versions)('a URL that ali-oss signs with %s', (version) => {
  const key = 'Ünïcödé + 封面/a&b=c.txt';
  const content = `written by ${version}`;
  let sdk: AliOss;

  beforeAll(() => {
    // It refuses to sign URLs for an IP address, so it gets a name, and what it signs is sent to where we listen.
    sdk = aliOss({ endpoint: `http://${DOMAIN}`, isV4: version === 'v4' });
    sdk.useBucket(REPORTS);
  });

  const sign = async (method: 'GET' | 'PUT', { type, disposition }: { type?: string; disposition?: string } = {}) => {
    if (version === 'v4') {
      const headers = type === undefined ? {} : { 'Content-Type': type };
      const queries = disposition === undefined ? {} : { 'response-content-disposition': disposition };
      return await sdk.signatureUrlV4(method, LIFETIME_SECONDS, { headers, queries }, key);
    }
    return sdk.signatureUrl(key, {
      method,
      expires: LIFETIME_SECONDS,
      ...(type !== undefined && { 'Content-Type': type }),
      ...(disposition !== undefined && { response: { 'content-disposition': disposition } }),
    });
  };

  test('puts an object with the Content-Type it was signed for, and gets it', async () => {
    const url = await sign('PUT', { type: 'text/x-signed' });
    expect(await send('PUT', url, { headers: { 'content-type': 'text/x-signed' }, body: content })).toMatchObject({
      status: 200,
    });
    const got = await send('GET', await sign('GET'));
    expect(got).toMatchObject({ status: 200, text: content });
    expect(got.headers['content-type']).toBe('text/x-signed');
  });

  test('is refused with another Content-Type, or none', async () => {
    const url = await sign('PUT', { type: 'text/x-signed' });
    for (const headers of [{ 'content-type': 'text/html' }, {}]) {
      expect(await send('PUT', url, { headers, body: 'other' })).toMatchObject({
        status: 403,
        code: 'SignatureDoesNotMatch',
      });
    }
  });

  test('covers what it says of the response', async () => {
    const url = await sign('GET', { disposition: 'attachment; filename="a b.txt"' });
    expect(await send('GET', url)).toMatchObject({ status: 200, text: content });
    expect(await send('GET', url.replace('attachment', 'inline'))).toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  test('is good for its method and key alone', async () => {
    const url = await sign('GET');
    const mismatch = { status: 403, code: 'SignatureDoesNotMatch' };
    expect(await send('PUT', url, { body: 'other' })).toMatchObject(mismatch);
    expect(await send('DELETE', url)).toMatchObject(mismatch);
    expect(await send('GET', url.replace('.txt?', '.txx?'))).toMatchObject(mismatch);
    expect(await send('GET', url.replace(`${REPORTS}.`, `${BUCKET}.`))).toMatchObject(mismatch);
    expect(await send('GET', url)).toMatchObject({ status: 200, text: content });
  });

  test('is refused when a character of its signature is another', async () => {
    const url = await sign('GET');
    const bent = url.replace(/ignature=(.)/, (_all, first: string) => `ignature=${first === 'a' ? 'b' : 'a'}`);
    expect(await send('GET', bent)).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
  });

  test('is refused once it has expired, with both times', async () => {
    // On a whole second, for ali-oss rounds it.
    const signedAtMs = Math.floor(Date.now() / 1000) * 1000 - HOUR_MS;
    vi.useFakeTimers({ toFake: ['Date'], now: signedAtMs });
    const url = await sign('GET');
    vi.useRealTimers();
    const { status, code, text } = await send('GET', url);
    expect({ status, code }).toEqual({ status: 403, code: 'AccessDenied' });
    expect(text).toContain('<Message>Request has expired.</Message>');
    expect(text).toContain(`<Expires>${new Date(signedAtMs + LIFETIME_SECONDS * 1000).toISOString()}</Expires>`);
    expect(text).toMatch(/<ServerTime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z<\/ServerTime>/);
  });
});

test('a header that ali-oss signs beyond the usual ones must be sent as it was signed', async () => {
  const sdk = aliOss({ endpoint: `http://${DOMAIN}`, isV4: true });
  sdk.useBucket(REPORTS);
  const url = await sdk.signatureUrlV4('PUT', 60, { headers: { 'Cache-Control': 'no-store' } }, 'c', ['Cache-Control']);
  const put = async (cacheControl: string) =>
    await send('PUT', url, { headers: { 'cache-control': cacheControl }, body: 'x' });
  expect(await put('no-cache')).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
  expect(await put('no-store')).toMatchObject({ status: 200 });
});

test('parameters that ali-oss signs without a value in its own way are accepted', async () => {
  const sdk = aliOss({ endpoint: server.process.endpoint, isV4: true });
  sdk.useBucket(REPORTS);
  expect(await sdk.list({ prefix: '', marker: '', delimiter: '' })).toMatchObject({ isTruncated: false });
  expect(await sdk.listV2({ prefix: '', 'start-after': '' })).toMatchObject({ isTruncated: false });
  // A sub-resource among them is signed bare.
  await expect(sdk.getBucketVersions({ prefix: '', 'max-keys': 1 }).catch(codeOf)).resolves.not.toBe(
    'SignatureDoesNotMatch',
  );

  const named = aliOss({ endpoint: `http://${DOMAIN}`, isV4: true });
  named.useBucket(REPORTS);
  const url = await named.signatureUrlV4('GET', 60, { queries: { location: '' } }, '');
  expect(await send('GET', url)).toMatchObject({ status: 200, text: expect.stringContaining('oss-cn-hangzhou') });
});

describe('a signed URL is refused', () => {
  const denied = (code: string, ec?: string): Refusal => ({ status: 403, code, ...(ec !== undefined && { ec }) });
  const invalid = (ec: string): Refusal => ({ status: 400, code: 'InvalidArgument', ec: `0002-00000${ec}` });
  const incomplete = (ec: string) => denied('AccessDenied', `0002-000000${ec}`);
  type Change = Readonly<Record<string, string | undefined>>;

  const bent: readonly [what: string, version: Version, change: Change, refusal: Refusal][] = [
    ['without OSSAccessKeyId', 'v1', { OSSAccessKeyId: undefined }, incomplete('71')],
    ['without Expires', 'v1', { Expires: undefined }, incomplete('67')],
    ['without Signature', 'v1', { Signature: undefined }, incomplete('75')],
    ['with Expires that is no integer', 'v1', { Expires: 'soon' }, incomplete('70')],
    ['with Expires in the past', 'v1', { Expires: '1141889120' }, incomplete('69')],
    ['with another Expires', 'v1', { Expires: '4102444800' }, denied('SignatureDoesNotMatch', '0002-00000040')],
    ['with an unknown key', 'v1', { OSSAccessKeyId: 'who' }, denied('InvalidAccessKeyId', '0002-00000902')],
    ['without a version', 'v4', { 'x-oss-signature-version': undefined }, invalid('066')],
    ['with an unknown version', 'v4', { 'x-oss-signature-version': 'ABC' }, invalid('066')],
    ['without a credential', 'v4', { 'x-oss-credential': undefined }, invalid('217')],
    ['with a credential of another form', 'v4', { 'x-oss-credential': 'a/b' }, invalid('224')],
    ['without a lifetime', 'v4', { 'x-oss-expires': undefined }, invalid('215')],
    ['with no lifetime at all', 'v4', { 'x-oss-expires': '0' }, invalid('232')],
    ['with a lifetime above a week', 'v4', { 'x-oss-expires': '604801' }, invalid('232')],
    ['with another lifetime', 'v4', { 'x-oss-expires': '601' }, denied('SignatureDoesNotMatch', '0002-00000040')],
    ['without a date', 'v4', { 'x-oss-date': undefined }, denied('AccessDenied', '0002-00000503')],
    ['of another day than its credential', 'v4', { 'x-oss-date': '20200101T000000Z' }, invalid('223')],
    ['without a signature', 'v4', { 'x-oss-signature': undefined }, invalid('219')],
    ['with an empty list of headers', 'v4', { 'x-oss-additional-headers': '' }, invalid('209')],
    ['with an empty name of a header', 'v4', { 'x-oss-additional-headers': 'host;' }, invalid('210')],
    ['in the form of V2', 'v4', { 'x-oss-signature-version': 'OSS2' }, { status: 400, code: 'NotImplemented' }],
    ['in both forms', 'v4', { Signature: 's' }, invalid('039')],
    ['with a key of AWS', 'v1', { AWSAccessKeyId: 'ak' }, { status: 400, code: 'NotImplemented' }],
  ];

  test.each(bent)('%s (%s)', async (_what, version, change, refusal) => {
    const query = Object.fromEntries(parseQuery(presigned(version, putK)).pairs);
    await server.expectRefusal(unsigned(rawQuery(omitUndefined({ ...query, ...change }))), refusal);
  });

  test('when it is of a V4 that expired, or that begins too far ahead', async () => {
    const at = (signedAtMs: number) => unsigned(presigned('v4', putK, { signedAtMs }));
    const expired = await server.expectRefusal(at(Date.now() - HOUR_MS), denied('AccessDenied', '0002-00000236'));
    expect(expired.error?.message).toBe('Request has expired.');
    const early = await server.expectRefusal(at(Date.now() + HOUR_MS), denied('RequestTimeTooSkewed', '0002-00000504'));
    expect(early.text).toContain('<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>');
  });

  test('for a region that is not served, which it names', async () => {
    const { text } = await server.expectRefusal(
      unsigned(presigned('v4', putK, { region: 'us-west-1' })),
      invalid('226'),
    );
    expect(text).toMatch(/<ArgumentName>region<\/ArgumentName>\s*<ArgumentValue>us-west-1<\/ArgumentValue>/);
  });

  test.each(versions)('for a secret that is not the key’s, with what we signed (%s)', async (version) => {
    const { text } = await server.expectRefusal(
      unsigned(presigned(version, putK, { secret: 'guess' })),
      denied('SignatureDoesNotMatch', '0002-00000040'),
    );
    const start = version === 'v1' ? 'PUT\n\n\n' : 'OSS4-HMAC-SHA256\n';
    expect(text).toContain(`<StringToSign>${start}`);
    expect(text).toMatch(/<StringToSignBytes>(?:[0-9A-F]{2} )+<\/StringToSignBytes>/);
  });

  test.each(versions)('together with an Authorization header (%s)', async (version) => {
    const request = { ...putK, query: presigned(version, putK) };
    await server.expectRefusal({ ...request, body: 'x', signature: version }, invalid('039'));
  });

  test.each(versions)('with a token, in the query or in a header (%s)', async (version) => {
    const name = version === 'v1' ? 'security-token' : 'x-oss-security-token';
    const query = presigned(version, { ...putK, query: `${name}=made-up` });
    await server.expectRefusal(unsigned(query), denied('InvalidSecurityToken', '0002-00000006'));
    const inHeader = { ...unsigned(presigned(version, putK)), headers: { 'x-oss-security-token': 'made-up' } };
    await server.expectRefusal(inHeader, { status: 400, code: 'InvalidRequest', ec: '0002-00000005' });
  });

  test('under V1 where V4 is asked for', async () => {
    const runs = { method: 'GET', bucket: BUCKET, query: 'inventory&inventoryId=r&runs' };
    const v1 = await server.client.send({ ...runs, query: presigned('v1', runs), signature: 'none' });
    expect(v1.error).toMatchObject({ code: 'AccessDenied', message: expect.stringContaining('V4 signatures only') });
    const v4 = await server.client.send({ ...runs, query: presigned('v4', runs), signature: 'none' });
    expect(v4.error?.code).toBe('NoSuchInventory');
  });
});

test.each(versions)('a rule can be deleted by a URL signed with %s', async (version) => {
  const request = { method: 'DELETE', bucket: BUCKET, query: 'inventory&inventoryId=none' };
  const reply = await server.client.send({ ...request, query: presigned(version, request), signature: 'none' });
  expect(reply.status, reply.text).toBe(204);
});

// Making and sending URLs

interface Unsigned {
  readonly method: string;
  readonly bucket: string;
  readonly key?: string;
  readonly query?: string;
}

const putK: Unsigned = { method: 'PUT', bucket: BUCKET, key: 'k' };

const unsigned = (query: string) => ({ ...putK, query, body: 'x', signature: 'none' }) as const;

/** The raw query that makes a URL of the request. */
function presigned(
  version: Version,
  { query = '', ...request }: Unsigned,
  changes: { readonly secret?: string; readonly region?: string; readonly signedAtMs?: number } = {},
): string {
  const signed: SignedRequest = { ...request, query: parseQuery(query), headers: {} };
  const key = { accessKeyId: TEST_KEY.accessKeyId, secret: changes.secret ?? TEST_KEY.accessKeySecret };
  const { region = 'cn-hangzhou', signedAtMs = Date.now() } = changes;
  return version === 'v1'
    ? presignV1(signed, { ...key, expiresAtSeconds: Math.floor(signedAtMs / 1000) + LIFETIME_SECONDS })
    : presignV4(signed, { ...key, region, signedAtMs, lifetimeSeconds: LIFETIME_SECONDS });
}

const codeOf = (error: unknown): string => (error as AliOssError).code;

function omitUndefined(query: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Sends a URL to our server, whatever host it names; the host goes along as it was signed for. */
async function send(
  method: string,
  url: string,
  { headers = {}, body }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
) {
  const { host, pathname, search } = new URL(url);
  const sent = httpRequest({
    host: '127.0.0.1',
    port: server.process.port,
    method,
    path: pathname + search,
    headers: { host, ...headers },
  });
  sent.end(body);
  const [message] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of message.setEncoding('utf8')) text += chunk as string;
  return { status: message.statusCode, headers: message.headers, text, code: /<Code>(.*?)</.exec(text)?.[1] };
}
