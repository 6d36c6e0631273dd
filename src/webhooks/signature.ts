/** Signs what is sent as Standard Webhooks do (https://www.standardwebhooks.com), so that receivers have libraries for it. */

import { createHmac, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

export function newWebhookKey(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The key as it is shown to whom it is for. */
export function shownSecret(key: Uint8Array): string {
  return `whsec_${Buffer.from(key).toString('base64')}`;
}

export interface SignedMessage {
  readonly id: string;
  readonly sentAtMs: number;
  readonly body: string;
}

/** The headers that a receiver checks. Each key signs: while a secret is being exchanged there are two. */
export function signatureHeaders({ id, sentAtMs, body }: SignedMessage, keys: readonly Uint8Array[]) {
  const timestamp = String(Math.floor(sentAtMs / 1000));
  const signatures = keys.map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.map((signature) => `v1,${signature}`).join(' '),
  };
}
