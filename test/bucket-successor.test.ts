/** A request whose bucket is deleted while its body arrives, and made anew by another account: it changes nothing there. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleOf, operationNamed } from './operation-examples.ts';
import { type ServerProcess, startServer, TEST_KEY } from './server-process.ts';
import { WireClient, type WireKey, type WireRequest } from './wire-client.ts';

const OTHER = '2000000000000000';
const BUCKET = 'wanted';

let server: ServerProcess;
let wire: WireClient;
let other: WireKey;

beforeAll(async () => {
  server = await startServer();
  wire = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  const ask = (path: string, body: string) =>
    wire.send({ method: 'POST', bucket: '-', key: `api/v1/access/accounts${path}`, body });
  await ask('', JSON.stringify({ name: 'other', id: OTHER }));
  const { id, secret } = JSON.parse((await ask(`/${OTHER}/keys`, '')).text);
  other = { accessKeyId: id, accessKeySecret: secret };
});

afterAll(async () => {
  wire.close();
  await server.stop();
});

/** Sends the body when the server asks for it, which it does once the request is allowed, and `meanwhile` is over. */
async function sendSlowly(request: WireRequest, meanwhile: () => Promise<void>): Promise<string> {
  const body = Buffer.from(request.body ?? '');
  const bytes = wire.bytes({ ...request, headers: { ...request.headers, expect: '100-continue' } });
  const socket = connect(server.port, '127.0.0.1');
  const answer = async () => String((await once(socket, 'data'))[0]);
  socket.write(bytes.subarray(0, bytes.length - body.length));
  expect(await answer()).toContain('100 Continue');
  await meanwhile();
  socket.write(body);
  const text = await answer();
  socket.destroy();
  return text;
}

const POLICY = {
  Effect: 'Allow',
  Principal: [OTHER],
  Action: ['oss:*'],
  Resource: [`acs:oss:*:*:${BUCKET}`, `acs:oss:*:*:${BUCKET}/*`],
};

function bodyOf(name: string): string {
  return exampleOf(operationNamed(name)).body ?? '';
}

test.each<readonly [name: string, body: string]>([
  ['PutBucketPolicy', JSON.stringify({ Version: '1', Statement: [POLICY] })],
  ...['PutBucketEncryption', 'PutBucketTagging', 'PutBucketVersioning'].map((name) => [name, bodyOf(name)] as const),
])('%s that was allowed on a bucket is refused on the next of its name', async (name, body) => {
  const { method, query = '' } = exampleOf(operationNamed(name));
  await wire.send({ method: 'PUT', bucket: BUCKET, signWith: other });
  const request = { method, bucket: BUCKET, query, body, signWith: other };
  const answer = await sendSlowly(request, async () => {
    expect((await wire.send({ method: 'DELETE', bucket: BUCKET, signWith: other })).status).toBe(204);
    expect((await wire.send({ method: 'PUT', bucket: BUCKET })).status).toBe(200);
  });
  expect(answer).toContain('404 Not Found');
  expect(answer).toContain('<Code>NoSuchBucket</Code>');
  const kept = await Promise.all(['policy', 'encryption'].map((query) => wire.send({ bucket: BUCKET, query })));
  expect(kept.map(({ error }) => error?.code)).toEqual(['NoSuchBucketPolicy', 'NoSuchServerSideEncryptionRule']);
  expect((await wire.send({ bucket: BUCKET, query: 'versioning' })).text).not.toContain('Status');
  expect((await wire.send({ bucket: BUCKET, query: 'tagging' })).text).not.toContain('<Tag>');
  await wire.send({ method: 'DELETE', bucket: BUCKET });
});

test('the body of an object that was allowed in a bucket never gets into the next of its name', async () => {
  await wire.send({ method: 'PUT', bucket: BUCKET, signWith: other });
  const request = { method: 'PUT', bucket: BUCKET, key: 'k', body: 'x'.repeat(100_000), signWith: other };
  const answer = await sendSlowly(request, async () => {
    expect((await wire.send({ method: 'DELETE', bucket: BUCKET, signWith: other })).status).toBe(204);
    expect((await wire.send({ method: 'PUT', bucket: BUCKET })).status).toBe(200);
  });
  expect(answer).toContain('<Code>NoSuchBucket</Code>');
  // Only an empty bucket can be deleted.
  expect((await wire.send({ method: 'DELETE', bucket: BUCKET })).status).toBe(204);
});

test('a rule that is tried on a bucket tells nothing of what the next of its name holds', async () => {
  await wire.send({ method: 'PUT', bucket: BUCKET, signWith: other });
  const { method, query = '', body = '' } = exampleOf(operationNamed('PutBucketInventory'));
  const headers = { 'x-oss-stocktake-dry-run': 'true' };
  const answer = await sendSlowly({ method, bucket: BUCKET, query, headers, body, signWith: other }, async () => {
    expect((await wire.send({ method: 'DELETE', bucket: BUCKET, signWith: other })).status).toBe(204);
    expect((await wire.send({ method: 'PUT', bucket: BUCKET })).status).toBe(200);
    expect((await wire.send({ method: 'PUT', bucket: BUCKET, key: 'k', body: 'x' })).status).toBe(200);
  });
  expect(answer).toContain('<Code>NoSuchBucket</Code>');
  expect(answer).not.toContain('rows');
  await wire.send({ method: 'DELETE', bucket: BUCKET, key: 'k' });
  await wire.send({ method: 'DELETE', bucket: BUCKET });
});
