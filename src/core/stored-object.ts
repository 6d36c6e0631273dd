/** Objects and pages of them, as the store and the wire speak of them to each other. */

import type { ObjectAcl, ObjectRecord, ObjectType, StorageClass } from './record.ts';

/** What is stored and given back beside the bytes. */
export interface ObjectMetadata {
  /** Content-Type and its kin, by lower-case header name. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata, by lower-case name without `x-oss-meta-`. */
  readonly user: Readonly<Record<string, string>>;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** How a body is to be encrypted: by the service's own key, or a master key; without an id, the account's default one. */
export type EncryptionChoice =
  | { readonly algorithm: 'AES256' }
  | { readonly algorithm: 'KMS'; readonly keyId?: string };

export interface StoredObject {
  readonly record: ObjectRecord;
  readonly metadata: ObjectMetadata;
  readonly tags: readonly Tag[];
  /** The master key, of an object that is encrypted with `KMS`. */
  readonly keyId?: string;
}

/** A version of an object, by the id that the wire shows: `null` names the null version. The latest when absent. */
export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** What a new object is beside its bytes. */
export interface NewObject {
  readonly bucket: string;
  /** Throw `NoSuchBucket` where another bucket has the name by now: who asked may have nothing to say about that one. */
  readonly bucketId?: string;
  readonly key: string;
  readonly metadata: ObjectMetadata;
  /** The bucket's own when absent. */
  readonly storageClass?: StorageClass;
  /** `default` when absent. */
  readonly acl?: ObjectAcl;
  readonly tags?: readonly Tag[];
  /** The bucket's own when absent. */
  readonly encryption?: EncryptionChoice;
  /** Throw `FileAlreadyExists` rather than replace; passed over once the bucket has versioning. */
  readonly forbidOverwrite?: boolean;
}

export interface PutRequest extends NewObject {
  /** `Normal` when absent. No request of the wire makes the other types yet; reports and tests know them. */
  readonly objectType?: ObjectType;
  readonly transitionMs?: number;
}

/** Properties of a version that can change without a new one; its time of modification stays. */
export interface ObjectChange {
  readonly acl?: ObjectAcl;
  readonly tags?: readonly Tag[];
}

/** What a delete did. */
export interface Deleted {
  /** As the wire shows it, of the version that went or the marker that came; absent without versioning. */
  readonly versionId?: string;
  /** The version is a delete marker: one that came, or one that went. */
  readonly isDeleteMarker: boolean;
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

export interface VersionListRequest {
  readonly prefix: string;
  /** The page begins after this key, or within it after `versionIdMarker`. */
  readonly keyMarker: string;
  /** As the wire shows it; empty for none. */
  readonly versionIdMarker: string;
  readonly delimiter: string;
  /** Of versions, delete markers and common prefixes together. */
  readonly maxKeys: number;
}

export interface VersionPage {
  /** Delete markers among them. By key, newest first. */
  readonly versions: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  /** When there is more. */
  readonly nextKeyMarker?: string;
  /** Empty after a common prefix. */
  readonly nextVersionIdMarker?: string;
}

/** A multipart upload under way. */
export interface Upload {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly storageClass: StorageClass;
  /** As chosen when it began: absent for plaintext. */
  readonly encryption?: EncryptionChoice;
}

export interface UploadAddress {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  /** Upper-case hex MD5. */
  readonly etag: string;
  readonly crc64: bigint;
}

export interface PartPage {
  readonly parts: readonly UploadedPart[];
  /** The number of the last part of the page, when there is more. */
  readonly nextAfter?: number;
}

export interface UploadListRequest {
  readonly prefix: string;
  readonly keyMarker: string;
  /** With a key marker: the page begins after this upload of that key. Empty for none. */
  readonly uploadIdMarker: string;
  readonly delimiter: string;
  /** Of uploads and common prefixes together. */
  readonly maxUploads: number;
}

export interface UploadPage {
  /** By key, then by upload id. */
  readonly uploads: readonly Upload[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  readonly nextKeyMarker?: string;
  readonly nextUploadIdMarker?: string;
}

/** A part as the client that completes an upload names it. */
export interface NamedPart {
  readonly partNumber: number;
  /** Without quotes. */
  readonly etag: string;
}

/** A version's id as the wire shows it. */
export function shownVersionId({ versionId }: Pick<ObjectRecord, 'versionId'>): string {
  return versionId === '' ? NULL_VERSION : versionId;
}

/** The name of the null version on the wire. */
export const NULL_VERSION = 'null';
