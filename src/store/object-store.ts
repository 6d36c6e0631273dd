/**
 * The embedded object store: bodies in files and an ordered index beside them, one process to a folder. What it has
 * acknowledged is on disk.
 */

import { open } from 'node:fs/promises';
import { type Bucket, type BucketTotals, noSuchBucket } from '../core/bucket.ts';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import { objectKeyBytes } from '../core/object-key.ts';
import { type ObjectRecord, PLAIN_RECORD, type StorageClass } from '../core/record.ts';
import type { BodyPromise, ByteRange, ListPage, ListRequest, PutRequest, StoredObject } from '../core/stored-object.ts';
import { BodyDigest } from './body-digest.ts';
import { BodyFiles, isMissing, syncFolder } from './body-files.ts';
import { type ReceivedBody, receiveBody } from './body-intake.ts';
import { BucketTable, type NewBucket } from './bucket-table.ts';
import { CommitError, CommitQueue } from './commit-queue.ts';
import { ContentIds } from './content-ids.ts';
import { FileRemoval } from './file-removal.ts';
import { contentIdOf, contentKey, type IndexDatabase, indexFolder, markFormat, openIndex } from './index-database.ts';
import { listObjects } from './listing.ts';
import { ObjectTable } from './object-table.ts';

/** A put that may refuse to replace: with the error that `ifExists` makes. */
export interface StorePut extends PutRequest {
  readonly ifExists?: () => DomainError;
}

/** How often a read looks again when a body vanished between its index entry and its file. */
const MAX_OPEN_TRIES = 5;
const READ_CHUNK_BYTES = 256 * 1024;
const NO_BYTES = new Uint8Array();

/** Where a put goes: the very bucket that was there when it began, not whichever has the name when it ends. */
interface PutTarget {
  readonly request: StorePut;
  readonly bucketNumber: number;
  readonly key: Uint8Array;
}

export class ObjectStore {
  readonly #db: IndexDatabase;
  readonly #files: BodyFiles;
  readonly #clock: Clock;
  readonly #ids: ContentIds;
  readonly #queue: CommitQueue;
  readonly #buckets: BucketTable;
  readonly #objects: ObjectTable;
  readonly #removal: FileRemoval;

  private constructor(db: IndexDatabase, files: BodyFiles, clock: Clock) {
    this.#db = db;
    this.#files = files;
    this.#clock = clock;
    this.#ids = new ContentIds(db.meta);
    this.#queue = new CommitQueue(db.root, () => this.#ids.writeMarks());
    this.#buckets = new BucketTable(db);
    this.#objects = new ObjectTable(db);
    this.#removal = new FileRemoval(files, (contentIds) => this.#forget(contentIds));
  }

  /** Opens the store in `folder`, and removes what a crash left of writes that were never acknowledged. */
  static async open(folder: string, clock: Clock): Promise<ObjectStore> {
    const db = openIndex(folder);
    const files = await BodyFiles.open(folder).catch(async (error: unknown) => {
      await db.root.close();
      throw error;
    });
    const store = new ObjectStore(db, files, clock);
    try {
      await markFormat(db);
      // A commit syncs the index file; that the file is there at all is the folders' word.
      for (const each of [indexFolder(folder), folder]) await syncFolder(each);
      await store.#sweep();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  async close(): Promise<void> {
    await this.#queue.drain();
    await this.#removal.drain();
    await this.#db.root.close();
  }

  // Buckets

  createBucket(bucket: NewBucket): Promise<Bucket> {
    return this.#queue.commit(() => this.#buckets.create(bucket, this.#clock.now()));
  }

  /** Removes an empty bucket; throws `NoSuchBucket` or `BucketNotEmpty`. */
  deleteBucket(name: string): Promise<Bucket> {
    return this.#queue.commit(() => this.#buckets.remove(name));
  }

  findBucket(name: string): Bucket | undefined {
    return this.#buckets.find(name);
  }

  listBuckets(after: string, limit: number): Bucket[] {
    return this.#buckets.list(after, limit);
  }

  totals(bucket: string): BucketTotals {
    return this.#objects.totals(this.#buckets.get(bucket));
  }

  // Objects

  /** Stores a body that arrives as a stream. Resolves when it is durable. */
  async put(request: StorePut, body: AsyncIterable<Uint8Array>, promise: BodyPromise = {}): Promise<ObjectRecord> {
    const target = this.#targetOf(request);
    const contentId = this.#ids.take();
    try {
      return await this.#commitObject(target, await receiveBody(body, promise, { contentId, files: this.#files }));
    } finally {
      this.#ids.settle(contentId);
    }
  }

  /**
   * Takes over a finished local file of the same file system as an object. Its digests are computed from what the
   * disk gives back, so a file that was damaged after it was written is refused.
   */
  async adopt(request: StorePut, file: string, promise: BodyPromise): Promise<ObjectRecord> {
    const target = this.#targetOf(request);
    const contentId = this.#ids.take();
    try {
      const received = await digestFile(file, contentId);
      if (promise.md5 !== undefined && !received.md5.equals(promise.md5)) {
        throw new DomainError('InvalidDigest', `The file for "${request.key}" changed after it was written.`);
      }
      return await this.#commitObject(target, received);
    } finally {
      this.#ids.settle(contentId);
    }
  }

  head(bucket: string, key: string): StoredObject | undefined {
    const record = this.#objects.record(this.#buckets.get(bucket), objectKeyBytes(key));
    return record === undefined ? undefined : { record, metadata: this.#objects.metadata(record) };
  }

  /**
   * The object and a stream of its bytes, both of one instant. `chooseRange` sees the size and may ask for a part.
   * A body being read stays readable to its end, even when the object is replaced meanwhile.
   */
  async read(
    bucket: string,
    key: string,
    chooseRange: (record: ObjectRecord) => ByteRange | undefined = () => undefined,
  ): Promise<(StoredObject & { readonly body: AsyncIterable<Uint8Array> }) | undefined> {
    for (let tries = 1; ; tries++) {
      const found = this.head(bucket, key);
      if (found === undefined) return undefined;
      const range = chooseRange(found.record) ?? { start: 0, end: found.record.sizeBytes };
      if (found.record.bodyPlace !== 'file') {
        return { ...found, body: once(this.#objects.body(found.record).subarray(range.start, range.end)) };
      }
      if (range.start >= range.end) return { ...found, body: once(NO_BYTES) };
      try {
        const handle = await this.#files.open(found.record.contentId);
        const body = handle.createReadStream({
          start: range.start,
          end: range.end - 1,
          highWaterMark: READ_CHUNK_BYTES,
        });
        return { ...found, body };
      } catch (error) {
        if (!isMissing(error) || tries === MAX_OPEN_TRIES) throw error;
      }
    }
  }

  /** Removes an object; one that is not there is no error. */
  async delete(bucket: string, key: string): Promise<void> {
    await this.deleteMany(bucket, [key]);
  }

  /** Removes the objects in one commit. */
  async deleteMany(bucket: string, keys: readonly string[]): Promise<void> {
    const bytes = keys.map(objectKeyBytes);
    const orphans = await this.#queue.commit(() => {
      const stored = this.#buckets.get(bucket);
      return bytes.flatMap((key) => this.#objects.remove(stored, key));
    }, bytes.length);
    await this.#removal.remove(orphans);
  }

  list(bucket: string, request: ListRequest): ListPage {
    return listObjects(this.#db, this.#buckets.get(bucket), request);
  }

  /** The bucket's part of the index, for a reader that opens it by itself. */
  bucketNumber(bucket: string): number {
    return this.#buckets.get(bucket).number;
  }

  /** Runs `work` while nothing is committed; readers that begin meanwhile see one instant. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.hold(work);
  }

  #targetOf(request: StorePut): PutTarget {
    const bucket = this.#buckets.get(request.bucket);
    return { request, bucketNumber: bucket.number, key: objectKeyBytes(request.key) };
  }

  async #commitObject(target: PutTarget, received: ReceivedBody): Promise<ObjectRecord> {
    const { contentId, stagedPath } = received;
    let committed: { readonly record: ObjectRecord; readonly orphans: readonly number[] };
    try {
      if (stagedPath !== undefined) await this.#files.publish(contentId, stagedPath);
      committed = await this.#queue.commit(() => this.#replaceObject(target, received));
    } catch (error) {
      if (stagedPath !== undefined) await this.#giveUp(contentId, stagedPath, error);
      throw error;
    }
    await this.#removal.remove(committed.orphans);
    return committed.record;
  }

  /** Removes the file of a put that failed, or leaves it to the next start when the index may name it nevertheless. */
  async #giveUp(contentId: number, stagedPath: string, reason: unknown): Promise<void> {
    if (reason instanceof CommitError) {
      this.#ids.leaveToSweep(contentId);
      return;
    }
    // The client is to hear why the put failed, not that its file would not go either.
    await this.#files.discard(contentId, stagedPath).catch(() => this.#ids.leaveToSweep(contentId));
  }

  /** In a commit. */
  #replaceObject({ request, bucketNumber, key }: PutTarget, received: ReceivedBody) {
    const bucket = this.#buckets.get(request.bucket);
    if (bucket.number !== bucketNumber) throw noSuchBucket(request.bucket);
    if (request.ifExists && this.#objects.record(bucket, key) !== undefined) throw request.ifExists();
    const record = newRecord(received, request.storageClass ?? bucket.storageClass, this.#clock.now());
    const { metadata } = request;
    const body = received.bytes;
    const orphans = this.#objects.replace(bucket, key, { record, metadata, ...(body !== undefined && { body }) });
    return { record, orphans };
  }

  async #forget(contentIds: readonly number[]): Promise<void> {
    await this.#queue.commit(() => {
      for (const id of contentIds) this.#db.garbage.removeSync(contentKey(id));
    }, contentIds.length);
  }

  async #sweep(): Promise<void> {
    // The unfinished uploads first: any commit moves the marks that say where to look for them.
    const found = await this.#files.idsFrom(this.#ids.oldestOpenAtStart());
    for (const id of found) this.#ids.skip(id);
    const { failures } = await this.#files.remove(found.filter((id) => !this.#db.files.doesExist(contentKey(id))));
    if (failures.length > 0) throw failures[0];
    await this.#removal.remove([...this.#db.garbage.getKeys()].map(contentIdOf));
  }
}

function newRecord(received: ReceivedBody, storageClass: StorageClass, nowMs: number): ObjectRecord {
  return {
    ...PLAIN_RECORD,
    sizeBytes: received.sizeBytes,
    lastModifiedMs: nowMs,
    etag: received.md5.toString('hex').toUpperCase(),
    storageClass,
    crc64: received.crc64,
    contentId: received.contentId,
    bodyPlace: received.stagedPath !== undefined ? 'file' : received.sizeBytes === 0 ? 'none' : 'index',
  };
}

async function digestFile(file: string, contentId: number): Promise<ReceivedBody> {
  const handle = await open(file, 'r');
  try {
    await handle.datasync();
    const digest = await BodyDigest.create();
    let sizeBytes = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: READ_CHUNK_BYTES })) {
      digest.update(chunk);
      sizeBytes += chunk.length;
    }
    return { contentId, sizeBytes, ...digest.finish(), stagedPath: file };
  } finally {
    await handle.close();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
