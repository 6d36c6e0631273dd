/** When a delivery that did not arrive is tried again. */

/** The waits after the first try, the second, and so on: a receiver that was away for a day still learns everything. */
const WAITS_MS = [5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000] as const;

export const MAX_TRIES = WAITS_MS.length + 1;

/** So much longer a wait may become, so that what failed together does not come back together. */
const JITTER = 0.2;

export const MAX_WAIT_MS = Math.max(...WAITS_MS) * (1 + JITTER);

/** How long to wait after so many tries; undefined when there is none left. `chance` is from 0 to 1. */
export function waitAfter(tries: number, chance: number): number | undefined {
  const wait = WAITS_MS[tries - 1];
  return wait === undefined ? undefined : Math.round(wait * (1 + JITTER * chance));
}
