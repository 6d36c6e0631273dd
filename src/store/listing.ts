/**
 * One page of a listing: keys of a bucket in byte order, with what lies behind a delimiter rolled up into common
 * prefixes (protocol sheet, section 5.6). Keys and common prefixes form one sorted sequence; a page starts after its
 * marker and counts both.
 */

import { afterKey, afterPrefix, startsWith } from '../core/object-key.ts';
import { unpackRecord } from '../core/record.ts';
import type { ListedObject, ListPage, ListRequest } from '../core/stored-object.ts';
import { BUCKET_NUMBER_BYTES, type IndexDatabase, objectIndexRange, type StoredBucket } from './index-database.ts';

export function listObjects(db: IndexDatabase, bucket: StoredBucket, request: ListRequest): ListPage {
  const prefix = Buffer.from(request.prefix);
  const delimiter = Buffer.from(request.delimiter);
  const marker = Buffer.from(request.marker);
  const end = afterPrefix(prefix);
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  let last = '';

  let start: Uint8Array = startOf(prefix, delimiter, marker);
  while (request.maxKeys > 0) {
    let skipTo: Uint8Array | undefined;
    for (const { key: indexKey, value } of db.objects.getRange(objectIndexRange(bucket.number, start, end))) {
      const key = Buffer.from(indexKey.buffer, indexKey.byteOffset, indexKey.length).subarray(BUCKET_NUMBER_BYTES);
      if (objects.length + commonPrefixes.length === request.maxKeys) {
        return { objects, commonPrefixes, isTruncated: true, nextMarker: last };
      }
      const common = commonPrefixOf(key, prefix, delimiter);
      if (common !== undefined) {
        last = common.toString();
        commonPrefixes.push(last);
        skipTo = afterPrefix(common);
        break;
      }
      const record = unpackRecord(value);
      if (record.isDeleteMarker) continue;
      last = key.toString();
      objects.push({ key: last, record });
    }
    if (skipTo === undefined) break;
    start = skipTo;
  }
  return { objects, commonPrefixes, isTruncated: false };
}

/** The first key that a page after `marker` may hold. A marker inside a common prefix leaves that whole prefix out. */
function startOf(prefix: Buffer, delimiter: Buffer, marker: Buffer): Uint8Array {
  if (marker.length === 0 || Buffer.compare(marker, prefix) < 0) return prefix;
  const common = startsWith(marker, prefix) ? commonPrefixOf(marker, prefix, delimiter) : undefined;
  return (common && afterPrefix(common)) ?? afterKey(marker);
}

function commonPrefixOf(key: Buffer, prefix: Buffer, delimiter: Buffer): Buffer | undefined {
  if (delimiter.length === 0) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.subarray(0, at + delimiter.length);
}
