/** How a rule fares, as it is told to the outside (docs/reference/runs.md). */

import type { Frequency } from './rule.ts';
import type { RuleOptions } from './rule-options.ts';
import type { RunView } from './run.ts';

export interface RuleStatus {
  readonly bucket: string;
  readonly rule: string;
  readonly isEnabled: boolean;
  readonly frequency: Frequency;
  /** ISO 8601 UTC; null when it has no due time to come: it is disabled, or runs once. */
  readonly nextDueAt: string | null;
  /** The newest, whatever became of it. */
  readonly lastRun: RunView | null;
  /** The newest whose report is there. */
  readonly lastReport: RunView | null;
  readonly options: RuleOptions;
  /** Why a report is still there that retention lets go of; null when there is none. */
  readonly retentionFault: string | null;
}
