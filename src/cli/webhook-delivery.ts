import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { DeliveryDetails, DeliveryView } from '../core/webhook-delivery.ts';
import { type AccessClient, type AccessFlags, withAccountOptions, withWebhooks } from './access-client.ts';
import { formatMinute, printFacts, printJson, printTable, say } from './output.ts';
import { formatJson } from './terminal-text.ts';
import { wholeNumber } from './usage-error.ts';

const EXAMPLE_ID = 'wh-0123456789abcdef';
const EXAMPLE_DELIVERY = 'msg-0123456789abcdef01234567';

/** Deliveries that are listed unless a command says how many. */
const SHOWN = { min: 1, max: 1000, default: 20 };

/** A try takes ten seconds at most, and may wait a little for others. */
const TEST_MS = 20_000;
const ASK_EVERY_MS = 200;

/** Commands about what was sent to a webhook, and what waits. */
export function addDeliveryCommands(webhook: Command): void {
  const example = (words: string) => `\nExample:\n  $ stocktake webhook ${words}`;
  withAccountOptions(webhook.command('test <id>'))
    .description('send an event webhook.test, once, and say what came of it')
    .addHelpText('after', example(`test ${EXAMPLE_ID}`))
    .action(test);
  withAccountOptions(webhook.command('deliveries <id>'))
    .description('list what was sent to a webhook and what waits, newest first')
    .option('--limit <n>', `how many, ${SHOWN.min} to ${SHOWN.max}`, String(SHOWN.default))
    .addHelpText('after', example(`deliveries ${EXAMPLE_ID} --limit 100`))
    .action(list);
  withAccountOptions(webhook.command('delivery <id> <delivery>'))
    .description('show one delivery, with what it sends')
    .addHelpText('after', example(`delivery ${EXAMPLE_ID} ${EXAMPLE_DELIVERY}`))
    .action((id: string, delivery: string, flags: AccessFlags) =>
      show(flags, (webhooks) => webhooks.get<DeliveryDetails>(id, 'deliveries', delivery)),
    );
  withAccountOptions(webhook.command('retry <id> <delivery>'))
    .description('send a delivery again, at once, whatever became of it')
    .addHelpText('after', example(`retry ${EXAMPLE_ID} ${EXAMPLE_DELIVERY}`))
    .action((id: string, delivery: string, flags: AccessFlags) =>
      show(flags, (webhooks) => webhooks.post<DeliveryView>([id, 'deliveries', delivery, 'retry'])),
    );
}

async function test(id: string, flags: AccessFlags): Promise<void> {
  const delivery = await withWebhooks(flags, (webhooks) => sendTest(webhooks, id));
  if (flags.json) printJson(delivery);
  else describe(delivery);
  if (delivery.state !== 'delivered') throw new Error(`The test of webhook ${id} did not arrive.`);
}

/** Sends a test, and waits for what comes of it. */
async function sendTest(webhooks: AccessClient, id: string): Promise<DeliveryView> {
  let delivery = await webhooks.post<DeliveryView>([id, 'test']);
  const endMs = Date.now() + TEST_MS;
  while (delivery.state === 'pending' && Date.now() < endMs) {
    await sleep(ASK_EVERY_MS);
    const { payload: _, ...seen } = await webhooks.get<DeliveryDetails>(id, 'deliveries', delivery.id);
    delivery = seen;
  }
  return delivery;
}

async function list(id: string, flags: AccessFlags & { readonly limit: string }): Promise<void> {
  const limit = wholeNumber(flags.limit, '--limit', SHOWN);
  const { items } = await withWebhooks(flags, (webhooks) => webhooks.page<DeliveryView>([id, 'deliveries'], limit));
  if (flags.json) {
    printJson({ deliveries: items });
  } else if (items.length === 0) {
    say(`Nothing was sent to the webhook yet. To try it: stocktake webhook test ${id}`);
  } else {
    printTable(
      ['DELIVERY', 'EVENT', 'RUN', 'STATE', 'TRIES', 'CREATED', 'LAST'],
      items.map(({ id: delivery, event, run, state, tries, createdAt, lastStatus, lastFault }) => [
        delivery,
        event,
        run ?? '',
        state,
        String(tries),
        formatMinute(createdAt),
        lastFault ?? (lastStatus === null ? '' : String(lastStatus)),
      ]),
    );
  }
}

async function show(
  flags: AccessFlags,
  ask: (webhooks: AccessClient) => Promise<DeliveryView & { readonly payload?: unknown }>,
): Promise<void> {
  const delivery = await withWebhooks(flags, ask);
  if (flags.json) printJson(delivery);
  else describe(delivery);
}

function describe(delivery: DeliveryView & { readonly payload?: unknown }): void {
  const { id, state, event, run, tries, nextAt, lastStatus, lastFault, createdAt, endedAt, payload } = delivery;
  say(`Delivery ${id} is ${state}.`);
  printFacts([
    ['event', event],
    ['run', run],
    ['tries', String(tries)],
    ['next try', nextAt && formatMinute(nextAt)],
    ['last answer', lastStatus === null ? null : String(lastStatus)],
    ['last fault', lastFault],
    ['created', formatMinute(createdAt)],
    ['ended', endedAt && formatMinute(endedAt)],
  ]);
  if (payload !== undefined) say(formatJson(payload, 2));
}
