/**
 * Executes runs in this process, a bounded number at once. Nothing waits in memory: what the ledger holds is the truth,
 * and each place that becomes free asks it for the next run. So whatever goes wrong, the ledger is asked again how far
 * the run got before anything is said or removed.
 */

import { type RunLedger, RunOver, type StoredRun } from '../control/run-ledger.ts';
import { MAX_PUT_OFF_MS } from '../control/waiting-runs.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { isOpen } from '../core/run.ts';
import type { Engine } from './engine.ts';
import { executeRun } from './execute-run.ts';
import type { Executor } from './executor.ts';
import { FairSlots } from './fair-slots.ts';
import { RETRY_DELAYS, type RetryDelays } from './retry-delays.ts';
import type { RunEvent } from './run-event.ts';
import { RunOutcomes } from './run-outcomes.ts';

export interface ExecutorOptions {
  readonly ledger: RunLedger;
  readonly engine: Engine;
  /** What rules and reports go by. */
  readonly clock: Clock;
  /** Runs at once. */
  readonly maxRuns: number;
  /** Shards that are scanned at once, over all runs. */
  readonly maxShards: number;
  readonly onEvent: (event: RunEvent) => void;
  readonly delays?: RetryDelays;
  /** What a run that is put off waits by: real time. */
  readonly retryClock?: Clock;
}

export class LocalExecutor implements Executor {
  readonly #options: ExecutorOptions & { readonly delays: RetryDelays; readonly retryClock: Clock };
  readonly #outcomes: RunOutcomes;
  readonly #slots: FairSlots;
  readonly #active = new Map<string, ActiveRun>();
  /** Runs whose state could not be settled: passed over until the ledger is looked into again. */
  readonly #postponed = new Set<string>();
  /** Rules whose run was cancelled, and may not have been worked on. */
  readonly #cancelled = new Set<string>();
  /** One look for runs at a time. */
  #looking: Promise<unknown> = Promise.resolve();
  #sweeping: Promise<void> | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #ledgerTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ExecutorOptions) {
    this.#options = { delays: RETRY_DELAYS, retryClock: systemClock, ...options };
    this.#slots = new FairSlots(options.maxShards);
    this.#outcomes = new RunOutcomes({
      ...this.#options,
      onUnswept: () => this.#sweepLater(),
      isClosing: () => this.#isClosed,
    });
  }

  /** Shards that are scanned now. */
  get shardsScanning(): number {
    return this.#slots.taken;
  }

  async recover(): Promise<void> {
    await this.#sweepAll();
    await this.wake();
  }

  async wake(): Promise<void> {
    await this.#inTurn(() => this.#fill());
  }

  cancel(ruleUid: string): void {
    for (const { run, abort } of this.#active.values()) if (run.ruleUid === ruleUid) abort.abort();
    this.#concludeCancelled(ruleUid);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#ledgerTimer);
    clearTimeout(this.#sweepTimer);
    for (const { abort } of this.#active.values()) abort.abort();
    await Promise.all([this.#looking, this.#sweeping]);
    await Promise.all([...this.#active.values()].map(({ done }) => done));
  }

  /** Begins as many of the waiting runs as there is room for, and comes back for those that are put off. */
  async #fill(): Promise<void> {
    const { ledger, maxRuns, retryClock } = this.#options;
    // The same for both questions: what falls due between them is not due, and so is come back for.
    const nowMs = retryClock.now();
    // With so many runs that could not be settled it is the ledger that is at fault, and not the runs.
    while (this.#active.size < maxRuns && this.#postponed.size < maxRuns) {
      const next = await ledger.nextWaiting({
        nowMs,
        except: [...this.#active.keys(), ...this.#postponed],
        busyBuckets: [...this.#active.values()].map(({ run }) => run.bucketId),
      });
      if (next === undefined || this.#isClosed) break;
      this.#begin(next);
    }
    const retryAtMs = await ledger.nextRetryAtMs(nowMs);
    clearTimeout(this.#retryTimer);
    if (retryAtMs === undefined || this.#isClosed) return;
    const waitMs = Math.min(retryAtMs - nowMs, MAX_PUT_OFF_MS);
    this.#retryTimer = setTimeout(() => this.#wakeLater(), waitMs).unref();
  }

  #begin(run: StoredRun): void {
    const abort = new AbortController();
    const done = this.#execute(run, abort.signal).finally(() => {
      this.#active.delete(run.id);
      // It may have been cancelled when all that is seen to in the work on it was done.
      if (abort.signal.aborted) this.#concludeCancelled(run.ruleUid);
      this.#wakeLater();
    });
    this.#active.set(run.id, { run, abort, done });
  }

  /** Never rejects: whatever can't be settled now is settled later, because the ledger still holds it. */
  async #execute(waiting: StoredRun, signal: AbortSignal): Promise<void> {
    const { ledger, onEvent } = this.#options;
    try {
      const run = await ledger.find(waiting.id);
      if (run === undefined) return;
      // It may have been cancelled since it was found waiting.
      if (!isOpen(run.state)) return await this.#outcomes.concludeCancelled(run);
      onEvent({ kind: 'started', run });
      const failure = await failureOf(executeRun(run, { ...this.#options, slots: this.#slots, signal }));
      await this.#outcomes.settle(run, failure).catch(async (late: unknown) => {
        // It was cancelled between the look at it and the step.
        if (!(late instanceof RunOver)) throw late;
        await this.#outcomes.settle(run, { error: late });
      });
    } catch (cause) {
      this.#postponed.add(waiting.id);
      onEvent({ kind: 'postponed', run: waiting, cause });
      this.#lookAgain();
    }
  }

  /** Sees to a run of the rule that was cancelled while nobody worked on it. */
  #concludeCancelled(ruleUid: string): void {
    this.#cancelled.add(ruleUid);
    this.#inTurn(async () => {
      // One look for all that were cancelled by now: a bucket may have ended, with a thousand rules.
      const ruleUids = new Set(this.#cancelled);
      if (ruleUids.size === 0) return;
      this.#cancelled.clear();
      for (const run of await this.#options.ledger.unswept()) {
        const isMeant = run.state === 'cancelled' && ruleUids.has(run.ruleUid);
        if (isMeant && !this.#isClosed && !this.#active.has(run.id)) this.#begin(run);
      }
    }).catch(() => this.#sweepLater());
  }

  async #sweepAll(): Promise<void> {
    for (const run of await this.#options.ledger.unswept()) {
      if (this.#isClosed) return;
      if (!this.#active.has(run.id)) await this.#outcomes.sweep(run);
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#looking.then(async () => {
      if (!this.#isClosed) await work();
    });
    this.#looking = result.catch(() => undefined);
    return result;
  }

  #wakeLater(): void {
    this.wake().catch(() => this.#lookAgain());
  }

  #lookAgain(): void {
    if (this.#isClosed || this.#ledgerTimer !== undefined) return;
    this.#ledgerTimer = setTimeout(() => {
      this.#ledgerTimer = undefined;
      this.#postponed.clear();
      this.#wakeLater();
    }, this.#options.delays.ledgerMs).unref();
  }

  #sweepLater(): void {
    if (this.#isClosed || this.#sweepTimer !== undefined) return;
    this.#sweepTimer = setTimeout(() => {
      this.#sweepTimer = undefined;
      this.#sweeping = this.#sweepAll().catch(() => this.#sweepLater());
    }, this.#options.delays.sweepMs).unref();
  }
}

interface ActiveRun {
  readonly run: StoredRun;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

async function failureOf(work: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return { error };
  }
}
