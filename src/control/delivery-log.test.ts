/** What of the outbox is to be sent next, and what a look at it costs. */

import { expect, test } from 'vitest';
import { queryPlans } from '../../test/query-plans.ts';
import { OTHER_OWNER, OWNER, openWebhookTables, type WebhookTables } from '../../test/webhook-fixture.ts';
import type { Busy } from '../core/webhook-delivery.ts';
import { DeliveryLog } from './delivery-log.ts';

const NOBODY_BUSY: Busy = { webhooks: [], accounts: [] };

const isDue = async ({ deliveries }: WebhookTables, busy = NOBODY_BUSY) =>
  (await deliveries.due(10, busy)).map(({ webhook }) => webhook.id).sort();

test('of each webhook the delivery that has been due the longest is sent next', async () => {
  const tables = await openWebhookTables();
  const { id } = await tables.add();
  await tables.fill(id, 3);
  const [newest, middle, oldest] = await tables.log(id);
  const later = { kind: 'later', status: 500, fault: null } as const;
  for (const [delivery, waitMs] of [
    [oldest, 2000],
    [middle, 1000],
    [newest, 3000],
  ] as const)
    await tables.deliveries.settle(delivery?.id ?? '', { ...later, nextAtMs: tables.time.now() + waitMs });
  expect(await tables.deliveries.due(10, NOBODY_BUSY)).toEqual([]);
  tables.time.set(tables.time.now() + 2500);
  expect(await tables.deliveries.due(10, NOBODY_BUSY)).toMatchObject([{ id: middle?.id }]);
});

test('webhooks and accounts that are busy are passed over', async () => {
  const tables = await openWebhookTables();
  const [one, two] = [await tables.add(), await tables.add()];
  const other = await tables.add({ accountId: OTHER_OWNER });
  for (const { id } of [one, two, other]) await tables.fill(id, 1);
  expect(await isDue(tables)).toEqual([one.id, two.id, other.id].sort());
  expect(await isDue(tables, { ...NOBODY_BUSY, webhooks: [one.id] })).toEqual([two.id, other.id].sort());
  expect(await isDue(tables, { ...NOBODY_BUSY, accounts: [OWNER] })).toEqual([other.id]);
});

test('an account that is disabled is sent nothing until it is enabled', async () => {
  const tables = await openWebhookTables();
  const own = await tables.add();
  const other = await tables.add({ accountId: OTHER_OWNER });
  for (const { id } of [own, other]) await tables.fill(id, 1);
  const setState = (state: 'enabled' | 'disabled') =>
    tables.db.updateTable('accounts').set({ state }).where('id', '=', OTHER_OWNER).execute();
  await setState('disabled');
  expect(await isDue(tables)).toEqual([own.id]);
  await setState('enabled');
  expect(await isDue(tables)).toEqual([own.id, other.id].sort());
});

test('a look reads one delivery of each webhook, however many wait', async () => {
  const { db, time } = await openWebhookTables();
  const steps = await queryPlans(db, async (watched) => {
    const log = new DeliveryLog(watched, time, { maxWaitMs: 60_000 });
    await log.due(10, NOBODY_BUSY);
    await log.nextDueAtMs();
  });
  const ofDeliveries = steps.filter((step) => /deliveries|waiting/.test(step));
  expect(ofDeliveries).toHaveLength(4);
  for (const step of ofDeliveries)
    expect(step).toMatch(/^SEARCH .*(rowid=\?|webhook_id=\? AND state=\? AND next_at[<>]\?|state=\? AND next_at>\?)/);
  expect(steps.filter((step) => step.includes('ORDER BY'))).toEqual(['USE TEMP B-TREE FOR ORDER BY']);
});
