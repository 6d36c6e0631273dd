/**
 * What a bucket holds after a history, kept in the plainest way: of each key a list of its versions, the newest first.
 * Reports are held against it.
 */

import { createHash } from 'node:crypto';
import type { Versioning } from '../../src/core/bucket.ts';
import type { Encryption, ObjectAcl, ObjectRecord, ObjectType, StorageClass } from '../../src/core/record.ts';
import { NULL_VERSION } from '../../src/core/stored-object.ts';
import { plainRecord } from '../plain-record.ts';
import type { ReferenceRow } from '../reference-encoder.ts';

export interface ModelVersion {
  /** As the wire shows it. */
  readonly versionId: string;
  readonly isMarker: boolean;
  readonly content: Buffer;
  /** The lengths of the parts that it was uploaded in. */
  readonly partLengths?: readonly number[];
  readonly type: ObjectType;
  readonly storageClass: StorageClass;
  readonly encryption: Encryption;
  readonly transitionMs?: number | undefined;
  acl: ObjectAcl;
  tagCount: number;
}

export interface ModelRow {
  readonly key: string;
  readonly version: ModelVersion;
  readonly isLatest: boolean;
}

export class HistoryModel {
  versioning: Versioning | undefined;
  /** What is put without a wish of its own is encrypted so. */
  encryption: Encryption = 'none';
  readonly #keys = new Map<string, ModelVersion[]>();

  /** The versions of a key, the newest first. */
  versionsOf(key: string): readonly ModelVersion[] {
    return this.#keys.get(key) ?? [];
  }

  /** A version comes; with versioning under the id that the server gave it, else as the null version. */
  add(key: string, versionId: string | undefined, version: Omit<ModelVersion, 'versionId' | 'isMarker'>): void {
    this.#add(key, { ...version, versionId: versionId ?? NULL_VERSION, isMarker: false });
  }

  /** A delete that names no version; the id is that of the marker that came. */
  delete(key: string, markerId: string | undefined): void {
    if (this.versioning === undefined) this.deleteVersion(key, NULL_VERSION);
    else this.#add(key, { ...MARKER, versionId: markerId ?? NULL_VERSION });
  }

  deleteVersion(key: string, versionId: string): void {
    const left = this.versionsOf(key).filter((version) => version.versionId !== versionId);
    if (left.length === 0) this.#keys.delete(key);
    else this.#keys.set(key, left);
  }

  /** All versions, in the order of the key's bytes and then the newest first. */
  rows(): ModelRow[] {
    return [...this.#keys]
      .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap(([key, versions]) => versions.map((version, at) => ({ key, version, isLatest: at === 0 })));
  }

  #add(key: string, version: ModelVersion): void {
    if (version.versionId === NULL_VERSION) this.deleteVersion(key, NULL_VERSION);
    this.#keys.set(key, [version, ...this.versionsOf(key)]);
  }
}

const MARKER = {
  isMarker: true,
  content: Buffer.alloc(0),
  type: 'Normal',
  storageClass: 'Standard',
  encryption: 'none',
  acl: 'default',
  tagCount: 0,
} as const;

/** The row that a report should have of it; only the server knows the time. */
export function referenceOf({ key, version, isLatest }: ModelRow, lastModifiedMs: number): ReferenceRow {
  const { versionId, content, transitionMs, isMarker } = version;
  const record: ObjectRecord = {
    ...plainRecord,
    sizeBytes: content.length,
    lastModifiedMs,
    etag: etagOf(version),
    storageClass: version.storageClass,
    objectType: version.type,
    acl: version.acl,
    encryption: version.encryption,
    tagCount: version.tagCount,
    isDeleteMarker: isMarker,
    isMultipartUploaded: version.partLengths !== undefined,
    isLatest,
    crc64: crc64(content),
    versionId: versionId === NULL_VERSION ? '' : versionId,
    ...(transitionMs !== undefined && { transitionMs }),
  };
  return { key, record };
}

function etagOf({ content, partLengths }: ModelVersion): string {
  if (partLengths === undefined) return md5(content).toString('hex').toUpperCase();
  let at = 0;
  const digests = partLengths.map((length) => {
    const part = content.subarray(at, at + length);
    at += length;
    return md5(part);
  });
  return `${md5(Buffer.concat(digests)).toString('hex').toUpperCase()}-${partLengths.length}`;
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

const POLYNOMIAL = 0xc96c_5795_d787_0f42n;
const ALL_ONES = 2n ** 64n - 1n;
const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 0n ? value >> 1n : (value >> 1n) ^ POLYNOMIAL;
  return value;
});

/** CRC-64/XZ by the book. */
function crc64(bytes: Uint8Array): bigint {
  let crc = ALL_ONES;
  for (const byte of bytes) crc = (TABLE[Number(crc & 0xffn) ^ byte] ?? 0n) ^ (crc >> 8n);
  return crc ^ ALL_ONES;
}
