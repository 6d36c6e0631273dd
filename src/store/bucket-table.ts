/** Buckets in the index: they begin and end in the same transactions as their objects. */

import { randomUUID } from 'node:crypto';
import { type Bucket, MAX_BUCKET_NAME, noSuchBucket } from '../core/bucket.ts';
import { DomainError } from '../core/errors.ts';
import { type IndexDatabase, objectIndexRange, type StoredBucket } from './index-database.ts';

/** Buckets of one account (protocol sheet, section 6). */
export const MAX_BUCKETS = 100;

const NEXT_NUMBER = 'nextBucketNumber';

export type NewBucket = Omit<Bucket, 'id' | 'createdAtMs'>;

export class BucketTable {
  readonly #db: IndexDatabase;

  constructor(db: IndexDatabase) {
    this.#db = db;
  }

  find(name: string): StoredBucket | undefined {
    // lmdb throws at a name that is longer than a key can be.
    return name.length > MAX_BUCKET_NAME ? undefined : this.#db.buckets.get(name);
  }

  /** The bucket, or `NoSuchBucket`. */
  get(name: string): StoredBucket {
    const bucket = this.find(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }

  /** In order of name, from the first name above `after`. */
  list(after: string, limit: number): StoredBucket[] {
    // All of them, because they are few, and `after` may be anything: even longer than a key of the index can be.
    const all = [...this.#db.buckets.getRange().map(({ value }) => value)];
    return all.filter(({ name }) => name > after).slice(0, limit);
  }

  /**
   * In a commit: makes the bucket. One's own bucket may be made again with the same settings, which changes nothing
   * (protocol sheet, section 3.3, `BucketAlreadyExists`).
   */
  create(wanted: NewBucket, nowMs: number): StoredBucket {
    const existing = this.find(wanted.name);
    if (existing !== undefined) {
      assertSame(existing, wanted);
      return existing;
    }
    if (this.#db.buckets.getKeysCount() >= MAX_BUCKETS) {
      throw new DomainError(
        'TooManyBuckets',
        `You have attempted to create more buckets than allowed: an account holds at most ${MAX_BUCKETS}.`,
      );
    }
    const number = this.#db.meta.get(NEXT_NUMBER) ?? 1;
    const bucket = { ...wanted, id: randomUUID(), number, createdAtMs: nowMs };
    this.#db.meta.putSync(NEXT_NUMBER, number + 1);
    this.#db.buckets.putSync(bucket.name, bucket);
    return bucket;
  }

  /** In a commit: removes an empty bucket. */
  remove(name: string): StoredBucket {
    const bucket = this.get(name);
    const range = objectIndexRange(bucket.number, new Uint8Array(), undefined);
    for (const _ of this.#db.objects.getKeys({ ...range, limit: 1 })) {
      throw new DomainError('BucketNotEmpty', 'The bucket has objects. Please delete them first.', {
        BucketName: name,
      });
    }
    this.#db.buckets.removeSync(name);
    this.#db.totals.removeSync(bucket.number);
    return bucket;
  }
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
