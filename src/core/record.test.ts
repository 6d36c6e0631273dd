import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectRecord } from '../../test/arbitraries.ts';
import { plainRecord } from '../../test/plain-record.ts';
import { AT, isDeleteMarker, packRecord, RECORD_HEAD_BYTES, unpackRecord } from './record.ts';

test('a record comes out of its bytes as it went in', () => {
  fc.assert(
    fc.property(objectRecord, (record) => {
      expect(unpackRecord(packRecord(record))).toStrictEqual(record);
    }),
  );
});

test('a delete marker is known by its bytes', () => {
  fc.assert(
    fc.property(objectRecord, (record) => {
      expect(isDeleteMarker(packRecord(record))).toBe(record.isDeleteMarker);
    }),
  );
});

test('a record is read from the middle of a larger buffer', () => {
  fc.assert(
    fc.property(objectRecord, fc.nat(100), (record, offset) => {
      const packed = packRecord(record);
      const larger = new Uint8Array(offset + packed.length + 8).fill(0xff);
      larger.set(packed, offset);
      expect(unpackRecord(larger.subarray(offset, offset + packed.length))).toStrictEqual(record);
    }),
  );
});

test.each([
  ['of upper-case hex', '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B'],
  ['of lower-case hex', '0c5a9d7e44f1b2380a6b1c9d2e3f4a5b'],
  ['of digits alone', '01234567890123456789012345678901'],
  ['of 65,535 parts', '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B-65535'],
  ['of parts in lower case', '0c5a9d7e44f1b2380a6b1c9d2e3f4a5b-2'],
])('an ETag %s takes no more room than the head', (_, etag) => {
  const packed = packRecord({ ...plainRecord, etag });
  expect(packed).toHaveLength(RECORD_HEAD_BYTES);
  expect(unpackRecord(packed).etag).toBe(etag);
});

test.each([
  ['of mixed case', '0c5A9D7E44F1B2380A6B1C9D2E3F4A5B'],
  ['of 65,536 parts', '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B-65536'],
  ['whose parts have a leading zero', '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B-02'],
  ['of no part', '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B-0'],
  ['of another length', 'abc'],
])('an ETag %s is kept as its text', (_, etag) => {
  const packed = packRecord({ ...plainRecord, etag });
  expect(packed).toHaveLength(RECORD_HEAD_BYTES + etag.length);
  expect(unpackRecord(packed).etag).toBe(etag);
});

test('an ETag or a version id over its bound is refused, not cut', () => {
  expect(() => packRecord({ ...plainRecord, etag: 'x'.repeat(257) })).toThrow('an ETag of 257 bytes is over the bound');
  expect(() => packRecord({ ...plainRecord, versionId: 'x'.repeat(1025) })).toThrow('version id of 1025 bytes');
});

test('a record of a later form, or with a code nobody knows, is refused', () => {
  const ofForm3 = packRecord(plainRecord);
  ofForm3[AT.form] = 3;
  expect(() => unpackRecord(ofForm3)).toThrow('the index holds a record of form 3; this version reads form 2');
  const ofClass99 = packRecord(plainRecord);
  ofClass99[AT.storageClass] = 99;
  expect(() => unpackRecord(ofClass99)).toThrow('the index holds code 99');
});
