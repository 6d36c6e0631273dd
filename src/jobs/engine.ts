/** What the executor wants of the engine that makes inventories. The `inventory` room fits it; app.ts wires them. */

import type { StoredRun } from '../control/run-ledger.ts';
import type { SettledShard } from '../control/shard-rows.ts';
import type { KeyRange } from '../core/key-range.ts';
import type { ReportShard } from '../core/report-facts.ts';

export interface Engine {
  /**
   * Opens the work on a run. Checks first that it can be done at all: source and destination there, role good,
   * encryption key usable. Throws a `DomainError` that says what is wrong.
   */
  open(run: StoredRun): Promise<EngineRun>;
  /** Is there an object in this folder of the run's destination under a name that a report has there, whoever put it? */
  isFolderTaken(run: StoredRun, folder: string): Promise<boolean>;
  /** Is there a manifest in this folder of the run's destination? */
  hasReport(run: StoredRun, folder: string): Promise<boolean>;
  /**
   * Makes the report of these settled shards visible; may be repeated. Returns the manifest's key. A `DomainError` means
   * that the report is not visible and will not be; after any other error nobody knows, and only trying again tells.
   */
  publish(run: StoredRun, folder: string, shards: readonly ReportShard[]): Promise<string>;
  /** Removes those of the files that no manifest in the run's folder names, and what lies there without a manifest. */
  removeFiles(run: StoredRun, keys: readonly string[]): Promise<void>;
}

/** One try at a run's scan, from a pinned point in time. */
export interface EngineRun {
  /** The most shards of this run that are scanned at once. */
  readonly concurrency: number;
  begin(): Promise<ScanBeginning>;
  /** Resolves when the shard's file is in the destination, and rejects when nothing more will be written to it. */
  scanShard(range: KeyRange, fileKey: string): Promise<SettledShard>;
  counts(): RunCounts;
  /** Makes whatever is under way fail soon, also what waits for others. */
  stop(): void;
  close(): Promise<void>;
}

export interface ScanBeginning {
  readonly pointInTimeMs: number;
  /** About how many rows there are to be scanned. */
  readonly expectedRows: number | null;
  /** In key order; together they cover all keys of the rule. */
  readonly ranges: readonly KeyRange[];
}

/** What a scan has done so far. */
export interface RunCounts {
  readonly scanned: number;
  readonly matched: number;
  readonly bytesWritten: number;
}
