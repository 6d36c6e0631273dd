/** Bodies that the disk lost or changed: the request that meets one is answered, and the server goes on. */

import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { bodyFilesIn, bytesOf } from '../store-fixture.ts';
import { WireClient } from '../wire-client.ts';

const BUCKET = 'damaged';
const SEALED = { 'x-oss-server-side-encryption': 'AES256' };

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

/** Puts a body that becomes a file, and gives that file's path. */
async function putFile(key: string, headers: Record<string, string>): Promise<string> {
  const store = path.join(server.data, 'store');
  const before = new Set(await bodyFilesIn(store));
  await wire.send({ method: 'PUT', bucket: BUCKET, key, headers, body: bytesOf(200_000) });
  const [name = ''] = (await bodyFilesIn(store)).filter((each) => !before.has(each));
  return path.join(
    store,
    'bodies',
    Math.floor(Number.parseInt(name, 16) / 4096)
      .toString(16)
      .padStart(11, '0'),
    name,
  );
}

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

test.each<[string, Record<string, string>, (file: string) => Promise<void>]>([
  ['plain body that is gone', {}, (file) => rm(file)],
  ['sealed body that is gone', SEALED, (file) => rm(file)],
  ['sealed body with a flipped bit', SEALED, (file) => flip(file, 1000)],
])('a %s is an error with a request id, of which nothing is given out', async (what, headers, damage) => {
  const file = await putFile(what, headers);
  await damage(file);
  const reply = await wire.send({ bucket: BUCKET, key: what });
  expect(reply).toMatchObject({ status: 500, error: { code: 'InternalError' } });
  expect(reply.headers['x-oss-request-id']).toMatch(/^[0-9A-F]{24}$/);
  expect(reply.text).not.toContain(server.data);
  expect((await wire.send({ bucket: BUCKET, query: 'location' })).status).toBe(200);
});

test('a range behind the damage is read as ever', async () => {
  const file = await putFile('in part', SEALED);
  await flip(file, 1000);
  const reply = await wire.send({ bucket: BUCKET, key: 'in part', headers: { range: 'bytes=150000-150009' } });
  expect(reply.status).toBe(206);
});
