/** How many connections each address has open, so that one client can't keep all others out. */

import type { Socket } from 'node:net';
import type { HttpBounds } from './bounds.ts';
import { type AddressList, plainAddress } from './peer-address.ts';

/** Between two tellings of connections that are turned away: a flood must not become one of log lines. */
const TELL_EVERY_MS = 60_000;

export class PeerCounts {
  readonly #bounds: HttpBounds;
  readonly #proxies: AddressList;
  readonly #tell: (count: number) => void;
  readonly #open = new Map<string, number>();
  #turnedAway = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Trusted proxies speak for many, and are not counted. */
  constructor(bounds: HttpBounds, proxies: AddressList, tell: (count: number) => void) {
    this.#bounds = bounds;
    this.#proxies = proxies;
    this.#tell = tell;
  }

  /** Counts a connection until it closes, or cuts it when its peer has too many. */
  admit(socket: Socket): void {
    const peer = plainAddress(socket.remoteAddress ?? '');
    if (this.#proxies.has(peer)) return;
    const open = this.#open.get(peer) ?? 0;
    if (open >= this.#bounds.connectionsOfPeer) {
      socket.destroy();
      this.turnedAway();
      return;
    }
    this.#open.set(peer, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(peer) ?? 1) - 1;
      if (left === 0) this.#open.delete(peer);
      else this.#open.set(peer, left);
    });
  }

  turnedAway(): void {
    this.#turnedAway += 1;
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#tell(this.#turnedAway);
    [this.#toldAt, this.#turnedAway] = [now, 0];
  }
}
