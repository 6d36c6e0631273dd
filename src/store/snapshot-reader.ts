/**
 * Reads a bucket's part of the listing index for the inventory engine, in a worker thread of its own: in key order,
 * at one instant, in place. The engine imports this module by the URL that `inventorySource` hands it.
 */

import type { Database, RootDatabase, Transaction } from 'lmdb';
import type { KeyRange } from '../core/key-range.ts';
import type { RecordVisitor } from '../core/record.ts';
import { BUCKET_NUMBER_BYTES, objectIndexRange, openObjectsInPlace } from './index-database.ts';

export interface SnapshotOptions {
  readonly folder: string;
  readonly bucketNumber: number;
}

export function openReader(options: unknown): SnapshotReader {
  return new SnapshotReader(options as SnapshotOptions);
}

export class SnapshotReader {
  readonly #bucketNumber: number;
  readonly #root: RootDatabase;
  readonly #objects: Database<void, Uint8Array>;
  #transaction: Transaction | undefined;

  // Where the iteration stands, in lmdb's buffers.
  #keys: Uint8Array = new Uint8Array();
  #keyStart = 0;
  #keyEnd = 0;
  #recordBuffer: ArrayBufferLike = new ArrayBuffer(0);
  #records: DataView = new DataView(new ArrayBuffer(0));
  #recordStart = 0;

  constructor({ folder, bucketNumber }: SnapshotOptions) {
    this.#bucketNumber = bucketNumber;
    const { root, objects } = openObjectsInPlace(
      folder,
      (buffer, start, end) => {
        this.#keys = buffer;
        this.#keyStart = start + BUCKET_NUMBER_BYTES;
        this.#keyEnd = end;
      },
      (buffer) => {
        if (buffer.buffer !== this.#recordBuffer) {
          this.#recordBuffer = buffer.buffer;
          this.#records = new DataView(buffer.buffer);
        }
        this.#recordStart = buffer.byteOffset;
      },
    );
    this.#root = root;
    this.#objects = objects;
  }

  /** Takes hold of the present instant; all that follows reads it. */
  begin(): void {
    this.#transaction = this.#root.useReadTransaction();
  }

  /** Keys that cut `range` into parts of `rowsPerPart` rows; `onPart` is called at each, and may throw to stop. */
  split(range: KeyRange, rowsPerPart: number, onPart: () => void = () => undefined): Uint8Array[] {
    const keys: Uint8Array[] = [];
    let start = range.start;
    for (;;) {
      const next = this.#keyAt({ ...range, start }, rowsPerPart);
      if (next === undefined) return keys;
      keys.push(next);
      onPart();
      start = next;
    }
  }

  scan(range: KeyRange): SnapshotScan {
    const rows = this.#objects
      .getRange({ ...objectIndexRange(this.#bucketNumber, range.start, range.end), ...this.#inTransaction() })
      [Symbol.iterator]();
    return {
      read: (limit, visit) => {
        let count = 0;
        while (count < limit && !rows.next().done) {
          visit(this.#keys, this.#keyStart, this.#keyEnd, this.#records, this.#recordStart);
          count++;
        }
        return count;
      },
    };
  }

  async close(): Promise<void> {
    this.#transaction?.done();
    await this.#root.close();
  }

  /** The key `offset` rows behind the start of `range`; lmdb steps there natively. */
  #keyAt(range: KeyRange, offset: number): Uint8Array | undefined {
    const bounds = objectIndexRange(this.#bucketNumber, range.start, range.end);
    for (const _ of this.#objects.getKeys({ ...bounds, offset, limit: 1, ...this.#inTransaction() })) {
      return Uint8Array.prototype.slice.call(this.#keys, this.#keyStart, this.#keyEnd);
    }
    return undefined;
  }

  #inTransaction(): { transaction: Transaction } {
    if (this.#transaction === undefined) throw new Error('the reader has not begun');
    return { transaction: this.#transaction };
  }
}

/** Visits up to `limit` records in key order and returns how many there were; 0 at the end. */
export interface SnapshotScan {
  read(limit: number, visit: RecordVisitor): number;
}
