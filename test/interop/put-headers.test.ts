/** Headers that say what a put object is to be, and what the answers say that it became. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { WireClient } from '../wire-client.ts';

const BUCKET = 'headers';

let server: ServerProcess;
let wire: WireClient;

beforeAll(async () => {
  server = await startServer();
  wire = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  await wire.send({ method: 'PUT', bucket: BUCKET });
});

afterAll(async () => {
  wire.close();
  await server.stop();
});

const put = (key: string, headers: Record<string, string>, bucket = BUCKET) =>
  wire.send({ method: 'PUT', bucket, key, headers, body: 'body' });
const read = async (method: string, key: string, bucket = BUCKET) => await wire.send({ method, bucket, key });

test('an encrypted object says so when it is put and whenever it is read', async () => {
  const headers = { 'x-oss-server-side-encryption': 'AES256' };
  expect(await put('encrypted', headers)).toMatchObject({ status: 200, headers });
  expect(await read('GET', 'encrypted')).toMatchObject({ text: 'body', headers });
  expect(await read('HEAD', 'encrypted')).toMatchObject({ headers });
  expect((await put('plain', {})).headers).not.toHaveProperty('x-oss-server-side-encryption');
});

test('the encryption of the bucket is that of an object without a wish, and told of it', async () => {
  const bucket = 'sealed-headers';
  await wire.send({ method: 'PUT', bucket });
  const rule =
    '<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>';
  const body = `<ServerSideEncryptionRule>${rule}</ServerSideEncryptionRule>`;
  expect(await wire.send({ method: 'PUT', bucket, query: 'encryption', body })).toMatchObject({ status: 200 });
  const headers = { 'x-oss-server-side-encryption': 'AES256' };
  expect(await put('doc', {}, bucket)).toMatchObject({ status: 200, headers });
  expect(await read('HEAD', 'doc', bucket)).toMatchObject({ headers });
});

test('an object that must not be overwritten is not', async () => {
  await put('once', {});
  expect(await put('once', { 'x-oss-forbid-overwrite': 'true' })).toMatchObject({
    status: 409,
    error: { code: 'FileAlreadyExists' },
  });
  expect(await put('once', { 'x-oss-forbid-overwrite': 'false' })).toMatchObject({ status: 200 });
});

test('tags are counted where there are any', async () => {
  await put('tagged', { 'x-oss-tagging': 'a=1&b=two%20words' });
  expect(await read('HEAD', 'tagged')).toMatchObject({ headers: { 'x-oss-tagging-count': '2' } });
  await put('tagged', {});
  expect((await read('GET', 'tagged')).headers).not.toHaveProperty('x-oss-tagging-count');
});

test.each([
  ['x-oss-tagging', 'a=1&a=2', 'RepeatedTags'],
  ['x-oss-tagging', 'a%0A=1', 'InvalidTaggingKey'],
  ['x-oss-object-acl', 'everyone', 'InvalidArgument'],
  ['x-oss-server-side-encryption', 'SM4', 'NotImplemented'],
  ['x-oss-server-side-data-encryption', 'SM4', 'NotImplemented'],
  ['x-oss-server-side-encryption-key-id', 'k1', 'InvalidArgument'],
  ['x-oss-forbid-overwrite', 'maybe', 'InvalidArgument'],
  ['if-none-match', '*', 'NotImplemented'],
])('%s: %s stores nothing', async (name, value, code) => {
  expect(await put('refused', { [name]: value })).toMatchObject({ status: 400, error: { code } });
  expect((await read('HEAD', 'refused')).status).toBe(404);
});

test('a part that lost its upload replaces no object', async () => {
  await put('whole', {});
  const part = { method: 'PUT', bucket: BUCKET, key: 'whole', query: 'partNumber=1', body: 'part' };
  expect(await wire.send(part)).toMatchObject({ status: 400, error: { code: 'InvalidArgument' } });
  expect(await read('GET', 'whole')).toMatchObject({ text: 'body' });
});

test('a range that the standard can not satisfy is told the size', async () => {
  await put('four', {});
  const headers = { range: 'bytes=4-', 'x-oss-range-behavior': 'standard' };
  const reply = await wire.send({ bucket: BUCKET, key: 'four', headers });
  expect(reply).toMatchObject({
    status: 416,
    error: { code: 'InvalidRange' },
    headers: { 'content-range': 'bytes */4' },
  });
});

test('nobody chooses headers of an answer without a signature, whatever else they may', async () => {
  const query = 'response-content-type=text/html';
  const reply = await wire.send({ bucket: BUCKET, key: 'four', query, signature: 'none' });
  expect(reply).toMatchObject({ status: 400, error: { code: 'InvalidRequest' } });
});
