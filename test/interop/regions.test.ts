/** One server, two regions: buckets lie in one of them, and hosts may name one. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { WireClient } from '../wire-client.ts';

let server: ServerProcess;
let anywhere: WireClient;
let hangzhou: WireClient;
let beijing: WireClient;

beforeAll(async () => {
  server = await startServer({ args: ['--region', 'cn-hangzhou,cn-beijing'] });
  const client = (domain?: string) =>
    new WireClient({ endpoint: server.endpoint, key: TEST_KEY, ...(domain !== undefined && { domain }) });
  anywhere = client();
  hangzhou = client('oss-cn-hangzhou.aliyuncs.com');
  beijing = client('oss-cn-beijing.aliyuncs.com');
});

afterAll(async () => {
  for (const client of [anywhere, hangzhou, beijing]) client.close();
  await server.stop();
});

const signedFor = (region: string) => ({ signWith: { region } });
const regionOf = async (bucket: string) => (await anywhere.send({ bucket, query: 'location' })).text;

test('a bucket goes where its body says, else where the host says, else into the first region', async () => {
  const body =
    '<CreateBucketConfiguration><LocationConstraint>oss-cn-beijing</LocationConstraint></CreateBucketConfiguration>';
  await anywhere.send({ method: 'PUT', bucket: 'by-body', body });
  await beijing.send({ method: 'PUT', bucket: 'by-host', ...signedFor('cn-beijing') });
  await anywhere.send({ method: 'PUT', bucket: 'by-default' });
  expect(await regionOf('by-body')).toContain('oss-cn-beijing');
  expect(await regionOf('by-host')).toContain('oss-cn-beijing');
  expect(await regionOf('by-default')).toContain('oss-cn-hangzhou');
});

test("a bucket is reached through its own region's host and refused through another's", async () => {
  await anywhere.send({ method: 'PUT', bucket: 'south' });
  expect((await hangzhou.send({ bucket: 'south' })).status).toBe(200);
  const refused = await beijing.send({ bucket: 'south', ...signedFor('cn-beijing') });
  expect(refused.status).toBe(403);
  expect(refused.error).toMatchObject({ code: 'AccessDenied', message: expect.stringContaining('specified endpoint') });
  expect(refused.text).toContain('<Endpoint>oss-cn-hangzhou.aliyuncs.com</Endpoint>');
});

test('a signing region that the server does not serve, or the host does not name, is refused', async () => {
  expect((await anywhere.send(signedFor('cn-shanghai'))).error?.ec).toBe('0002-00000228');
  expect((await hangzhou.send({ bucket: 'by-default', ...signedFor('cn-beijing') })).status).toBe(400);
});
