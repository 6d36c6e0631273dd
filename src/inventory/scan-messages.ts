/** What the engine and its scan workers say to each other. Everything survives a structured clone. */

import type { ErrorCode, ErrorDetails } from '../core/errors.ts';
import type { KeyRange } from '../core/key-range.ts';
import type { Column } from '../core/report-columns.ts';
import type { Rule } from '../core/rule.ts';
import type { ShardResult } from './scan-shard.ts';
import type { ReaderModule } from './source.ts';
import type { SpoolFile } from './spool-cipher.ts';

export interface WorkerSetup {
  readonly reader: ReaderModule;
  readonly bucket: string;
  readonly rule: Rule;
  readonly columns: readonly Column[];
  /** Shared counters: see `COUNTER`. */
  readonly counters: SharedArrayBuffer;
}

/** Places in the counters, each a 64-bit integer. `stop` is set by the engine, the others by the worker. */
export const COUNTER = { stop: 0, scanned: 1, matched: 2, bytesWritten: 3, length: 4 } as const;

/** A worker does one task at a time; `ready` is done when it has opened its reader. */
export type WorkerTask =
  | { readonly kind: 'ready' }
  | { readonly kind: 'begin' }
  | { readonly kind: 'split'; readonly range: KeyRange; readonly rowsPerPart: number }
  | ({ readonly kind: 'scan'; readonly range: KeyRange } & SpoolFile)
  | { readonly kind: 'close' };

export type WorkerReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'split'; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'scanned'; readonly result: ShardResult }
  | { readonly kind: 'failed'; readonly error: Error }
  /** A `DomainError`, in its parts: a structured clone would make it any error. */
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: ErrorDetails;
    };
