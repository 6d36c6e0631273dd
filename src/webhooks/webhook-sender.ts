/**
 * Sends what waits to be sent, at least once each: a delivery is over when that is on disk, so a process that dies after
 * sending sends again, under the same id. Webhooks don't wait for each other: each has one delivery under way at most,
 * an account a few, and who goes next is left to chance among all that are due.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { AlarmClock } from '../core/clock.ts';
import type { Busy, DueDelivery, TryOutcome } from '../core/webhook-delivery.ts';
import type { DeliveryQueue } from './ports.ts';
import type { SendResult } from './send-delivery.ts';
import { outcomeOf } from './try-outcome.ts';

/** Deliveries under way at once, of all accounts together and of one. */
const MAX_AT_ONCE = 16;
const MAX_OF_ACCOUNT = 4;

/** However far away the next one is due, the queue is looked at so often. */
const MAX_IDLE_MS = 60_000;

/** How long to wait for a database that fails: longer from time to time. */
const BACKOFF_MS = { first: 1_000, most: 60_000 } as const;

export interface SenderOptions {
  readonly queue: DeliveryQueue;
  /** The real one: receivers hold the time of a signature against theirs. */
  readonly clock: AlarmClock;
  /** Rejects when the signal is aborted. */
  readonly send: (
    delivery: DueDelivery,
    options: { readonly sentAtMs: number; readonly signal: AbortSignal },
  ) => Promise<SendResult>;
  /** From 0 to 1, for the waits between tries. */
  readonly chance: () => number;
  readonly onEvent: (event: SenderEvent) => void;
}

/** What a try came to, once that is on disk; or a fault of ours, which puts off what it befell. */
export type SenderEvent =
  | {
      readonly kind: 'tried';
      readonly delivery: DueDelivery;
      readonly outcome: TryOutcome;
      readonly durationMs: number;
    }
  | { readonly kind: 'fault'; readonly cause: unknown };

interface UnderWay {
  readonly account: string;
  readonly done: Promise<void>;
}

export class WebhookSender {
  readonly #options: SenderOptions;
  /** By the id of the webhook. */
  readonly #underWay = new Map<string, UnderWay>();
  /** Aborted when nothing more is to be waited for. */
  readonly #end = new AbortController();
  #isClosed = false;
  #looking: Promise<void> | undefined;
  #isWoken = false;
  #faults = 0;
  #cancelAlarm = () => {};

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Looks whether something is due. Called when something may have come; a call costs little. */
  wake(): void {
    this.#isWoken = true;
    if (this.#isClosed) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      // Something may have come after the last look; after a fault it waits for the alarm with the rest.
      if (this.#isWoken && this.#faults === 0) this.wake();
    });
  }

  /** Begins no delivery any more, and waits so long for those under way; what is left is sent after the next start. */
  async close(drainMs: number): Promise<void> {
    this.#isClosed = true;
    this.#cancelAlarm();
    await this.#looking;
    const drained = new AbortController();
    const all = Promise.all([...this.#underWay.values()].map(({ done }) => done));
    await Promise.race([all, sleep(drainMs, undefined, { signal: drained.signal }).catch(() => undefined)]);
    drained.abort();
    this.#end.abort();
    await all;
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { clock, queue, onEvent } = this.#options;
    this.#cancelAlarm();
    let nextMs = MAX_IDLE_MS;
    try {
      while (this.#isWoken && !this.#isClosed) {
        this.#isWoken = false;
        await this.#beginDue();
      }
      const dueAtMs = await queue.nextDueAtMs();
      if (dueAtMs !== undefined) nextMs = Math.min(MAX_IDLE_MS, Math.max(0, dueAtMs - clock.now()));
      this.#faults = 0;
    } catch (cause) {
      nextMs = backoffMs(this.#faults++);
      onEvent({ kind: 'fault', cause });
    }
    if (!this.#isClosed) this.#cancelAlarm = clock.alarm(clock.now() + nextMs, () => this.wake());
  }

  /** Begins as many deliveries as may be under way. Each round begins one at least, or ends it. */
  async #beginDue(): Promise<void> {
    while (this.#underWay.size < MAX_AT_ONCE && !this.#isClosed) {
      const due = await this.#options.queue.due(MAX_AT_ONCE - this.#underWay.size, this.#busy());
      if (due.length === 0 || this.#isClosed) return;
      for (const delivery of due)
        if (this.#ofAccount(delivery.webhook.accountId) < MAX_OF_ACCOUNT) this.#begin(delivery);
    }
  }

  #begin(delivery: DueDelivery): void {
    const { id, accountId: account } = delivery.webhook;
    const done = this.#deliver(delivery).finally(() => {
      this.#underWay.delete(id);
      this.wake();
    });
    this.#underWay.set(id, { account, done });
  }

  /** Never rejects. */
  async #deliver(delivery: DueDelivery): Promise<void> {
    const { clock, send, chance, onEvent } = this.#options;
    const { signal } = this.#end;
    const startedAt = performance.now();
    let result: SendResult;
    try {
      result = await send(delivery, { sentAtMs: clock.now(), signal });
    } catch (cause) {
      if (signal.aborted) return;
      onEvent({ kind: 'fault', cause });
      result = { fault: 'The server met an error of its own; its log has more.' };
    }
    const durationMs = performance.now() - startedAt;
    const outcome = outcomeOf(delivery, result, { nowMs: clock.now(), chance: chance() });
    if (await this.#settle(delivery, outcome)) onEvent({ kind: 'tried', delivery, outcome, durationMs });
  }

  /**
   * Until it is written down what a try came to, the webhook is sent nothing: a receiver is not asked again and again
   * because our disk is full. False when that could not be before the end.
   */
  async #settle({ id }: DueDelivery, outcome: TryOutcome): Promise<boolean> {
    const { queue, clock, onEvent } = this.#options;
    for (let faults = 0; !this.#end.signal.aborted; faults++) {
      try {
        await queue.settle(id, outcome);
        return true;
      } catch (cause) {
        onEvent({ kind: 'fault', cause });
        if (this.#isClosed) return false;
        await pause(clock, backoffMs(faults), this.#end.signal);
      }
    }
    return false;
  }

  #busy(): Busy {
    const accounts = new Set([...this.#underWay.values()].map(({ account }) => account));
    return {
      webhooks: [...this.#underWay.keys()],
      accounts: [...accounts].filter((account) => this.#ofAccount(account) >= MAX_OF_ACCOUNT),
    };
  }

  #ofAccount(account: string): number {
    return [...this.#underWay.values()].filter((each) => each.account === account).length;
  }
}

function backoffMs(faults: number): number {
  return Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** faults);
}

/** Resolves after a while, or at once when the signal is aborted. */
function pause(clock: AlarmClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.alarm(clock.now() + ms, end);
    signal.addEventListener('abort', end);
  });
}
