/**
 * A connection, on which requests take turns. A client may send some ahead of their answers, and what one does may rest
 * on what the one before it did, so each begins when the one before is answered.
 */

import type { IncomingMessage } from 'node:http';
import type { Arrival } from './arrival.ts';
import type { HttpBounds } from './bounds.ts';

export class Connection {
  readonly #bounds: HttpBounds;
  /** Those that are taken and not answered, and the length of the headers of all but the first. */
  #length = 0;
  #headerLength = 0;
  #last: Promise<unknown> = Promise.resolve();
  #latest: Arrival | undefined;
  /** The answer that is on its way, or was last, says that the connection ends: nothing behind it counts. */
  isEnding = false;

  constructor(bounds: HttpBounds) {
    this.#bounds = bounds;
  }

  /** Does `work` in its turn, or not at all when the connection is over by then; false when too many wait already. */
  take(arrival: Arrival, work: () => Promise<void>): boolean {
    const ahead = this.#length === 0 ? 0 : headerLength(arrival.message);
    if (this.#length > this.#bounds.requestsAhead) return false;
    if (this.#headerLength + ahead > this.#bounds.headerBytes) return false;
    this.#length += 1;
    this.#headerLength += ahead;
    this.#latest = arrival;
    this.#last = this.#last.then(async () => {
      if (!this.isEnding && !arrival.message.socket.destroyed) {
        // Only then is the next response the one that the socket belongs to.
        const closed = new Promise((resolve) => arrival.response.once('close', resolve));
        await work();
        await closed;
      }
      this.#length -= 1;
      this.#headerLength -= ahead;
      if (this.#latest !== arrival) return;
      this.#latest = undefined;
      // It broke when the answer had begun, and so could not say that the connection ends.
      if (arrival.brokenBy !== undefined) arrival.message.socket.destroySoon();
    });
    return true;
  }

  /** No more can be read. False when there is no request whose answer could tell. */
  breakOff(cause: Error): boolean {
    const arrival = this.#latest;
    if (arrival === undefined) return false;
    arrival.brokenBy = cause;
    if (!arrival.message.complete) arrival.onBroken?.(cause);
    return true;
  }
}

function headerLength({ url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((length, text) => length + text.length, url.length);
}
