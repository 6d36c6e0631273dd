/** Tells receivers of the ends of runs: what waits in the control database is sent, and administered. */

import type { Logger } from 'pino';
import type { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import { DeliveryLog } from './control/delivery-log.ts';
import { WebhookTable } from './control/webhook-table.ts';
import { systemClock } from './core/clock.ts';
import { parseIpRange } from './core/ip-range.ts';
import type { Databases } from './databases.ts';
import type { RunEvents } from './jobs/run-events.ts';
import { FileSecretSealer } from './keys/secret-sealer.ts';
import { stocktakeVersion } from './version.ts';
import { resolveHost } from './webhooks/resolve-host.ts';
import { MAX_WAIT_MS } from './webhooks/retry-waits.ts';
import { sendDelivery } from './webhooks/send-delivery.ts';
import { type SenderEvent, WebhookSender } from './webhooks/webhook-sender.ts';
import { WebhookService } from './webhooks/webhook-service.ts';

/** How long deliveries under way may take when the server is told to stop; what is left is sent again. */
const DRAIN_MS = 5_000;

export interface OpenWebhooksOptions {
  readonly settings: Settings;
  readonly databases: Databases;
  readonly events: RunEvents;
  readonly log: Logger;
  readonly closers: Closers;
  /** Told of each try, besides the log. */
  readonly onEvent?: (event: SenderEvent) => void;
}

/** Takes up what the last process left to be sent. The clock is the real one, whichever the runs go by. */
export function openWebhooks({ settings, databases, events, log, closers, onEvent }: OpenWebhooksOptions) {
  const { control, keyFile } = databases;
  const sending = {
    sealer: new FileSecretSealer(keyFile),
    serverAccount: settings.accountId,
    networks: settings.webhookNetworks.flatMap((range) => parseIpRange(range) ?? []),
    resolve: resolveHost,
    userAgent: `Stocktake/${stocktakeVersion()}`,
  };
  const deliveries = new DeliveryLog(control, systemClock, { maxWaitMs: MAX_WAIT_MS });
  const sender = new WebhookSender({
    queue: deliveries,
    clock: systemClock,
    send: (delivery, options) => sendDelivery(delivery, options, sending),
    chance: Math.random,
    onEvent: (event) => {
      logSending(log, event);
      onEvent?.(event);
    },
  });
  closers.add(() => sender.close(DRAIN_MS));
  events.listen(({ kind }) => {
    if (kind === 'ended' || kind === 'failed') sender.wake();
  });
  sender.wake();
  const webhooks = new WebhookTable(control);
  return new WebhookService({ ...sending, webhooks, deliveries, clock: systemClock, onDue: () => sender.wake() });
}

/** Without the URL, which may hold a secret of the receiver's. */
function logSending(log: Logger, event: SenderEvent): void {
  if (event.kind === 'fault') {
    log.error({ err: event.cause }, 'webhooks met a fault, and go on later');
    return;
  }
  const { delivery, outcome } = event;
  const { kind, status, fault } = outcome;
  const facts = { webhook: delivery.webhook.id, delivery: delivery.id, tries: delivery.tries + 1, status, fault };
  if (kind === 'delivered') log.info(facts, 'webhook delivered');
  else if (kind === 'later') log.info(facts, 'webhook not delivered, and tried again later');
  else if (kind === 'failed') log.warn(facts, 'webhook given up');
  else log.warn(facts, 'webhook disabled, because its receiver is gone');
}
