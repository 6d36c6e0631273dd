/** What a bucket holds, counted in the same commits that change it: one packed row of numbers for each bucket. */

import type { Database } from 'lmdb';
import type { BucketTotals } from '../core/bucket.ts';
import { type ObjectRecord, STORAGE_CLASSES } from '../core/record.ts';
import type { StoredBucket } from './index-database.ts';

/** The numbers of a row, in order; then objects and bytes of each storage class. */
const AT = { deleteMarkers: 0, uploads: 1, partBytes: 2, lastModified: 3, classes: 4 } as const;
const NUMBERS = AT.classes + 2 * STORAGE_CLASSES.length;

/** Where the rows are, by bucket number. */
export interface TotalsRows {
  readonly totals: Pick<Database<Buffer, number>, 'get' | 'putSync' | 'removeSync'>;
}

export class TotalsTable {
  readonly #db: TotalsRows;

  constructor(db: TotalsRows) {
    this.#db = db;
  }

  get(bucket: StoredBucket): BucketTotals {
    const row = this.#row(bucket);
    const classes = STORAGE_CLASSES.map((name, code) => {
      const at = AT.classes + 2 * code;
      return [name, { objects: row[at] ?? 0, bytes: row[at + 1] ?? 0 }] as const;
    }).filter(([, { objects }]) => objects > 0);
    const sum = (name: 'objects' | 'bytes') => classes.reduce((total, [, each]) => total + each[name], 0);
    return {
      objects: sum('objects'),
      bytes: sum('bytes') + (row[AT.partBytes] ?? 0),
      deleteMarkers: row[AT.deleteMarkers] ?? 0,
      uploads: row[AT.uploads] ?? 0,
      classes: Object.fromEntries(classes),
      lastModifiedMs: row[AT.lastModified] ?? 0,
    };
  }

  /** In a commit: a version came (`sign` 1) or went (-1). */
  countVersion(bucket: StoredBucket, record: ObjectRecord, sign: 1 | -1, nowMs: number): void {
    this.#change(bucket, nowMs, (row) => {
      if (record.isDeleteMarker) {
        row[AT.deleteMarkers] = (row[AT.deleteMarkers] ?? 0) + sign;
        return;
      }
      const at = AT.classes + 2 * STORAGE_CLASSES.indexOf(record.storageClass);
      row[at] = (row[at] ?? 0) + sign;
      row[at + 1] = (row[at + 1] ?? 0) + sign * record.sizeBytes;
    });
  }

  /** In a commit: uploads and the bytes of their parts came or went. */
  countUploads(bucket: StoredBucket, uploads: number, partBytes: number, nowMs: number): void {
    this.#change(bucket, nowMs, (row) => {
      row[AT.uploads] = (row[AT.uploads] ?? 0) + uploads;
      row[AT.partBytes] = (row[AT.partBytes] ?? 0) + partBytes;
    });
  }

  /** In a commit: the bucket is gone. */
  remove(bucket: StoredBucket): void {
    this.#db.totals.removeSync(bucket.number);
  }

  #row(bucket: StoredBucket): Float64Array {
    const row = new Float64Array(NUMBERS);
    const stored = this.#db.totals.get(bucket.number);
    if (stored !== undefined) new Uint8Array(row.buffer).set(stored.subarray(0, row.byteLength));
    return row;
  }

  #change(bucket: StoredBucket, nowMs: number, change: (row: Float64Array) => void): void {
    const row = this.#row(bucket);
    change(row);
    row[AT.lastModified] = nowMs;
    this.#db.totals.putSync(bucket.number, Buffer.from(row.buffer));
  }
}
