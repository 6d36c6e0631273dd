/** What the executor wants of the engine that makes inventories. The `inventory` room fits it; app.ts wires them. */

import type { StoredRun } from '../control/run-ledger.ts';
import type { SettledShard } from '../control/shard-rows.ts';
import type { KeyRange } from '../core/key-range.ts';
import type { DataFile } from '../core/report.ts';

export interface Engine {
  /**
   * Opens the work on a run. Checks first that it can be done at all: source and destination there, role good,
   * encryption key usable. Throws a `DomainError` that says what is wrong.
   */
  open(run: StoredRun): Promise<EngineRun>;
  /** Is there a manifest in this folder of the run's destination? */
  hasReport(run: StoredRun, folder: string): Promise<boolean>;
  /**
   * Makes the report visible; may be repeated. Returns the manifest's key. A `DomainError` means that the report is
   * not visible and will not be; after any other error nobody knows, and only trying again tells.
   */
  publish(run: StoredRun, folder: string, files: readonly DataFile[]): Promise<string>;
  /** Removes those of the files that no manifest in the run's folder names, and a checksum there without a manifest. */
  removeFiles(run: StoredRun, keys: readonly string[]): Promise<void>;
}

/** One run's work, from a pinned point in time. */
export interface EngineRun {
  readonly concurrency: number;
  begin(): Promise<{ readonly pointInTimeMs: number; readonly ranges: readonly KeyRange[] }>;
  scanShard(range: KeyRange, fileKey: string): Promise<SettledShard>;
  counts(): { readonly scanned: number; readonly matched: number; readonly bytesWritten: number };
  stop(): void;
  close(): Promise<void>;
}
