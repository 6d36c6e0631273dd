/** What webhooks want of the rest of the server. */

import type { EntityPage } from '../core/access-entities.ts';
import type { WebhookRecord } from '../core/webhook.ts';
import type { Busy, DeliveryDetails, DeliveryView, DueDelivery, TryOutcome } from '../core/webhook-delivery.ts';

/** Where webhooks are kept. */
export interface WebhookRecords {
  /** Throws `NoSuchAccount`, and `EntityLimitReached` when the account has as many as it may. */
  insert(record: WebhookRecord): Promise<void>;
  find(account: string, id: string): Promise<WebhookRecord | undefined>;
  /** Those behind `after`, in the order of their ids. */
  list(account: string, after: string, limit: number): Promise<readonly WebhookRecord[]>;
  /** Writes what `change` makes of the webhook as it is then; undefined when there is none. */
  change(
    account: string,
    id: string,
    change: (record: WebhookRecord) => WebhookRecord,
  ): Promise<WebhookRecord | undefined>;
  /** With its log; false when there is none. */
  remove(account: string, id: string): Promise<boolean>;
}

/** What was sent to a webhook, and what waits. */
export interface DeliveryRecords {
  /** Newest first. */
  page(webhookId: string, after: string, limit: number): Promise<EntityPage<DeliveryView>>;
  /** Throws `NoSuchDelivery`. */
  get(webhookId: string, id: string): Promise<DeliveryDetails>;
  /** Both throw `NoSuchWebhook`, or `WebhookDisabled`. */
  insertTest(account: string, webhookId: string): Promise<DeliveryView>;
  retry(account: string, webhookId: string, id: string): Promise<DeliveryView>;
}

/** What the sender takes its work from. */
export interface DeliveryQueue {
  /** One delivery each of up to `limit` webhooks, without those that are busy. */
  due(limit: number, busy: Busy): Promise<readonly DueDelivery[]>;
  /** When something falls due that is not due yet. */
  nextDueAtMs(): Promise<number | undefined>;
  settle(id: string, outcome: TryOutcome): Promise<void>;
}

/** Keeps secrets unreadable where they are stored; the room `keys` does it. */
export interface SecretSealer {
  /** Sealed under a name, a secret opens under this name only. */
  seal(name: string, plain: Uint8Array): { readonly bytes: Uint8Array; readonly by: string };
  /** Undefined when these bytes were not sealed under this name by this server's key file. */
  open(name: string, sealed: Uint8Array): Uint8Array | undefined;
}
