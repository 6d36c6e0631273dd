/** Conditional reads, and headers that a reader chooses, with the unmodified ali-oss SDK and over the wire. */

import { beforeAll, describe, expect, test } from 'vitest';
import { rawQuery } from '../wire-client.ts';
import type { AliOss } from './ali-oss-client.ts';
import { clientsOfAServer, SIGNATURES } from './clients-of-a-server.ts';
import { refusal } from './refusal.ts';

const BUCKET = 'conditional';
const KEY = 'doc';
const BEFORE = 'Sat, 01 Jan 2000 00:00:00 GMT';
const AFTER = 'Fri, 01 Jan 2100 00:00:00 GMT';

const { wire, newAliOss } = clientsOfAServer();

let etag: string;

beforeAll(async () => {
  await wire.send({ method: 'PUT', bucket: BUCKET });
  const headers = { 'content-type': 'text/plain', 'cache-control': 'no-store' };
  const put = await wire.send({ method: 'PUT', bucket: BUCKET, key: KEY, body: '0123456789', headers });
  etag = put.headers.etag ?? '';
});

describe.each(SIGNATURES)('ali-oss signing with $version', ({ isV4 }) => {
  let client: AliOss;

  beforeAll(() => {
    client = newAliOss(isV4);
    client.useBucket(BUCKET);
  });

  test('what the client has already is not sent again, to get or head', async () => {
    for (const headers of [{ 'If-None-Match': etag }, { 'If-Modified-Since': AFTER }]) {
      expect(await client.get(KEY, { headers })).toMatchObject({ content: Buffer.alloc(0), res: { status: 304 } });
      expect((await client.head(KEY, { headers })).res.status).toBe(304);
    }
    expect((await client.get(KEY, { headers: { 'If-Modified-Since': BEFORE } })).content.toString()).toBe('0123456789');
  });

  test('what is not as the client wants it fails, for get and head', async () => {
    for (const headers of [{ 'If-Match': '"other"' }, { 'If-Unmodified-Since': BEFORE }]) {
      const expected = { status: 412, code: 'PreconditionFailed' };
      expect(await refusal(client.get(KEY, { headers }))).toMatchObject(expected);
      expect(await refusal(client.head(KEY, { headers }))).toMatchObject(expected);
    }
    expect((await client.get(KEY, { headers: { 'If-Match': etag } })).res.status).toBe(200);
  });
});

describe('on the wire', () => {
  const read = (method: string, headers: Record<string, string>, query = '') =>
    wire.send({ method, bucket: BUCKET, key: KEY, headers, query });

  test.each(['GET', 'HEAD'])('304 to %s has no body and no error, and says what the client has', async (method) => {
    const { status, body, headers } = await read(method, { 'if-none-match': etag });
    expect([status, body.length]).toEqual([304, 0]);
    expect(headers).toMatchObject({
      etag,
      'last-modified': expect.stringMatching(/GMT$/),
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('x-oss-err');
    expect(headers).not.toHaveProperty('content-type');
  });

  test.each(['GET', 'HEAD'])('304 to %s tells a cache what the whole answer would', async (method) => {
    const query = rawQuery({ 'response-cache-control': 'max-age=60', 'response-expires': AFTER });
    const { headers } = await read(method, { 'if-none-match': etag }, query);
    expect(headers).toMatchObject({ 'cache-control': 'max-age=60', expires: AFTER });
  });

  test('the connection goes on after a 304', async () => {
    await read('GET', { 'if-none-match': '*' });
    const next = await read('GET', {});
    expect([next.isReused, next.text]).toEqual([true, '0123456789']);
  });

  test('412 to HEAD carries its document in a header', async () => {
    const reply = await read('HEAD', { 'if-match': '"other"' });
    expect(reply).toMatchObject({ status: 412, body: Buffer.alloc(0), error: { code: 'PreconditionFailed' } });
  });

  test('a condition comes before a range', async () => {
    const range = { range: 'bytes=0-1' };
    expect((await read('GET', { ...range, 'if-match': '"other"' })).status).toBe(412);
    expect((await read('GET', { ...range, 'if-none-match': etag })).status).toBe(304);
    const part = await read('GET', { ...range, 'if-match': etag });
    expect([part.status, part.text]).toEqual([206, '01']);
    const standard = { range: 'bytes=50-60', 'x-oss-range-behavior': 'standard', 'if-match': '"other"' };
    expect((await read('GET', standard)).status).toBe(412);
  });

  test('a range that goes on with another object gives the whole one', async () => {
    const part = await read('GET', { range: 'bytes=0-1', 'if-range': etag });
    expect([part.status, part.text]).toEqual([206, '01']);
    const whole = await read('GET', { range: 'bytes=0-1', 'if-range': '"other"' });
    expect([whole.status, whole.text]).toEqual([200, '0123456789']);
    expect(whole.headers).not.toHaveProperty('content-range');
  });

  test('a delete under a condition is refused, for nobody would look whether it holds', async () => {
    const reply = await read('DELETE', { 'if-match': '"other"' });
    expect(reply).toMatchObject({ status: 400, error: { code: 'NotImplemented' } });
    expect((await read('GET', {})).text).toBe('0123456789');
  });

  test('a condition on what is not there is no condition', async () => {
    const reply = await wire.send({ bucket: BUCKET, key: 'nowhere', headers: { 'if-none-match': '*' } });
    expect(reply).toMatchObject({ status: 404, error: { code: 'NoSuchKey' } });
  });

  test.each(['GET', 'HEAD'])('%s answers with the headers that the query chooses', async (method) => {
    const query = rawQuery({
      'response-content-type': 'text/html',
      'response-content-disposition': 'attachment; filename="a b.txt"',
      'response-cache-control': '',
      'response-content-language': 'en',
    });
    const { headers } = await read(method, {}, query);
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': 'attachment; filename="a b.txt"',
      'cache-control': 'no-store',
      'content-language': 'en',
      'content-length': '10',
    });
  });

  test.each(['GET', 'HEAD'])('%s refuses a header that would begin another', async (method) => {
    const reply = await read(method, {}, rawQuery({ 'response-expires': '0\r\nSet-Cookie: a=b' }));
    expect(reply).toMatchObject({ status: 400, error: { code: 'InvalidArgument' } });
    expect(reply.headers).not.toHaveProperty('set-cookie');
  });

  test('GetObjectMeta tells length, date, ETag and CRC alone', async () => {
    const { headers } = await read('HEAD', {}, 'objectMeta');
    expect(headers).toMatchObject({ etag, 'content-length': '10', 'x-oss-hash-crc64ecma': expect.any(String) });
    expect(headers).not.toHaveProperty('content-type');
    expect(headers).not.toHaveProperty('x-oss-object-type');
  });
});
