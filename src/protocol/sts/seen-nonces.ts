/**
 * The nonces of requests that were answered, each for as long as its timestamp is good, so that a request which somebody
 * saw can't be sent again. A restart forgets them.
 */

import { hash } from 'node:crypto';
import { StsError } from './sts-error.ts';

const MINUTE_MS = 60_000;

export interface SignedNonce {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly nonce: string;
  /** From then on the timestamp of the request is no good any more. */
  readonly staleAtMs: number;
}

interface Seen {
  readonly digests: Set<string>;
  /** How many of them are of which account. */
  readonly ofAccount: Map<string, number>;
}

export class SeenNonces {
  readonly #capacity: number;
  /** By the minute in which they may be forgotten. */
  readonly #byMinute = new Map<number, Seen>();

  /**
   * Room for `capacity` of them, of which an account gets half of what the others leave: so none shuts the others out. A
   * full memory refuses what it could not tell from a repetition.
   */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Remembers the nonce; throws `SignatureNonceUsed` when it is there already, `Throttling.User` when there is no room. */
  add({ accountId, accessKeyId, nonce, staleAtMs }: SignedNonce, nowMs: number): void {
    for (const minute of this.#byMinute.keys()) {
      if ((minute + 1) * MINUTE_MS <= nowMs) this.#byMinute.delete(minute);
    }
    const minutes = [...this.#byMinute.values()];
    // Of one length, however long a nonce is.
    const digest = hash('sha256', JSON.stringify([accessKeyId, nonce]), 'base64');
    if (minutes.some(({ digests }) => digests.has(digest))) {
      throw new StsError(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
    }
    const all = sum(minutes.map(({ digests }) => digests.size));
    const own = sum(minutes.map(({ ofAccount }) => ofAccount.get(accountId) ?? 0));
    if (own >= (this.#capacity - (all - own)) / 2) {
      throw new StsError(400, 'Throttling.User', 'Request was denied due to user flow control.');
    }
    const minute = Math.floor(staleAtMs / MINUTE_MS);
    const { digests, ofAccount } = this.#byMinute.get(minute) ?? { digests: new Set(), ofAccount: new Map() };
    digests.add(digest);
    ofAccount.set(accountId, (ofAccount.get(accountId) ?? 0) + 1);
    this.#byMinute.set(minute, { digests, ofAccount });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
