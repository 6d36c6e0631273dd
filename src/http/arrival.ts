/** A request on its way in: its body, read once and maybe in part, over a connection that may break at any moment. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { DomainError } from '../core/errors.ts';
import type { HttpBounds } from './bounds.ts';
import { Pace } from './pace.ts';

/** A request, and how its connection fares. */
export interface Arrival {
  /** Set when what comes over the connection is no HTTP any more. */
  brokenBy?: Error;
  /** Tells whoever waits for more of it just then. */
  onBroken?: (cause: Error) => void;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** The client sent `Expect: 100-continue` and holds its body back until it is asked for. */
  readonly isWaiting: boolean;
  /** What else it expects, which nobody here can do. */
  readonly expects?: string | undefined;
}

/** The body; `askForBody` is called when somebody begins to read it. One that comes too slowly is broken off. */
export async function* readBytes(
  arrival: Arrival,
  bounds: HttpBounds,
  askForBody: () => void,
): AsyncGenerator<Uint8Array> {
  askForBody();
  const pace = new Pace(bounds);
  // Destroying the message would take the connection along, and the answer with it.
  const chunks = arrival.message.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const since = performance.now();
      const next = await unlessBroken(arrival, chunks.next());
      if (next.done) return;
      pace.assertKept(performance.now() - since, next.value.length);
      yield next.value;
    }
  } catch (error) {
    if (error instanceof DomainError) {
      arrival.brokenBy = error;
      throw error;
    }
    throw new DomainError(
      'IncompleteBody',
      'The connection ended before the whole body arrived.',
      {},
      { cause: error },
    );
  } finally {
    // Left in the middle, it lets go of the message. Of a broken one it still awaits what will not come.
    if (arrival.brokenBy === undefined) await chunks.return?.();
  }
}

/**
 * What `next` comes to, or the breaking of the connection, whichever is first. That has one place, taken over by each
 * chunk from the one before: in a race against a promise that lives as long as the request, every chunk would stay in
 * memory until the request ends.
 */
function unlessBroken<T>(arrival: Arrival, next: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    next.then(resolve, reject);
    arrival.onBroken = reject;
    // What came whole before the connection broke is a body like any other.
    if (arrival.brokenBy !== undefined && !arrival.message.complete) reject(arrival.brokenBy);
  });
}

/**
 * Reads on until the client has stopped sending. Closing a connection with bytes unread resets it, and the client may
 * lose the answer over that; so the answer is out, and says that the connection ends, but the end waits.
 */
export async function linger(arrival: Arrival, patienceMs: number): Promise<void> {
  const { message } = arrival;
  const patience = AbortSignal.timeout(patienceMs);
  message.resume();
  const ended = finished(message, { writable: false, signal: patience });
  // Whether it stopped by itself or went away, or patience ran out, the connection ends now.
  await unlessBroken(arrival, ended).catch(() => undefined);
}
