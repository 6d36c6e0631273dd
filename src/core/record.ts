/**
 * The packed object record: what a listing or a report can say of one object version, in a fixed form that is read
 * in place. It is the currency of the hot path: the index stores it, a source hands it to the engine, and no row ever
 * becomes a JavaScript object there. All numbers are little-endian; `at` is where a record begins in its buffer.
 *
 *   0 u8  form              8 f64 size in bytes            48 u16 parts of a multipart ETag
 *   1 u8  flags            16 f64 last modified, ms        50 u8  where the body lies
 *   2 u8  storage class    24 u64 CRC-64                   52 u16 length of a raw ETag
 *   3 u8  object type      32 16 bytes of ETag digest      54 u16 length of the version id
 *   4 u8  object ACL                                       56 f64 content id (embedded store)
 *   5 u8  encryption                                       64 f64 transition time, ms
 *   6 u8  number of tags
 *   7 u8  form of the ETag                                 72 f64 place among the versions (embedded store)
 *                                                         80 raw ETag, version id
 */

import assert from 'node:assert/strict';

export const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'] as const;
export const OBJECT_TYPES = ['Normal', 'Multipart', 'Appendable', 'Symlink'] as const;
export const OBJECT_ACLS = ['default', 'private', 'public-read', 'public-read-write'] as const;
export const ENCRYPTIONS = ['none', 'AES256', 'KMS', 'SM4'] as const;
/** `parts`: the body is that of the parts of a multipart upload, one after the other. */
export const BODY_PLACES = ['none', 'index', 'file', 'parts'] as const;

export type StorageClass = (typeof STORAGE_CLASSES)[number];
export type ObjectType = (typeof OBJECT_TYPES)[number];
export type ObjectAcl = (typeof OBJECT_ACLS)[number];
export type Encryption = (typeof ENCRYPTIONS)[number];
export type BodyPlace = (typeof BODY_PLACES)[number];

/** A record unpacked, for code that handles one object at a time. */
export interface ObjectRecord {
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  /** Without quotes; empty for a delete marker. */
  readonly etag: string;
  readonly storageClass: StorageClass;
  readonly objectType: ObjectType;
  readonly acl: ObjectAcl;
  readonly encryption: Encryption;
  readonly tagCount: number;
  readonly isDeleteMarker: boolean;
  readonly isMultipartUploaded: boolean;
  /** False for a version that a newer one of the same key hides. */
  readonly isLatest: boolean;
  readonly crc64?: bigint;
  readonly transitionMs?: number;
  /** On the latest version: older ones of its key are kept. */
  readonly hasNoncurrent: boolean;
  /** Empty for the null version, which is the only one of a bucket that never had versioning. */
  readonly versionId: string;
  /** Rises with each version that the store takes in, so that versions of one millisecond have an order too. */
  readonly sequence: number;
  readonly contentId: number;
  readonly bodyPlace: BodyPlace;
}

/** What a freshly put object is unless something makes it otherwise. */
export const PLAIN_RECORD = {
  objectType: 'Normal',
  acl: 'default',
  encryption: 'none',
  tagCount: 0,
  isDeleteMarker: false,
  isMultipartUploaded: false,
  isLatest: true,
  hasNoncurrent: false,
  versionId: '',
  sequence: 0,
} as const satisfies Partial<ObjectRecord>;

export const RECORD_FORM = 2;
export const RECORD_HEAD_BYTES = 80;
export const MAX_RAW_ETAG_BYTES = 256;
export const MAX_VERSION_ID_BYTES = 1024;

export const AT = {
  form: 0,
  flags: 1,
  storageClass: 2,
  objectType: 3,
  acl: 4,
  encryption: 5,
  tagCount: 6,
  etagForm: 7,
  size: 8,
  lastModified: 16,
  crc64: 24,
  etagDigest: 32,
  etagParts: 48,
  bodyPlace: 50,
  rawEtagLength: 52,
  versionIdLength: 54,
  contentId: 56,
  transition: 64,
  sequence: 72,
  tail: RECORD_HEAD_BYTES,
} as const;

export const FLAG = {
  deleteMarker: 1,
  multipart: 2,
  hasCrc64: 4,
  hasTransition: 8,
  notLatest: 16,
  hasNoncurrent: 32,
} as const;

/** An ETag is kept as its 16 digest bytes where that loses nothing, else as its text. */
export const ETAG_FORM = { none: 0, upperHex: 1, upperHexParts: 2, lowerHex: 3, lowerHexParts: 4, raw: 5 } as const;

/** Given a key and a packed record in buffers that belong to the caller and are valid for the time of the call. */
export type RecordVisitor = (
  keys: Uint8Array,
  keyStart: number,
  keyEnd: number,
  records: DataView,
  recordStart: number,
) => void;

export function packRecord(record: ObjectRecord): Buffer {
  const etag = packEtag(record.etag);
  const versionId = Buffer.from(record.versionId);
  assert(etag.raw.length <= MAX_RAW_ETAG_BYTES, `an ETag of ${etag.raw.length} bytes is over the bound`);
  assert(versionId.length <= MAX_VERSION_ID_BYTES, `a version id of ${versionId.length} bytes is over the bound`);
  const bytes = Buffer.alloc(RECORD_HEAD_BYTES + etag.raw.length + versionId.length);
  bytes[AT.form] = RECORD_FORM;
  bytes[AT.flags] =
    (record.isDeleteMarker ? FLAG.deleteMarker : 0) |
    (record.isMultipartUploaded ? FLAG.multipart : 0) |
    (record.crc64 === undefined ? 0 : FLAG.hasCrc64) |
    (record.transitionMs === undefined ? 0 : FLAG.hasTransition) |
    (record.isLatest ? 0 : FLAG.notLatest) |
    (record.hasNoncurrent ? FLAG.hasNoncurrent : 0);
  bytes[AT.storageClass] = codeOf(STORAGE_CLASSES, record.storageClass);
  bytes[AT.objectType] = codeOf(OBJECT_TYPES, record.objectType);
  bytes[AT.acl] = codeOf(OBJECT_ACLS, record.acl);
  bytes[AT.encryption] = codeOf(ENCRYPTIONS, record.encryption);
  bytes[AT.tagCount] = record.tagCount;
  bytes[AT.etagForm] = etag.form;
  bytes.writeDoubleLE(record.sizeBytes, AT.size);
  bytes.writeDoubleLE(record.lastModifiedMs, AT.lastModified);
  bytes.writeBigUInt64LE(record.crc64 ?? 0n, AT.crc64);
  bytes.set(etag.digest, AT.etagDigest);
  bytes.writeUInt16LE(etag.parts, AT.etagParts);
  bytes[AT.bodyPlace] = codeOf(BODY_PLACES, record.bodyPlace);
  bytes.writeUInt16LE(etag.raw.length, AT.rawEtagLength);
  bytes.writeUInt16LE(versionId.length, AT.versionIdLength);
  bytes.writeDoubleLE(record.contentId, AT.contentId);
  bytes.writeDoubleLE(record.transitionMs ?? 0, AT.transition);
  bytes.writeDoubleLE(record.sequence, AT.sequence);
  bytes.set(etag.raw, AT.tail);
  bytes.set(versionId, AT.tail + etag.raw.length);
  return bytes;
}

export function unpackRecord(bytes: Uint8Array): ObjectRecord {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const form = buffer[AT.form];
  if (form !== RECORD_FORM) {
    assert.fail(`the index holds a record of form ${form}; this version reads form ${RECORD_FORM}`);
  }
  const flags = buffer.readUInt8(AT.flags);
  const versionIdAt = AT.tail + buffer.readUInt16LE(AT.rawEtagLength);
  return {
    sizeBytes: buffer.readDoubleLE(AT.size),
    lastModifiedMs: buffer.readDoubleLE(AT.lastModified),
    etag: unpackEtag(buffer),
    storageClass: nameOf(STORAGE_CLASSES, buffer.readUInt8(AT.storageClass)),
    objectType: nameOf(OBJECT_TYPES, buffer.readUInt8(AT.objectType)),
    acl: nameOf(OBJECT_ACLS, buffer.readUInt8(AT.acl)),
    encryption: nameOf(ENCRYPTIONS, buffer.readUInt8(AT.encryption)),
    tagCount: buffer.readUInt8(AT.tagCount),
    isDeleteMarker: (flags & FLAG.deleteMarker) !== 0,
    isMultipartUploaded: (flags & FLAG.multipart) !== 0,
    isLatest: (flags & FLAG.notLatest) === 0,
    hasNoncurrent: (flags & FLAG.hasNoncurrent) !== 0,
    versionId: buffer.toString('utf8', versionIdAt, versionIdAt + buffer.readUInt16LE(AT.versionIdLength)),
    sequence: buffer.readDoubleLE(AT.sequence),
    contentId: buffer.readDoubleLE(AT.contentId),
    bodyPlace: nameOf(BODY_PLACES, buffer.readUInt8(AT.bodyPlace)),
    ...((flags & FLAG.hasCrc64) !== 0 && { crc64: buffer.readBigUInt64LE(AT.crc64) }),
    ...((flags & FLAG.hasTransition) !== 0 && { transitionMs: buffer.readDoubleLE(AT.transition) }),
  };
}

/** Whether a packed record is that of a delete marker, without unpacking it. */
export function isDeleteMarker(packed: Uint8Array): boolean {
  return ((packed[AT.flags] ?? 0) & FLAG.deleteMarker) !== 0;
}

interface PackedEtag {
  readonly form: number;
  readonly digest: Uint8Array;
  readonly parts: number;
  readonly raw: Uint8Array;
}

const NOTHING = new Uint8Array();
const HEX_ETAG = /^([0-9A-F]{32}|[0-9a-f]{32})(?:-([1-9]\d{0,4}))?$/;

function packEtag(etag: string): PackedEtag {
  if (etag === '') return { form: ETAG_FORM.none, digest: NOTHING, parts: 0, raw: NOTHING };
  const match = HEX_ETAG.exec(etag);
  const hex = match?.[1];
  const parts = Number(match?.[2] ?? 0);
  if (hex === undefined || parts > 0xffff) {
    return { form: ETAG_FORM.raw, digest: NOTHING, parts: 0, raw: Buffer.from(etag) };
  }
  const isUpper = hex === hex.toUpperCase();
  const form =
    parts === 0
      ? isUpper
        ? ETAG_FORM.upperHex
        : ETAG_FORM.lowerHex
      : isUpper
        ? ETAG_FORM.upperHexParts
        : ETAG_FORM.lowerHexParts;
  return { form, digest: Buffer.from(hex, 'hex'), parts, raw: NOTHING };
}

function unpackEtag(record: Buffer): string {
  const hex = () => record.toString('hex', AT.etagDigest, AT.etagDigest + 16);
  const parts = record.readUInt16LE(AT.etagParts);
  switch (record[AT.etagForm]) {
    case ETAG_FORM.none:
      return '';
    case ETAG_FORM.upperHex:
      return hex().toUpperCase();
    case ETAG_FORM.upperHexParts:
      return `${hex().toUpperCase()}-${parts}`;
    case ETAG_FORM.lowerHex:
      return hex();
    case ETAG_FORM.lowerHexParts:
      return `${hex()}-${parts}`;
    default:
      return record.toString('utf8', AT.tail, AT.tail + record.readUInt16LE(AT.rawEtagLength));
  }
}

function codeOf<T extends string>(names: readonly T[], name: T): number {
  const code = names.indexOf(name);
  if (code < 0) assert.fail(`"${name}" is none of ${names.join(', ')}`);
  return code;
}

function nameOf<T extends string>(names: readonly T[], code: number): T {
  const name = names[code];
  if (name === undefined) assert.fail(`the index holds code ${code} where only ${names.join(', ')} are known`);
  return name;
}
