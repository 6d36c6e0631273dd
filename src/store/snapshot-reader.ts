/**
 * Reads a bucket's part of the listing index for the inventory engine, in a worker thread of its own: in key order,
 * at one instant, in place. The engine imports this module by the URL that `inventorySource` hands it.
 */

import type { Database, RootDatabase, Transaction } from 'lmdb';
import type { KeyRange } from '../core/key-range.ts';
import { AT, FLAG, type RecordVisitor } from '../core/record.ts';
import { sourceGone } from '../core/run.ts';
import { NULL_VERSION } from '../core/stored-object.ts';
import {
  BUCKET_NUMBER_BYTES,
  objectIndexRange,
  openObjectsInPlace,
  type StoredBucket,
  versionIndexRange,
} from './index-database.ts';

export interface SnapshotOptions {
  readonly folder: string;
  readonly bucket: string;
  readonly bucketNumber: number;
  /** Visit older versions too, behind the latest of their key. */
  readonly withNoncurrent: boolean;
}

export function openReader(options: unknown): SnapshotReader {
  return new SnapshotReader(options as SnapshotOptions);
}

export class SnapshotReader {
  readonly #bucket: string;
  readonly #bucketNumber: number;
  readonly #withNoncurrent: boolean;
  readonly #root: RootDatabase;
  readonly #buckets: Database<StoredBucket, string>;
  readonly #objects: Database<void, Uint8Array>;
  readonly #versions: Database<Buffer, Uint8Array>;
  #transaction: Transaction | undefined;

  // Where the iteration stands, in lmdb's buffers.
  #keys: Uint8Array = new Uint8Array();
  #keyStart = 0;
  #keyEnd = 0;
  #recordBuffer: ArrayBufferLike = new ArrayBuffer(0);
  #records: DataView = new DataView(new ArrayBuffer(0));
  #recordStart = 0;

  constructor({ folder, bucket, bucketNumber, withNoncurrent }: SnapshotOptions) {
    this.#bucket = bucket;
    this.#bucketNumber = bucketNumber;
    this.#withNoncurrent = withNoncurrent;
    const { root, buckets, objects, versions } = openObjectsInPlace(
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
    this.#buckets = buckets;
    this.#objects = objects;
    this.#versions = versions;
  }

  /** Takes hold of the present instant; all that follows reads it. Throws `SourceGone` when the bucket is gone by then. */
  begin(): { readonly nullVersionId: '' | typeof NULL_VERSION } {
    this.#transaction = this.#root.useReadTransaction();
    const bucket = this.#buckets.get(this.#bucket, this.#inTransaction());
    if (bucket?.number !== this.#bucketNumber) throw sourceGone(this.#bucket);
    return { nullVersionId: bucket.versioning === undefined ? '' : NULL_VERSION };
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
    const latest = this.#objects
      .getRange({ ...objectIndexRange(this.#bucketNumber, range.start, range.end), ...this.#inTransaction() })
      [Symbol.iterator]();
    let older: OlderVersions | undefined;
    return {
      read: (limit, visit) => {
        let count = 0;
        while (count < limit) {
          if (older !== undefined) {
            if (older.visitNext(visit)) count++;
            else older = undefined;
            continue;
          }
          if (latest.next().done) break;
          // Reading the older versions takes lmdb's buffers, so they are looked up when this one has been visited.
          const key = this.#keyWithOlderVersions();
          visit(this.#keys, this.#keyStart, this.#keyEnd, this.#records, this.#recordStart);
          count++;
          if (key !== undefined) older = new OlderVersions(key, this.#olderVersions(key));
        }
        return count;
      },
    };
  }

  /** The key where the iteration stands, when there are older versions of it to be visited. */
  #keyWithOlderVersions(): Uint8Array | undefined {
    if (!this.#withNoncurrent) return undefined;
    if ((this.#records.getUint8(this.#recordStart + AT.flags) & FLAG.hasNoncurrent) === 0) return undefined;
    return Uint8Array.prototype.slice.call(this.#keys, this.#keyStart, this.#keyEnd);
  }

  #olderVersions(key: Uint8Array): Iterator<{ value: Buffer }> {
    const range = versionIndexRange(this.#bucketNumber, key);
    return this.#versions.getRange({ ...range, ...this.#inTransaction() })[Symbol.iterator]();
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

/** The versions of one key behind its latest, newest first. */
class OlderVersions {
  readonly #key: Uint8Array;
  readonly #rows: Iterator<{ value: Buffer }>;

  constructor(key: Uint8Array, rows: Iterator<{ value: Buffer }>) {
    this.#key = key;
    this.#rows = rows;
  }

  /** False when there is none left. */
  visitNext(visit: RecordVisitor): boolean {
    const next = this.#rows.next();
    if (next.done === true) return false;
    const { value } = next.value;
    visit(this.#key, 0, this.#key.length, new DataView(value.buffer, value.byteOffset, value.length), 0);
    return true;
  }
}

/** Visits up to `limit` records in key order, newest version first, and returns how many there were; 0 at the end. */
export interface SnapshotScan {
  read(limit: number, visit: RecordVisitor): number;
}
