/** How fast a body comes and an answer goes. One that dribbles would hold its connection, and what is read for it, for hours. */

import { DomainError } from '../core/errors.ts';
import type { HttpBounds } from './bounds.ts';

/** Counts only the time in which somebody waits for the body: a server that is slow itself blames no client. */
export class Pace {
  readonly #bounds: HttpBounds;
  #waitedMs = 0;
  #bytes = 0;

  constructor(bounds: HttpBounds) {
    this.#bounds = bounds;
  }

  /** So many bytes came after so long a wait; throws `RequestTimeout` when that is too slow for too long. */
  assertKept(waitedMs: number, bytes: number): void {
    const { paceMs, paceBytes } = this.#bounds;
    this.#waitedMs += waitedMs;
    this.#bytes += bytes;
    if (this.#waitedMs < paceMs) return;
    if (this.#bytes < paceBytes) {
      const text = `The body came too slowly: ${this.#bytes} bytes in ${Math.round(this.#waitedMs / 1000)} seconds, where ${paceBytes} are the least in ${paceMs / 1000}.`;
      throw new DomainError('RequestTimeout', text);
    }
    [this.#waitedMs, this.#bytes] = [0, 0];
  }
}

/** Waits for a client to take an answer; one that falls behind the pace by too much is given up. */
export class Patience {
  readonly #bounds: HttpBounds;
  readonly #giveUp: () => void;
  #leftMs: number;

  constructor(bounds: HttpBounds, giveUp: () => void) {
    this.#bounds = bounds;
    this.#giveUp = giveUp;
    this.#leftMs = bounds.answerPatienceMs;
  }

  /** Begins to wait for so many bytes to be taken; to be told when they are. */
  begin(bytes: number): () => void {
    const { paceMs, paceBytes, answerPatienceMs } = this.#bounds;
    const since = performance.now();
    const timer = setTimeout(this.#giveUp, this.#leftMs).unref();
    return () => {
      clearTimeout(timer);
      const left = this.#leftMs - (performance.now() - since) + (bytes * paceMs) / paceBytes;
      // What was taken fast at first doesn't pay for what dribbles later.
      this.#leftMs = Math.min(left, answerPatienceMs);
    };
  }
}
