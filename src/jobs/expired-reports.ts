/** Removes the reports of a rule that its retention lets go of, one by one, and goes on with removals that were broken off. */

import { setImmediate as turn } from 'node:timers/promises';
import type { ReportRemovals } from '../control/report-removals.ts';
import type { RunLedger, StoredRun } from '../control/run-ledger.ts';
import { DomainError } from '../core/errors.ts';
import type { DataFile } from '../core/report.ts';

/** What is wanted of the engine that delivered the reports. */
export interface ReportRemover {
  /** Can the report of a run, with these data files, be read where it was delivered? */
  isVisible(run: StoredRun, files: readonly DataFile[]): Promise<boolean>;
  /**
   * Removes the report; may be repeated. `begin` is run when it may go, before anything of it does, and keeps it by
   * returning false; so does this then. Throws a `DomainError` that says why the report stays.
   */
  remove(run: StoredRun, files: readonly DataFile[], steps: RemovalSteps): Promise<boolean>;
}

export interface RemovalSteps {
  readonly begin: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

export type ReportEvent =
  | { readonly kind: 'report-removed'; readonly run: StoredRun }
  /** It should go, and something keeps it: told once until that is another thing. */
  | { readonly kind: 'report-stays'; readonly run: StoredRun; readonly fault: DomainError };

export interface ExpiredReportsOptions {
  readonly ledger: Pick<RunLedger, 'find' | 'files'>;
  readonly removals: ReportRemovals;
  readonly reports: ReportRemover;
  readonly onEvent: (event: ReportEvent) => void;
}

export class ExpiredReports {
  readonly #options: ExpiredReportsOptions;
  readonly #signal: AbortSignal;
  /** By the uid of the rule: why a report of it stays that should go. */
  readonly #faults = new Map<string, string>();

  constructor(options: ExpiredReportsOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Why a report of the rule is still there that its retention lets go of, in words. */
  faultOf(ruleUid: string): string | undefined {
    return this.#faults.get(ruleUid);
  }

  async remove(ruleUid: string): Promise<void> {
    const fault = await this.#removeAll(ruleUid);
    if (fault === undefined) this.#faults.delete(ruleUid);
    else this.#faults.set(ruleUid, fault);
  }

  /** Returns why a report stays that should go. */
  async #removeAll(ruleUid: string): Promise<string | undefined> {
    const { removals } = this.#options;
    const faults = new Set<string>();
    /** One report that stays keeps no other from going. */
    const tryFor = async (runId: string, work: (run: StoredRun) => Promise<void>) => {
      const fault = await this.#faultOfWork(runId, work);
      if (fault !== undefined) faults.add(fault);
    };
    for (const runId of await removals.underWay(ruleUid)) await tryFor(runId, (run) => this.#resume(run));
    const reports = await removals.reports(ruleUid);
    const expired = reports?.runIds.slice(reports.kept) ?? [];
    if (reports === undefined || expired.length === 0) return [...faults][0];

    let newestGood: string | undefined;
    for (const runId of reports.runIds) {
      await tryFor(runId, async (run) => {
        if (await this.#isVisible(run)) newestGood = runId;
      });
      if (newestGood !== undefined) break;
    }
    // The oldest first. The only one that is left to be read stays, whatever became of those after it.
    for (const runId of expired.toReversed()) {
      if (runId !== newestGood) await tryFor(runId, (run) => this.#remove(run, () => removals.begin(runId)));
    }
    return [...faults][0];
  }

  /** Works on a run, and returns in words what kept that from being done. */
  async #faultOfWork(runId: string, work: (run: StoredRun) => Promise<void>): Promise<string | undefined> {
    const { ledger, onEvent } = this.#options;
    await turn();
    this.#signal.throwIfAborted();
    const run = await ledger.find(runId);
    if (run === undefined) return undefined;
    try {
      await work(run);
      return undefined;
    } catch (fault) {
      if (!(fault instanceof DomainError)) throw fault;
      if (this.#faults.get(run.ruleUid) !== fault.message) onEvent({ kind: 'report-stays', run, fault });
      return fault.message;
    }
  }

  /** Goes on with a removal that was broken off. With the manifest still there nothing is gone yet: it is decided anew. */
  async #resume(run: StoredRun): Promise<void> {
    if (await this.#isVisible(run)) await this.#options.removals.takeBack(run.id);
    else await this.#remove(run, async () => true);
  }

  async #isVisible(run: StoredRun): Promise<boolean> {
    const { ledger, reports } = this.#options;
    return await reports.isVisible(run, await ledger.files(run.id));
  }

  async #remove(run: StoredRun, begin: () => Promise<boolean>): Promise<void> {
    const { ledger, removals, reports, onEvent } = this.#options;
    if (!(await reports.remove(run, await ledger.files(run.id), { begin, signal: this.#signal }))) return;
    await removals.removed(run.id);
    onEvent({ kind: 'report-removed', run });
  }
}
