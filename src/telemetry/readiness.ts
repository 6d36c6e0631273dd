/**
 * Whether the server can do its work: asked by whoever sends it requests, so it has to be true, cheap and soon. Each
 * check tries what it is about; all run at once, within a bound, and what they say is good for a few seconds.
 */

import { cached } from './cached.ts';
import { within } from './within.ts';

/** How long a check may take, and how long the answer is good. */
const CHECK_MS = 5_000;
const KEEP_MS = 5_000;

export interface Check {
  readonly name: string;
  /** What is so as long as the check succeeds, and what is wrong when it does not, in words for anybody. */
  readonly good: string;
  readonly bad: string;
  /** Throws when it is not so. */
  readonly assertGood: () => unknown;
}

export interface CheckResult {
  readonly name: string;
  readonly isOk: boolean;
  readonly text: string;
}

export interface ReadyReport {
  readonly status: 'ready' | 'not ready';
  readonly checks: readonly CheckResult[];
}

export interface ReadinessOptions {
  /** Told when a check begins to fail, with the reason, and when it succeeds again, without. */
  readonly onTurn: (result: CheckResult, cause?: unknown) => void;
  readonly checkMs?: number;
  readonly elapsedMs?: () => number;
}

export class Readiness {
  readonly #checks: readonly RunningCheck[];
  readonly #results: () => Promise<readonly CheckResult[]>;
  #isDraining = false;

  constructor(checks: readonly Check[], { onTurn, checkMs = CHECK_MS, elapsedMs }: ReadinessOptions) {
    this.#checks = checks.map((check) => new RunningCheck(check, checkMs, onTurn));
    const runAll = () => Promise.all(this.#checks.map((check) => check.result()));
    this.#results = cached(runAll, { keepMs: KEEP_MS, ...(elapsedMs !== undefined && { elapsedMs }) });
  }

  /** From here on the server is not ready: it was told to stop. */
  drain(): void {
    this.#isDraining = true;
  }

  async report(): Promise<ReadyReport> {
    const checks = [...(await this.#results()), this.#draining()];
    return { status: checks.every(({ isOk }) => isOk) ? 'ready' : 'not ready', checks };
  }

  #draining(): CheckResult {
    const text = this.#isDraining
      ? 'The server was told to stop, and only finishes what it began.'
      : 'The server takes requests.';
    return { name: 'serving', isOk: !this.#isDraining, text };
  }
}

/** A check that does not come back is waited for, and not begun once more beside itself. */
class RunningCheck {
  readonly #check: Check;
  readonly #checkMs: number;
  readonly #onTurn: ReadinessOptions['onTurn'];
  #pending: Promise<unknown> | undefined;
  #wasOk = true;

  constructor(check: Check, checkMs: number, onTurn: ReadinessOptions['onTurn']) {
    this.#check = check;
    this.#checkMs = checkMs;
    this.#onTurn = onTurn;
  }

  async result(): Promise<CheckResult> {
    const { name, good, bad } = this.#check;
    try {
      this.#pending ??= this.#run();
      await within(this.#checkMs, this.#pending);
      return this.#turned({ name, isOk: true, text: good });
    } catch (cause) {
      return this.#turned({ name, isOk: false, text: bad }, cause);
    }
  }

  async #run(): Promise<void> {
    // Not before it is known as pending, or it would stay so.
    await undefined;
    try {
      await this.#check.assertGood();
    } finally {
      this.#pending = undefined;
    }
  }

  #turned(result: CheckResult, cause?: unknown): CheckResult {
    if (result.isOk !== this.#wasOk) this.#onTurn(result, cause);
    this.#wasOk = result.isOk;
    return result;
  }
}
