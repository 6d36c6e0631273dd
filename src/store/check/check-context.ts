/** What the steps of a check share: the store at one instant, what was found so far, and what was named by whom. */

import { setImmediate } from 'node:timers/promises';
import type { BodyFiles } from '../bodies/body-files.ts';
import { NEXT_CONTENT_ID } from '../bodies/content-ids.ts';
import type { DataKeys } from '../data-keys.ts';
import { BUCKET_NUMBER_BYTES, type StoredBucket } from '../index-database.ts';
import type { IndexSnapshot } from '../index-snapshot.ts';
import { type TotalsRows, TotalsTable } from '../totals.ts';
import { NEXT_SEQUENCE } from '../version-ids.ts';
import { ContentIdSet } from './content-id-set.ts';
import type { Finding, FindingKind, FindingPlace } from './finding.ts';

/** What was looked at. */
export interface CheckCounts {
  /** Keys whose latest version is no delete marker. */
  readonly objects: number;
  /** All of them, delete markers too. */
  readonly versions: number;
  readonly uploads: number;
  readonly bodies: number;
  /** Of the plain bodies. */
  readonly bytes: number;
  /** Encrypted contents of which only the lengths were checked, for want of a key. */
  readonly unopened: number;
  /** Files that the next start of a server removes: of deleted objects, and of uploads that were broken off. */
  readonly filesToRemove: number;
}

export interface CheckOptions {
  /** Read every byte; else the index, and of the files only the lengths. */
  readonly withBodies: boolean;
  /** Opens encrypted bodies. */
  readonly keys?: DataKeys | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onFinding: (finding: Finding) => void;
  readonly onProgress?: ((counts: CheckCounts) => void) | undefined;
}

/** How many steps go by before others get their turn. */
const STEPS_PER_TURN = 512;

type Changeable<T> = { -readonly [Name in keyof T]: T[Name] };

export class CheckContext {
  readonly snapshot: IndexSnapshot;
  readonly files: BodyFiles;
  readonly options: CheckOptions;
  readonly counts: Changeable<CheckCounts> = {
    objects: 0,
    versions: 0,
    uploads: 0,
    bodies: 0,
    bytes: 0,
    unopened: 0,
    filesToRemove: 0,
  };
  /** By their number. */
  readonly buckets: ReadonlyMap<number, StoredBucket>;
  /** Counted anew, by what is found. */
  readonly recount = new TotalsTable({ totals: totalsInMemory() });
  /** What versions, uploads and compositions name. */
  readonly named = {
    contents: new ContentIdSet(),
    compositions: new ContentIdSet(),
    bodies: new ContentIdSet(),
    files: new ContentIdSet(),
    parts: new ContentIdSet(),
  };
  /** What the next version is to be numbered. */
  readonly nextSequence: number;
  readonly #nextContentId: number;
  #steps = 0;

  constructor(snapshot: IndexSnapshot, files: BodyFiles, options: CheckOptions) {
    this.snapshot = snapshot;
    this.files = files;
    this.options = options;
    const buckets = [...snapshot.range(snapshot.db.buckets)].map(({ value }) => value);
    this.buckets = new Map(buckets.map((bucket) => [bucket.number, bucket]));
    this.nextSequence = snapshot.get(snapshot.db.meta, NEXT_SEQUENCE) ?? 1;
    this.#nextContentId = snapshot.get(snapshot.db.meta, NEXT_CONTENT_ID) ?? 1;
  }

  report(kind: FindingKind, place: FindingPlace, text: string): void {
    this.options.onFinding({ kind, ...place, text });
  }

  /** Goes before each thing that is looked at. Throws when the check is to stop. */
  async step(): Promise<void> {
    if (++this.#steps % STEPS_PER_TURN !== 0) return;
    await this.turn();
  }

  async turn(): Promise<void> {
    this.options.signal?.throwIfAborted();
    this.options.onProgress?.(this.counts);
    await setImmediate();
  }

  /** The bucket of an object, by the index key of it. */
  bucketOf(objectKey: Uint8Array): StoredBucket | undefined {
    return this.buckets.get(bucketNumberOf(objectKey));
  }

  keyOf(objectKey: Uint8Array): Uint8Array {
    return objectKey.subarray(BUCKET_NUMBER_BYTES);
  }

  /** For findings: also of a bucket that is not there. */
  bucketName(objectKey: Uint8Array): string {
    return this.bucketOf(objectKey)?.name ?? `number ${bucketNumberOf(objectKey)}`;
  }

  placeOf(objectKey: Uint8Array): FindingPlace {
    const key = Buffer.from(this.keyOf(objectKey)).toString();
    return { bucket: this.bucketName(objectKey), key };
  }

  /** Whether an id can have been given out at all; the sets of ids take no other. */
  isContentId(id: number): boolean {
    return Number.isSafeInteger(id) && id >= 1 && id < this.#nextContentId;
  }
}

function bucketNumberOf(objectKey: Uint8Array): number {
  return new DataView(objectKey.buffer, objectKey.byteOffset).getUint32(0);
}

function totalsInMemory(): TotalsRows['totals'] {
  const rows = new Map<number, Buffer>();
  return {
    get: (number) => rows.get(number),
    putSync(number: number, row: Buffer) {
      rows.set(number, row);
      return true;
    },
    removeSync: (number) => rows.delete(number),
  };
}
