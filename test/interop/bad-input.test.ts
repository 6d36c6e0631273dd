/** Requests that are wrong in who asks, for what, and how. Each is refused by name, and changes nothing. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { OPERATIONS } from '../../src/protocol/oss/operations.ts';
import type { WireRequest } from '../wire-client.ts';
import { BUCKET, REPORTS, type Refusal, type RefusingServer, startRefusingServer } from './refusing-server.ts';

const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;
const PATIENCE = { timeout: 10_000 };

/** Requests are made when they are sent: signatures age. */
type Case = readonly [what: string, refusal: Refusal, request: () => WireRequest];

const put = (change: WireRequest = {}): WireRequest => ({
  method: 'PUT',
  bucket: BUCKET,
  key: 'k',
  body: 'x',
  ...change,
});
const list = (query: string): WireRequest => ({ bucket: BUCKET, query });

const denied = (code: string, ec?: string): Refusal => ({ status: 403, code, ...(ec !== undefined && { ec }) });
const invalid = (code: string, ec?: string): Refusal => ({ status: 400, code, ...(ec !== undefined && { ec }) });

let server: RefusingServer;

beforeAll(async () => {
  server = await startRefusingServer();
});

afterAll(() => server.stop());

describe('who asks', () => {
  const versions = ['v1', 'v4'] as const;
  const wrongKeys: Case[] = versions.flatMap((signature): Case[] => [
    [
      `a wrong secret under ${signature}`,
      denied('SignatureDoesNotMatch', '0002-00000040'),
      () => put({ signature, signWith: { accessKeySecret: 'guess' } }),
    ],
    [
      `an unknown key under ${signature}`,
      denied('InvalidAccessKeyId', '0002-00000902'),
      () => put({ signature, signWith: { accessKeyId: 'nobody' } }),
    ],
    [
      `a header changed after signing with ${signature}`,
      denied('SignatureDoesNotMatch', '0002-00000040'),
      () => put({ signature, headers: { 'x-oss-meta-a': '1' }, tamper: { 'x-oss-meta-a': '2' } }),
    ],
    [
      `a signature for another key under ${signature}`,
      denied('SignatureDoesNotMatch', '0002-00000040'),
      () => put({ signature, target: `/${BUCKET}/other` }),
    ],
    [
      `no date under ${signature}`,
      denied('AccessDenied', '0002-00000503'),
      () => put({ signature, tamper: { date: undefined, 'x-oss-date': undefined } }),
    ],
    [
      `an empty Authorization in place of ${signature}`,
      invalid('InvalidArgument'),
      () => put({ signature, tamper: { authorization: '' } }),
    ],
  ]);

  const others: Case[] = [
    ['no signature', denied('AccessDenied'), () => put({ signature: 'none' })],
    ['another scheme', invalid('InvalidArgument'), () => put({ tamper: { authorization: 'Basic dGVzdA==' } })],
    [
      'a region that is not served',
      invalid('InvalidArgument', '0002-00000228'),
      () => put({ signWith: { region: 'us-west-1' } }),
    ],
    [
      'a token nobody gave',
      denied('InvalidSecurityToken', '0002-00000006'),
      () => put({ headers: { 'x-oss-security-token': 'made-up' } }),
    ],
  ];

  test.each([...wrongKeys, ...others])('%s is refused', async (_what, refusal, request) => {
    await server.expectRefusal(request(), refusal);
  });

  test.each(
    versions.flatMap((signature) => [
      { signature, minutes: -16 },
      { signature, minutes: 16 },
    ]),
  )('a clock $minutes minutes off is refused under $signature, with both times', async ({ signature, minutes }) => {
    const atMs = Date.now() + minutes * MINUTE_MS;
    const { text, headers } = await server.expectRefusal(
      put({ signature, signWith: { atMs } }),
      denied('RequestTimeTooSkewed', '0002-00000504'),
    );
    expect(text).toContain('<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>');
    expect(text).toContain(`<RequestTime>${new Date(atMs).toISOString().slice(0, 19)}.000Z</RequestTime>`);
    const serverTime = Date.parse(/<ServerTime>(.*?)</.exec(text)?.[1] ?? '');
    // SDKs set their clock by the Date header and try again.
    expect(Math.abs(serverTime - Date.parse(headers.date ?? ''))).toBeLessThan(5_000);
  });

  test.each([-14, 14])('a clock %i minutes off is served', async (minutes) => {
    const reply = await server.client.send({ ...list(''), signWith: { atMs: Date.now() + minutes * MINUTE_MS } });
    expect(reply.status).toBe(200);
  });

  test('a refused signature is told what we signed, and never what it would have been', async () => {
    const { text } = await server.expectRefusal(
      put({ signWith: { accessKeySecret: 'guess' } }),
      denied('SignatureDoesNotMatch', '0002-00000040'),
    );
    expect(text).toContain('<StringToSign>OSS4-HMAC-SHA256\n');
    const right = /Signature=(\w{64})/.exec(server.client.headers(put()).authorization ?? '')?.[1] ?? '';
    expect(text).not.toContain(right);
  });
});

describe('what is asked for', () => {
  const longPrefix = `prefix=${'p'.repeat(1024)}`;
  const cases: Case[] = [
    ['a path that is not percent-encoding', invalid('InvalidObjectName'), () => put({ target: `/${BUCKET}/%zz` })],
    ['a path that is cut in an escape', invalid('InvalidObjectName'), () => put({ target: `/${BUCKET}/a%4` })],
    ['a path that is not UTF-8', invalid('InvalidObjectName'), () => put({ target: `/${BUCKET}/%ff` })],
    ['a path with half a surrogate pair', invalid('InvalidObjectName'), () => put({ target: `/${BUCKET}/%ed%a0%80` })],
    ['an overlong slash', invalid('InvalidObjectName'), () => put({ target: `/${BUCKET}/%c0%af` })],
    ['a query that is not percent-encoding', invalid('InvalidArgument'), () => ({ target: `/${BUCKET}/?prefix=%zz` })],
    ['a query that is not UTF-8', invalid('InvalidArgument'), () => ({ target: `/${BUCKET}/?prefix=%ff` })],
    ['129 parameters', invalid('InvalidArgument'), () => ({ target: `/${BUCKET}/?${'a&'.repeat(129)}` })],
    ['a target that is no path', invalid('InvalidArgument'), () => ({ method: 'OPTIONS', target: '*' })],
    ['a key of 1,024 bytes', invalid('InvalidObjectName'), () => put({ key: 'é'.repeat(512) })],
    ['a key that begins with a slash', invalid('InvalidObjectName'), () => put({ key: '/k' })],
    ['a key that begins with a backslash', invalid('InvalidObjectName'), () => put({ key: '\\k' })],
    ['max-keys below nothing', invalid('InvalidArgument'), () => list('max-keys=-1')],
    ['max-keys above a thousand', invalid('InvalidArgument'), () => list('max-keys=1001')],
    ['max-keys that is no number', invalid('InvalidArgument'), () => list('max-keys=1e2')],
    ['an encoding that nobody knows', invalid('InvalidArgument'), () => list('encoding-type=base64')],
    ['a token that is none of ours', invalid('InvalidArgument'), () => list('list-type=2&continuation-token=Zm9v')],
    [
      'a token of a key that is too long to be one',
      invalid('InvalidArgument'),
      () => list(`list-type=2&continuation-token=A${Buffer.from('k'.repeat(4500)).toString('base64url')}`),
    ],
    ['a prefix of 1,024 bytes', invalid('InvalidArgument'), () => list(longPrefix)],
    ['two sub-resources', invalid('InvalidArgument'), () => list('acl&inventory')],
    [
      'a bucket that is not there',
      { status: 404, code: 'NoSuchBucket', ec: '0015-00000101' },
      () => put({ bucket: 'gone' }),
    ],
    ['a host that is two', invalid('InvalidArgument'), () => put({ tamper: { host: 'a,b' } })],
    ['a host that is no name', invalid('InvalidArgument'), () => put({ tamper: { host: 'a<b>' } })],
    ['a host that is too long', invalid('InvalidArgument'), () => put({ tamper: { host: 'a'.repeat(10_000) } })],
  ];

  test.each(cases)('%s is refused', async (_what, refusal, request) => {
    await server.expectRefusal(request(), refusal);
  });

  test.each(['ab', 'A'.repeat(3), 'a_b', '-ab', 'ab-', 'a.b', '..', '%2e%2e', '%00aa', 'a'.repeat(64)])(
    'the bucket name "%s" is refused, by path and by host',
    async (name) => {
      await server.expectRefusal({ method: 'PUT', target: `/${name}` }, invalid('InvalidBucketName'));
      await server.expectRefusal({ method: 'PUT', target: `/${name}/k`, body: 'x' }, invalid('InvalidBucketName'));
      if (name === 'AAA') return; // Hosts know no case.
      const host = `${name}.localhost`;
      await server.expectRefusal({ method: 'PUT', target: '/', tamper: { host } }, invalid('InvalidBucketName'));
    },
  );

  test('two Host headers are refused', async () => {
    const bytes = `GET /${BUCKET}/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`;
    await server.expectRefusedBytes(bytes, /^HTTP\/1\.1 400 .*<Code>InvalidArgument</s);
  });

  test('a method that a resource does not know is answered with those it knows', async () => {
    const notAllowed = { status: 405, code: 'MethodNotAllowed', ec: '0003-00000016' };
    const allowOf = async (request: WireRequest) => (await server.expectRefusal(request, notAllowed)).headers.allow;
    expect(await allowOf({ method: 'POST', target: '/' })).toBe('GET');
    expect(await allowOf(put({ method: 'PATCH' }))).toBe('GET, HEAD, PUT, DELETE');
    expect(await allowOf({ method: 'HEAD', bucket: BUCKET })).toBe('GET, PUT, POST, DELETE');
    expect(await allowOf({ method: 'PUT', bucket: BUCKET, query: 'location', body: 'x' })).toBe('GET');
    expect(await allowOf({ method: 'POST', bucket: BUCKET, query: 'inventory&inventoryId=r' })).toBe(
      'GET, PUT, DELETE',
    );
  });

  const unserved = OPERATIONS.filter(({ handle }) => handle === undefined);

  test.each(unserved)('$name is known and not served', async (operation) => {
    const { method, level, subresource, with: needed = [], header } = operation;
    const query = [subresource, ...needed].filter((name) => name !== undefined).join('&');
    const signature = operation.needsV4 ? 'v4' : 'v1';
    const { error } = await server.expectRefusal(
      {
        method,
        query,
        signature,
        ...(level !== 'service' && { bucket: BUCKET }),
        ...(level === 'object' && { key: 'k' }),
        ...(header !== undefined && { headers: { [header]: 'value' } }),
        ...((method === 'PUT' || method === 'POST') && { body: 'x' }),
      },
      invalid('NotImplemented'),
    );
    expect(error?.document).toContain(`<Operation>${operation.name}</Operation>`);
  });
});

describe('how an object comes', () => {
  const unserved: Readonly<Record<string, string>> = {
    'x-oss-server-side-data-encryption': 'SM4',
    'x-oss-callback': 'eyJ9',
    'if-match': '"etag"',
    'if-none-match': '*',
    'if-modified-since': 'Sun, 22 Nov 2026 15:00:00 GMT',
    'if-unmodified-since': 'Sun, 22 Nov 2026 15:00:00 GMT',
  };

  test.each(Object.entries(unserved))('the header %s is refused rather than passed over', async (name, value) => {
    const { text } = await server.expectRefusal(put({ headers: { [name]: value } }), invalid('NotImplemented'));
    expect(text).toContain(`<Header>${name}</Header>`);
  });

  const cases: Case[] = [
    ['a wrong Content-MD5', invalid('InvalidDigest'), () => put({ headers: { 'content-md5': md5Of('y') } })],
    ['a Content-MD5 that is none', invalid('InvalidDigest'), () => put({ headers: { 'content-md5': 'abc' } })],
    ['a wrong CRC-64', invalid('InvalidCRC64'), () => put({ headers: { 'x-oss-hash-crc64ecma': '1' } })],
    ['a CRC-64 that is none', invalid('InvalidCRC64'), () => put({ headers: { 'x-oss-hash-crc64ecma': '-1' } })],
    ['an unknown storage class', invalid('InvalidArgument'), () => put({ headers: { 'x-oss-storage-class': 'Hot' } })],
    [
      '8 KiB of metadata and more',
      invalid('InvalidArgument'),
      () => put({ headers: { 'x-oss-meta-a': 'm'.repeat(8192) } }),
    ],
    [
      'a wrong secret with 10 MB',
      denied('SignatureDoesNotMatch', '0002-00000040'),
      () => put({ body: 'x'.repeat(10 * MIB), signWith: { accessKeySecret: 'guess' } }),
    ],
    [
      'a wrong Content-MD5 of 1 MiB',
      invalid('InvalidDigest'),
      () => put({ body: 'x'.repeat(MIB), headers: { 'content-md5': md5Of('y') } }),
    ],
  ];

  test.each(cases)('%s is refused', async (_what, refusal, request) => {
    await server.expectRefusal(request(), refusal);
  });

  test('a put without a length is refused', async () => {
    const bytes = server.client.bytes({ method: 'PUT', bucket: BUCKET, key: 'k' });
    await server.expectRefusedBytes(bytes, /^HTTP\/1\.1 411 .*<Code>MissingContentLength</s);
  });

  test('a put of more than 5 GiB is refused by its length alone', async () => {
    const request = {
      method: 'PUT',
      bucket: BUCKET,
      key: 'k',
      headers: { 'content-length': String(5 * 1024 ** 3 + 1) },
    };
    await server.expectRefusedBytes(server.client.bytes(request), /^HTTP\/1\.1 400 .*<Code>EntityTooLarge</s);
  });

  test('a transfer coding beside chunked is refused: its coded bytes would be stored', async () => {
    const request = { method: 'PUT', bucket: BUCKET, key: 'k', headers: { 'transfer-encoding': 'gzip, chunked' } };
    const bytes = Buffer.concat([server.client.bytes(request), Buffer.from('1\r\nx\r\n0\r\n\r\n')]);
    await server.expectRefusedBytes(bytes, /^HTTP\/1\.1 400 .*<Header>transfer-encoding</s);
  });

  test.each([
    ['cut off', (socket: { destroy(): unknown }) => socket.destroy()],
    ['ended before its Content-Length', (socket: { end(): unknown }) => socket.end()],
  ])('an upload that is %s leaves nothing behind', async (_what, stop) => {
    const whole = server.client.bytes(put({ body: 'x'.repeat(4 * MIB) }));
    const socket = connect(server.process.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(whole.subarray(0, whole.length / 2));
    await vi.waitFor(async () => expect(await server.staged()).toHaveLength(1), PATIENCE);
    stop(socket);
    await vi.waitFor(async () => expect(await server.staged()).toEqual([]), PATIENCE);
    await server.expectUntouched();
    socket.destroy();
  });

  test('bytes beyond the Content-Length are the next request, and no good one', async () => {
    const exact = { method: 'PUT', bucket: REPORTS, key: 'exact', body: 'x' };
    const socket = connect(server.process.port, '127.0.0.1');
    socket.write(server.client.bytes(exact));
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    socket.write('more\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect((await server.client.send({ bucket: REPORTS, key: 'exact' })).text).toBe('x');
    await server.expectUntouched();
  });
});

describe('deleting many', () => {
  const many = (body: string, headers: Record<string, string> = { 'content-md5': md5Of(body) }): WireRequest => ({
    method: 'POST',
    bucket: BUCKET,
    query: 'delete',
    body,
    headers,
  });
  const object = '<Object><Key>k</Key></Object>';
  const cases: Case[] = [
    ['no Content-MD5', invalid('MissingArgument', '0016-00000502'), () => many(`<Delete>${object}</Delete>`, {})],
    [
      'a wrong Content-MD5',
      invalid('InvalidDigest'),
      () => many(`<Delete>${object}</Delete>`, { 'content-md5': md5Of('') }),
    ],
    ['another root', invalid('MalformedXML'), () => many(`<Remove>${object}</Remove>`)],
    ['no object', invalid('MalformedXML'), () => many('<Delete/>')],
    ['an object without a key', invalid('MalformedXML'), () => many('<Delete><Object/></Delete>')],
    ['1,001 objects', invalid('MalformedXML'), () => many(`<Delete>${object.repeat(1001)}</Delete>`)],
    ['a body over 2 MiB', invalid('MalformedXML'), () => many(`<Delete>${' '.repeat(2 * MIB)}</Delete>`)],
    [
      'a version of an unversioned bucket',
      invalid('InvalidArgument'),
      () => many('<Delete><Object><Key>k</Key><VersionId>CAEQ</VersionId></Object></Delete>'),
    ],
  ];

  test.each(cases)('%s is refused', async (_what, refusal, request) => {
    await server.expectRefusal(request(), refusal);
  });
});

describe('errors of HEAD', () => {
  test('stand in x-oss-err and x-oss-ec, for there is no body', async () => {
    const refusal = { status: 404, code: 'NoSuchKey', ec: '0026-00000001' };
    const reply = await server.expectRefusal({ method: 'HEAD', bucket: BUCKET, key: 'gone' }, refusal);
    expect(reply.body).toHaveLength(0);
    expect(Buffer.from(reply.headers['x-oss-err'] ?? '', 'base64').toString()).toMatch(/^<\?xml .*<Key>gone<\/Key>/s);
  });

  test('leave their details out rather than burst the headers of the client', async () => {
    const request = { method: 'HEAD', bucket: BUCKET, key: 'k', headers: { 'x-oss-meta-a': 'm'.repeat(20_000) } };
    const reply = await server.expectRefusal(
      { ...request, signWith: { accessKeySecret: 'guess' } },
      denied('SignatureDoesNotMatch', '0002-00000040'),
    );
    expect(reply.headers['x-oss-err']?.length).toBeLessThan(8 * 1024);
  });
});

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('base64');
}
