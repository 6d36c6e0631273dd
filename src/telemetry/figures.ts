/** What is read when metrics are asked for: the state as it is, right also just after a start. */

import type { OpenRunState } from '../core/run.ts';
import type { DiskRoom } from './disk.ts';
import type { ReadyReport } from './readiness.ts';

export interface Figures {
  /** Absent when the control database can't be read just now. */
  readonly control?: ControlFigures | undefined;
  readonly disk?: DiskRoom | undefined;
  readonly ready: ReadyReport;
  /** Shards that threads are busy with. */
  readonly shardsScanning: number;
}

/** What the control database knows. */
export interface ControlFigures {
  readonly openRuns: Readonly<Record<OpenRunState, number>>;
  /** Planned runs that wait for their turn, and open ones that a passing fault put off. */
  readonly waitingForTurn: number;
  readonly waitingForRetry: number;
  readonly rules: number;
  /** Rules that have a next due time, some of them each by itself: those that failed last, then those due first. */
  readonly repeatingRules: number;
  readonly watchedRules: readonly WatchedRule[];
  readonly pendingDeliveries: number;
}

export interface WatchedRule {
  readonly bucket: string;
  readonly rule: string;
  readonly nextDueAtMs: number;
  readonly periodMs: number;
  /** When the rule was last put or switched on. */
  readonly changedAtMs: number;
  readonly lastSuccessAtMs: number | null;
}

/** How a run ended, as the ledger has it. */
export interface RunEnd {
  readonly state: string;
  readonly reason: string | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly scanned: number;
  readonly matched: number;
  readonly bytesWritten: number;
}
