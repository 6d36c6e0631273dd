import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectKey, objectRecord } from '../../test/arbitraries.ts';
import { plainRecord } from '../../test/plain-record.ts';
import { type ReferenceRow, referenceRow } from '../../test/reference-encoder.ts';
import { MAX_KEY_BYTES } from '../core/object-key.ts';
import { MAX_RAW_ETAG_BYTES, MAX_VERSION_ID_BYTES, packRecord } from '../core/record.ts';
import { reportColumns } from '../core/report-columns.ts';
import { OBJECT_VERSIONS } from '../core/rule.ts';
import { OPTIONAL_FIELDS } from '../core/rule-fields.ts';
import { NULL_VERSION } from '../core/stored-object.ts';
import { createRowEncoder, MAX_ROW_BYTES, type RowForm } from './row-encoder.ts';

const BUCKET = 'a-bucket-with-the-longest-of-all-names-that-there-may-be-000063';

const columnSet = fc
  .record({
    includedObjectVersions: fc.constantFrom(...OBJECT_VERSIONS),
    optionalFields: fc.shuffledSubarray([...OPTIONAL_FIELDS]),
  })
  .map(reportColumns);

const form: fc.Arbitrary<RowForm> = fc.record({
  bucket: fc.constant(BUCKET),
  columns: columnSet,
  nullVersionId: fc.constantFrom('', NULL_VERSION),
});

/** Any record; often of a null version, which few drawn ids would be. */
const record = fc.oneof(
  objectRecord,
  objectRecord.map((drawn) => ({ ...drawn, versionId: '' })),
);

/** The row as the engine writes it, from the middle of buffers that hold other things as well. */
function encoded(form: RowForm, { key, record }: ReferenceRow, offset = 0): string {
  const keys = Buffer.concat([Buffer.alloc(offset, 0x22), Buffer.from(key), Buffer.from('next')]);
  const records = Buffer.concat([Buffer.alloc(offset, 0xff), packRecord(record), Buffer.alloc(8, 0xff)]);
  const out = new Uint8Array(offset + MAX_ROW_BYTES).fill(0x2a);
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  const end = createRowEncoder(form).encode(out, offset, keys, offset, offset + Buffer.byteLength(key), view, offset);
  expect(out.subarray(0, offset).every((byte) => byte === 0x2a)).toBe(true);
  return Buffer.from(out.subarray(offset, end)).toString();
}

test('a row is, byte for byte, what the slow and plain encoder writes', () => {
  fc.assert(
    fc.property(form, objectKey, record, fc.nat(40), (form, key, record, offset) => {
      expect(encoded(form, { key, record }, offset)).toBe(referenceRow(form, { key, record }));
    }),
    { numRuns: 4000 },
  );
});

test('rows that follow each other do not depend on each other', () => {
  const rows = fc.array(fc.record({ key: objectKey, record }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(form, rows, (form, rows) => {
      const encoder = createRowEncoder(form);
      const out = new Uint8Array(rows.length * MAX_ROW_BYTES);
      let end = 0;
      for (const { key, record } of rows) {
        const bytes = Buffer.from(key);
        const packed = packRecord(record);
        const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
        end = encoder.encode(out, end, bytes, 0, bytes.length, view, 0);
      }
      const expected = rows.map((row) => referenceRow(form, row)).join('');
      expect(Buffer.from(out.subarray(0, end)).toString()).toBe(expected);
    }),
  );
});

test('the longest row there can be has room', () => {
  const columns = reportColumns({ includedObjectVersions: 'All', optionalFields: OPTIONAL_FIELDS });
  const row = {
    key: `${'😀'.repeat(255)}封`,
    record: {
      ...plainRecord,
      sizeBytes: Number.MAX_SAFE_INTEGER,
      crc64: 2n ** 64n - 1n,
      transitionMs: plainRecord.lastModifiedMs,
      etag: '"'.repeat(MAX_RAW_ETAG_BYTES),
      versionId: '"'.repeat(MAX_VERSION_ID_BYTES),
      storageClass: 'DeepColdArchive',
      acl: 'public-read-write',
      objectType: 'Appendable',
      tagCount: 255,
    },
  } as const;
  expect(Buffer.byteLength(row.key)).toBe(MAX_KEY_BYTES);
  const form = { bucket: BUCKET, columns, nullVersionId: '' } as const;
  expect(referenceRow(form, row).length).toBeLessThanOrEqual(MAX_ROW_BYTES);
  expect(encoded(form, row)).toBe(referenceRow(form, row));
});

test('the rows of the worked example come out byte for byte', () => {
  const columns = reportColumns({
    includedObjectVersions: 'All',
    optionalFields: ['Size', 'StorageClass', 'LastModifiedDate', 'ETag', 'IsMultipartUploaded', 'EncryptionStatus'],
  });
  const clip = { ...plainRecord, versionId: 'YWNtZS12ZXJzaW9uLTAwMy00M2EwMzI5OWEzYzNmZWQzZDhjZTdiODIwZjNh' };
  const rows: ReferenceRow[] = [
    {
      key: 'raw/2026/clip-001.mp4',
      record: {
        ...clip,
        sizeBytes: 734_003_200,
        lastModifiedMs: Date.UTC(2026, 8, 30, 2, 14, 9),
        etag: '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B-70',
        isMultipartUploaded: true,
        encryption: 'KMS',
      },
    },
    {
      key: 'raw/2026/clip-001.mp4',
      record: {
        ...clip,
        versionId: 'YWNtZS12ZXJzaW9uLTAwMi0xYjI2NzYxOWM0ODEyY2M0NmVlMjgxNzQ3ODg0',
        isLatest: false,
        sizeBytes: 1_048_576,
        storageClass: 'IA',
        lastModifiedMs: Date.UTC(2026, 7, 11, 22, 1, 44),
        etag: '9E107D9D372BB6826BD81D3542A419D6',
      },
    },
    {
      key: 'raw/2026/封面.png',
      record: {
        ...clip,
        versionId: 'YWNtZS12ZXJzaW9uLTAwMS02NjU0YzczNGNjYWI4ZjQ0MGZmMDgyNWViNDQz',
        sizeBytes: 20_480,
        lastModifiedMs: Date.UTC(2026, 8, 30, 2, 15, 0),
        etag: 'E4D909C290D0FB1CA068FFADDF22CBD0',
      },
    },
  ];
  const output = new URL('../../test/vectors/inventory/output/', import.meta.url);
  const csv = readFileSync(new URL('6f1d2c9e-53f0-4b7e-9a57-0c9d7c1f4a11.csv', output), 'utf8');
  const written = rows.map((row) => encoded({ bucket: 'acme-media', columns, nullVersionId: '' }, row));
  expect(written.join('')).toBe(csv);
});

test('a delete marker tells of its key, version and time, and of content nothing', () => {
  const columns = reportColumns({ includedObjectVersions: 'All', optionalFields: OPTIONAL_FIELDS });
  const record = { ...plainRecord, isDeleteMarker: true, etag: '', sizeBytes: 0, bodyPlace: 'none' } as const;
  const row = encoded({ bucket: 'photos', columns, nullVersionId: 'null' }, { key: 'a/b', record });
  expect(row).toBe(
    'photos,"a%2Fb","null","true","true","","2026-09-30T02-14-09Z","","","","false","false","","","","","null","null"\n',
  );
});

test.each([
  ['where there never was versioning', ''],
  ['where there is or was', 'null'],
] as const)('the null version %s is called "%s"', (_, nullVersionId) => {
  const form = { bucket: 'photos', columns: reportColumns({ includedObjectVersions: 'All', optionalFields: [] }) };
  const named = { key: 'k', record: { ...plainRecord, versionId: 'CAEQ1' } };
  expect(encoded({ ...form, nullVersionId }, { key: 'k', record: plainRecord })).toContain(
    `"k","${nullVersionId}","true"`,
  );
  expect(encoded({ ...form, nullVersionId }, named)).toContain('"k","CAEQ1","true"');
});
