/**
 * How many refusals one sender gets into the audit log in a minute. They come at line rate from whoever likes, and would
 * else push everything else out of a log of bounded size. What is left out is counted.
 */

import type { AuditIdentity } from '../core/audit.ts';
import type { Suppressed } from './audit-line.ts';

const WINDOW_MS = 60_000;

/** So many senders have counts of their own in a minute; those that come later share one. */
const MAX_SENDERS = 1000;

interface Count {
  readonly identity: AuditIdentity | undefined;
  written: number;
  suppressed: number;
}

export class RefusalBudget {
  readonly #perWindow: number;
  readonly #senders = new Map<string, Count>();
  #sinceMs = 0;

  /** `perWindow` is how many each sender gets: each identity, and all the others together. */
  constructor(perWindow: number) {
    this.#perWindow = perWindow;
  }

  /** When the minute is over that `nowMs` lies in. */
  get endsMs(): number {
    return this.#sinceMs + WINDOW_MS;
  }

  /** Whether a refusal of this sender is to be written. Counts it. */
  admits(identity: AuditIdentity | undefined): boolean {
    const count = this.#countOf(identity);
    if (count.written >= this.#perWindow) {
      count.suppressed++;
      return false;
    }
    count.written++;
    return true;
  }

  /** Begins another minute if one is over at `nowMs`, and returns what was left out in that one. */
  advance(nowMs: number): readonly Suppressed[] {
    // A clock that was set back ends the minute too: else nothing would be written until it caught up.
    return nowMs >= this.endsMs || nowMs < this.#sinceMs ? this.restart(nowMs) : [];
  }

  /** Begins another minute at `nowMs`, and returns what was left out before. */
  restart(nowMs: number): readonly Suppressed[] {
    const sinceMs = this.#sinceMs;
    const suppressed = [...this.#senders.values()].flatMap(({ suppressed: count, identity }) =>
      count === 0 ? [] : [{ count, sinceMs, identity }],
    );
    this.#senders.clear();
    this.#sinceMs = nowMs;
    return suppressed;
  }

  #countOf(identity: AuditIdentity | undefined): Count {
    const known = isKnown(identity) ? senderOf(identity) : undefined;
    const name = JSON.stringify(known ?? null);
    const found = this.#senders.get(name);
    if (found !== undefined) return found;
    if (known !== undefined && this.#senders.size >= MAX_SENDERS) return this.#countOf(undefined);
    const count: Count = { identity: known, written: 0, suppressed: 0 };
    this.#senders.set(name, count);
    return count;
  }
}

function isKnown(identity: AuditIdentity | undefined): identity is AuditIdentity {
  return identity !== undefined && identity.kind !== 'anonymous';
}

/** Whoever may assume a role chooses the names of its sessions, so all of them are one sender; all keys of a user too. */
function senderOf({ kind, accountId, name }: AuditIdentity): AuditIdentity {
  return { kind, ...(accountId !== undefined && { accountId }), ...(name !== undefined && { name }) };
}
