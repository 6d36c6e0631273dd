/** The report against the sheet's worked example (test/vectors/inventory/output), byte for byte. */

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  checksumKey,
  dataFileKey,
  latestKey,
  MAX_FOLDER_TAIL_BYTES,
  type Manifest,
  manifestKey,
  renderChecksum,
  renderManifest,
  reportFolder,
  reportJsonKey,
  reportKeyForms,
  reportRoot,
  VARYING,
} from './report.ts';
import { reportColumns } from './report-columns.ts';

const output = new URL('../../test/vectors/inventory/output/', import.meta.url);
const vector = (key: string) => readFileSync(new URL(key, output));

const place = { destinationPrefix: 'inv', sourceBucket: 'acme-media', ruleId: 'nightly-all' };
const dataKey = dataFileKey(place, '6f1d2c9e-53f0-4b7e-9a57-0c9d7c1f4a11');
const folder = reportFolder(place, Date.UTC(2026, 9, 4, 16, 0));
const manifest: Manifest = {
  creationTimestampSeconds: 1_791_129_600,
  sourceBucket: 'acme-media',
  destinationBucket: 'acme-reports',
  columns: reportColumns({
    includedObjectVersions: 'All',
    optionalFields: ['Size', 'StorageClass', 'LastModifiedDate', 'ETag', 'IsMultipartUploaded', 'EncryptionStatus'],
  }),
  files: [{ key: dataKey, sizeBytes: 370, md5: '08EE809932CA9F3F7DB27B63F0B89A48' }],
};

test('the files of the worked example lie under our keys', () => {
  const file = vector(dataKey);
  expect(file).toHaveLength(370);
  expect(createHash('md5').update(file).digest('hex').toUpperCase()).toBe(manifest.files[0]?.md5);
});

test('the manifest is that of the worked example, byte for byte', () => {
  expect(renderManifest(manifest).toString()).toBe(vector(manifestKey(folder)).toString());
});

test('the checksum is that of the worked example, byte for byte', () => {
  expect(renderChecksum(renderManifest(manifest))).toBe(vector(checksumKey(folder)).toString());
});

test('a destination prefix is joined as it stands, and none leaves no slash', () => {
  const rootOf = (destinationPrefix?: string) => reportFolder({ ...place, destinationPrefix }, 0);
  expect(rootOf('inv/')).toBe('inv//acme-media/nightly-all/1970-01-01T00-00Z');
  expect(rootOf()).toBe('acme-media/nightly-all/1970-01-01T00-00Z');
});

test.each([0, 1, 2, 3, 4])('every key of a report has one of the forms, and form %i is that of some', (wanted) => {
  const forms = reportKeyForms(place, true).map((form) => new RegExp(`^${form.replaceAll(VARYING, '[0-9a-f]')}$`));
  const at = reportFolder(place, Date.UTC(2099, 11, 31, 23, 59));
  const ofOneReport = [dataFileKey(place, randomUUID()), manifestKey(at), checksumKey(at), reportJsonKey(at)];
  const keys = [...ofOneReport, manifestKey(folder), latestKey(place)];
  for (const key of keys) expect(forms.filter((form) => form.test(key))).toHaveLength(1);
  expect(keys.some((key) => forms[wanted]?.test(key))).toBe(true);
});

test('where no latest.json is kept, none of the forms is that of one', () => {
  expect(reportKeyForms(place, false)).toEqual(reportKeyForms(place, true).filter((form) => form !== latestKey(place)));
});

test('no key of a report has a longer tail than is reckoned with', () => {
  const tails = reportKeyForms(place, true).map((form) => Buffer.byteLength(form.replaceAll(VARYING, '0')));
  expect(Math.max(...tails)).toBe(Buffer.byteLength(reportRoot(place)) + MAX_FOLDER_TAIL_BYTES);
});

test('a report of current versions begins with bucket and key, and one of all versions tells them apart', () => {
  const optionalFields = ['ETag', 'Key', 'Size', 'VersionId'];
  expect(reportColumns({ includedObjectVersions: 'Current', optionalFields })).toEqual([
    'Bucket',
    'Key',
    'ETag',
    'Size',
  ]);
  expect(reportColumns({ includedObjectVersions: 'All', optionalFields })).toEqual([
    'Bucket',
    'Key',
    'VersionId',
    'IsLatest',
    'IsDeleteMarker',
    'ETag',
    'Size',
  ]);
});
