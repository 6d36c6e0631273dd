/** Buckets in the index: they begin and end in the same transactions as their objects. */

import { randomUUID } from 'node:crypto';
import { type Bucket, type BucketChange, MAX_BUCKET_NAME, noSuchBucket } from '../core/bucket.ts';
import { DomainError } from '../core/errors.ts';
import type { CommitQueue } from './commit-queue.ts';
import { type IndexDatabase, objectIndexRange, type StoredBucket } from './index-database.ts';
import type { TotalsTable } from './totals.ts';

/** Buckets of one account (protocol sheet, section 6). */
export const MAX_BUCKETS = 100;

/** Buckets that are remembered once they were found. Each may have a policy of kilobytes. */
const MAX_FOUND = 1000;

const NEXT_NUMBER = 'nextBucketNumber';

export type NewBucket = Omit<Bucket, 'id' | 'createdAtMs'>;

export class BucketTable {
  readonly #db: IndexDatabase;
  readonly #totals: TotalsTable;
  readonly #queue: CommitQueue;
  /** Buckets that were found, since each request asks for its bucket several times. */
  readonly #found = new Map<string, StoredBucket>();
  /** Changes that are not settled. While there are any the index alone is right, inside their commits and outside. */
  #changesUnderWay = 0;

  constructor(db: IndexDatabase, totals: TotalsTable, queue: CommitQueue) {
    this.#db = db;
    this.#totals = totals;
    this.#queue = queue;
  }

  find(name: string): StoredBucket | undefined {
    if (this.#changesUnderWay > 0) return this.#read(name);
    const found = this.#found.get(name) ?? this.#read(name);
    if (found !== undefined) this.#remember(found);
    return found;
  }

  /** The bucket, the one of this id if one is given, or `NoSuchBucket`. */
  get(name: string, id?: string): StoredBucket {
    const bucket = this.find(name);
    if (bucket === undefined || (id !== undefined && bucket.id !== id)) throw noSuchBucket(name);
    return bucket;
  }

  /** The bucket, as long as it is still the one of this number, or `NoSuchBucket`. */
  getSame(name: string, number: number): StoredBucket {
    const bucket = this.get(name);
    if (bucket.number !== number) throw noSuchBucket(name);
    return bucket;
  }

  /** In order of name, from the first name above `after`. */
  list(after: string, limit: number): StoredBucket[] {
    // All of them, because they are few enough, and `after` may be anything: even longer than a key of the index can be.
    const all = [...this.#db.buckets.getRange().map(({ value }) => value)];
    return all.filter(({ name }) => name > after).slice(0, limit);
  }

  /**
   * Makes the bucket. One's own bucket may be made again with the same settings, which changes nothing (protocol sheet,
   * section 3.3, `BucketAlreadyExists`).
   */
  create(wanted: NewBucket, now: () => number): Promise<StoredBucket> {
    return this.#commit(() => {
      const existing = this.find(wanted.name);
      if (existing !== undefined) {
        assertSame(existing, wanted);
        return existing;
      }
      if (this.list('', Number.MAX_SAFE_INTEGER).filter(({ owner }) => owner === wanted.owner).length >= MAX_BUCKETS) {
        throw new DomainError(
          'TooManyBuckets',
          `You have attempted to create more buckets than allowed: an account holds at most ${MAX_BUCKETS}.`,
        );
      }
      const number = this.#db.meta.get(NEXT_NUMBER) ?? 1;
      const bucket = { ...wanted, id: randomUUID(), number, createdAtMs: now() };
      this.#db.meta.putSync(NEXT_NUMBER, number + 1);
      this.#db.buckets.putSync(bucket.name, bucket);
      return bucket;
    });
  }

  /** Changes settings, of the bucket of this id if one is given; null takes one away. */
  change(name: string, { encryption, tags, policy, ...kept }: BucketChange, id?: string): Promise<StoredBucket> {
    return this.#commit(() => {
      const { encryption: oldEncryption, tags: oldTags, policy: oldPolicy, ...old } = this.get(name, id);
      const changed = {
        ...old,
        ...kept,
        ...setting('encryption', encryption, oldEncryption),
        ...setting('tags', tags, oldTags),
        ...setting('policy', policy, oldPolicy),
      };
      this.#db.buckets.putSync(name, changed);
      return changed;
    });
  }

  /** Removes an empty bucket, the one of this id if one is given: without versions, delete markers and uploads. */
  remove(name: string, id?: string): Promise<StoredBucket> {
    return this.#commit(() => {
      const bucket = this.get(name, id);
      // A key has a latest version as long as it has any.
      const range = objectIndexRange(bucket.number, new Uint8Array(), undefined);
      for (const database of [this.#db.objects, this.#db.uploads]) {
        for (const _ of database.getKeys({ ...range, limit: 1 })) throw bucketNotEmpty(name);
      }
      this.#db.buckets.removeSync(name);
      this.#totals.remove(bucket);
      return bucket;
    });
  }

  /**
   * Nothing that was found before a change is believed after it, and nothing is kept in between: a commit may be taken
   * back and run again, and until it is on disk those outside of it must not see what is written inside.
   */
  async #commit<T>(change: () => T): Promise<T> {
    this.#changesUnderWay++;
    try {
      return await this.#queue.commit(change);
    } finally {
      this.#found.clear();
      this.#changesUnderWay--;
    }
  }

  #remember(bucket: StoredBucket): void {
    if (this.#found.size >= MAX_FOUND && !this.#found.has(bucket.name)) this.#found.clear();
    this.#found.set(bucket.name, bucket);
  }

  #read(name: string): StoredBucket | undefined {
    // lmdb throws at a name that is longer than a key can be.
    return name.length > MAX_BUCKET_NAME ? undefined : this.#db.buckets.get(name);
  }
}

/** The new value of a setting, or the old one when it does not change; nothing when it is taken away. */
function setting<N extends string, T>(name: N, change: T | null | undefined, old: T | undefined): { [K in N]?: T } {
  const value = change === undefined ? old : change;
  return value === undefined || value === null ? {} : ({ [name]: value } as { [K in N]?: T });
}

function bucketNotEmpty(name: string): DomainError {
  return new DomainError(
    'BucketNotEmpty',
    'The bucket has objects. Please delete them first: all versions, delete markers and unfinished uploads too.',
    { BucketName: name },
  );
}

function assertSame(existing: StoredBucket, wanted: NewBucket): void {
  const refuse = (what: string) =>
    new DomainError('BucketAlreadyExists', `Bucket already exists can't modify ${what}.`, { BucketName: wanted.name });
  if (existing.owner !== wanted.owner) {
    throw new DomainError('BucketAlreadyExists', 'The requested bucket name is not available.', {
      BucketName: wanted.name,
    });
  }
  if (existing.region !== wanted.region) throw refuse('location');
  if (existing.storageClass !== wanted.storageClass) throw refuse('storage class');
  if (existing.redundancy !== wanted.redundancy) throw refuse('data redundancy type');
}
