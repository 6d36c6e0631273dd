/** The audit log of a real server: what is in it when a request has been answered, whatever becomes of process and disk. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditEntry } from '../src/core/audit.ts';
import { type FailingServer, type FailingServerOptions, startFailingServer } from './crash/failing-server.ts';
import { ruleDocument } from './crash/load-control.ts';
import { startServer, TEST_KEY } from './server-process.ts';
import { temporaryFolder } from './store-fixture.ts';
import { rawQuery, WireClient, type WireRequest } from './wire-client.ts';

async function serve(options: FailingServerOptions = {}): Promise<{ server: FailingServer; wire: WireClient }> {
  const server = await startFailingServer({ data: temporaryFolder(), ...options });
  const wire = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  onTestFinished(async () => {
    wire.close();
    await server.stop();
  });
  return { server, wire };
}

function entriesOf({ data }: { readonly data: string }): AuditEntry[] {
  const lines = readFileSync(path.join(data, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as AuditEntry);
}

const putBucket = (bucket: string): WireRequest => ({ method: 'PUT', bucket });
const putRule = (headers: Readonly<Record<string, string>> = {}): WireRequest => ({
  method: 'PUT',
  bucket: 'photos',
  query: rawQuery({ inventory: undefined, inventoryId: 'rule-0' }),
  headers,
  body: ruleDocument('rule-0', '1'),
});

test('an action is in the log when its answer comes, though the process is killed there', async () => {
  const { server, wire } = await serve();
  const reply = await wire.send(putBucket('photos'));
  await server.kill();
  expect(entriesOf(server)).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      requestId: reply.headers['x-oss-request-id'],
      outcome: 'done',
      operation: 'PutBucket',
      action: 'oss:PutBucket',
      resource: 'acs:oss:cn-hangzhou:1000000000000000:photos',
      identity: { kind: 'root', accountId: '1000000000000000', accessKeyId: TEST_KEY.accessKeyId },
      sourceIp: '127.0.0.1',
    },
  ]);
});

test('a process that is killed before the line is synced has not answered', async () => {
  const { server, wire } = await serve();
  await server.order({ act: 'kill', point: 'audit.sync', nth: 1 });
  await expect(wire.send(putBucket('photos'))).rejects.toThrow();
  expect(entriesOf(server)).toMatchObject([{ operation: 'PutBucket' }]);
});

test('a disk that takes no line fails no request; the log of the server says so once, and the audit log how many are missing', async () => {
  const { server, wire } = await serve();
  await server.order({ act: 'ENOSPC', point: 'audit.write', nth: 1, isLasting: true });
  for (const bucket of ['photos', 'reports']) expect((await wire.send(putBucket(bucket))).status).toBe(200);
  await server.order({ act: 'none' });
  expect((await wire.send(putBucket('drafts'))).status).toBe(200);
  await server.terminate();
  expect(entriesOf(server)).toMatchObject([{ outcome: 'lost', count: 2 }, { outcome: 'done' }]);
  expect(server.log().match(/the audit log can not be written/g)).toHaveLength(1);
  expect(server.log()).toMatch(/"lost":2,"msg":"the audit log is written again/);
});

test('a rule is named, and a dry run of one is no action', async () => {
  const { server, wire } = await serve();
  for (const bucket of ['photos', 'reports']) await wire.send(putBucket(bucket));
  expect((await wire.send(putRule({ 'x-oss-stocktake-dry-run': 'true' }))).status).toBe(200);
  expect((await wire.send(putRule())).status).toBe(200);
  expect((await wire.send(putRule())).status).toBe(409);
  expect(entriesOf(server).slice(2)).toMatchObject([
    { outcome: 'done', operation: 'PutBucketInventory', target: 'rule/rule-0' },
    { outcome: 'failed', operation: 'PutBucketInventory', target: 'rule/rule-0', code: 'InventoryAlreadyExist' },
  ]);
});

test('who is refused is told as they claim to be, and reads are not told at all', async () => {
  const { server, wire } = await serve();
  await wire.send(putBucket('photos'));
  const refused: Partial<WireRequest>[] = [
    { signWith: { accessKeyId: 'nobody' } },
    { signWith: { accessKeySecret: 'another-secret' } },
    { signature: 'none', headers: { 'user-agent': 'curl/8\u009b2J' } },
  ];
  for (const request of [{}, ...refused]) await wire.send({ bucket: 'photos', ...request });
  const entries = entriesOf(server).slice(1);
  expect(entries).toMatchObject([
    { outcome: 'refused', claimedAccessKeyId: 'nobody', code: 'InvalidAccessKeyId' },
    { outcome: 'refused', claimedAccessKeyId: TEST_KEY.accessKeyId, code: 'SignatureDoesNotMatch' },
    { outcome: 'refused', operation: 'ListObjects', identity: { kind: 'anonymous' }, userAgent: 'curl/8\uFFFD2J' },
  ]);
  expect(entries.slice(0, 2).some(({ identity }) => identity !== undefined)).toBe(false);
});

test('the log lies where it is told to, or nowhere', async () => {
  const file = path.join(temporaryFolder(), 'audit.jsonl');
  const elsewhere = await serve({ args: ['--audit-log', file] });
  await elsewhere.wire.send(putBucket('photos'));
  expect(readFileSync(file, 'utf8')).toContain('PutBucket');

  const config = path.join(temporaryFolder(), 'stocktake.yaml');
  writeFileSync(config, 'auditLog: false\n');
  const nowhere = await serve({ args: ['--config', config] });
  await nowhere.wire.send(putBucket('photos'));
  for (const { server } of [elsewhere, nowhere]) expect(existsSync(path.join(server.data, 'audit.jsonl'))).toBe(false);
});

test('a start whose log can be written nowhere is refused in words', async () => {
  const start = startServer({ data: temporaryFolder(), args: ['--audit-log', '/nowhere/audit.jsonl'] });
  await expect(start).rejects.toThrow(/The audit log "\/nowhere\/audit\.jsonl" can't be written: ENOENT.*--audit-log/);
});
