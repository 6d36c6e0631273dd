/**
 * Plans runs when they fall due. It looks at what is due whenever something may have changed that: the alarm for the
 * next due time, a rule, the end of a run, the clock. Looking once too often costs two small queries, so whoever may
 * have changed something just pokes. What a look can't do, the database holds for the next one.
 */

import { setImmediate } from 'node:timers/promises';
import type { DueBook } from '../control/due-book.ts';
import type { AlarmClock } from '../core/clock.ts';

/** An alarm does not ring when the clock was set back, so it is looked at besides. */
const WATCH_MS = 60_000;
/** After a look that failed, the next comes this much later; then twice as much, up to the longest. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

export interface SchedulerOptions {
  readonly dues: Pick<DueBook, 'planDue' | 'nextDueAtMs' | 'clockSetBack'>;
  readonly clock: AlarmClock;
  /** Runs were planned, and wait for who does them. */
  readonly onPlanned: () => Promise<void>;
  readonly onEvent: (event: SchedulerEvent) => void;
  /** A look failed, and is tried again. */
  readonly onFault: (cause: unknown) => void;
  readonly retryMs?: number;
}

export type SchedulerEvent =
  /** `missed`: due times that have a row which says why they had no run. */
  | { readonly kind: 'planned'; readonly planned: number; readonly missed: number }
  | { readonly kind: 'clock-set-back'; readonly byMs: number };

export class Scheduler {
  readonly #options: SchedulerOptions;
  #look: Promise<void> | undefined;
  #isPoked = false;
  #isClosed = false;
  /** Runs were planned, and nobody was told yet. */
  #isToTell = false;
  /** What the clock showed last; it may have been set back while nobody looked. */
  #seenMs = Number.POSITIVE_INFINITY;
  #faults = 0;
  #takeAlarmBack: (() => void) | undefined;
  #watch: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Begins, and resolves after the first look: what was missed while nobody looked is planned then. */
  async start(): Promise<void> {
    this.#watch = setInterval(() => this.poke(), WATCH_MS).unref();
    this.poke();
    await this.idle();
  }

  /** Something may be due, or due at another time than before. */
  poke(): void {
    if (this.#isClosed) return;
    this.#isPoked = true;
    this.#look ??= this.#lookWhilePoked();
  }

  /** Resolves when everything that it was poked for is seen to, or has failed and waits to be tried again. */
  async idle(): Promise<void> {
    await this.#look;
  }

  /** The last look went well, or the first is still under way. */
  get isWell(): boolean {
    return this.#faults === 0;
  }

  /** What is being planned is finished; what falls due from now on waits for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    await this.#look;
    this.#takeAlarmBack?.();
  }

  /** Never rejects. */
  async #lookWhilePoked(): Promise<void> {
    while (this.#isPoked && !this.#isClosed) {
      this.#isPoked = false;
      try {
        await this.#lookOnce();
        this.#faults = 0;
      } catch (cause) {
        this.#options.onFault(cause);
        this.#lookAgain();
      }
    }
    // In the same breath as the last question whether it was poked, so that no poke falls between the two.
    this.#look = undefined;
  }

  async #lookOnce(): Promise<void> {
    const { dues, clock, onEvent } = this.#options;
    const nowMs = clock.now();
    if (nowMs < this.#seenMs) {
      await dues.clockSetBack(nowMs);
      if (Number.isFinite(this.#seenMs)) onEvent({ kind: 'clock-set-back', byMs: this.#seenMs - nowMs });
    }
    this.#seenMs = nowMs;
    try {
      await this.#planDue(nowMs);
    } finally {
      await this.#tell();
    }
    this.#setAlarm(await dues.nextDueAtMs(nowMs));
  }

  /** In batches, giving way to whatever else the process does between them. */
  async #planDue(nowMs: number): Promise<void> {
    const { dues, onEvent } = this.#options;
    for (let isMore = true; isMore && !this.#isClosed; ) {
      const batch = await dues.planDue(nowMs);
      const { planned, missed } = batch;
      if (planned > 0) this.#isToTell = true;
      if (planned + missed > 0) onEvent({ kind: 'planned', planned, missed });
      isMore = batch.isMore;
      if (isMore) await setImmediate();
    }
  }

  async #tell(): Promise<void> {
    if (!this.#isToTell) return;
    await this.#options.onPlanned();
    this.#isToTell = false;
  }

  #setAlarm(atMs: number | undefined): void {
    this.#takeAlarmBack?.();
    const { clock } = this.#options;
    this.#takeAlarmBack = atMs === undefined || this.#isClosed ? undefined : clock.alarm(atMs, () => this.poke());
  }

  #lookAgain(): void {
    if (this.#isClosed) return;
    const { retryMs = RETRY_MS } = this.#options;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.poke(), Math.min(retryMs * 2 ** this.#faults++, MAX_RETRY_MS)).unref();
  }
}
