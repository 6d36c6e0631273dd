/**
 * What the engine wants of a source: something that lists a bucket's objects as packed records, in key order. The
 * reading happens in worker threads, so a source names a module that each worker imports by itself; no row crosses a
 * thread.
 */

import type { KeyRange } from '../core/key-range.ts';
import type { RecordVisitor } from '../core/record.ts';
import type { NULL_VERSION } from '../core/stored-object.ts';

export interface Source {
  /** About how many rows there are, for deciding how many workers pay. */
  estimateRows(): number;
  /**
   * Runs `begin`, in which every reader begins, such that all of them see one instant; gives that instant in
   * milliseconds. A source that has no snapshots runs `begin` and gives the present.
   */
  pin(begin: () => Promise<void>): Promise<number>;
  readonly reader: ReaderModule;
}

/** A module with an export `openReader`, and its argument, which has to survive a structured clone. */
export interface ReaderModule {
  /** An absolute URL. */
  readonly module: string;
  readonly options: unknown;
}

export interface SourceModule {
  openReader(options: unknown): SourceReader | Promise<SourceReader>;
}

/** What is true of the whole source at the instant that its readers see. */
export interface SourceFacts {
  /** How a report calls the null version: not at all where there never was versioning, else as a listing does. */
  readonly nullVersionId: '' | typeof NULL_VERSION;
}

/** Lives in one worker thread. */
export interface SourceReader {
  /** Takes hold of the present instant; all that follows reads it. */
  begin(): SourceFacts | Promise<SourceFacts>;
  /**
   * Keys inside `range`, rising, that cut it into parts of about `rowsPerPart` rows. Calls `onPart` after each part it
   * finds; that throws to stop the work.
   */
  split(
    range: KeyRange,
    rowsPerPart: number,
    onPart?: () => void,
  ): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  scan(range: KeyRange): Scan;
  close(): void | Promise<void>;
}

export interface Scan {
  /** Visits up to `limit` records in key order, then newest version first; returns how many, 0 at the end. */
  read(limit: number, visit: RecordVisitor): number | Promise<number>;
}
