/**
 * A number of places that runs share for their shards. A place that becomes free goes to the run with the fewest, and
 * among those to the one that has waited longest: a run of a thousand shards leaves room for a run of one.
 */

interface Waiting {
  readonly owner: string;
  readonly give: () => void;
}

export class FairSlots {
  #free: number;
  readonly #held = new Map<string, number>();
  readonly #waiting: Waiting[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Places that are taken. */
  get taken(): number {
    return [...this.#held.values()].reduce((sum, held) => sum + held, 0);
  }

  /** Does `work` in a place of `owner`, when there is one. An abort ends the wait, not the work. */
  async use<T>(owner: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take(owner, signal);
    try {
      return await work();
    } finally {
      this.#giveBack(owner);
    }
  }

  async #take(owner: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { owner, give: resolve };
    const leave = () => {
      const index = this.#waiting.indexOf(waiting);
      if (index >= 0) this.#waiting.splice(index, 1);
      reject(signal.reason);
    };
    this.#waiting.push(waiting);
    signal.addEventListener('abort', leave);
    this.#giveFree();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #giveBack(owner: string): void {
    this.#free++;
    const left = this.#heldBy(owner) - 1;
    if (left === 0) this.#held.delete(owner);
    else this.#held.set(owner, left);
    this.#giveFree();
  }

  #giveFree(): void {
    while (this.#free > 0) {
      const next = this.#nextInTurn();
      if (next === undefined) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#free--;
      this.#held.set(next.owner, this.#heldBy(next.owner) + 1);
      next.give();
    }
  }

  #nextInTurn(): Waiting | undefined {
    let next: Waiting | undefined;
    for (const each of this.#waiting) {
      if (next === undefined || this.#heldBy(each.owner) < this.#heldBy(next.owner)) next = each;
    }
    return next;
  }

  #heldBy(owner: string): number {
    return this.#held.get(owner) ?? 0;
  }
}
