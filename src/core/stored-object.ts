/** Objects and pages of them, as the store and the wire speak of them to each other. */

import type { ObjectRecord, StorageClass } from './record.ts';

/** What is stored and given back beside the bytes. */
export interface ObjectMetadata {
  /** Content-Type and its kin, by lower-case header name. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata, by lower-case name without `x-oss-meta-`. */
  readonly user: Readonly<Record<string, string>>;
}

export interface StoredObject {
  readonly record: ObjectRecord;
  readonly metadata: ObjectMetadata;
}

export interface PutRequest {
  readonly bucket: string;
  readonly key: string;
  readonly metadata: ObjectMetadata;
  /** The bucket's own when absent. */
  readonly storageClass?: StorageClass;
}

/** What is known of a body before it arrives; one that turns out otherwise is refused. */
export interface BodyPromise {
  readonly sizeBytes?: number;
  /** The 16 bytes of Content-MD5. */
  readonly md5?: Uint8Array;
  readonly crc64?: bigint;
}

/** Bytes `start` to `end` of a body, `end` not included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ListRequest {
  readonly prefix: string;
  /** Exclusive start: a key or a common prefix. */
  readonly marker: string;
  readonly delimiter: string;
  /** Of keys and common prefixes together. */
  readonly maxKeys: number;
}

export interface ListedObject {
  readonly key: string;
  readonly record: ObjectRecord;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  /** The last key or common prefix of the page, when there is more. */
  readonly nextMarker?: string;
}
