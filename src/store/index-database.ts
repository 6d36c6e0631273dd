/**
 * The store's LMDB environment. `objects` is the listing index: bucket number and key bytes to the packed record of
 * the latest version, nothing else, so that a listing touches no body. Older versions lie in `versions`. What belongs
 * to one content (bytes up to 32 KiB, metadata, the mark of a body file) lies in sub-databases of its own, by content id.
 */

import path from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { Bucket } from '../core/bucket.ts';

/** Address space, not disk: large enough that no write has to move the map under a reader. */
const MAP_BYTES = 2 ** 40;

/**
 * How many may read at once, in all threads. Each scan worker holds a snapshot and may read beside it; the
 * configuration allows 64 runs of 256 threads, where lmdb's own default is 126 readers. A reader costs 64 bytes of
 * the lock file, which is sparse: 2 MiB of address space, and on disk what was ever used of it.
 */
const MAX_READERS = 2 * 64 * 256;

/** What this version writes and reads; a change that another version would misread raises it. */
const FORMAT = 2;
const FORMAT_MARK = 'format';

const OBJECTS = { name: 'objects', keyEncoding: 'binary', encoding: 'binary' } as const;
const VERSIONS = { name: 'versions', keyEncoding: 'binary', encoding: 'binary' } as const;
const BUCKETS = { name: 'buckets', encoding: 'json' } as const;

export interface StoredBucket extends Bucket {
  /** What stands before its keys in the index; never used again. */
  readonly number: number;
}

export interface IndexDatabase {
  readonly root: RootDatabase;
  /** Counters and marks by name. */
  readonly meta: Database<number, string>;
  readonly buckets: Database<StoredBucket, string>;
  /** By bucket number. */
  readonly totals: Database<Buffer, number>;
  /** The latest version of each key, be it a delete marker. */
  readonly objects: Database<Buffer, Uint8Array>;
  /** The other versions, by key and falling sequence; their key has a latest version always. */
  readonly versions: Database<Buffer, Uint8Array>;
  /** Where among the versions of a key its null version is, unless that is the latest: its sequence. */
  readonly nulls: Database<number, Uint8Array>;
  /** Multipart uploads under way, by key and upload id. */
  readonly uploads: Database<string, Uint8Array>;
  /** Their parts, by upload id and part number. */
  readonly parts: Database<string, Uint8Array>;
  readonly metadata: Database<string, Uint8Array>;
  readonly bodies: Database<Buffer, Uint8Array>;
  /** The bodies that make up the content of a multipart object. */
  readonly compositions: Database<Buffer, Uint8Array>;
  /** Content ids whose body is a file. */
  readonly files: Database<Buffer, Uint8Array>;
  /** Content ids whose file is to be removed: written with the change that orphans it, so a crash forgets none. */
  readonly garbage: Database<Buffer, Uint8Array>;
}

/** Opens the index, or makes an empty one; refuses one of another format before anything in it is touched. */
export function openIndex(folder: string): IndexDatabase {
  const root = openRoot(folder);
  const meta = root.openDB<number, string>({ name: 'meta', encoding: 'json' });
  // Only an index that was never written to has no mark, or one of the first format.
  const format = meta.get(FORMAT_MARK) ?? (meta.getKeysCount() === 0 ? FORMAT : 1);
  if (format !== FORMAT) {
    root.close().catch(() => undefined);
    throw new Error(
      `The data folder was written by another version: its format is ${format}, and this version reads ${FORMAT}. Start the version that wrote it, or name another folder with --data.`,
    );
  }
  return {
    root,
    meta,
    buckets: root.openDB(BUCKETS),
    totals: root.openDB({ name: 'totals', encoding: 'binary' }),
    objects: root.openDB(OBJECTS),
    versions: root.openDB(VERSIONS),
    nulls: root.openDB({ name: 'nulls', keyEncoding: 'binary', encoding: 'json' }),
    uploads: root.openDB({ name: 'uploads', keyEncoding: 'binary', encoding: 'string' }),
    parts: root.openDB({ name: 'parts', keyEncoding: 'binary', encoding: 'string' }),
    compositions: root.openDB({ name: 'compositions', keyEncoding: 'binary', encoding: 'binary' }),
    metadata: root.openDB({ name: 'metadata', keyEncoding: 'binary', encoding: 'string' }),
    bodies: root.openDB({ name: 'bodies', keyEncoding: 'binary', encoding: 'binary' }),
    files: root.openDB({ name: 'files', keyEncoding: 'binary', encoding: 'binary' }),
    garbage: root.openDB({ name: 'garbage', keyEncoding: 'binary', encoding: 'binary' }),
  };
}

/** Writes the format into an index that has no mark yet. Resolves when it is on disk. */
export async function markFormat({ meta }: IndexDatabase): Promise<void> {
  if (meta.get(FORMAT_MARK) === undefined) await meta.put(FORMAT_MARK, FORMAT);
}

/**
 * The listing index for a reader that decodes in place: `onKey` and `onRecord` are given lmdb's own buffer with the
 * bounds of what it holds, valid until the next step of the iteration. Nothing is copied.
 */
export function openObjectsInPlace(
  folder: string,
  onKey: (buffer: Uint8Array, start: number, end: number) => void,
  onRecord: (buffer: Uint8Array) => void,
): Pick<IndexDatabase, 'root' | 'buckets' | 'versions'> & { readonly objects: Database<void, Uint8Array> } {
  const root = openRoot(folder);
  const objects = root.openDB<void, Uint8Array>({
    name: OBJECTS.name,
    keyEncoder: {
      writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
        target.set(key, start);
        return start + key.length;
      },
      readKey: onKey,
    },
    encoder: {
      encode: refuseToWrite,
      decode: onRecord,
    },
    // lmdb's types don't know key encoders.
  } as unknown as { name: string });
  return { root, buckets: root.openDB(BUCKETS), objects, versions: root.openDB(VERSIONS) };
}

/** The environment alone. Without `isSynced` it is the caller who sees that what was written reaches the disk. */
export function openRoot(folder: string, { isSynced = true } = {}): RootDatabase {
  return open({
    path: indexFolder(folder),
    noSubdir: false,
    maxDbs: 32,
    mapSize: MAP_BYTES,
    maxReaders: MAX_READERS,
    // A commit is on disk when it is reported: no acknowledged write waits for a later flush.
    overlappingSync: false,
    noSync: !isSynced,
    // Our commits are batches already; and lmdb's own batches hold a promise that nobody can catch when a commit fails.
    eventTurnBatching: false,
  });
}

export const indexFolder = (folder: string): string => path.join(folder, 'index');
/** The file in it that holds everything. */
export const indexFile = (folder: string): string => path.join(indexFolder(folder), 'data.mdb');

function refuseToWrite(): never {
  throw new Error('the index is open for reading in place');
}

/** The index key of an object: the bucket's number, then the key's bytes, so that a bucket's keys lie together. */
export function objectIndexKey(bucketNumber: number, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(BUCKET_NUMBER_BYTES + key.length);
  bytes.writeUInt32BE(bucketNumber, 0);
  bytes.set(key, BUCKET_NUMBER_BYTES);
  return bytes;
}

export const BUCKET_NUMBER_BYTES = 4;

/** The index range of all keys of a bucket from `start` on, up to `end` or the bucket's last. */
export function objectIndexRange(
  bucketNumber: number,
  start: Uint8Array,
  end: Uint8Array | undefined,
): { start: Buffer; end: Buffer } {
  return {
    start: objectIndexKey(bucketNumber, start),
    end: end === undefined ? objectIndexKey(bucketNumber + 1, new Uint8Array()) : objectIndexKey(bucketNumber, end),
  };
}

/** Stands between a key and what follows it in `versions`: no UTF-8 holds it, so the versions of a key lie together. */
const KEY_END = 0xff;
const SEQUENCE_BYTES = 6;
const MAX_SEQUENCE = 2 ** (8 * SEQUENCE_BYTES) - 1;

/** The key of a version that is not the latest of its own key: the newer, the earlier. */
export function versionIndexKey(bucketNumber: number, key: Uint8Array, sequence: number): Buffer {
  return versionIndexKeyOf(objectIndexKey(bucketNumber, key), sequence);
}

/** The same, from the index key of its object. */
export function versionIndexKeyOf(objectKey: Uint8Array, sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(objectKey.length + 1 + SEQUENCE_BYTES);
  bytes.set(objectKey, 0);
  bytes[objectKey.length] = KEY_END;
  bytes.writeUIntBE(MAX_SEQUENCE - sequence, objectKey.length + 1, SEQUENCE_BYTES);
  return bytes;
}

/** The index key of the object that a version is of, and the version's sequence. */
export function splitVersionIndexKey(indexKey: Uint8Array): { objectKey: Buffer; sequence: number } {
  const bytes = Buffer.from(indexKey);
  const end = bytes.length - SEQUENCE_BYTES;
  return { objectKey: bytes.subarray(0, end - 1), sequence: MAX_SEQUENCE - bytes.readUIntBE(end, SEQUENCE_BYTES) };
}

/** The range of all versions of a key that are not its latest, or of those older than `below`. */
export function versionIndexRange(
  bucketNumber: number,
  key: Uint8Array,
  below: number = MAX_SEQUENCE + 1,
): { start: Buffer; end: Buffer } {
  return versionIndexRangeOf(objectIndexKey(bucketNumber, key), below);
}

/** The same, from the index key of the object. */
export function versionIndexRangeOf(
  objectKey: Uint8Array,
  below: number = MAX_SEQUENCE + 1,
): { start: Buffer; end: Buffer } {
  const end = Buffer.concat([versionIndexKeyOf(objectKey, 0), Buffer.of(0)]);
  return { start: versionIndexKeyOf(objectKey, below - 1), end };
}

/** Content ids rise, so bodies are appended at the end of their sub-database. */
export function contentKey(contentId: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt(contentId), 0);
  return bytes;
}

export function contentIdOf(key: Uint8Array): number {
  return Number(Buffer.from(key).readBigUInt64BE(0));
}
