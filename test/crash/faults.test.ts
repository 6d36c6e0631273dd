/**
 * A server whose disk refuses to write: requests fail in words, nothing that was acknowledged is lost and nothing is
 * half there, and when the fault is over the server goes on as if nothing had been.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { collect, type ServerClient, ServerError, type ServerRequest } from '../../src/cli/server-client.ts';
import type { FaultPoint } from '../../src/core/failpoint.ts';
import { isOpen, type RunView } from '../../src/core/run.ts';
import { connect } from './change.ts';
import { type FailingServer, startFailingServer } from './failing-server.ts';
import { canLimitFiles, limitFiles } from './file-limit.ts';
import { listKeys } from './listings.ts';
import { ruleDocument } from './load-control.ts';
import { bodyOf } from './object-facts.ts';

const SOURCE = 'photos';
const DESTINATION = 'reports';
const LONG = bodyOf('long', 200_000);
/** lmdb and Node report the same conditions of one disk. */
const REFUSALS = {
  ENOSPC: { status: 503, code: 'ServiceUnavailable', message: expect.stringContaining('no room left') },
  EIO: { status: 500, code: 'InternalError', message: expect.stringContaining('server log') },
} as const;

interface Served {
  readonly server: FailingServer;
  readonly client: ServerClient;
}

async function serve(data?: string): Promise<Served> {
  const server = await startFailingServer(data === undefined ? {} : { data });
  onTestFinished(() => server.stop());
  const client = connect(server.endpoint);
  onTestFinished(() => client.close());
  return { server, client };
}

async function serveBuckets(): Promise<Served> {
  const served = await serve();
  for (const bucket of [SOURCE, DESTINATION]) await served.client.sendForNothing({ method: 'PUT', bucket });
  return served;
}

const putShort: ServerRequest = { method: 'PUT', bucket: SOURCE, key: 'short', body: 'new' };
const putLong: ServerRequest = { method: 'PUT', bucket: SOURCE, key: 'long', body: LONG };
const putRule: ServerRequest = {
  method: 'PUT',
  bucket: SOURCE,
  query: { inventory: undefined, inventoryId: 'rule-0' },
  body: ruleDocument('rule-0', '1'),
};
const initiate: ServerRequest = { method: 'POST', bucket: SOURCE, key: 'parts', query: { uploads: undefined } };
const createKey: ServerRequest = { method: 'POST', bucket: '-', key: 'api/v1/keys', body: '{"id":"mine"}' };

const REQUESTS: readonly (readonly [FaultPoint, ServerRequest])[] = [
  ['body.write', putLong],
  ['body.sync', putLong],
  ['body.rename', putLong],
  ['body.sync-folder', putLong],
  ['index.commit', putLong],
  ['index.commit', putShort],
  ['index.commit', initiate],
  ['index.commit', { method: 'PUT', bucket: 'another' }],
  ['sql.rule-put.commit', putRule],
  ['sql.key-insert.commit', createKey],
];

test('a request that the disk refuses is answered so, changes nothing, and is served when the fault is over', async () => {
  const { server, client } = await serveBuckets();
  await client.sendForNothing({ ...putShort, body: 'old' });
  for (const [point, request] of REQUESTS) {
    for (const act of ['ENOSPC', 'EIO'] as const) {
      await server.order({ act, point, nth: 1, isLasting: true });
      const error = await client.sendForNothing(request).catch((reason: unknown) => reason);
      expect(error, `${act} at ${point}`).toBeInstanceOf(ServerError);
      expect(error).toMatchObject(request === createKey ? { status: REFUSALS[act].status } : REFUSALS[act]);
      expect(String(error)).not.toContain('secret-path');
      await server.order({ act: 'none' });
      expect(await listKeys(client, SOURCE)).toEqual(['short']);
      expect(await bodyOfObject(client, 'short')).toBe('old');
    }
  }
  for (const request of new Set(REQUESTS.map(([, each]) => each))) await client.sendForNothing(request);
  expect(await bodyOfObject(client, 'short')).toBe('new');
  expect(await bodyOfObject(client, 'long')).toBe(LONG.toString());
  expect(server.process.exitCode).toBeNull();
});

test('a run whose data file finds no room is put off and says so, and goes on by itself when there is room', async () => {
  const { server, client } = await serveBuckets();
  await client.sendForNothing(putShort);
  await server.order({ act: 'ENOSPC', point: 'report.put-data', nth: 1, isLasting: true });
  await client.sendForNothing(putRule);
  const putOff = { state: 'planned', reason: { code: 'StorageFull', text: expect.stringContaining('no room left') } };
  await expect.poll(() => newestRun(client), { timeout: 20_000 }).toMatchObject(putOff);
  await expect.poll(() => listKeys(client, DESTINATION)).toEqual([]);
  await server.order({ act: 'none' });
  expect(await lastRun(client)).toMatchObject({ state: 'published', reason: null });
});

test.each(['report.put-checksum', 'report.put-manifest', 'sql.run-published.commit'] as const)(
  'a run that the disk refuses at %s stays open, and the next start publishes it whole',
  async (point) => {
    const { server, client } = await serveBuckets();
    await client.sendForNothing(putShort);
    await server.order({ act: 'EIO', point, nth: 1, isLasting: true });
    await client.sendForNothing(putRule);
    await expect.poll(() => server.log(), { timeout: 20_000 }).toContain('run put off');
    expect(await server.terminate()).toBe(0);
    const again = await serve(server.data);
    expect(await lastRun(again.client)).toMatchObject({ state: 'published' });
    expect((await listKeys(again.client, DESTINATION)).filter((key) => key.endsWith('manifest.json'))).toHaveLength(1);
  },
);

/** The operating system refuses to write, as a full disk would: to lmdb and SQLite too, in the midst of a commit. */
test.runIf(canLimitFiles)(
  'when no file of the server can grow, writes are refused, reads served, and all goes on after',
  async () => {
    const { server, client } = await serveBuckets();
    await client.sendForNothing({ ...putShort, body: 'old' });
    const requests = [...new Set(REQUESTS.map(([, each]) => each))];
    for (let round = 0; round < 3; round++) {
      limitFiles(server.process.pid, 0);
      const outcomes = await Promise.all(
        requests.map((each) => client.sendForNothing(each).catch((error: unknown) => error)),
      );
      limitFiles(server.process.pid, 'unlimited');
      // SQLite takes a file that may not grow for a broken disk; lmdb and Node for one without room.
      const expected = requests.map((each) => (each === putRule || each === createKey ? 500 : 503));
      expect(outcomes.map((outcome) => (outcome instanceof ServerError ? outcome.status : outcome))).toEqual(expected);
      expect(await bodyOfObject(client, 'short')).toBe('old');
      expect(await listKeys(client, SOURCE)).toEqual(['short']);
    }
    for (const each of requests) await client.sendForNothing(each);
    expect(await bodyOfObject(client, 'short')).toBe('new');
    expect(await bodyOfObject(client, 'long')).toBe(LONG.toString());
    expect(await lastRun(client)).toMatchObject({ state: 'published' });
    expect(await server.terminate()).toBe(0);
  },
);

async function bodyOfObject(client: ServerClient, key: string): Promise<string> {
  return (await collect((await client.send({ method: 'GET', bucket: SOURCE, key })).body)).toString();
}

async function newestRun(client: ServerClient): Promise<RunView | undefined> {
  const query = { inventory: undefined, inventoryId: 'rule-0', runs: undefined };
  return (await client.sendForJson<{ runs: RunView[] }>({ method: 'GET', bucket: SOURCE, query })).runs[0];
}

/** The newest run of the rule, when it is over. */
async function lastRun(client: ServerClient): Promise<RunView> {
  for (;;) {
    const run = await newestRun(client);
    if (run !== undefined && !isOpen(run.state)) return run;
    await delay(20);
  }
}
