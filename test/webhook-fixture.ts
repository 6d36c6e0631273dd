/** Webhooks in a control database of their own, with a clock that a test moves. */

import { randomBytes } from 'node:crypto';
import { DeliveryLog } from '../src/control/delivery-log.ts';
import { newDelivery, queueDeliveries } from '../src/control/delivery-rows.ts';
import { WebhookTable } from '../src/control/webhook-table.ts';
import { VirtualClock } from '../src/core/virtual-clock.ts';
import { WEBHOOK_EVENTS, type WebhookEvent, type WebhookRecord } from '../src/core/webhook.ts';
import type { DeliveryView } from '../src/core/webhook-delivery.ts';
import { MAX_WAIT_MS } from '../src/webhooks/retry-waits.ts';
import { openControl } from './control-fixture.ts';
import { NOW_MS } from './store-fixture.ts';

export const OWNER = '1000000000000000';
export const OTHER_OWNER = '2000000000000000';

export function anyWebhook(change: Partial<WebhookRecord> = {}): WebhookRecord {
  return {
    id: `wh-${randomBytes(8).toString('hex')}`,
    accountId: OWNER,
    url: 'https://receiver.example/hook',
    bucket: null,
    rule: null,
    events: WEBHOOK_EVENTS,
    description: '',
    state: 'enabled',
    secret: { bytes: Buffer.alloc(60), by: 'key-file' },
    previous: null,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...change,
  };
}

export async function openWebhookTables() {
  const control = await openControl();
  const { db } = control;
  for (const id of [OWNER, OTHER_OWNER]) {
    const account = { id, name: `a-${id}`, state: 'enabled', created_at: NOW_MS } as const;
    await db.insertInto('accounts').values(account).execute();
  }
  const time = new VirtualClock(NOW_MS);
  const webhooks = new WebhookTable(db);
  const deliveries = new DeliveryLog(db, time, { maxWaitMs: MAX_WAIT_MS });
  return {
    ...control,
    /** The clock of deliveries; that of the runs is `clock`. */
    time,
    webhooks,
    deliveries,
    /** Keeps a webhook with these values, and resolves with it. */
    async add(change: Partial<WebhookRecord> = {}): Promise<WebhookRecord> {
      const record = anyWebhook(change);
      await webhooks.insert(record);
      return record;
    },
    /** Writes so many deliveries for a webhook, as of runs that ended. */
    async fill(webhookId: string, count: number, event: WebhookEvent = 'run.published'): Promise<void> {
      await db.transaction().execute(async (trx) => {
        for (let n = 0; n < count; n++) {
          const payload = { type: event, timestamp: '', data: { account: OWNER, webhook: webhookId } };
          const runId = randomBytes(8).toString('hex');
          await queueDeliveries(trx, [newDelivery({ webhookId, runId, event, payload, nowMs: NOW_MS })]);
        }
      });
    },
    /** The whole log of a webhook, newest first. */
    async log(webhookId: string): Promise<readonly DeliveryView[]> {
      return (await deliveries.page(webhookId, '', 10_000)).items;
    },
  };
}

export type WebhookTables = Awaited<ReturnType<typeof openWebhookTables>>;
