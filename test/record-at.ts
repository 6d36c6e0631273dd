import { AT, type ObjectRecord, RECORD_HEAD_BYTES, unpackRecord } from '../src/core/record.ts';

/** The record that a reader shows its visitor at `at`, unpacked. */
export function recordAt(records: DataView, at: number): ObjectRecord {
  const length =
    RECORD_HEAD_BYTES +
    records.getUint16(at + AT.rawEtagLength, true) +
    records.getUint16(at + AT.versionIdLength, true);
  return unpackRecord(new Uint8Array(records.buffer, records.byteOffset + at, length));
}
