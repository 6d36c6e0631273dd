/** What the executor tells of its runs: to the log, to those who watch, to the metrics. Nobody is waited for. */

import type { StoredRun } from '../control/run-ledger.ts';
import type { RunReason } from '../core/run.ts';
import type { RunCounts } from './engine.ts';

export type RunEvent =
  /** A try begins; `ended`: published or empty, with the run as it is after its end. */
  | { readonly kind: 'started' | 'publishing' | 'ended' | 'cancelled'; readonly run: StoredRun }
  | { readonly kind: 'progress'; readonly run: StoredRun; readonly counts: RunCounts }
  /** A passing fault: the run waits, and is taken up again then. */
  | {
      readonly kind: 'put-off';
      readonly run: StoredRun;
      readonly reason: RunReason;
      readonly retryAtMs: number;
      readonly cause: unknown;
    }
  /** A passing fault of one shard, which is tried again at once. */
  | {
      readonly kind: 'attempt-failed';
      readonly run: StoredRun;
      readonly shard: number;
      readonly reason: RunReason;
      readonly cause: unknown;
    }
  /** With the run as it is after its end. `cause` is there when it was not one of those that are to be expected. */
  | { readonly kind: 'failed'; readonly run: StoredRun; readonly reason: RunReason; readonly cause?: unknown }
  /** `postponed`: its state could not be settled, and is looked into later. `unswept`: so are the files that it left. */
  | { readonly kind: 'postponed' | 'unswept'; readonly run: StoredRun; readonly cause: unknown };
