/** What the end of a run leaves to be told, and to whom; and that neither queue nor log grows without end. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { openRun, putRule, scanToTheEnd } from '../../test/control-fixture.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import { OTHER_OWNER, OWNER, openWebhookTables, type WebhookTables } from '../../test/webhook-fixture.ts';
import { armFailpoints } from '../core/failpoint.ts';
import type { RunReason } from '../core/run.ts';
import { WEBHOOK_LIMITS } from '../core/webhook.ts';
import type { DeliveryView } from '../core/webhook-delivery.ts';
import { AccessTable } from './access-table.ts';
import { insertDeliveries } from './delivery-rows.ts';

const REASON: RunReason = { code: 'RoleLost', text: 'The role is gone.' };

const ENDS = {
  published: async ({ ledger, ...control }: WebhookTables, id: string) => {
    await scanToTheEnd({ ledger, ...control }, await openRun({ ledger, ...control }));
    await ledger.published(id, 'inv/manifest.json');
  },
  empty: async ({ ledger, ...control }: WebhookTables, id: string) => {
    await scanToTheEnd({ ledger, ...control }, await openRun({ ledger, ...control }));
    await ledger.empty(id, REASON);
  },
  failed: ({ ledger }: WebhookTables, id: string) => ledger.failed(id, REASON),
};

/** Ends the first run of a rule of the bucket `photos`. */
async function endRun(tables: WebhookTables, state: keyof typeof ENDS = 'published'): Promise<string> {
  await putRule(tables);
  const { id } = await openRun(tables);
  await ENDS[state](tables, id);
  return id;
}

describe('the end of a run', () => {
  test.each(Object.keys(ENDS) as (keyof typeof ENDS)[])('that is %s is to be told once, as it is', async (state) => {
    const tables = await openWebhookTables();
    const { id: webhook } = await tables.add();
    const run = await endRun(tables, state);
    const [delivery, ...others] = await tables.log(webhook);
    expect(others).toEqual([]);
    expect(delivery).toEqual({
      id: expect.stringMatching(/^msg-[0-9a-f]{24}$/),
      webhook,
      run,
      event: `run.${state}`,
      state: 'pending',
      tries: 0,
      nextAt: new Date(NOW_MS).toISOString(),
      lastStatus: null,
      lastFault: null,
      createdAt: new Date(NOW_MS).toISOString(),
      endedAt: null,
    });
    const { payload } = await tables.deliveries.get(webhook, (delivery as DeliveryView).id);
    const view = await tables.ledger.view({ bucketId: 'b-photos', ruleId: 'nightly-all' }, run);
    expect(payload).toEqual({
      type: `run.${state}`,
      timestamp: '2026-10-04T16:00:00.000Z',
      data: { account: OWNER, run: view },
    });
    expect(view.state).toBe(state);
  });

  test('that is cancelled is told to nobody', async () => {
    const tables = await openWebhookTables();
    const { id } = await tables.add();
    const { rule } = await putRule(tables);
    await tables.rules.delete('b-photos', rule.id);
    expect(await tables.log(id)).toEqual([]);
  });

  test('is told to those that ask for its bucket, its rule and its kind, and to no other account', async () => {
    const tables = await openWebhookTables();
    const told = await Promise.all([
      tables.add({ bucket: 'photos' }),
      tables.add({ rule: 'nightly-all' }),
      tables.add({ bucket: 'photos', rule: 'nightly-all', events: ['run.empty', 'run.published'] }),
    ]);
    const untold = await Promise.all([
      tables.add({ bucket: 'photo' }),
      tables.add({ bucket: 'videos', rule: 'nightly-all' }),
      tables.add({ rule: 'nightly' }),
      tables.add({ events: ['run.failed'] }),
      tables.add({ state: 'disabled' }),
      tables.add({ accountId: OTHER_OWNER }),
    ]);
    await endRun(tables);
    for (const { id } of told) expect(await tables.log(id)).toHaveLength(1);
    for (const { id } of untold) expect(await tables.log(id)).toEqual([]);
  });

  test('that does not come to be is not told', async () => {
    const tables = await openWebhookTables();
    const { id } = await tables.add();
    armFailpoints((point) => {
      if (point === 'sql.run-published.commit') throw new Error('the disk said no');
    });
    onTestFinished(() => armFailpoints(undefined));
    await expect(endRun(tables)).rejects.toThrow('the disk said no');
    expect(await tables.log(id)).toEqual([]);
  });

  test('with a reason of any length keeps to the bound of a payload', async () => {
    const tables = await openWebhookTables();
    const { id } = await tables.add();
    await putRule(tables);
    await tables.ledger.failed((await openRun(tables)).id, { code: 'RoleLost', text: '\u0001'.repeat(1_000_000) });
    const [{ id: delivery } = { id: '' }] = await tables.log(id);
    const { payload } = await tables.deliveries.get(id, delivery);
    expect(JSON.stringify(payload).length).toBeLessThan(WEBHOOK_LIMITS.payloadBytes);
  });
});

test('of too many deliveries that wait the oldest are given up, in words', async () => {
  const tables = await openWebhookTables();
  const { id } = await tables.add();
  const { id: other } = await tables.add();
  await tables.fill(other, 1);
  await tables.fill(id, WEBHOOK_LIMITS.pendingDeliveries + 2);
  const log = await tables.log(id);
  expect(log.filter(({ state }) => state === 'pending')).toHaveLength(WEBHOOK_LIMITS.pendingDeliveries);
  const words = expect.stringContaining('More than 1000 deliveries of the webhook waited');
  expect(log.slice(-2)).toMatchObject([
    { state: 'failed', lastFault: words, nextAt: null },
    { state: 'failed', lastFault: words, nextAt: null },
  ]);
  expect(await tables.log(other)).toMatchObject([{ state: 'pending' }]);
});

test('of deliveries that are over the newest stay in the log', async () => {
  const tables = await openWebhookTables();
  const { id } = await tables.add();
  await tables.fill(id, WEBHOOK_LIMITS.endedDeliveries + 5);
  const ids = (await tables.log(id)).map((delivery) => delivery.id).reverse();
  for (const each of ids.slice(0, -1)) {
    await tables.deliveries.settle(each, { kind: 'delivered', status: 200, fault: null });
  }
  const kept = (await tables.log(id)).map((delivery) => delivery.id).reverse();
  expect(kept).toEqual(ids.slice(4));
});

test('many webhooks whose queues are full are told of one end by three statements, and stay within their bounds', async () => {
  const tables = await openWebhookTables();
  const webhooks = await Promise.all(Array.from({ length: 3 }, () => tables.add()));
  for (const { id } of webhooks) await tables.fill(id, WEBHOOK_LIMITS.pendingDeliveries);
  const [, second] = webhooks;
  const over = (await tables.log(second?.id ?? '')).slice(0, WEBHOOK_LIMITS.endedDeliveries);
  for (const { id } of over) await tables.deliveries.settle(id, { kind: 'delivered', status: 200, fault: null });
  const counted: string[] = [];
  const watched = tables.db.withPlugin({
    transformQuery({ node }) {
      if (!node.kind.startsWith('Select')) counted.push(node.kind);
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  await putRule(tables);
  const { id: runId } = await openRun(tables);
  await watched.transaction().execute((trx) => insertDeliveries(trx, runId, 'run.failed', NOW_MS));
  expect(counted).toEqual(['InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode']);
  for (const { id } of webhooks) {
    const log = await tables.log(id);
    expect(log[0]).toMatchObject({ run: runId, state: 'pending' });
    const waiting = log.filter(({ state }) => state === 'pending');
    const room = id === second?.id ? over.length - 1 : 0;
    expect(waiting).toHaveLength(WEBHOOK_LIMITS.pendingDeliveries - room);
    expect(log.length - waiting.length).toBe(room === 0 ? 1 : WEBHOOK_LIMITS.endedDeliveries);
  }
});

test('a webhook that is disabled gives up what waits; one that is deleted, and those of an account that is, leave nothing', async () => {
  const tables = await openWebhookTables();
  const { id } = await tables.add();
  const [deleted, ofDeleted] = [await tables.add(), await tables.add({ accountId: OTHER_OWNER })];
  for (const each of [id, deleted.id, ofDeleted.id]) await tables.fill(each, 2);

  await tables.webhooks.change(OWNER, id, (record) => ({ ...record, state: 'disabled' }));
  expect(await tables.log(id)).toMatchObject([
    { state: 'failed', lastFault: 'The webhook was disabled before this arrived.' },
    { state: 'failed' },
  ]);
  expect(await tables.webhooks.remove(OWNER, deleted.id)).toBe(true);
  const account = { kind: 'account', id: OTHER_OWNER, name: 'b', state: 'deleted', createdAtMs: NOW_MS } as const;
  await new AccessTable(tables.db).write([{ act: 'put', record: account }]);
  expect(await tables.webhooks.all()).toMatchObject([{ id }]);
  expect(await tables.db.selectFrom('deliveries').select('webhook_id').distinct().execute()).toEqual([
    { webhook_id: id },
  ]);
  await expect(tables.add({ accountId: OTHER_OWNER })).rejects.toMatchObject({ code: 'NoSuchAccount' });
});

test('an account has so many webhooks at most, and none is found by another account', async () => {
  const tables = await openWebhookTables();
  const all = [];
  for (let n = 0; n < WEBHOOK_LIMITS.webhooksPerAccount; n++) all.push((await tables.add()).id);
  await expect(tables.add()).rejects.toMatchObject({ code: 'EntityLimitReached' });
  const { id } = await tables.add({ accountId: OTHER_OWNER });
  expect(await tables.webhooks.find(OWNER, id)).toBeUndefined();
  expect(await tables.webhooks.change(OWNER, id, (record) => record)).toBeUndefined();
  expect(await tables.webhooks.remove(OWNER, id)).toBe(false);
  const page = await tables.webhooks.list(OWNER, '', 60);
  const rest = await tables.webhooks.list(OWNER, page.at(-1)?.id ?? '', 60);
  expect([...page, ...rest].map((webhook) => webhook.id)).toEqual(all.sort());
});
