/**
 * Objects in the index. `replace` and `remove` run inside a commit: record, metadata, body bytes, the mark of a body
 * file and the bucket's totals change in one transaction or not at all.
 */

import assert from 'node:assert/strict';
import type { BucketTotals } from '../core/bucket.ts';
import { type ObjectRecord, packRecord, unpackRecord } from '../core/record.ts';
import type { ObjectMetadata } from '../core/stored-object.ts';
import { contentKey, type IndexDatabase, objectIndexKey, type StoredBucket } from './index-database.ts';

const NO_METADATA: ObjectMetadata = { headers: {}, user: {} };
const MARK = Buffer.alloc(0);

export interface ObjectEntry {
  readonly record: ObjectRecord;
  readonly metadata: ObjectMetadata;
  /** The bytes, when they are kept in the index. */
  readonly body?: Uint8Array;
}

export class ObjectTable {
  readonly #db: IndexDatabase;

  constructor(db: IndexDatabase) {
    this.#db = db;
  }

  record(bucket: StoredBucket, key: Uint8Array): ObjectRecord | undefined {
    const packed = this.#db.objects.get(objectIndexKey(bucket.number, key));
    return packed === undefined ? undefined : unpackRecord(packed);
  }

  metadata(record: ObjectRecord): ObjectMetadata {
    const text = this.#db.metadata.get(contentKey(record.contentId));
    return text === undefined ? NO_METADATA : (JSON.parse(text) as ObjectMetadata);
  }

  /** The bytes of a body that is not in a file. */
  body(record: ObjectRecord): Uint8Array {
    if (record.bodyPlace === 'none') return MARK;
    const bytes = this.#db.bodies.get(contentKey(record.contentId));
    assert(
      bytes !== undefined && bytes.length === record.sizeBytes,
      `the index has lost the body of content ${record.contentId}`,
    );
    return bytes;
  }

  totals(bucket: StoredBucket): BucketTotals {
    return this.#db.totals.get(bucket.number) ?? { objects: 0, bytes: 0 };
  }

  /** In a commit: stores the object in place of whatever has its key. Returns the content ids whose files must go. */
  replace(bucket: StoredBucket, key: Uint8Array, entry: ObjectEntry): number[] {
    const orphans = this.remove(bucket, key);
    const content = contentKey(entry.record.contentId);
    this.#db.objects.putSync(objectIndexKey(bucket.number, key), packRecord(entry.record));
    if (Object.keys(entry.metadata.headers).length > 0 || Object.keys(entry.metadata.user).length > 0) {
      this.#db.metadata.putSync(content, JSON.stringify(entry.metadata));
    }
    if (entry.record.bodyPlace === 'index' && entry.body !== undefined) {
      this.#db.bodies.putSync(content, Buffer.from(entry.body));
    }
    if (entry.record.bodyPlace === 'file') this.#db.files.putSync(content, MARK);
    this.#count(bucket, 1, entry.record.sizeBytes);
    return orphans;
  }

  /** In a commit: removes the object. Returns the content ids whose files must go. */
  remove(bucket: StoredBucket, key: Uint8Array): number[] {
    const old = this.record(bucket, key);
    if (old === undefined) return [];
    const content = contentKey(old.contentId);
    this.#db.objects.removeSync(objectIndexKey(bucket.number, key));
    this.#db.metadata.removeSync(content);
    this.#count(bucket, -1, -old.sizeBytes);
    if (old.bodyPlace === 'index') this.#db.bodies.removeSync(content);
    if (old.bodyPlace !== 'file') return [];
    this.#db.files.removeSync(content);
    this.#db.garbage.putSync(content, MARK);
    return [old.contentId];
  }

  #count(bucket: StoredBucket, objects: number, bytes: number): void {
    const totals = this.totals(bucket);
    this.#db.totals.putSync(bucket.number, { objects: totals.objects + objects, bytes: totals.bytes + bytes });
  }
}
