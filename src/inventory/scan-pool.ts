/**
 * The scan threads of all runs. A thread takes longer to start than a small run takes, so threads are kept for the next
 * one: not for ever, and not those in which something broke.
 */

import { ScanThread } from './scan-thread.ts';

/** How long a thread without work is kept. */
const IDLE_MS = 60_000;

export interface ScanPoolOptions {
  /** The most that one run gets. All runs together have so many beside the first of each, which every run gets. */
  readonly threads: number;
  readonly idleMs?: number;
}

export class ScanPool {
  readonly #maxThreads: number;
  readonly #idleMs: number;
  readonly #leased = new Set<ScanThread>();
  /** Runs that have threads. */
  #runs = 0;
  /** Those without work, the longest idle first, each with what ends it. */
  readonly #idle = new Map<ScanThread, NodeJS.Timeout>();
  readonly #ending = new Set<Promise<void>>();
  #isClosed = false;

  constructor({ threads, idleMs = IDLE_MS }: ScanPoolOptions) {
    this.#maxThreads = threads;
    this.#idleMs = idleMs;
  }

  /** Threads there are, at work and idle. */
  get size(): number {
    return this.#leased.size + this.#idle.size;
  }

  /**
   * Takes `wanted` threads for a run, or as many as it may have, at least one. A run keeps to its end what it began with,
   * so small runs that are under way take nothing away from a large one.
   */
  lease(wanted: number): ScanThread[] {
    if (this.#isClosed) throw new Error('the scan pool is closed');
    const beside = this.#leased.size - this.#runs;
    const count = Math.max(1, Math.min(wanted, this.#maxThreads, 1 + this.#maxThreads - beside));
    this.#runs++;
    return Array.from({ length: count }, () => this.#leaseOne());
  }

  /** Stops what the threads of a run do, all of them together. Resolves when they hold nothing of it any more. */
  async giveBack(threads: readonly ScanThread[]): Promise<void> {
    if (threads.length > 0) this.#runs--;
    await Promise.all(threads.map((thread) => this.#takeBack(thread)));
  }

  /** Ends all threads, those at work too: what they do fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const thread of [...this.#idle.keys()]) this.#end(thread);
    await Promise.all([...this.#leased].map((thread) => thread.close()));
    await Promise.all(this.#ending);
  }

  #leaseOne(): ScanThread {
    // The one that was at work last: the others may come to their end.
    const thread = [...this.#idle.keys()].findLast(({ isSound }) => isSound) ?? new ScanThread();
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
    this.#leased.add(thread);
    return thread;
  }

  async #takeBack(thread: ScanThread): Promise<void> {
    await thread.release();
    if (!this.#leased.delete(thread)) return;
    if (!thread.isSound || this.#isClosed) return await thread.close();
    this.#idle.set(thread, setTimeout(() => this.#end(thread), this.#idleMs).unref());
  }

  #end(thread: ScanThread): void {
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
    const ending = thread.close().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
