/** How long is waited after a passing fault, before the work is tried again. In real time, whatever the clock shows. */

export interface RetryDelays {
  /** Before each further attempt at a shard, while the run's snapshot is open. After the last the run is put off. */
  readonly attemptsMs: readonly number[];
  /** Before each further try of the whole scan. After the last the run fails. */
  readonly triesMs: readonly number[];
  /** Of what can't be given up; the last again and again. A manifest may be visible, or a file not yet removed. */
  readonly endlessMs: readonly number[];
  /** Before the ledger is looked into again, when a step could not be settled in it. */
  readonly ledgerMs: number;
  /** Before files are removed that could not be. */
  readonly sweepMs: number;
}

export const RETRY_DELAYS: RetryDelays = {
  attemptsMs: [200, 1_000],
  triesMs: [1_000, 5_000, 30_000, 120_000],
  endlessMs: [1_000, 5_000, 30_000, 120_000, 300_000],
  ledgerMs: 15_000,
  sweepMs: 300_000,
};

/** By so much of it a delay is shorter or longer, so that what failed together is not tried again together. */
const JITTER = 0.2;

export function withJitter(ms: number): number {
  return Math.round(ms * (1 - JITTER + 2 * JITTER * Math.random()));
}
