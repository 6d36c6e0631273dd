/** Runs over all rules, as they are asked for and told from outside. */

import type { RunState, RunView } from './run.ts';

export const MAX_RUNS_PAGE = 1000;

export interface RunListRequest {
  /** By name; of all buckets when absent. */
  readonly bucket?: string | undefined;
  readonly state?: RunState | undefined;
  /** Where the page before ended. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface RunListPage {
  /** Newest first. */
  readonly runs: readonly RunView[];
  /** Where the next page begins, when there may be more runs: a page may have fewer of them than it could. */
  readonly nextAfter?: number;
}
