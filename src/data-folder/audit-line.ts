/** One line of the audit log: JSON whose every text is bounded and printable, whoever it came from. */

import type { AuditEntry, AuditIdentity } from '../core/audit.ts';
import { printable } from '../core/printable.ts';

/** The longest texts, in characters: a resource holds a key of 1,023 bytes, a message may hold a policy to grant, and
 *  the target of applying a document all of its changes. */
const MAX_CHARACTERS: Readonly<Record<string, number>> = {
  resource: 1200,
  message: 1500,
  target: 4000,
  userAgent: 200,
};

export function auditLine(entry: AuditEntry, nowMs: number): string {
  const { requestId, outcome, operation, action, resource, target, identity, claimedAccessKeyId } = entry;
  const { sourceIp, userAgent, code, message } = entry;
  const texts = { requestId, outcome, operation, action, resource, target };
  const rest = { claimedAccessKeyId, sourceIp, userAgent, code, message };
  const who = identity === undefined ? undefined : identityFacts(identity);
  return JSON.stringify({ time: timeText(nowMs), ...bounded(texts), identity: who, ...bounded(rest) });
}

/** Refusals of one sender that were counted, not written. Without an identity: of everybody who is not proven to be one. */
export interface Suppressed {
  readonly count: number;
  readonly sinceMs: number;
  readonly identity: AuditIdentity | undefined;
}

export function suppressedLine({ count, sinceMs, identity }: Suppressed, nowMs: number): string {
  const who = identity === undefined ? undefined : identityFacts(identity);
  return JSON.stringify({
    time: timeText(nowMs),
    outcome: 'suppressed',
    count,
    since: timeText(sinceMs),
    identity: who,
  });
}

/** Entries that could not be written. */
export function lostLine(count: number, nowMs: number): string {
  return JSON.stringify({ time: timeText(nowMs), outcome: 'lost', count });
}

function identityFacts({ kind, accountId, name, session, accessKeyId }: AuditIdentity) {
  return bounded({ kind, accountId, name, session, accessKeyId });
}

function bounded(texts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const present = Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(present.map(([name, text]) => [name, printable(text, MAX_CHARACTERS[name])]));
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
