/** How an object shows in the headers of a response (protocol sheet, sections 5.3 and 5.4). */

import type { Bucket } from '../../../core/bucket.ts';
import type { ObjectRecord } from '../../../core/record.ts';
import type { ObjectMetadata, StoredObject } from '../../../core/stored-object.ts';
import { crcHeader, encryptionHeaders, versionHeader } from './reply-headers.ts';

/** All that a read tells of an object beside its length. */
export function objectHeaders(bucket: Bucket, object: StoredObject): Record<string, string> {
  const { record, metadata } = object;
  return {
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
    ...basicHeaders(bucket, record),
    'x-oss-object-type': record.objectType,
    'x-oss-storage-class': record.storageClass,
    ...encryptionHeaders(object),
    ...(record.tagCount > 0 && { 'x-oss-tagging-count': String(record.tagCount) }),
    ...md5Header(record),
    ...storedHeaders(metadata),
    ...Object.fromEntries(Object.entries(metadata.user).map(([name, value]) => [`x-oss-meta-${name}`, value])),
  };
}

/** What a cache has to be told again when it may go on using what it has (RFC 9110, section 15.4.5). */
export function cachingHeaders(
  { metadata }: StoredObject,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  const shown = Object.entries({ ...storedHeaders(metadata), ...overrides });
  return Object.fromEntries(shown.filter(([name]) => name === 'Cache-Control' || name === 'Expires'));
}

/** What GetObjectMeta tells of an object beside its length. */
export function basicHeaders(bucket: Bucket, record: ObjectRecord): Record<string, string> {
  return {
    'Last-Modified': new Date(record.lastModifiedMs).toUTCString(),
    ETag: `"${record.etag}"`,
    ...versionHeader(bucket, record),
    ...crcHeader(record),
  };
}

/** The MD5 of the content, where the ETag is that. */
export function md5Header({ objectType, etag }: ObjectRecord): Record<string, string> {
  const isMd5 = objectType === 'Normal' && /^[0-9A-F]{32}$/i.test(etag);
  return isMd5 ? { 'Content-MD5': Buffer.from(etag, 'hex').toString('base64') } : {};
}

/** Content-Type and its kin, in the spelling of an answer. */
function storedHeaders({ headers }: ObjectMetadata): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [STORED_NAMES[name] ?? name, value]));
}

const STORED_NAMES: Readonly<Record<string, string>> = {
  'content-type': 'Content-Type',
  'cache-control': 'Cache-Control',
  'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding',
  expires: 'Expires',
};
