/** The sender on a real queue, with a clock that a test moves and receivers that are promises. */

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { OTHER_OWNER, OWNER, openWebhookTables, type WebhookTables } from '../../test/webhook-fixture.ts';
import { armFailpoints } from '../core/failpoint.ts';
import type { DueDelivery } from '../core/webhook-delivery.ts';
import { MAX_TRIES } from './retry-waits.ts';
import type { SendResult } from './send-delivery.ts';
import { type SenderEvent, WebhookSender } from './webhook-sender.ts';

afterEach(() => armFailpoints(undefined));

type Receiver = (delivery: DueDelivery, signal: AbortSignal) => SendResult | Promise<SendResult>;

async function startSender(receive: Receiver) {
  const tables = await openWebhookTables();
  const sent: string[] = [];
  const events: SenderEvent[] = [];
  const sender = new WebhookSender({
    queue: tables.deliveries,
    clock: tables.time,
    send: async (delivery, { signal }) => {
      sent.push(delivery.webhook.id);
      return await receive(delivery, signal);
    },
    chance: () => 0,
    onEvent: (event) => void events.push(event),
  });
  onTestFinished(() => sender.close(0));
  return { ...tables, sender, sent, events };
}

/** Resolves when the log of a webhook says this. */
async function untilLog(tables: WebhookTables, webhookId: string, expected: readonly object[]) {
  await vi.waitFor(async () => expect(await tables.log(webhookId)).toMatchObject(expected), {
    timeout: 10_000,
    interval: 5,
  });
}

/** The answer of a receiver that never gives one. */
function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

/** Moves the clock to the next alarm, the way time would. */
function passTime({ time }: WebhookTables) {
  const next = time.nextAlarmMs;
  if (next !== undefined) time.set(next);
}

test('a delivery that arrives is sent once', async () => {
  const tables = await startSender(() => ({ status: 204 }));
  const { id } = await tables.add();
  await tables.fill(id, 3);
  tables.sender.wake();
  const over = { state: 'delivered', tries: 1, lastStatus: 204, lastFault: null, nextAt: null };
  await untilLog(tables, id, [over, over, over]);
  expect(tables.sent).toHaveLength(3);
  expect(tables.events).toMatchObject([1, 2, 3].map(() => ({ kind: 'tried', outcome: { kind: 'delivered' } })));
});

test('one that does not is tried again after growing waits, under its own id, and then given up', async () => {
  const ids = new Set<string>();
  const tries: number[] = [];
  const tables = await startSender(({ id }) => {
    ids.add(id);
    tries.push(tables.time.now());
    return tries.length % 2 === 0 ? { status: 500 } : { fault: 'No answer came within 10 seconds.' };
  });
  const { id } = await tables.add();
  await tables.fill(id, 1);
  tables.sender.wake();
  for (let tried = 1; tried < MAX_TRIES; tried++) {
    await untilLog(tables, id, [{ state: 'pending', tries: tried }]);
    const [{ nextAt } = { nextAt: null }] = await tables.log(id);
    await vi.waitFor(() => expect(tables.time.nextAlarmMs).toBeLessThanOrEqual(Date.parse(nextAt ?? '')));
    while (tries.length === tried) {
      passTime(tables);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await untilLog(tables, id, [
    { state: 'failed', tries: MAX_TRIES, lastStatus: 500, lastFault: 'The receiver answered 500.' },
  ]);
  expect(ids.size).toBe(1);
  const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  expect(waits).toEqual([5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000]);
}, 60_000);

test.each([
  [301, 'The receiver answered 301; redirects are not followed.'],
  [404, 'The receiver answered 404.'],
  [429, 'The receiver answered 429.'],
])('an answer with %i is tried again, and said in words', async (status, lastFault) => {
  const tables = await startSender(() => ({ status }));
  const { id } = await tables.add();
  await tables.fill(id, 1);
  tables.sender.wake();
  await untilLog(tables, id, [{ state: 'pending', tries: 1, lastStatus: status, lastFault }]);
});

test('410 Gone disables the webhook and gives up all that waits for it', async () => {
  const tables = await startSender(() => ({ status: 410 }));
  const { id } = await tables.add();
  await tables.fill(id, 3);
  tables.sender.wake();
  const lastFault = 'The receiver answered 410 Gone, and the webhook was disabled.';
  await untilLog(tables, id, [{ state: 'failed' }, { state: 'failed' }, { state: 'failed', tries: 1, lastFault }]);
  expect(await tables.webhooks.find(OWNER, id)).toMatchObject({ state: 'disabled' });
  expect(tables.sent).toHaveLength(1);
});

test('a test of a webhook is sent once, whatever is answered', async () => {
  const tables = await startSender(() => ({ status: 500 }));
  const { id } = await tables.add();
  await tables.deliveries.insertTest(OWNER, id);
  tables.sender.wake();
  await untilLog(tables, id, [{ event: 'webhook.test', state: 'failed', tries: 1, run: null }]);
});

test('a delivery that is over is sent again when a person asks for it', async () => {
  const tables = await startSender(() => ({ status: 200 }));
  const { id } = await tables.add();
  await tables.fill(id, 1);
  tables.sender.wake();
  await untilLog(tables, id, [{ state: 'delivered' }]);
  const [{ id: delivery } = { id: '' }] = await tables.log(id);
  expect(await tables.deliveries.retry(OWNER, id, delivery)).toMatchObject({
    id: delivery,
    state: 'pending',
    tries: 0,
  });
  tables.sender.wake();
  await untilLog(tables, id, [{ id: delivery, state: 'delivered' }]);
  expect(tables.sent).toHaveLength(2);
});

describe('a receiver that does not answer', () => {
  test('holds up neither the others nor, with all of its account, another account', async () => {
    let slow = 0;
    const tables = await startSender(({ webhook }, signal) => {
      if (webhook.description !== 'slow') return { status: 200 };
      slow += 1;
      return untilStopped(signal);
    });
    for (let n = 0; n < 20; n++) await tables.fill((await tables.add({ description: 'slow' })).id, 5);
    tables.sender.wake();
    await vi.waitFor(() => expect(slow).toBe(4));
    const { id } = await tables.add({ accountId: OTHER_OWNER });
    await tables.fill(id, 3);
    tables.sender.wake();
    await untilLog(tables, id, [{ state: 'delivered' }, { state: 'delivered' }, { state: 'delivered' }]);
    expect(slow).toBe(4);
  });

  test('is asked for one thing at a time', async () => {
    let underWay = 0;
    let most = 0;
    const tables = await startSender(async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return { status: 200 };
    });
    const { id } = await tables.add();
    await tables.fill(id, 20);
    tables.sender.wake();
    await untilLog(
      tables,
      id,
      Array.from({ length: 20 }, () => ({ state: 'delivered' })),
    );
    expect(most).toBe(1);
  });
});

test('a webhook with a short queue is served among others with long ones', async () => {
  const served: string[] = [];
  const tables = await startSender(({ webhook }) => {
    served.push(webhook.id);
    return { status: 200 };
  });
  for (let n = 0; n < 8; n++) await tables.fill((await tables.add()).id, 100);
  const { id } = await tables.add();
  await tables.fill(id, 1);
  tables.sender.wake();
  await untilLog(tables, id, [{ state: 'delivered' }]);
  expect(served.indexOf(id)).toBeLessThan(400);
});

test('while a try can not be written down the receiver is not asked again; then it is settled', async () => {
  let refusals = 3;
  armFailpoints((point) => {
    if (point === 'sql.delivery-settle.commit' && refusals-- > 0) throw new Error('the disk said no');
  });
  const tables = await startSender(() => ({ status: 200 }));
  const { id } = await tables.add();
  await tables.fill(id, 1);
  tables.sender.wake();
  await vi.waitFor(
    async () => {
      passTime(tables);
      expect(await tables.log(id)).toMatchObject([{ state: 'delivered', tries: 1 }]);
    },
    { timeout: 10_000 },
  );
  expect(tables.sent).toHaveLength(1);
  expect(tables.events.filter(({ kind }) => kind === 'fault')).toHaveLength(3);
});

test('a queue that can not be read is read again later, and nothing is lost', async () => {
  const tables = await startSender(() => ({ status: 200 }));
  const { id } = await tables.add();
  await tables.fill(id, 1);
  const due = vi.spyOn(tables.deliveries, 'due').mockRejectedValueOnce(new Error('the disk said no'));
  tables.sender.wake();
  await vi.waitFor(() => expect(tables.events).toMatchObject([{ kind: 'fault' }]));
  expect(due).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(tables.time.nextAlarmMs).toBe(tables.time.now() + 1_000));
  passTime(tables);
  await untilLog(tables, id, [{ state: 'delivered' }]);
});

test('a clock that was set back keeps no delivery waiting for years', async () => {
  const tables = await startSender(() => ({ status: tables.sent.length === 1 ? 500 : 200 }));
  const { id } = await tables.add();
  await tables.fill(id, 1);
  tables.sender.wake();
  await untilLog(tables, id, [{ state: 'pending', tries: 1 }]);
  tables.time.set(tables.time.now() - 365 * 86_400_000);
  tables.sender.wake();
  await untilLog(tables, id, [{ state: 'delivered', tries: 2 }]);
});

describe('closing', () => {
  test('waits for what is under way, and begins nothing more', async () => {
    const answer = Promise.withResolvers<SendResult>();
    const tables = await startSender(() => answer.promise);
    const { id } = await tables.add();
    await tables.fill(id, 2);
    tables.sender.wake();
    await vi.waitFor(() => expect(tables.sent).toHaveLength(1));
    const closed = tables.sender.close(60_000);
    answer.resolve({ status: 200 });
    await closed;
    expect(await tables.log(id)).toMatchObject([
      { state: 'pending', tries: 0 },
      { state: 'delivered', tries: 1 },
    ]);
    expect(tables.sent).toHaveLength(1);
  });

  test('stops what takes longer, which is sent again under the same id by the next process', async () => {
    const tables = await startSender((_, signal) => untilStopped(signal));
    const { id } = await tables.add();
    await tables.fill(id, 1);
    tables.sender.wake();
    await vi.waitFor(() => expect(tables.sent).toHaveLength(1));
    await tables.sender.close(0);
    const [before] = await tables.log(id);
    expect(before).toMatchObject({ state: 'pending', tries: 0 });
    expect(await tables.deliveries.due(1, { webhooks: [], accounts: [] })).toMatchObject([
      { id: before?.id, tries: 0 },
    ]);
  });
});
