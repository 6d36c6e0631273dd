/**
 * Multipart uploads and their parts in the index. An upload lies under its key and id, so that uploads are listed in
 * the order of keys; a part under the upload's id and its number. What changes runs inside a commit.
 */

import { DomainError } from '../core/errors.ts';
import type { ObjectAcl, StorageClass } from '../core/record.ts';
import type { Body, ContentFacts } from './bodies/content.ts';
import { BUCKET_NUMBER_BYTES, type IndexDatabase, type StoredBucket } from './index-database.ts';
import type { TotalsTable } from './totals.ts';

export const UPLOAD_ID_BYTES = 16;

/** LMDB takes no keys longer by more than a byte. Only those of hundreds of NUL characters come near. */
const MAX_INDEX_KEY_BYTES = 1977;

export interface StoredUpload {
  readonly initiatedMs: number;
  readonly storageClass: StorageClass;
  readonly acl: ObjectAcl;
  readonly facts: ContentFacts;
}

export interface StoredPart extends Body {
  readonly lastModifiedMs: number;
  /** Lower-case hex. */
  readonly md5: string;
  /** Decimal, since JSON has no such numbers. */
  readonly crc64: string;
}

export interface UploadEntry {
  readonly key: Buffer;
  readonly uploadId: Buffer;
  readonly upload: StoredUpload;
}

export class UploadTable {
  readonly #db: IndexDatabase;
  readonly #totals: TotalsTable;
  readonly #now: () => number;

  constructor(db: IndexDatabase, totals: TotalsTable, now: () => number) {
    this.#db = db;
    this.#totals = totals;
    this.#now = now;
  }

  find(bucket: StoredBucket, key: Uint8Array, uploadId: Uint8Array): StoredUpload | undefined {
    const at = uploadIndexKey(bucket.number, key, uploadId);
    const text = at.length > MAX_INDEX_KEY_BYTES ? undefined : this.#db.uploads.get(at);
    return text === undefined ? undefined : (JSON.parse(text) as StoredUpload);
  }

  part(uploadId: Uint8Array, partNumber: number): StoredPart | undefined {
    const text = this.#db.parts.get(partIndexKey(uploadId, partNumber));
    return text === undefined ? undefined : (JSON.parse(text) as StoredPart);
  }

  /** The parts of an upload behind `after`, in order of their numbers. */
  *parts(uploadId: Uint8Array, after = 0): Generator<[partNumber: number, part: StoredPart]> {
    for (const { key, value } of this.#db.parts.getRange(partIndexRange(uploadId, after))) {
      yield [Buffer.from(key).readUInt16BE(UPLOAD_ID_BYTES), JSON.parse(value) as StoredPart];
    }
  }

  /** Uploads of a bucket in order of key and id, from an index position on. */
  *list(bucket: StoredBucket, start: Uint8Array, end: Uint8Array | undefined): Generator<UploadEntry> {
    const range = {
      start: bound(positionIn(bucket.number, start)),
      end: bound(end === undefined ? positionIn(bucket.number + 1, new Uint8Array()) : positionIn(bucket.number, end)),
    };
    for (const { key, value } of this.#db.uploads.getRange(range)) {
      yield { ...readUploadIndexKey(key), upload: JSON.parse(value) as StoredUpload };
    }
  }

  /** In a commit. */
  add(bucket: StoredBucket, key: Uint8Array, uploadId: Uint8Array, upload: StoredUpload): void {
    const at = uploadIndexKey(bucket.number, key, uploadId);
    if (at.length > MAX_INDEX_KEY_BYTES) {
      throw new DomainError(
        'InvalidObjectName',
        `The specified object is not valid: its name holds too many NUL characters for a multipart upload.`,
      );
    }
    this.#db.uploads.putSync(at, JSON.stringify(upload));
    this.#totals.countUploads(bucket, 1, 0, this.#now());
  }

  /** In a commit: stores a part, and returns the one that had its number. */
  putPart(bucket: StoredBucket, uploadId: Uint8Array, partNumber: number, part: StoredPart): StoredPart | undefined {
    const old = this.part(uploadId, partNumber);
    this.#db.parts.putSync(partIndexKey(uploadId, partNumber), JSON.stringify(part));
    this.#totals.countUploads(bucket, 0, part.sizeBytes - (old?.sizeBytes ?? 0), this.#now());
    return old;
  }

  /** In a commit: forgets the upload and its parts, and returns these. Their bodies are somebody else's from then on. */
  remove(bucket: StoredBucket, key: Uint8Array, uploadId: Uint8Array): StoredPart[] {
    const parts = [...this.parts(uploadId)];
    for (const [partNumber] of parts) this.#db.parts.removeSync(partIndexKey(uploadId, partNumber));
    this.#db.uploads.removeSync(uploadIndexKey(bucket.number, key, uploadId));
    const sizeBytes = parts.reduce((sum, [, part]) => sum + part.sizeBytes, 0);
    this.#totals.countUploads(bucket, -1, -sizeBytes, this.#now());
    return parts.map(([, part]) => part);
  }
}

const MAX_PART_KEY = 0xffff;

/** The range of the parts of an upload behind the number `after`. */
export function partIndexRange(uploadId: Uint8Array, after = 0): { start: Buffer; end: Buffer } {
  return { start: partIndexKey(uploadId, after + 1), end: partIndexKey(uploadId, MAX_PART_KEY) };
}

function partIndexKey(uploadId: Uint8Array, partNumber: number): Buffer {
  const bytes = Buffer.allocUnsafe(UPLOAD_ID_BYTES + 2);
  bytes.set(uploadId, 0);
  bytes.writeUInt16BE(partNumber, UPLOAD_ID_BYTES);
  return bytes;
}

const NUL_ESCAPE = 0xff;
const KEY_END = Buffer.of(0, 0);

/** The position of a key among uploads. NUL is escaped, so that two of them can end the key and the order stays. */
export function uploadPosition(key: Uint8Array): Buffer {
  if (!key.includes(0)) return Buffer.from(key);
  const bytes: number[] = [];
  for (const byte of key) {
    bytes.push(byte);
    if (byte === 0) bytes.push(NUL_ESCAPE);
  }
  return Buffer.from(bytes);
}

/** The position of one upload of a key; of the first that comes after all of them without an id. */
export function uploadPositionAfter(key: Uint8Array, uploadId?: Uint8Array): Buffer {
  return uploadId === undefined
    ? Buffer.concat([uploadPosition(key), Buffer.of(0, 1)])
    : Buffer.concat([uploadPosition(key), KEY_END, uploadId, Buffer.of(0)]);
}

function uploadIndexKey(bucketNumber: number, key: Uint8Array, uploadId: Uint8Array): Buffer {
  return positionIn(bucketNumber, Buffer.concat([uploadPosition(key), KEY_END, uploadId]));
}

function positionIn(bucketNumber: number, position: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(BUCKET_NUMBER_BYTES + position.length);
  bytes.writeUInt32BE(bucketNumber, 0);
  bytes.set(position, BUCKET_NUMBER_BYTES);
  return bytes;
}

/** A bound that is longer than all that is stored is cut to one that stands at the same place among it. */
function bound(position: Buffer): Buffer {
  return position.subarray(0, MAX_INDEX_KEY_BYTES + 1);
}

/** The key and id of an upload, by where it lies in the index. */
export function readUploadIndexKey(indexKey: Uint8Array): { key: Buffer; uploadId: Buffer } {
  const bytes = Buffer.from(indexKey);
  const end = bytes.length - UPLOAD_ID_BYTES;
  const position = bytes.subarray(BUCKET_NUMBER_BYTES, end - KEY_END.length);
  const key = position.includes(0)
    ? position.filter((byte, at) => !(byte === NUL_ESCAPE && position[at - 1] === 0))
    : position;
  return { key: Buffer.from(key), uploadId: bytes.subarray(end) };
}
