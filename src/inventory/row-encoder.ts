/**
 * Writes packed records as CSV rows, bytes to bytes: the first column bare, every other one quoted, `\n` at the end
 * (outside contract, "The report"). One encoder is made for a rule's columns; no row becomes a string.
 */

import { MAX_KEY_BYTES } from '../core/object-key.ts';
import {
  AT,
  ENCRYPTIONS,
  ETAG_FORM,
  FLAG,
  MAX_RAW_ETAG_BYTES,
  MAX_VERSION_ID_BYTES,
  OBJECT_ACLS,
  OBJECT_TYPES,
  STORAGE_CLASSES,
} from '../core/record.ts';
import type { Column } from '../core/report-columns.ts';
import type { SourceFacts } from './source.ts';
import { writeTimestamp } from './timestamp.ts';

/** No row is longer: the key at three bytes for each, the raw texts with every quote doubled, and the rest. */
export const MAX_ROW_BYTES = 64 + 3 * MAX_KEY_BYTES + 2 * (MAX_RAW_ETAG_BYTES + MAX_VERSION_ID_BYTES) + 1024;

export interface RowEncoder {
  /** Writes one row into `out` at `at` and returns where it ends; `out` has room for `MAX_ROW_BYTES`. */
  encode(
    out: Uint8Array,
    at: number,
    keys: Uint8Array,
    keyStart: number,
    keyEnd: number,
    records: DataView,
    recordStart: number,
  ): number;
}

type WriteColumn = (out: Uint8Array, at: number, records: DataView, recordStart: number) => number;

export interface RowForm extends SourceFacts {
  /** The source bucket. */
  readonly bucket: string;
  readonly columns: readonly Column[];
}

export function createRowEncoder({ bucket, columns, nullVersionId }: RowForm): RowEncoder {
  const bucketBytes = Buffer.from(bucket);
  const VersionId = versionIdWriter(Buffer.from(nullVersionId));
  // Bucket and Key lead every row; the key alone comes from another buffer than the record.
  const choose = (writers: FixedWriters) => columns.slice(2).map((column) => ({ ...writers, VersionId })[column]);
  const [objectWriters, markerWriters] = [choose(OBJECT_WRITERS), choose(MARKER_WRITERS)];
  return {
    encode(out, at, keys, keyStart, keyEnd, records, recordStart) {
      let end = writeBytes(out, at, bucketBytes);
      end = writeKey(out, openQuote(out, end), keys, keyStart, keyEnd);
      const isMarker = (records.getUint8(recordStart + AT.flags) & FLAG.deleteMarker) !== 0;
      for (const write of isMarker ? markerWriters : objectWriters) {
        out[end++] = QUOTE;
        end = write(out, openQuote(out, end), records, recordStart);
      }
      out[end++] = QUOTE;
      out[end++] = NEWLINE;
      return end;
    },
  };
}

const COMMA = 0x2c;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const HYPHEN = 0x2d;
const ZERO = 0x30;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const CLASS_NAMES = STORAGE_CLASSES.map((name) => Buffer.from(name));
const TYPE_NAMES = OBJECT_TYPES.map((name) => Buffer.from(name));
const ACL_NAMES = OBJECT_ACLS.map((name) => Buffer.from(name));
const NO_ENCRYPTION = ENCRYPTIONS.indexOf('none');

const writeNothing: WriteColumn = (_out, at) => at;
const writeNull: WriteColumn = (out, at) => writeBytes(out, at, NULL);
const writeTrue: WriteColumn = (out, at) => writeBytes(out, at, TRUE);
const writeFalse: WriteColumn = (out, at) => writeBytes(out, at, FALSE);
const writeFlag =
  (mask: number, ifSet: Buffer, ifClear: Buffer): WriteColumn =>
  (out, at, records, recordStart) =>
    writeBytes(out, at, (records.getUint8(recordStart + AT.flags) & mask) === 0 ? ifClear : ifSet);
const writeName =
  (offset: number, names: readonly Buffer[]): WriteColumn =>
  (out, at, records, recordStart) => {
    const name = names[records.getUint8(recordStart + offset)];
    return name === undefined ? at : writeBytes(out, at, name);
  };
const versionIdWriter =
  (nullVersionId: Uint8Array): WriteColumn =>
  (out, at, records, recordStart) => {
    const length = records.getUint16(recordStart + AT.versionIdLength, true);
    if (length === 0) return writeBytes(out, at, nullVersionId);
    const start = recordStart + AT.tail + records.getUint16(recordStart + AT.rawEtagLength, true);
    return writeQuotable(out, at, records, start, length);
  };

type FixedWriters = Readonly<Record<Exclude<Column, 'VersionId'>, WriteColumn>>;

const OBJECT_WRITERS: FixedWriters = {
  Bucket: writeNothing,
  Key: writeNothing,
  IsLatest: writeFlag(FLAG.notLatest, FALSE, TRUE),
  IsDeleteMarker: writeFalse,
  Size: (out, at, records, recordStart) => writeInteger(out, at, records.getFloat64(recordStart + AT.size, true)),
  LastModifiedDate: (out, at, records, recordStart) =>
    writeTimestamp(out, at, records.getFloat64(recordStart + AT.lastModified, true)),
  TransitionTime: (out, at, records, recordStart) =>
    (records.getUint8(recordStart + AT.flags) & FLAG.hasTransition) === 0
      ? at
      : writeTimestamp(out, at, records.getFloat64(recordStart + AT.transition, true)),
  ETag: writeEtag,
  StorageClass: writeName(AT.storageClass, CLASS_NAMES),
  IsMultipartUploaded: writeFlag(FLAG.multipart, TRUE, FALSE),
  EncryptionStatus: (out, at, records, recordStart) =>
    writeBytes(out, at, records.getUint8(recordStart + AT.encryption) === NO_ENCRYPTION ? FALSE : TRUE),
  ObjectAcl: writeName(AT.acl, ACL_NAMES),
  TaggingCount: (out, at, records, recordStart) => writeInteger(out, at, records.getUint8(recordStart + AT.tagCount)),
  ObjectType: writeName(AT.objectType, TYPE_NAMES),
  Crc64: (out, at, records, recordStart) =>
    (records.getUint8(recordStart + AT.flags) & FLAG.hasCrc64) === 0
      ? at
      : writeUint64(out, at, records, recordStart + AT.crc64),
  LastAccessDate: writeNull,
  LastAccessTimestamp: writeNull,
};

/** A delete marker has no content, so the columns that tell of one are empty, or false where they are a yes or no. */
const MARKER_WRITERS: FixedWriters = {
  ...OBJECT_WRITERS,
  IsDeleteMarker: writeTrue,
  Size: writeNothing,
  TransitionTime: writeNothing,
  ETag: writeNothing,
  StorageClass: writeNothing,
  IsMultipartUploaded: writeFalse,
  EncryptionStatus: writeFalse,
  ObjectAcl: writeNothing,
  TaggingCount: writeNothing,
  ObjectType: writeNothing,
  Crc64: writeNothing,
};

function openQuote(out: Uint8Array, at: number): number {
  out[at] = COMMA;
  out[at + 1] = QUOTE;
  return at + 2;
}

function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] as number;
  return at + bytes.length;
}

/** For each byte, three bytes of output and how many of them count: unreserved bytes stand bare, all others as %XX. */
const KEY_BYTES = new Uint8Array(256 * 3);
const KEY_LENGTHS = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const isBare = /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte));
  const text = isBare ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  KEY_BYTES.set(Buffer.from(text, 'latin1'), byte * 3);
  KEY_LENGTHS[byte] = text.length;
}

function writeKey(out: Uint8Array, at: number, keys: Uint8Array, keyStart: number, keyEnd: number): number {
  let end = at;
  for (let i = keyStart; i < keyEnd; i++) {
    const byte = keys[i] as number;
    const entry = byte * 3;
    out[end] = KEY_BYTES[entry] as number;
    if (KEY_LENGTHS[byte] === 1) {
      end++;
    } else {
      out[end + 1] = KEY_BYTES[entry + 1] as number;
      out[end + 2] = KEY_BYTES[entry + 2] as number;
      end += 3;
    }
  }
  return end;
}

/** A whole number from 0 to 2^53, in decimal. */
function writeInteger(out: Uint8Array, at: number, value: number): number {
  let length = 1;
  for (let bound = 10; value >= bound; bound *= 10) length++;
  writeDigits(out, at, value, length);
  return at + length;
}

/** The lowest `length` digits of `value`, zeros in front included. */
function writeDigits(out: Uint8Array, at: number, value: number, length: number): void {
  let rest = value;
  for (let i = at + length - 1; i >= at; i--) {
    const next = Math.floor(rest / 10);
    out[i] = ZERO + (rest - next * 10);
    rest = next;
  }
}

const LOW_DIGITS = 6;
const LOW_BOUND = 10 ** LOW_DIGITS;

/** An unsigned 64-bit number in decimal, without a BigInt: the digits above the lowest six fit a double exactly. */
function writeUint64(out: Uint8Array, at: number, records: DataView, start: number): number {
  const upper = records.getUint32(start + 4, true);
  const quotient = Math.floor(upper / LOW_BOUND);
  const rest = (upper - quotient * LOW_BOUND) * 2 ** 32 + records.getUint32(start, true);
  const quotientOfRest = Math.floor(rest / LOW_BOUND);
  const high = quotient * 2 ** 32 + quotientOfRest;
  const low = rest - quotientOfRest * LOW_BOUND;
  if (high === 0) return writeInteger(out, at, low);
  const lowAt = writeInteger(out, at, high);
  writeDigits(out, lowAt, low, LOW_DIGITS);
  return lowAt + LOW_DIGITS;
}

const UPPER_HEX = Buffer.from('0123456789ABCDEF');
const LOWER_HEX = Buffer.from('0123456789abcdef');

function writeEtag(out: Uint8Array, at: number, records: DataView, recordStart: number): number {
  const form = records.getUint8(recordStart + AT.etagForm);
  if (form === ETAG_FORM.none) return at;
  if (form === ETAG_FORM.raw) {
    const length = records.getUint16(recordStart + AT.rawEtagLength, true);
    return writeQuotable(out, at, records, recordStart + AT.tail, length);
  }
  const digits = form === ETAG_FORM.upperHex || form === ETAG_FORM.upperHexParts ? UPPER_HEX : LOWER_HEX;
  let end = at;
  for (let i = 0; i < 16; i++) {
    const byte = records.getUint8(recordStart + AT.etagDigest + i);
    out[end++] = digits[byte >> 4] as number;
    out[end++] = digits[byte & 15] as number;
  }
  if (form === ETAG_FORM.upperHex || form === ETAG_FORM.lowerHex) return end;
  out[end++] = HYPHEN;
  return writeInteger(out, end, records.getUint16(recordStart + AT.etagParts, true));
}

/** Text as it stands, its quotes doubled as CSV wants. */
function writeQuotable(out: Uint8Array, at: number, records: DataView, start: number, length: number): number {
  let end = at;
  for (let i = start; i < start + length; i++) {
    const byte = records.getUint8(i);
    if (byte === QUOTE) out[end++] = QUOTE;
    out[end++] = byte;
  }
  return end;
}
