/** The URL of a webhook: read as the sender will read it, so that both mean the same host. */

import { isIP } from 'node:net';
import { DomainError } from '../core/errors.ts';
import { WEBHOOK_LIMITS } from '../core/webhook.ts';
import { addressKind, mayReach, type Reach } from './address-rules.ts';

/** The URL as it is asked for, or `InvalidArgument`. A host that is an address is one that may be reached. */
export function checkWebhookUrl(text: string, reach: Reach): string {
  const url = readUrl(text);
  const host = hostOf(url);
  if (isIP(host) !== 0 && !mayReach(host, reach)) {
    const why =
      addressKind(host) === 'never'
        ? 'which no webhook may reach'
        : 'a private address. Webhooks of this account reach public ones, and those of the setting webhookNetworks';
    throw refusal(`its host is ${host}, ${why}`);
  }
  return url.href;
}

/** The host without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function readUrl(text: string): URL {
  if (text.length > WEBHOOK_LIMITS.urlCharacters) {
    throw refusal(`it has ${text.length} characters; at most ${WEBHOOK_LIMITS.urlCharacters} are accepted`);
  }
  // A parser would drop or escape others, and the URL would not be what a person read.
  if (!/^[\x21-\x7e]*$/.test(text)) {
    throw refusal('it has a character outside of printable ASCII. Escape it: %20, or xn-- in a host');
  }
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//i.test(text)) throw refusal('expected: an http:// or https:// URL');
  if (url.username !== '' || url.password !== '' || /^[^/?#]*@/.test(text.slice(text.indexOf('//') + 2))) {
    throw refusal('it names a user or a password before the host. The signature says who sends');
  }
  if (text.includes('#')) throw refusal('it has a fragment ("#"), which would not be sent');
  if (url.port !== '' && Number(url.port) < FIRST_FREE_PORT && url.port !== '80' && url.port !== '443') {
    throw refusal(`its port is ${url.port}; expected: 80, 443, or from ${FIRST_FREE_PORT} on`);
  }
  if (url.href.length > WEBHOOK_LIMITS.urlCharacters) throw refusal('it becomes too long when it is escaped');
  return url;
}

/** Below it other services than the web's listen, and some would take what is posted for orders. */
const FIRST_FREE_PORT = 1024;

/** Without the URL, which may hold a secret of the receiver's: the audit log keeps what a refusal says. */
function refusal(why: string): DomainError {
  return new DomainError('InvalidArgument', `The url is not valid: ${why}.`);
}
