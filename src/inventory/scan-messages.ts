/** What the engine and its scan workers say to each other. Everything survives a structured clone. */

import type { ErrorCode, ErrorDetails } from '../core/errors.ts';
import type { KeyRange } from '../core/key-range.ts';
import type { Column } from '../core/report-columns.ts';
import type { Rule } from '../core/rule.ts';
import type { ShardResult } from './scan-shard.ts';
import type { ReaderModule } from './source.ts';
import type { SpoolFile } from './spool-cipher.ts';

/** What a worker is started with, and keeps over all its runs. */
export interface WorkerStart {
  /** Shared counters: see `COUNTER`. */
  readonly counters: SharedArrayBuffer;
}

/** What a worker is told of a run. */
export interface RunSetup {
  readonly reader: ReaderModule;
  readonly bucket: string;
  readonly rule: Rule;
  readonly columns: readonly Column[];
}

/** Places in the counters, each a 64-bit integer. `stop` is set by the engine, the others by the worker during a run. */
export const COUNTER = { stop: 0, scanned: 1, matched: 2, bytesWritten: 3, length: 4 } as const;

/**
 * A worker does one task at a time. A run is its tasks from `setup`, which opens a reader, to `release`, which closes it:
 * after that the worker holds nothing of the run, and is ready for another.
 */
export type WorkerTask =
  | { readonly kind: 'setup'; readonly setup: RunSetup }
  | { readonly kind: 'begin' }
  | { readonly kind: 'split'; readonly range: KeyRange; readonly rowsPerPart: number }
  | ({ readonly kind: 'scan'; readonly range: KeyRange } & SpoolFile)
  | { readonly kind: 'release' };

export type WorkerReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'split'; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'scanned'; readonly result: ShardResult }
  | { readonly kind: 'failed'; readonly error: Error }
  /** An assertion of ours: a structured clone would make it any error, which might pass when tried again. */
  | { readonly kind: 'broken'; readonly message: string }
  /** A `DomainError`, in its parts: a structured clone would make it any error. */
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: ErrorDetails;
    };
