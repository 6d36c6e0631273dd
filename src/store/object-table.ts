/**
 * Versions of objects in the index. The latest of a key lies in `objects` and the others in `versions`; what moves a
 * version from one to the other, its content and the bucket's totals change in one transaction or not at all
 * (protocol sheet, section 5.10).
 */

import { fileAlreadyExists } from '../core/object-errors.ts';
import { type ObjectRecord, PLAIN_RECORD, packRecord, unpackRecord } from '../core/record.ts';
import { type Deleted, shownVersionId } from '../core/stored-object.ts';
import type { ContentTable } from './bodies/content-table.ts';
import {
  type IndexDatabase,
  objectIndexKey,
  type StoredBucket,
  versionIndexKey,
  versionIndexRange,
} from './index-database.ts';
import type { TotalsTable } from './totals.ts';
import { type NamedVersion, newVersionId, type VersionSequence } from './version-ids.ts';

/** A version that comes in: the table gives it its place among the versions, and its id. */
export type IncomingRecord = Omit<ObjectRecord, 'versionId' | 'sequence' | 'isLatest' | 'hasNoncurrent'>;

/** What a change left behind: content ids whose files must go. */
export interface Changed<T> {
  readonly value: T;
  readonly orphans: readonly number[];
}

export interface ObjectTableParts {
  readonly db: IndexDatabase;
  readonly contents: ContentTable;
  readonly totals: TotalsTable;
  readonly sequence: VersionSequence;
  readonly now: () => number;
}

export class ObjectTable {
  readonly #db: IndexDatabase;
  readonly #contents: ContentTable;
  readonly #totals: TotalsTable;
  readonly #sequence: VersionSequence;
  readonly #now: () => number;

  constructor({ db, contents, totals, sequence, now }: ObjectTableParts) {
    this.#db = db;
    this.#contents = contents;
    this.#totals = totals;
    this.#sequence = sequence;
    this.#now = now;
  }

  latest(bucket: StoredBucket, key: Uint8Array): ObjectRecord | undefined {
    const packed = this.#db.objects.get(objectIndexKey(bucket.number, key));
    return packed === undefined ? undefined : unpackRecord(packed);
  }

  /** The version of a key that an id names, or its latest one. */
  find(bucket: StoredBucket, key: Uint8Array, version?: NamedVersion): ObjectRecord | undefined {
    const latest = this.latest(bucket, key);
    if (version === undefined || latest === undefined || isNamed(latest, version)) return latest;
    const sequence = this.#sequenceOf(bucket, key, version);
    if (sequence === undefined) return undefined;
    const packed = this.#db.versions.get(versionIndexKey(bucket.number, key, sequence));
    const record = packed === undefined ? undefined : unpackRecord(packed);
    return record !== undefined && isNamed(record, version) ? record : undefined;
  }

  /** Throws `FileAlreadyExists` when a version that comes would take an object's place; with versioning none does. */
  assertReplacesNone(bucket: StoredBucket, key: Uint8Array): void {
    if (bucket.versioning !== undefined || this.latest(bucket, key) === undefined) return;
    throw fileAlreadyExists(Buffer.from(key).toString());
  }

  /** The versions of a key behind its latest, newest first; those older than `below`, where that is given. */
  *noncurrent(bucket: StoredBucket, key: Uint8Array, below?: number): Generator<ObjectRecord> {
    const range = versionIndexRange(bucket.number, key, below);
    for (const { value } of this.#db.versions.getRange(range)) yield unpackRecord(value);
  }

  /**
   * In a commit: a version comes, as the bucket's versioning wants it. With versioning what was the latest stays behind
   * it; without, and while that is suspended, the new one is the null version and replaces the one there was.
   */
  add(bucket: StoredBucket, key: Uint8Array, incoming: IncomingRecord): Changed<ObjectRecord> {
    const isNull = bucket.versioning !== 'Enabled';
    const latest = this.latest(bucket, key);
    let hasNoncurrent = latest?.hasNoncurrent ?? false;
    let orphans: readonly number[] = [];
    if (latest !== undefined) {
      if (isNull && latest.versionId === '') {
        orphans = this.#release(bucket, latest);
      } else {
        if (isNull) orphans = this.#removeHiddenNull(bucket, key);
        this.#hide(bucket, key, latest);
        hasNoncurrent = true;
      }
    }
    const sequence = this.#sequence.take();
    const versionId = isNull ? '' : newVersionId(sequence);
    const record = { ...incoming, versionId, sequence, isLatest: true, hasNoncurrent };
    this.#putLatest(bucket, key, record);
    this.#totals.countVersion(bucket, record, 1, this.#now());
    return { value: record, orphans };
  }

  /** In a commit: removes the object as far as clients see that name no version. */
  remove(bucket: StoredBucket, key: Uint8Array): Changed<Deleted> {
    if (bucket.versioning !== undefined) {
      const { value, orphans } = this.add(bucket, key, deleteMarker(bucket, this.#now()));
      return { value: { versionId: shownVersionId(value), isDeleteMarker: true }, orphans };
    }
    const latest = this.latest(bucket, key);
    const orphans = latest === undefined ? [] : this.#removeLatest(bucket, key, latest);
    return { value: { isDeleteMarker: false }, orphans };
  }

  /** In a commit: removes one version for good; one that is not there is no error. */
  removeVersion(bucket: StoredBucket, key: Uint8Array, version: NamedVersion): Changed<{ isDeleteMarker: boolean }> {
    const record = this.find(bucket, key, version);
    if (record === undefined) return { value: { isDeleteMarker: false }, orphans: [] };
    const orphans = record.isLatest ? this.#removeLatest(bucket, key, record) : this.#removeHidden(bucket, key, record);
    return { value: { isDeleteMarker: record.isDeleteMarker }, orphans };
  }

  /** In a commit: writes a version over itself, with properties changed that don't concern its content. */
  update(bucket: StoredBucket, key: Uint8Array, record: ObjectRecord): void {
    if (record.isLatest) this.#putLatest(bucket, key, record);
    else this.#putHidden(bucket, key, record);
  }

  #sequenceOf(bucket: StoredBucket, key: Uint8Array, version: NamedVersion): number | undefined {
    if (version.kind === 'id') return version.sequence;
    return version.kind === 'null' ? this.#db.nulls.get(objectIndexKey(bucket.number, key)) : undefined;
  }

  #putLatest(bucket: StoredBucket, key: Uint8Array, record: ObjectRecord): void {
    this.#db.objects.putSync(objectIndexKey(bucket.number, key), packRecord(record));
  }

  #putHidden(bucket: StoredBucket, key: Uint8Array, record: ObjectRecord): void {
    this.#db.versions.putSync(versionIndexKey(bucket.number, key, record.sequence), packRecord(record));
  }

  /** What was the latest version goes behind a newer one. */
  #hide(bucket: StoredBucket, key: Uint8Array, latest: ObjectRecord): void {
    this.#putHidden(bucket, key, { ...latest, isLatest: false, hasNoncurrent: false });
    if (latest.versionId === '') this.#db.nulls.putSync(objectIndexKey(bucket.number, key), latest.sequence);
  }

  #unhide(bucket: StoredBucket, key: Uint8Array, record: ObjectRecord): void {
    this.#db.versions.removeSync(versionIndexKey(bucket.number, key, record.sequence));
    if (record.versionId === '') this.#db.nulls.removeSync(objectIndexKey(bucket.number, key));
  }

  /** The newest of the versions behind it takes the place of the latest. */
  #removeLatest(bucket: StoredBucket, key: Uint8Array, latest: ObjectRecord): readonly number[] {
    const [next, another] = latest.hasNoncurrent ? this.noncurrent(bucket, key).take(2) : [];
    if (next === undefined) {
      this.#db.objects.removeSync(objectIndexKey(bucket.number, key));
    } else {
      this.#unhide(bucket, key, next);
      this.#putLatest(bucket, key, { ...next, isLatest: true, hasNoncurrent: another !== undefined });
    }
    return this.#release(bucket, latest);
  }

  #removeHidden(bucket: StoredBucket, key: Uint8Array, record: ObjectRecord): readonly number[] {
    this.#unhide(bucket, key, record);
    const latest = this.latest(bucket, key);
    const [left] = this.noncurrent(bucket, key).take(1);
    if (latest !== undefined && left === undefined) this.#putLatest(bucket, key, { ...latest, hasNoncurrent: false });
    return this.#release(bucket, record);
  }

  /** In a bucket whose versioning is suspended, the null version goes when another takes its place. */
  #removeHiddenNull(bucket: StoredBucket, key: Uint8Array): readonly number[] {
    const record = this.find(bucket, key, { kind: 'null' });
    if (record === undefined) return [];
    this.#unhide(bucket, key, record);
    return this.#release(bucket, record);
  }

  /** The version's content goes, and it counts no more. */
  #release(bucket: StoredBucket, record: ObjectRecord): readonly number[] {
    this.#totals.countVersion(bucket, record, -1, this.#now());
    return record.isDeleteMarker ? [] : this.#contents.remove(record);
  }
}

function isNamed({ versionId, sequence }: ObjectRecord, version: NamedVersion): boolean {
  switch (version.kind) {
    case 'null':
      return versionId === '';
    case 'id':
      return sequence === version.sequence && versionId === version.id;
    case 'unknown':
      return false;
  }
}

/** A delete marker has neither content nor a class of its own; reports leave both empty. */
function deleteMarker({ storageClass }: StoredBucket, nowMs: number): IncomingRecord {
  return {
    ...PLAIN_RECORD,
    isDeleteMarker: true,
    sizeBytes: 0,
    lastModifiedMs: nowMs,
    etag: '',
    storageClass,
    contentId: 0,
    bodyPlace: 'none',
  };
}
