/** Deliveries: one event for one webhook each, sent until it arrives or is given up. */

import { DomainError } from './errors.ts';
import { printable } from './printable.ts';
import type { RunView } from './run.ts';
import type { WebhookEvent, WebhookRecord } from './webhook.ts';

/** Made by a person to see whether a webhook arrives; it is sent once. */
export const TEST_EVENT = 'webhook.test';
export type DeliveryEvent = WebhookEvent | typeof TEST_EVENT;

export type DeliveryState = 'pending' | 'delivered' | 'failed';

/** One event for one webhook, as its log shows it. */
export interface DeliveryView {
  /** The `webhook-id` that the receiver sees, the same at every try. */
  readonly id: string;
  readonly webhook: string;
  readonly run: string | null;
  readonly event: DeliveryEvent;
  readonly state: DeliveryState;
  readonly tries: number;
  /** When the next try is due; null when it is over. */
  readonly nextAt: string | null;
  readonly lastStatus: number | null;
  readonly lastFault: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

/** A delivery with what it sends. */
export interface DeliveryDetails extends DeliveryView {
  readonly payload: unknown;
}

/** What a receiver is sent. */
export interface WebhookPayload {
  readonly type: DeliveryEvent;
  /** When it happened. */
  readonly timestamp: string;
  readonly data:
    | { readonly account: string; readonly run: RunView }
    | { readonly account: string; readonly webhook: string };
}

/** A delivery that is to be sent now, and where to. */
export interface DueDelivery {
  readonly id: string;
  readonly event: DeliveryEvent;
  readonly payload: string;
  /** How often it was tried before. */
  readonly tries: number;
  readonly webhook: WebhookRecord;
}

/** What is not to be looked at: webhooks and accounts that are being sent as much as they may be. */
export interface Busy {
  readonly webhooks: readonly string[];
  readonly accounts: readonly string[];
}

/** What one try came to; `gone` also disables the webhook. */
export type TryOutcome = { readonly status: number | null; readonly fault: string | null } & (
  | { readonly kind: 'delivered' | 'failed' | 'gone' }
  | { readonly kind: 'later'; readonly nextAtMs: number }
);

export function noSuchDelivery(webhook: string, id: string): DomainError {
  const text = `The log of the webhook ${webhook} has no delivery "${printable(id)}".`;
  return new DomainError('NoSuchDelivery', text);
}
