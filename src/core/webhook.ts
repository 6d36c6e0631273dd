/** Webhooks: who is told of the ends of runs. */

import type { EntityState } from './access-entities.ts';
import { DomainError } from './errors.ts';
import { printable } from './printable.ts';

/** What a webhook can be told of. */
export const WEBHOOK_EVENTS = ['run.published', 'run.empty', 'run.failed'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export const WEBHOOK_LIMITS = {
  webhooksPerAccount: 100,
  urlCharacters: 2048,
  /** Deliveries of a webhook that wait to be sent; beyond it the oldest are given up. */
  pendingDeliveries: 1000,
  /** Deliveries of a webhook that are over, and stay in its log. */
  endedDeliveries: 200,
  payloadBytes: 64 * 1024,
  /** How long the secret before goes on signing after a change of it. */
  graceHours: { min: 0, max: 168, default: 24 },
} as const;

export const MAX_WEBHOOKS_PAGE = 1000;

/** What a person sets of a webhook. */
export interface WebhookSettings {
  readonly url: string;
  /** Null: of all buckets of the account. */
  readonly bucket: string | null;
  /** Null: of all rules. */
  readonly rule: string | null;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
}

export interface WebhookView extends WebhookSettings {
  readonly id: string;
  readonly accountId: string;
  readonly state: EntityState;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Shown once, when the webhook or its secret is made. */
export interface NewWebhookView extends WebhookView {
  /** As Standard Webhooks write it: `whsec_` and the key in base64. */
  readonly secret: string;
}

/** A secret that is sealed, and the id of the key file that opens it. */
export interface SealedWebhookSecret {
  readonly bytes: Uint8Array;
  readonly by: string;
}

/** A webhook as it is kept. */
export interface WebhookRecord extends WebhookSettings {
  readonly id: string;
  readonly accountId: string;
  readonly state: EntityState;
  readonly secret: SealedWebhookSecret;
  /** The secret before, which signs besides until then. */
  readonly previous: { readonly secret: SealedWebhookSecret; readonly untilMs: number } | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** The name that the secret of a webhook is sealed under: its own, so that none passes for another's. */
export function webhookSecretName(id: string): string {
  return `webhook:${id}`;
}

export function noSuchWebhook(account: string, id: string): DomainError {
  return new DomainError('NoSuchWebhook', `The account ${account} has no webhook "${printable(id)}".`);
}
