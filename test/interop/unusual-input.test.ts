/** Requests that are unusual and right: other framings, hostile names, bytes in headers. What was put is read back. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { sendBytes, WireClient, type WireRequest } from '../wire-client.ts';

const BUCKET = 'media';
const MIB = 1024 * 1024;

let server: ServerProcess;
let client: WireClient;

beforeAll(async () => {
  server = await startServer();
  client = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  await client.send({ method: 'PUT', bucket: BUCKET });
});

afterAll(async () => {
  client.close();
  expect(server.log()).not.toMatch(/request failed|response failed/);
  await server.stop();
});

const put = (key: string, change: WireRequest = {}): WireRequest => ({
  method: 'PUT',
  bucket: BUCKET,
  key,
  body: `body of ${key}`,
  ...change,
});
/** An answer without a body. */
const hasEnded = (received: string) => received.endsWith('\r\n\r\n');

const get = (key: string): WireRequest => ({ bucket: BUCKET, key });

describe('framing', () => {
  test('an upload in chunks is stored whole', async () => {
    const body = 'c'.repeat(MIB);
    const { status } = await client.send(put('chunked', { body, headers: { 'transfer-encoding': 'chunked' } }));
    expect(status).toBe(200);
    expect((await client.send(get('chunked'))).body.equals(Buffer.from(body))).toBe(true);
  });

  test('an upload that waits for 100 Continue is asked for, and stored', async () => {
    const headers = client.headers(put('continued', { headers: { expect: '100-continue' } }));
    const sent = httpRequest(`${server.endpoint}/${BUCKET}/continued`, { method: 'PUT', headers });
    sent.flushHeaders();
    await once(sent, 'continue');
    sent.end('body of continued');
    const [reply] = await once(sent, 'response');
    expect(reply.statusCode).toBe(200);
    reply.resume();
    expect((await client.send(get('continued'))).text).toBe('body of continued');
  });

  test('an upload that waits for 100 Continue is refused without it when its signature is wrong', async () => {
    const request = put('never', { headers: { expect: '100-continue' }, signWith: { accessKeySecret: 'guess' } });
    const head = client.bytes({ ...request, body: '' });
    expect(await sendBytes(server.port, head)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('HTTP/1.0 is served', async () => {
    await client.send(put('ten'));
    const bytes = client.bytes(get('ten')).toString('latin1').replace('HTTP/1.1', 'HTTP/1.0');
    expect(await sendBytes(server.port, bytes)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nbody of ten$/s);
  });

  test('a put and the get behind it on the same connection are answered in order', async () => {
    await client.send(put('pipelined', { body: 'before' }));
    const requests = [put('pipelined', { body: 'after' }), get('other'), get('pipelined')];
    const bytes = Buffer.concat(requests.map((request) => client.bytes(request)));
    const got = await sendBytes(server.port, bytes, (received) => /(before|after)$/.test(received));
    expect(got.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  test('bytes that trickle in one by one are a request like any other', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.setNoDelay(true);
    const answered = once(socket, 'data');
    for (const byte of client.bytes(put('slow'))) {
      await new Promise<void>((resolve) => socket.write(Buffer.of(byte), () => resolve()));
    }
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.destroy();
    expect((await client.send(get('slow'))).text).toBe('body of slow');
  });

  test('a proxy may send the whole URL as the target', async () => {
    await client.send(put('proxied'));
    const target = `http://${new URL(server.endpoint).host}/${BUCKET}/proxied`;
    expect((await client.send({ ...get('proxied'), target })).text).toBe('body of proxied');
  });
});

describe('keys', () => {
  const hostile = [
    '..',
    '.',
    '../../../../etc/passwd',
    'a/../../b',
    './c',
    'a//b',
    'trailing/',
    'nul\0inside',
    '\u0001\u001f\u007f',
    'new\r\nline: x',
    'con',
    'back\\slash',
    '__proto__',
    '*?[]{}|<>"\'`$(reboot)',
    '%2e%2e%2f',
    ' ',
    '+',
    '😀'.repeat(255),
    'k'.repeat(1023),
  ];

  test.each(hostile)('%j is a key like any other', async (key) => {
    expect((await client.send(put(key))).status).toBe(200);
    expect((await client.send(get(key))).text).toBe(`body of ${key}`);
    expect((await client.send({ method: 'HEAD', bucket: BUCKET, key })).status).toBe(200);
    expect((await client.send({ method: 'DELETE', bucket: BUCKET, key })).status).toBe(204);
    expect((await client.send(get(key))).error?.code).toBe('NoSuchKey');
  });

  test('escaped and bare dots are the same key, and neither is resolved', async () => {
    await client.send(put('../up'));
    for (const path of ['../up', '%2e%2e/up', '..%2Fup', '%2E%2E%2fup']) {
      const { text } = await client.send({ ...get('../up'), target: `/${BUCKET}/${path}` });
      expect(text, path).toBe('body of ../up');
    }
  });

  test('no key becomes the name of a file', async () => {
    const body = 'x'.repeat(MIB); // Long enough to be kept in a file.
    for (const key of ['../stocktake-evil', '../../../stocktake-evil', 'plain-name'])
      await client.send(put(key, { body }));
    const names = await readdir(server.data, { recursive: true });
    expect(names.filter((name) => /evil|plain-name/.test(name))).toEqual([]);
    expect(await readdir(tmpdir())).not.toContain('stocktake-evil');
  });

  test('a key that names a sub-resource stands in the path, a sub-resource in the query', async () => {
    await client.send(put('?versioning'));
    expect((await client.send(get('?versioning'))).text).toBe('body of ?versioning');
    expect((await client.send({ bucket: BUCKET, query: 'versioning' })).text).toContain('<VersioningConfiguration');
  });

  test('an error that names a key is well-formed XML whatever the key holds', async () => {
    const { error } = await client.send(get('<nul>\0&]]>'));
    expect(error?.code).toBe('NoSuchKey');
    expect(error?.document).toContain('<Key>&lt;nul&gt;\uFFFD&amp;]]&gt;</Key>');
  });
});

describe('metadata', () => {
  const headed = async (key: string) => (await client.send({ method: 'HEAD', bucket: BUCKET, key })).headers;

  test.each([
    ['UTF-8', Buffer.from('Grüße, 世界 😀').toString('latin1')],
    ['bytes that are no text', '\x80\xff\xfe'],
    ['a tab', 'a\tb'],
    ['what looks like another header', 'a; Set-Cookie: b=c'],
    ['nothing', ''],
  ])('a value of %s comes back byte for byte, with HEAD and with GET', async (_what, value) => {
    // As bytes, for node:http as a client bends a Content-Disposition behind a Content-Length.
    const bytes = client.bytes(put('meta', { headers: { 'x-oss-meta-a': value, 'content-disposition': value } }));
    expect(await sendBytes(server.port, bytes, hasEnded)).toMatch(/^HTTP\/1\.1 200/);
    for (const headers of [await headed('meta'), (await client.send(get('meta'))).headers]) {
      expect(headers['x-oss-meta-a']).toBe(value);
      expect(headers['content-disposition']).toBe(value);
    }
  });

  test('names beyond letters, digits and hyphens are names too', async () => {
    const headers: Record<string, string> = {};
    for (const name of ['a_b', 'a.b', "!#$%&'*+^`|~", '__proto__', 'constructor', '']) {
      headers[`x-oss-meta-${name}`] = `value of ${name}`.trim();
    }
    expect((await client.send(put('names', { headers }))).status).toBe(200);
    expect(await headed('names')).toMatchObject(headers);
  });

  test('a name that is sent twice is one list', async () => {
    const request = put('twice', { headers: { 'x-oss-meta-a': '1,2' } });
    const bytes = client
      .bytes(request)
      .toString('latin1')
      .replace('x-oss-meta-a: 1,2', 'x-oss-meta-a: 1\r\nX-Oss-Meta-A: 2');
    expect(await sendBytes(server.port, bytes, hasEnded)).toMatch(/^HTTP\/1\.1 200/);
    expect((await headed('twice'))['x-oss-meta-a']).toBe('1,2');
  });

  test('8 KiB of names and values are kept', async () => {
    const value = 'm'.repeat(8 * 1024 - 'a'.length);
    expect((await client.send(put('full', { headers: { 'x-oss-meta-a': value } }))).status).toBe(200);
    expect((await headed('full'))['x-oss-meta-a']).toBe(value);
  });

  test('no query adds a header to the answer', async () => {
    await client.send(put('plain'));
    const query = 'response-content-type=text%2Fplain%0D%0AX-Evil%3A%201&x=%0d%0aX-Evil:1';
    const { status, headers } = await client.send({ ...get('plain'), query });
    expect(status).toBe(400);
    expect(headers).not.toHaveProperty('x-evil');
  });
});

describe('answers', () => {
  test('the headers of a stored object are these and no others', async () => {
    const body = 'exact';
    const md5 = createHash('md5').update(body).digest();
    const common = {
      server: 'AliyunOSS',
      date: expect.stringMatching(/GMT$/),
      connection: 'keep-alive',
      'keep-alive': expect.any(String),
      'x-oss-request-id': expect.stringMatching(/^[0-9A-F]{24}$/),
      'x-oss-server-time': expect.stringMatching(/^\d+$/),
    };
    const stored = {
      etag: `"${md5.toString('hex').toUpperCase()}"`,
      'content-md5': md5.toString('base64'),
      'x-oss-hash-crc64ecma': expect.stringMatching(/^\d+$/),
    };
    const written = await client.send(put('exact', { body }));
    expect(written.headers).toEqual({ ...common, ...stored, 'content-length': '0' });
    const read = await client.send(get('exact'));
    expect(read.headers).toEqual({
      ...common,
      ...stored,
      'content-type': 'application/octet-stream',
      'content-length': '5',
      'accept-ranges': 'bytes',
      'last-modified': expect.stringMatching(/GMT$/),
      'x-oss-object-type': 'Normal',
      'x-oss-storage-class': 'Standard',
    });
    const deleted = await client.send({ method: 'DELETE', bucket: BUCKET, key: 'exact' });
    expect([deleted.status, deleted.reason]).toEqual([204, 'No Content']);
    expect(deleted.headers).toEqual(common);
  });

  test('a document says its length, and an error too', async () => {
    for (const request of [{ bucket: BUCKET }, get('gone')]) {
      const { headers, body } = await client.send(request);
      expect(headers['content-type']).toBe('application/xml');
      expect(headers['content-length']).toBe(String(body.length));
      expect(headers).not.toHaveProperty('transfer-encoding');
    }
  });

  test('the first digits of a request id are the time', async () => {
    const { headers } = await client.send({ bucket: BUCKET });
    const seconds = Number.parseInt(headers['x-oss-request-id']?.slice(0, 8) ?? '', 16);
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(5);
  });

  test('a refusal keeps the connection, and the next request goes over it', async () => {
    const refused = await client.send(put('never', { signWith: { accessKeySecret: 'guess' }, body: 'x'.repeat(MIB) }));
    expect([refused.status, refused.headers.connection]).toEqual([403, 'keep-alive']);
    expect((await client.send({ bucket: BUCKET })).isReused).toBe(true);
  });
});
