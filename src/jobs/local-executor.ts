/**
 * Executes runs in this process: a bounded number at once, in the order in which they were planned. What the ledger
 * holds is the truth; this queue is only who works on what now, and is filled from the ledger at start. So whatever
 * goes wrong, the ledger is asked again how far the run got before anything is said or swept.
 */

import type { RunLedger, StoredRun } from '../control/run-ledger.ts';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import { isOpen, type RunReason } from '../core/run.ts';
import { storageFull } from '../core/storage-full.ts';
import type { Engine } from './engine.ts';
import { executeRun } from './execute-run.ts';

/** After a step that could not be settled, the ledger is looked into again: this much later, and no more often. */
const RETRY_MS = 15_000;

export interface ExecutorOptions {
  readonly ledger: RunLedger;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Runs at once. */
  readonly maxRuns: number;
  readonly onEvent: (event: RunEvent) => void;
  readonly retryMs?: number;
}

/** What the executor tells the log. */
export type RunEvent =
  | { readonly run: StoredRun; readonly kind: 'started' | 'ended' | 'cancelled' }
  /** `cause` is there when the failure is not one of those that are to be expected. */
  | { readonly run: StoredRun; readonly kind: 'failed'; readonly reason: RunReason; readonly cause?: unknown }
  /** `postponed`: the run stays open and is taken up later. `unswept`: files are left until the next start. */
  | { readonly run: StoredRun; readonly kind: 'postponed' | 'unswept'; readonly cause: unknown };

export class LocalExecutor {
  readonly #options: ExecutorOptions;
  /** In the order of their making. */
  readonly #waiting = new Map<string, StoredRun>();
  readonly #active = new Map<string, ActiveRun>();
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier process left: sweeps what failed runs wrote, and goes on with the open ones. */
  async recover(): Promise<void> {
    for (const run of await this.#options.ledger.unswept()) await this.#sweep(run);
    await this.wake();
  }

  /** Looks into the ledger for open runs that nobody works on. Call it whenever one was made. */
  async wake(): Promise<void> {
    for (const run of await this.#options.ledger.open()) if (!this.#active.has(run.id)) this.#waiting.set(run.id, run);
    this.#fill();
  }

  /** Stops the work on whatever run of this rule is under way; the ledger has been told its end already. */
  cancel(ruleUid: string): void {
    for (const active of this.#active.values()) if (active.run.ruleUid === ruleUid) active.abort.abort();
  }

  /** Stops all work and waits for its end. Open runs stay open, and go on at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const { abort } of this.#active.values()) abort.abort();
    await Promise.all([...this.#active.values()].map(({ done }) => done));
  }

  #fill(): void {
    for (const run of this.#waiting.values()) {
      if (this.#isClosed || this.#active.size >= this.#options.maxRuns) return;
      this.#waiting.delete(run.id);
      const abort = new AbortController();
      const done = this.#execute(run, abort.signal).finally(() => {
        this.#active.delete(run.id);
        this.#fill();
      });
      this.#active.set(run.id, { run, abort, done });
    }
  }

  /** Never rejects: whatever can't be settled now is settled later, because the ledger still holds it. */
  async #execute(planned: StoredRun, signal: AbortSignal): Promise<void> {
    const { ledger, onEvent } = this.#options;
    try {
      const run = await ledger.find(planned.id);
      if (run === undefined) return;
      // It may have been cancelled while it waited, with files of an earlier attempt still there.
      if (!isOpen(run.state)) return await this.#settleCancelled(run);
      onEvent({ run, kind: 'started' });
      try {
        await executeRun(run, { ...this.#options, signal });
        onEvent({ run, kind: 'ended' });
      } catch (error) {
        await this.#settle(run.id, error);
      }
    } catch (cause) {
      onEvent({ run: planned, kind: 'postponed', cause });
      this.#lookAgain();
    }
  }

  /** Draws the conclusion from an error; what it means depends on how far the run got. */
  async #settle(runId: string, error: unknown): Promise<void> {
    const { ledger, onEvent } = this.#options;
    const run = await ledger.find(runId);
    if (run === undefined) return;
    if (isOpen(run.state)) {
      // Shut down in mid-run: it stays open, and the next start takes it up.
      if (this.#isClosed) return;
      // Its manifest may be visible, so it must not be called failed: publishing is tried again until it is certain.
      if (run.state === 'publishing' && !(error instanceof DomainError)) throw error;
      const reason = reasonOf(error);
      await ledger.failed(run.id, reason);
      onEvent({ run, kind: 'failed', reason, ...(!(error instanceof DomainError) && { cause: error }) });
      await this.#sweep(run);
    } else {
      await this.#settleCancelled(run);
    }
  }

  /** Does what is left to do for a run that was cancelled; nothing for one that ended in another way. */
  async #settleCancelled(run: StoredRun): Promise<void> {
    if (run.state !== 'cancelled' || run.isSwept) return;
    this.#options.onEvent({ run, kind: 'cancelled' });
    await this.#sweep(run);
  }

  /** Removes what a run without a report left in the destination. If that fails now, the next start does it. */
  async #sweep(run: StoredRun): Promise<void> {
    const { ledger, engine, onEvent } = this.#options;
    try {
      await engine.removeFiles(run, await ledger.shardFileKeys(run.id));
      await ledger.swept(run.id);
    } catch (cause) {
      onEvent({ run, kind: 'unswept', cause });
    }
  }

  #lookAgain(): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    const { retryMs = RETRY_MS } = this.#options;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.wake().catch(() => this.#lookAgain());
    }, retryMs).unref();
  }
}

interface ActiveRun {
  readonly run: StoredRun;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

function reasonOf(error: unknown): RunReason {
  const expected = error instanceof DomainError ? error : storageFull(error);
  if (expected !== undefined) return { code: expected.code, text: expected.message };
  const text = error instanceof Error ? error.message : String(error);
  return {
    code: 'InternalError',
    text: `Something unexpected went wrong: ${text}. The server's log has more; start the run again.`,
  };
}
