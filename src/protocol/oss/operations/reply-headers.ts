/** Headers that the answers to several operations share. */

import type { Bucket } from '../../../core/bucket.ts';
import type { ObjectRecord } from '../../../core/record.ts';
import { type StoredObject, shownVersionId } from '../../../core/stored-object.ts';

/** Which version it is; nothing in a bucket that never had versioning (protocol sheet, section 5.10). */
export function versionHeader(bucket: Bucket, record: Pick<ObjectRecord, 'versionId'>): Record<string, string> {
  // Versioning may have come after the bucket was looked at, and then the record knows.
  const isVersioned = bucket.versioning !== undefined || record.versionId !== '';
  return isVersioned ? { 'x-oss-version-id': shownVersionId(record) } : {};
}

/** What an object is encrypted with; nothing for plaintext. */
export function encryptionHeaders({ record, keyId }: Pick<StoredObject, 'record' | 'keyId'>): Record<string, string> {
  if (record.encryption === 'none') return {};
  return {
    'x-oss-server-side-encryption': record.encryption,
    ...(keyId !== undefined && { 'x-oss-server-side-encryption-key-id': keyId }),
  };
}

export function crcHeader({ crc64 }: Pick<ObjectRecord, 'crc64'>): Record<string, string> {
  return crc64 === undefined ? {} : { 'x-oss-hash-crc64ecma': String(crc64) };
}
