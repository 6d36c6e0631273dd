/**
 * The embedded object store: bodies in files and an ordered index beside them, one process to a folder. What it has
 * acknowledged is on disk.
 */

import { createReadStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import type { Bucket, BucketChange, BucketTotals } from '../core/bucket.ts';
import type { Clock } from '../core/clock.ts';
import type { DomainError } from '../core/errors.ts';
import { deleteMarkerNotAllowed, noSuchKey, noSuchVersion } from '../core/object-errors.ts';
import { objectKeyBytes } from '../core/object-key.ts';
import { type ObjectRecord, PLAIN_RECORD } from '../core/record.ts';
import type {
  BodyPromise,
  ByteRange,
  Deleted,
  ListPage,
  ListRequest,
  ObjectAddress,
  ObjectChange,
  PutRequest,
  StoredObject,
  VersionListRequest,
  VersionPage,
} from '../core/stored-object.ts';
import type { FrozenStore } from './backup/store-backup.ts';
import { Bodies, type FinishedFile, placeOf } from './bodies/bodies.ts';
import { BodyFiles, syncFolder } from './bodies/body-files.ts';
import type { ReceivedBody } from './bodies/body-intake.ts';
import { type ContentFacts, describeObject } from './bodies/content.ts';
import { ContentIds } from './bodies/content-ids.ts';
import { ContentTable } from './bodies/content-table.ts';
import { FileRemoval } from './bodies/file-removal.ts';
import { type NewSeal, Seals } from './bodies/seals.ts';
import { BucketTable, type NewBucket } from './bucket-table.ts';
import { CommitQueue } from './commit-queue.ts';
import type { DataKeys } from './data-keys.ts';
import { Deletes } from './deletes.ts';
import {
  contentIdOf,
  contentKey,
  type IndexDatabase,
  indexFolder,
  markFormat,
  openIndex,
  type StoredBucket,
} from './index-database.ts';
import { IndexSnapshot } from './index-snapshot.ts';
import { listObjects } from './listing/object-listing.ts';
import { listVersions } from './listing/version-listing.ts';
import { ObjectTable } from './object-table.ts';
import { TotalsTable } from './totals.ts';
import { UploadTable } from './upload-table.ts';
import { Uploads } from './uploads.ts';
import { readVersionId, VersionSequence } from './version-ids.ts';

/** A put that may refuse to replace whatever the bucket's versioning: with the error that `ifExists` makes of what is there. */
export interface StorePut extends PutRequest {
  readonly ifExists?: (latest: ObjectRecord) => DomainError | undefined;
}

export interface StoreOptions {
  readonly clock: Clock;
  readonly keys: DataKeys;
  /** Told once when nothing can be read or written any more until the store is opened again. */
  readonly onUnusable?: (reason: DomainError) => void;
}

export class ObjectStore {
  /** Multipart uploads. */
  readonly uploads: Uploads;
  readonly #db: IndexDatabase;
  readonly #files: BodyFiles;
  readonly #clock: Clock;
  readonly #ids: ContentIds;
  readonly #queue: CommitQueue;
  readonly #buckets: BucketTable;
  readonly #contents: ContentTable;
  readonly #objects: ObjectTable;
  readonly #totals: TotalsTable;
  readonly #removal: FileRemoval;
  readonly #bodies: Bodies;
  readonly #seals: Seals;
  readonly #deletes: Deletes;

  private constructor(db: IndexDatabase, files: BodyFiles, { clock, keys, onUnusable }: StoreOptions) {
    this.#db = db;
    this.#files = files;
    this.#clock = clock;
    this.#ids = new ContentIds(db.meta);
    const sequence = new VersionSequence(db.meta);
    this.#queue = new CommitQueue(db.root, {
      beforeCommit: () => {
        this.#ids.writeMarks();
        sequence.writeMark();
      },
      onUnusable,
    });
    this.#totals = new TotalsTable(db);
    this.#buckets = new BucketTable(db, this.#totals, this.#queue);
    this.#contents = new ContentTable(db);
    const now = () => clock.now();
    this.#objects = new ObjectTable({ db, contents: this.#contents, totals: this.#totals, sequence, now });
    this.#removal = new FileRemoval(files, {
      list: (after, limit) => [...db.garbage.getKeys({ start: contentKey(after + 1), limit })].map(contentIdOf),
      forget: (contentIds) => this.#forget(contentIds),
    });
    this.#bodies = new Bodies({ files, ids: this.#ids, contents: this.#contents, removal: this.#removal });
    this.#seals = new Seals(keys);
    this.#deletes = new Deletes({
      buckets: this.#buckets,
      objects: this.#objects,
      queue: this.#queue,
      removal: this.#removal,
    });
    this.uploads = new Uploads({
      buckets: this.#buckets,
      objects: this.#objects,
      contents: this.#contents,
      table: new UploadTable(db, this.#totals, now),
      bodies: this.#bodies,
      removal: this.#removal,
      seals: this.#seals,
      queue: this.#queue,
      now,
    });
  }

  /** Opens the store in `folder`, and removes what a crash left of writes that were never acknowledged. */
  static async open(folder: string, options: StoreOptions): Promise<ObjectStore> {
    const db = openIndex(folder);
    const files = await BodyFiles.open(folder).catch(async (error: unknown) => {
      await db.root.close();
      throw error;
    });
    const store = new ObjectStore(db, files, options);
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
    return this.#buckets.create(bucket, () => this.#clock.now());
  }

  /** Removes an empty bucket, the one of this id if one is given; throws `NoSuchBucket` or `BucketNotEmpty`. */
  deleteBucket(name: string, id?: string): Promise<Bucket> {
    return this.#buckets.remove(name, id);
  }

  /** Changes settings of a bucket, the one of this id if one is given; throws `NoSuchBucket`. */
  changeBucket(name: string, change: BucketChange, id?: string): Promise<Bucket> {
    return this.#buckets.change(name, change, id);
  }

  findBucket(name: string): Bucket | undefined {
    return this.#buckets.find(name);
  }

  listBuckets(after: string, limit: number): Bucket[] {
    return this.#buckets.list(after, limit);
  }

  /** What a bucket holds, the one of this id if one is given; throws `NoSuchBucket`. */
  totals(name: string, id?: string): BucketTotals {
    return this.#totals.get(this.#buckets.get(name, id));
  }

  // Objects

  /** Stores a body that arrives as a stream. Resolves when it is durable. */
  async put(request: StorePut, body: AsyncIterable<Uint8Array>, promise: BodyPromise = {}): Promise<StoredObject> {
    const bucket = this.#buckets.get(request.bucket, request.bucketId);
    const key = objectKeyBytes(request.key);
    const seal = await this.#seals.make(request.encryption ?? bucket.encryption);
    const target = { request, bucketNumber: bucket.number, key, seal };
    const { value, orphans } = await this.#bodies.take(body, { promise, dataKey: seal.dataKey }, (received) =>
      this.#queue.commit(() => this.#addObject(target, received)),
    );
    await this.#removal.remove(orphans);
    return value;
  }

  /** Makes a finished local file of the same file system an object: by a move, or by a copy if it is to be encrypted. */
  async adopt(request: StorePut, file: FinishedFile, promise: BodyPromise): Promise<StoredObject> {
    const bucket = this.#buckets.get(request.bucket, request.bucketId);
    const key = objectKeyBytes(request.key);
    if ((request.encryption ?? bucket.encryption) !== undefined) {
      const stored = await this.put(
        request,
        createReadStream(file.path, file.signal && { signal: file.signal }),
        promise,
      );
      await unlink(file.path);
      return stored;
    }
    const target = { request, bucketNumber: bucket.number, key, seal: { encryption: 'none' } } as const;
    const { value, orphans } = await this.#bodies.adopt(file, promise, (received) =>
      this.#queue.commit(() => this.#addObject(target, received)),
    );
    await this.#removal.remove(orphans);
    return value;
  }

  /** The version that the address names; undefined when there is no such key. A delete marker is given as it is. */
  head(address: ObjectAddress): StoredObject | undefined {
    const record = this.#find(address);
    return record === undefined ? undefined : describeObject(record, this.#contents.facts(record.contentId));
  }

  /**
   * The object and a stream of its bytes, both of one instant. `chooseRange` sees the object and may ask for a part.
   * A body being read stays readable to its end, even when the object is replaced meanwhile.
   */
  async read(
    address: ObjectAddress,
    chooseRange: (object: StoredObject) => ByteRange | undefined = () => undefined,
  ): Promise<(StoredObject & { readonly body: AsyncIterable<Uint8Array> }) | undefined> {
    const record = this.#find(address);
    if (record === undefined) return undefined;
    const facts = this.#contents.facts(record.contentId);
    const object = describeObject(record, facts);
    const range = chooseRange(object) ?? { start: 0, end: record.sizeBytes };
    const held = this.#bodies.hold(this.#contents.bodies(record), range);
    try {
      return { ...object, body: held.bytes(await this.#seals.open(facts.seal)) };
    } catch (error) {
      held.close();
      throw error;
    }
  }

  /** Changes properties of a version in place; throws `NoSuchKey`, `NoSuchVersion` or `DeleteMarkerNotAllowed`. */
  change(address: ObjectAddress, change: ObjectChange): Promise<ObjectRecord> {
    return this.#queue.commit(() => {
      const record = this.#find(address);
      if (record === undefined) throw noSuchKey(address.key);
      if (record.isDeleteMarker) throw deleteMarkerNotAllowed();
      const { acl = record.acl, tags } = change;
      const updated = { ...record, acl, tagCount: tags?.length ?? record.tagCount };
      if (tags !== undefined) {
        this.#contents.putFacts(record.contentId, { ...this.#contents.facts(record.contentId), tags });
      }
      this.#objects.update(this.#buckets.get(address.bucket), objectKeyBytes(address.key), updated);
      return updated;
    });
  }

  /** Removes an object; one that is not there is no error. */
  async delete(address: ObjectAddress): Promise<Deleted> {
    const [deleted] = await this.deleteMany(address.bucket, [address]);
    if (deleted === undefined) throw new Error('a delete has no outcome');
    return deleted;
  }

  /** Removes the objects, and says of each what that did. They go in one commit, unless they have very many files. */
  deleteMany(bucket: string, objects: readonly Omit<ObjectAddress, 'bucket'>[]): Promise<readonly Deleted[]> {
    return this.#deletes.deleteMany(bucket, objects);
  }

  /** Removes an object as `delete` does, if what is there is what is meant; false, and nothing is removed, when not. */
  deleteIf(bucket: string, key: string, isMeant: (latest: ObjectRecord) => boolean): Promise<boolean> {
    return this.#deletes.deleteIf(bucket, key, isMeant);
  }

  async list(bucket: string, request: ListRequest): Promise<ListPage> {
    return await listObjects(this.#db, this.#buckets.get(bucket), request);
  }

  listVersions(bucket: string, request: VersionListRequest): VersionPage {
    return listVersions(this.#db, this.#objects, this.#buckets.get(bucket), request);
  }

  /** The bucket's part of the index, for a reader that opens it by itself. */
  bucketNumber(bucket: string): number {
    return this.#buckets.get(bucket).number;
  }

  /** Runs `work` while nothing is committed; readers that begin meanwhile see one instant. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.hold(work);
  }

  /**
   * Lends `work` the whole store as of one instant: nothing that is committed later shows, and no file goes meanwhile.
   * `atInstant` runs at that very instant, while nothing is committed.
   */
  lend<T>(atInstant: () => Promise<void>, work: (frozen: FrozenStore) => Promise<T>): Promise<T> {
    return this.#removal.holdAll(async () => {
      const snapshot = await this.hold(async () => {
        await atInstant();
        return new IndexSnapshot(this.#db);
      });
      try {
        return await work({ snapshot, files: this.#files });
      } finally {
        snapshot.close();
      }
    });
  }

  #find({ bucket, key, versionId }: ObjectAddress): ObjectRecord | undefined {
    const stored = this.#buckets.get(bucket);
    const bytes = objectKeyBytes(key);
    if (versionId === undefined) return this.#objects.latest(stored, bytes);
    const record = this.#objects.find(stored, bytes, readVersionId(versionId));
    if (record === undefined) throw noSuchVersion(key, versionId);
    return record;
  }

  /** In a commit. */
  #addObject({ request, bucketNumber, key, seal }: PutTarget, received: ReceivedBody) {
    const bucket = this.#buckets.getSame(request.bucket, bucketNumber);
    this.#assertMayReplace(bucket, key, request);
    const place = placeOf(received);
    const { metadata, tags = [] } = request;
    const facts: ContentFacts = { metadata, tags, ...(seal.seal && { seal: seal.seal }) };
    this.#contents.putBody(received, place);
    this.#contents.putFacts(received.contentId, facts);
    const { value: record, orphans } = this.#objects.add(bucket, key, {
      ...PLAIN_RECORD,
      sizeBytes: received.sizeBytes,
      lastModifiedMs: this.#clock.now(),
      etag: received.md5.toString('hex').toUpperCase(),
      storageClass: request.storageClass ?? bucket.storageClass,
      objectType: request.objectType ?? 'Normal',
      acl: request.acl ?? 'default',
      encryption: seal.encryption,
      tagCount: tags.length,
      crc64: received.crc64,
      contentId: received.contentId,
      bodyPlace: place,
      ...(request.transitionMs !== undefined && { transitionMs: request.transitionMs }),
    });
    return { value: describeObject(record, facts), orphans };
  }

  #assertMayReplace(bucket: StoredBucket, key: Uint8Array, { forbidOverwrite = false, ifExists }: StorePut): void {
    const latest = this.#objects.latest(bucket, key);
    const refusal = latest?.isDeleteMarker === false ? ifExists?.(latest) : undefined;
    if (refusal !== undefined) throw refusal;
    if (forbidOverwrite) this.#objects.assertReplacesNone(bucket, key);
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
    await this.#removal.removeMarked();
  }
}

/** Where a put goes: the very bucket that was there when it began, not whichever has the name when it ends. */
interface PutTarget {
  readonly request: StorePut;
  readonly bucketNumber: number;
  readonly key: Uint8Array;
  readonly seal: NewSeal;
}
