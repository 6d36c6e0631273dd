/**
 * What becomes of a run when the work on it is over, well or not: asked of the ledger first, because a step may have
 * been taken and its answer lost. A passing fault puts the run off; another one ends it, in words.
 */

import { type RunLedger, RunOver, type StoredRun } from '../control/run-ledger.ts';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import { isOpen, type RunReason } from '../core/run.ts';
import { type TransientError, transientOf, unexpectedText } from '../core/transient-error.ts';
import type { Engine } from './engine.ts';
import { type RetryDelays, withJitter } from './retry-delays.ts';
import type { RunEvent } from './run-event.ts';

export interface OutcomeOptions {
  readonly ledger: RunLedger;
  readonly engine: Engine;
  readonly delays: RetryDelays;
  readonly retryClock: Clock;
  readonly onEvent: (event: RunEvent) => void;
  /** Files could not be removed, and have to be later. */
  readonly onUnswept: () => void;
  readonly isClosing: () => boolean;
}

export class RunOutcomes {
  readonly #options: OutcomeOptions;
  /** How often in a row runs were put off that can't be given up; an entry goes with the fault. */
  readonly #endlessFaults = new Map<string, number>();

  constructor(options: OutcomeOptions) {
    this.#options = options;
  }

  /**
   * Draws the conclusion from how the work ended, by an error or not; what it means depends on how far the run got.
   * `found` is the run as it was before the work.
   */
  async settle(found: StoredRun, failure: { readonly error: unknown } | undefined): Promise<void> {
    const run = await this.#options.ledger.find(found.id);
    if (run === undefined) return;
    if (!isOpen(run.state)) return await this.#conclude(run, failure?.error);
    // Shut down in mid-run: it stays open, and the next start takes it up.
    if (this.#options.isClosing()) return;
    const error = failure === undefined ? new RunOver(run.id) : failure.error;
    // Open, and yet it went on without us: somebody else has begun it again, and it is theirs to end.
    if (error instanceof RunOver || run.tries > found.tries + 1) throw new RunOver(run.id);
    const fault = await this.#passingFault(run, error);
    const delayMs = fault && this.#delayMs(run);
    if (fault === undefined) await this.#fail(run, reasonOf(error), error);
    else if (delayMs === undefined) await this.#fail(run, triedInVain(run, fault), error);
    else await this.#putOff(run, fault, { delayMs, cause: error });
  }

  /** Does what is left to do for a run that was cancelled while nobody worked on it; nothing when it is done already. */
  async concludeCancelled(run: StoredRun): Promise<void> {
    if (run.state === 'cancelled' && !run.isSwept) await this.#conclude(run);
  }

  /** Removes what a run that is over left in the destination beside its report. */
  async sweep(run: StoredRun): Promise<void> {
    const { ledger, engine, onEvent, onUnswept } = this.#options;
    try {
      const hasReport = run.state === 'published';
      await engine.removeFiles(run, await (hasReport ? ledger.staleFileKeys(run.id) : ledger.allFileKeys(run.id)));
      await ledger.swept(run.id);
    } catch (cause) {
      onEvent({ kind: 'unswept', run, cause });
      onUnswept();
    }
  }

  /** Tells how a run ended. */
  async #conclude(run: StoredRun, error?: unknown): Promise<void> {
    const { onEvent } = this.#options;
    this.#endlessFaults.delete(run.id);
    if (run.state === 'cancelled') onEvent({ kind: 'cancelled', run });
    else if (run.state !== 'failed') onEvent({ kind: 'ended', run });
    else if (run.reason !== null) onEvent({ kind: 'failed', run, reason: run.reason, ...causeOf(error) });
    if (!run.isSwept) await this.sweep(run);
  }

  async #passingFault(run: StoredRun, error: unknown): Promise<TransientError | undefined> {
    const fault = transientOf(error);
    if (fault !== undefined || error instanceof DomainError || run.state !== 'publishing') return fault;
    // Even a broken promise of ours must not call a run failed whose manifest may be visible.
    const isVisible = run.folder !== null && (await this.#options.engine.hasReport(run, run.folder));
    return isVisible ? transientOf(new Error(String(error), { cause: error })) : undefined;
  }

  /** Until the next try; undefined when there have been enough. */
  #delayMs({ id, state, tries }: StoredRun): number | undefined {
    const { triesMs, endlessMs } = this.#options.delays;
    if (state === 'scanning') return triesMs[tries - 1];
    // Its manifest may be visible; or it waits for the files of an earlier try to be gone, and no try has begun.
    const faults = (this.#endlessFaults.get(id) ?? 0) + 1;
    this.#endlessFaults.set(id, faults);
    return endlessMs[faults - 1] ?? endlessMs.at(-1);
  }

  async #putOff(
    run: StoredRun,
    fault: TransientError,
    { delayMs, cause }: { readonly delayMs: number; readonly cause: unknown },
  ): Promise<void> {
    const { ledger, engine, retryClock, onEvent } = this.#options;
    const retryAtMs = retryClock.now() + withJitter(delayMs);
    const reason = { code: fault.code, text: `${fault.message} The run is put off, and goes on by itself.` };
    await ledger.putOff(run.id, { reason, retryAtMs });
    const waiting = (await ledger.find(run.id)) ?? run;
    onEvent({ kind: 'put-off', run: waiting, reason, retryAtMs, cause });
    if (waiting.state !== 'planned') return;
    try {
      // A disk that is full has room again; what can't be removed now is removed before the next try begins.
      await engine.removeFiles(waiting, await ledger.allFileKeys(run.id));
    } catch (sweeping) {
      onEvent({ kind: 'unswept', run: waiting, cause: sweeping });
    }
  }

  async #fail(run: StoredRun, reason: RunReason, error: unknown): Promise<void> {
    const { ledger } = this.#options;
    await ledger.failed(run.id, reason);
    await this.#conclude((await ledger.find(run.id)) ?? run, error);
  }
}

function reasonOf(error: unknown): RunReason {
  if (error instanceof DomainError) return { code: error.code, text: error.message };
  return { code: 'InternalError', text: `${unexpectedText(error)} Start the run again.` };
}

function triedInVain({ tries }: StoredRun, { code, message }: TransientError): RunReason {
  return { code, text: `${message} The run was tried ${tries} times. Mend it, then start the run again.` };
}

/** For the log: what is to be expected is told by the reason alone. */
function causeOf(error: unknown): { readonly cause?: unknown } {
  return error === undefined || error instanceof DomainError ? {} : { cause: error };
}
