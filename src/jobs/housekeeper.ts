/**
 * Keeps what runs leave behind in bounds: removes the reports that a rule's retention lets go of, and forgets old runs.
 * It looks at a rule after each report of it and when its options change, and at all of them at each start and once a day
 * after that. What it is in the middle of lies in SQL, so the next start goes on with it.
 */

import { setImmediate as turn } from 'node:timers/promises';
import type { RunHistory } from '../control/run-history.ts';
import type { AlarmClock } from '../core/clock.ts';
import { ExpiredReports, type ExpiredReportsOptions, type ReportEvent } from './expired-reports.ts';

const DAY_MS = 86_400_000;
/** A rule that something unexpected was wrong with is looked at again: this much later, and no more often. */
const RETRY_MS = 60_000;

/** What the housekeeper tells the log. */
export type HousekeepingEvent =
  | ReportEvent
  | { readonly kind: 'runs-forgotten'; readonly ruleUid: string; readonly runs: number }
  /** The rule, or the round over all of them, is looked at again later. */
  | { readonly kind: 'put-off'; readonly ruleUid: string | undefined; readonly cause: unknown };

export interface HousekeeperOptions extends ExpiredReportsOptions {
  readonly history: RunHistory;
  readonly clock: AlarmClock;
  readonly onEvent: (event: HousekeepingEvent) => void;
  readonly retryMs?: number;
}

export class Housekeeper {
  readonly #options: HousekeeperOptions;
  /** Uids of rules to look at; together with those that a round comes to. */
  readonly #asked = new Set<string>();
  /** The uid of the last rule that the round under way has come to. */
  #round: string | undefined;
  #roundBeganMs = 0;
  /** Rules that something unexpected was wrong with. */
  readonly #failed = new Set<string>();
  readonly #abort = new AbortController();
  readonly #reports: ExpiredReports;
  #working: Promise<void> | undefined;
  #cancelAlarm: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: HousekeeperOptions) {
    this.#options = options;
    this.#reports = new ExpiredReports(options, this.#abort.signal);
  }

  /** Looks at all rules, now and once a day. */
  start(): void {
    if (this.#abort.signal.aborted) return;
    const { clock } = this.#options;
    this.#cancelAlarm?.();
    this.#roundBeganMs = clock.now();
    this.#cancelAlarm = clock.alarm(this.#roundBeganMs + DAY_MS, () => this.start());
    this.#round = '';
    this.#work();
  }

  /** Looks at one rule. Nobody waits for it. */
  look(ruleUid: string): void {
    this.#asked.add(ruleUid);
    // The clock was set back since, and the alarm with it put off.
    if (this.#options.clock.now() < this.#roundBeganMs) this.start();
    else this.#work();
  }

  /** Why a report of the rule is still there that its retention lets go of, in words. */
  faultOf(ruleUid: string): string | undefined {
    return this.#reports.faultOf(ruleUid);
  }

  /** Resolves when there is nothing left to look at for now. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** What is in the middle goes on at the next start. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#cancelAlarm?.();
    clearTimeout(this.#retry);
    await this.#working;
  }

  #work(): void {
    if (this.#working !== undefined || this.#abort.signal.aborted) return;
    this.#working = this.#workOff();
  }

  /** Never rejects: what fails is told, and tried again later. */
  async #workOff(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      // The database answers within the same turn of the event loop, which others are waiting for.
      await turn();
      let ruleUid: string | undefined;
      try {
        ruleUid = await this.#next();
        if (ruleUid !== undefined) await this.#keepHouse(ruleUid);
        else if (this.#asked.size === 0) break;
      } catch (cause) {
        if (this.#abort.signal.aborted) break;
        this.#options.onEvent({ kind: 'put-off', ruleUid, cause });
        this.#lookAgain(ruleUid);
        if (ruleUid === undefined) break;
      }
    }
    // In the same breath as the look at what was asked for, so that nothing is asked in between.
    this.#working = undefined;
  }

  /** Those that were asked for go first: a round over all rules may take its time. */
  async #next(): Promise<string | undefined> {
    const [asked] = this.#asked;
    if (asked !== undefined) {
      this.#asked.delete(asked);
      return asked;
    }
    if (this.#round === undefined) return undefined;
    this.#round = await this.#options.history.nextRule(this.#round);
    return this.#round;
  }

  /** Without a rule it is the round that goes on where it was. */
  #lookAgain(ruleUid: string | undefined): void {
    if (ruleUid !== undefined) this.#failed.add(ruleUid);
    const { retryMs = RETRY_MS } = this.#options;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      for (const uid of this.#failed) this.#asked.add(uid);
      this.#failed.clear();
      this.#work();
    }, retryMs).unref();
  }

  async #keepHouse(ruleUid: string): Promise<void> {
    await this.#reports.remove(ruleUid);
    await this.#forgetRuns(ruleUid);
  }

  async #forgetRuns(ruleUid: string): Promise<void> {
    const { history, onEvent } = this.#options;
    let runs = 0;
    for (let mayGoOn = true; mayGoOn && !this.#abort.signal.aborted; ) {
      const pruned = await history.prune(ruleUid);
      runs += pruned.runs;
      mayGoOn = pruned.mayGoOn;
      await turn();
    }
    if (runs > 0) onEvent({ kind: 'runs-forgotten', ruleUid, runs });
  }
}
