/** Webhooks as they are administered: made, changed, tried, deleted. A secret is in the answer that made it, and in no other. */

import { randomBytes } from 'node:crypto';
import type { EntityPage, EntityState } from '../core/access-entities.ts';
import type { Clock } from '../core/clock.ts';
import {
  type NewWebhookView,
  noSuchWebhook,
  type WebhookRecord,
  type WebhookSettings,
  type WebhookView,
  webhookSecretName,
} from '../core/webhook.ts';
import type { DeliveryDetails, DeliveryView } from '../core/webhook-delivery.ts';
import type { DeliveryRecords, WebhookRecords } from './ports.ts';
import { reachOf, type SendSettings } from './send-delivery.ts';
import { newWebhookKey, shownSecret } from './signature.ts';
import { checkWebhookUrl } from './webhook-url.ts';

const HOUR_MS = 3_600_000;

export interface WebhookServiceOptions extends Pick<SendSettings, 'sealer' | 'serverAccount' | 'networks'> {
  readonly webhooks: WebhookRecords;
  readonly deliveries: DeliveryRecords;
  readonly clock: Clock;
  /** Called when something may be due. */
  readonly onDue: () => void;
}

/** Methods that take an id throw `NoSuchWebhook` when the account has none of it. */
export class WebhookService {
  readonly #options: WebhookServiceOptions;

  constructor(options: WebhookServiceOptions) {
    this.#options = options;
  }

  /** Throws `InvalidArgument` for a URL that no webhook of the account may have. */
  async create(account: string, settings: WebhookSettings): Promise<NewWebhookView> {
    const id = `wh-${randomBytes(8).toString('hex')}`;
    const { secret, sealed } = this.#newSecret(id);
    const nowMs = this.#options.clock.now();
    const record: WebhookRecord = {
      id,
      accountId: account,
      ...this.#checked(account, settings),
      state: 'enabled',
      secret: sealed,
      previous: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    await this.#options.webhooks.insert(record);
    return { ...viewOf(record), secret };
  }

  async list(
    account: string,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<EntityPage<WebhookView>> {
    const records = await this.#options.webhooks.list(account, after, limit + 1);
    const items = records.slice(0, limit).map(viewOf);
    return { items, nextAfter: records.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async get(account: string, id: string): Promise<WebhookView> {
    const record = await this.#options.webhooks.find(account, id);
    if (record === undefined) throw noSuchWebhook(account, id);
    return viewOf(record);
  }

  /** Replaces what is set of it; its secret stays. What waits is sent to the new URL. */
  async replace(account: string, id: string, settings: WebhookSettings): Promise<WebhookView> {
    const checked = this.#checked(account, settings);
    return viewOf(await this.#change(account, id, (record) => ({ ...record, ...checked })));
  }

  async setState(account: string, id: string, state: EntityState): Promise<WebhookView> {
    return viewOf(await this.#change(account, id, (record) => ({ ...record, state })));
  }

  /** Makes another secret; the one before signs besides for so many hours, so that receivers can change over. */
  async rotateSecret(account: string, id: string, graceHours: number): Promise<NewWebhookView> {
    const { secret, sealed } = this.#newSecret(id);
    const untilMs = this.#options.clock.now() + graceHours * HOUR_MS;
    const record = await this.#change(account, id, (before) => ({
      ...before,
      secret: sealed,
      previous: graceHours === 0 ? null : { secret: before.secret, untilMs },
    }));
    return { ...viewOf(record), secret };
  }

  /** What waits to be sent to it goes with it, and so does its log. */
  async delete(account: string, id: string): Promise<void> {
    if (!(await this.#options.webhooks.remove(account, id))) throw noSuchWebhook(account, id);
  }

  /** Sends it an event of its own, once. Throws `WebhookDisabled`. */
  async test(account: string, id: string): Promise<DeliveryView> {
    const delivery = await this.#options.deliveries.insertTest(account, id);
    this.#options.onDue();
    return delivery;
  }

  /** Its log, newest first. */
  async deliveries(
    account: string,
    id: string,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<EntityPage<DeliveryView>> {
    await this.get(account, id);
    return await this.#options.deliveries.page(id, after, limit);
  }

  /** Throws `NoSuchDelivery`. */
  async delivery(account: string, id: string, delivery: string): Promise<DeliveryDetails> {
    await this.get(account, id);
    return await this.#options.deliveries.get(id, delivery);
  }

  /** Sends a delivery again, whatever became of it. Throws `NoSuchDelivery` or `WebhookDisabled`. */
  async retry(account: string, id: string, delivery: string): Promise<DeliveryView> {
    const retried = await this.#options.deliveries.retry(account, id, delivery);
    this.#options.onDue();
    return retried;
  }

  #checked(account: string, settings: WebhookSettings): WebhookSettings {
    return { ...settings, url: checkWebhookUrl(settings.url, reachOf(account, this.#options)) };
  }

  #newSecret(id: string) {
    const key = newWebhookKey();
    return { secret: shownSecret(key), sealed: this.#options.sealer.seal(webhookSecretName(id), key) };
  }

  async #change(account: string, id: string, change: (record: WebhookRecord) => WebhookRecord): Promise<WebhookRecord> {
    const updatedAtMs = this.#options.clock.now();
    const changed = await this.#options.webhooks.change(account, id, (record) => ({ ...change(record), updatedAtMs }));
    if (changed === undefined) throw noSuchWebhook(account, id);
    return changed;
  }
}

/** Without the secret, which is never in what is shown later. */
function viewOf(record: WebhookRecord): WebhookView {
  const { id, accountId, url, bucket, rule, events, description, state, createdAtMs, updatedAtMs } = record;
  const times = { createdAt: new Date(createdAtMs).toISOString(), updatedAt: new Date(updatedAtMs).toISOString() };
  return { id, accountId, url, bucket, rule, events, description, state, ...times };
}
