/** Runs watched over a real connection: what a client sees, and what is left when it goes. */

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { readEvents } from '../../src/cli/event-stream.ts';
import { ruleRequest } from '../../src/cli/rule-request.ts';
import type { ServerClient } from '../../src/cli/server-client.ts';
import type { RunView } from '../../src/core/run.ts';
import { MAX_FOLLOWERS_OF_ONE } from '../../src/jobs/run-feed.ts';
import { allOf } from '../all-of.ts';
import { clientOf, holdRun, RULE } from '../held-run.ts';

const watch = (client: ServerClient, run: string) => client.send(ruleRequest('GET', RULE, { run, watch: undefined }));
const cancel = (client: ServerClient, run: string) =>
  client.sendForJson<RunView>(ruleRequest('POST', RULE, { run, cancel: undefined }));

async function* viewsIn(body: Readable): AsyncGenerator<RunView> {
  for await (const { name, data } of readEvents(body)) {
    expect(name).toBe('run');
    yield JSON.parse(data) as RunView;
  }
}

test('a watcher sees the run at once, that it waits and why, and its end; then the stream is over', async () => {
  const { client, run } = await holdRun();
  const { status, headers, body } = await watch(client, run.id);
  expect({ status, headers }).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
  const seen: RunView[] = [];
  for await (const view of viewsIn(body)) {
    seen.push(view);
    if (view.retryAt !== null && seen.every(({ state }) => state !== 'cancelled')) {
      expect(view.reason).toMatchObject({ code: 'StorageFull' });
      await cancel(client, run.id);
    }
  }
  expect(seen[0]?.id).toBe(run.id);
  expect(seen.at(-1)).toMatchObject({ state: 'cancelled', reason: { code: 'Cancelled' } });
  expect(seen.filter(({ state }) => state === 'cancelled')).toHaveLength(1);
});

test('a watched run whose rule is deleted is seen to its end, and can be watched after it', async () => {
  const { client, run } = await holdRun();
  const { body } = await watch(client, run.id);
  await client.sendForNothing(ruleRequest('DELETE', RULE, {}));
  const seen = await allOf(viewsIn(body));
  expect(seen.at(-1)).toMatchObject({ state: 'cancelled', reason: { code: 'RuleDeleted' } });
  const again = await allOf(viewsIn((await watch(client, run.id)).body));
  expect(again).toEqual([seen.at(-1)]);
});

test('a server that is told to stop lets its watchers go and exits with 0, long before it would cut them off', async () => {
  const { server, client, run } = await holdRun();
  const bodies = [await watch(client, run.id), await watch(client, run.id)].map((reply) => reply.body);
  const ends = Promise.all(bodies.map((body) => allOf(viewsIn(body))));
  const cut = AbortSignal.timeout(8_000);
  expect(await server.terminate()).toBe(0);
  expect(cut.aborted).toBe(false);
  for (const seen of await ends) expect(seen.at(-1)).toMatchObject({ id: run.id, finishedAt: null });
  expect(server.log()).not.toContain('response failed');
});

test('the place of a watcher that went away is free at once, though nothing happens to the run', async () => {
  const { server, client, run } = await holdRun();
  const replies: { body: Readable }[] = [];
  // One has 32 connections, and each watcher takes one.
  const clients = [client, clientOf(server), clientOf(server)];
  for (let each = 0; each < MAX_FOLLOWERS_OF_ONE; each++) {
    const reply = await watch(clients[each % clients.length] ?? client, run.id);
    await once(reply.body, 'data');
    replies.push(reply);
  }
  await expect(watch(client, run.id)).rejects.toMatchObject({ status: 503, code: 'ServiceUnavailable' });
  // A run itself can be asked for all the same.
  await client.sendForJson(ruleRequest('GET', RULE, { run: run.id }));
  for (const { body } of replies) body.on('error', () => undefined).destroy();
  const watcher = await vi.waitFor(() => watch(client, run.id), { timeout: 5_000, interval: 50 });
  watcher.body.on('error', () => undefined).destroy();
  expect(server.log()).not.toMatch(/response failed|request failed/);
});

test('what can not be watched is refused before anything is streamed', async () => {
  const { client, run } = await holdRun();
  const refused = (keys: Readonly<Record<string, string | undefined>>) =>
    expect(client.send(ruleRequest('GET', RULE, keys))).rejects;
  await refused({ run: 'none', watch: undefined }).toMatchObject({ code: 'NoSuchInventoryRun' });
  await refused({ run: run.id, watch: undefined, enable: undefined }).toMatchObject({ code: 'InvalidArgument' });
  const ofNoRule = ruleRequest('GET', { ...RULE, rule: 'none' }, { run: run.id, watch: undefined });
  await expect(client.send(ofNoRule)).rejects.toMatchObject({ code: 'NoSuchInventory' });
});

test('a run goes on when it can, and its watcher sees it published', async () => {
  const { client, run, release } = await holdRun();
  const { body } = await watch(client, run.id);
  const seen: RunView[] = [];
  for await (const view of viewsIn(body)) {
    seen.push(view);
    if (view.retryAt !== null) await release();
  }
  expect(seen.at(-1)).toMatchObject({ state: 'published', matched: 1, reason: null, retryAt: null });
});
