import { type ObjectRecord, PLAIN_RECORD } from '../src/core/record.ts';

/** A record with nothing special about it, for tests to change what they are about. */
export const plainRecord: ObjectRecord = {
  ...PLAIN_RECORD,
  sizeBytes: 12,
  lastModifiedMs: Date.UTC(2026, 8, 30, 2, 14, 9),
  etag: '0C5A9D7E44F1B2380A6B1C9D2E3F4A5B',
  storageClass: 'Standard',
  contentId: 7,
  bodyPlace: 'index',
};
