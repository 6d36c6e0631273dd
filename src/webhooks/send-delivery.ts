/** Sends a delivery once: signed by the secrets of its webhook, to where that may reach. */

import type { IpRange } from '../core/ip-range.ts';
import { type WebhookRecord, webhookSecretName } from '../core/webhook.ts';
import type { DueDelivery } from '../core/webhook-delivery.ts';
import type { Reach } from './address-rules.ts';
import type { SecretSealer } from './ports.ts';
import { POST_FAULTS, post } from './post.ts';
import type { ResolveHost } from './resolve-host.ts';
import { signatureHeaders } from './signature.ts';

export interface SendSettings {
  readonly sealer: SecretSealer;
  /** The account that the server was started for. */
  readonly serverAccount: string;
  readonly networks: readonly IpRange[];
  readonly resolve: ResolveHost;
  /** As in `Stocktake/0.1.0`. */
  readonly userAgent: string;
}

/** What was answered, or in words why nothing was. */
export type SendResult = { readonly status: number } | { readonly fault: string };

/** Rejects when `signal` is aborted. */
export async function sendDelivery(
  { id, payload: body, webhook }: DueDelivery,
  { sentAtMs, signal }: { readonly sentAtMs: number; readonly signal: AbortSignal },
  settings: SendSettings,
): Promise<SendResult> {
  const keys = openKeys(webhook, sentAtMs, settings.sealer);
  if (keys === undefined) return { fault: 'The key file of this server does not open the secret of the webhook.' };
  const headers = {
    'content-type': 'application/json',
    'user-agent': settings.userAgent,
    ...signatureHeaders({ id, sentAtMs, body }, keys),
  };
  const reach = reachOf(webhook.accountId, settings);
  const result = await post({ url: webhook.url, headers, body, reach, resolve: settings.resolve, signal });
  return 'status' in result ? result : { fault: POST_FAULTS[result.fault] };
}

/** Where the webhooks of an account may reach. */
export function reachOf(
  accountId: string,
  { serverAccount, networks }: Pick<SendSettings, 'serverAccount' | 'networks'>,
): Reach {
  return { isOfServer: accountId === serverAccount, networks };
}

/** The keys that sign now, the newest first. */
function openKeys({ id, secret, previous }: WebhookRecord, nowMs: number, sealer: SecretSealer) {
  const sealed = previous !== null && previous.untilMs > nowMs ? [secret, previous.secret] : [secret];
  const keys = sealed.flatMap(({ bytes }) => sealer.open(webhookSecretName(id), bytes) ?? []);
  return keys.length === sealed.length ? keys : undefined;
}
