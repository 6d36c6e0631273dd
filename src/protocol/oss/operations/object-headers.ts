/** How an object shows in the headers of a response (protocol sheet, sections 5.3 and 5.4). */

import { DomainError } from '../../../core/errors.ts';
import type { ObjectRecord } from '../../../core/record.ts';
import type { StoredObject } from '../../../core/stored-object.ts';

export function objectHeaders({ record, metadata }: StoredObject): Record<string, string> {
  const headers: Record<string, string> = {
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
    'Last-Modified': new Date(record.lastModifiedMs).toUTCString(),
    ETag: `"${record.etag}"`,
    'x-oss-object-type': record.objectType,
    'x-oss-storage-class': record.storageClass,
    ...crcHeader(record),
    ...(record.objectType === 'Normal' && { 'Content-MD5': Buffer.from(record.etag, 'hex').toString('base64') }),
  };
  for (const [name, value] of Object.entries(metadata.headers)) headers[STORED_NAMES[name] ?? name] = value;
  for (const [name, value] of Object.entries(metadata.user)) headers[`x-oss-meta-${name}`] = value;
  return headers;
}

export function crcHeader(record: ObjectRecord): Record<string, string> {
  return record.crc64 === undefined ? {} : { 'x-oss-hash-crc64ecma': String(record.crc64) };
}

export function noSuchKey(key: string): DomainError {
  return new DomainError('NoSuchKey', 'The specified key does not exist.', { Key: key });
}

const STORED_NAMES: Readonly<Record<string, string>> = {
  'content-type': 'Content-Type',
  'cache-control': 'Cache-Control',
  'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding',
  expires: 'Expires',
};
