/**
 * One page of a listing: keys of a bucket in byte order, with what lies behind a delimiter rolled up into common
 * prefixes (protocol sheet, section 5.6). Keys and common prefixes form one sorted sequence; a page starts after its
 * marker and counts both.
 *
 * Keys whose latest version is a delete marker don't show. Where everything was deleted there may be millions, and no
 * page is full before all were gone by; so others get their turn in between, and what they write behind there shows.
 */

import { setImmediate } from 'node:timers/promises';
import { afterKey, afterPrefix } from '../../core/object-key.ts';
import { isDeleteMarker, unpackRecord } from '../../core/record.ts';
import type { ListedObject, ListPage, ListRequest } from '../../core/stored-object.ts';
import { BUCKET_NUMBER_BYTES, type IndexDatabase, objectIndexRange, type StoredBucket } from '../index-database.ts';
import { commonPrefixOf, type Grouping, groupingOf, skippedPrefix } from './listing-ranges.ts';

/** Keys that don't show and are gone by before others get their turn. */
const HIDDEN_PER_TURN = 10_000;

export async function listObjects(
  db: Pick<IndexDatabase, 'objects'>,
  bucket: StoredBucket,
  request: ListRequest,
): Promise<ListPage> {
  const grouping = groupingOf(request);
  const end = afterPrefix(grouping.prefix);
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  let last = '';

  let hidden = 0;
  let start: Uint8Array = startOf(Buffer.from(request.marker), grouping);
  while (request.maxKeys > 0) {
    let skipTo: Uint8Array | undefined;
    for (const { key: indexKey, value } of db.objects.getRange(objectIndexRange(bucket.number, start, end))) {
      // Before anything else: there may be many, and a common prefix needs an object that can be seen.
      if (isDeleteMarker(value)) {
        if (++hidden % HIDDEN_PER_TURN !== 0) continue;
        skipTo = afterKey(keyBytes(indexKey));
        break;
      }
      const key = keyBytes(indexKey);
      if (objects.length + commonPrefixes.length === request.maxKeys) {
        return { objects, commonPrefixes, isTruncated: true, nextMarker: last };
      }
      const common = commonPrefixOf(key, grouping);
      if (common !== undefined) {
        last = common.toString();
        commonPrefixes.push(last);
        skipTo = afterPrefix(common);
        break;
      }
      last = key.toString();
      objects.push({ key: last, record: unpackRecord(value) });
    }
    if (skipTo === undefined) break;
    start = skipTo;
    if (hidden >= HIDDEN_PER_TURN) {
      hidden = 0;
      await setImmediate();
    }
  }
  return { objects, commonPrefixes, isTruncated: false };
}

/** The object's key in a key of the index. */
function keyBytes({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset + BUCKET_NUMBER_BYTES, length - BUCKET_NUMBER_BYTES);
}

function startOf(marker: Buffer, grouping: Grouping): Uint8Array {
  if (marker.length === 0 || Buffer.compare(marker, grouping.prefix) < 0) return grouping.prefix;
  return skippedPrefix(marker, grouping) ?? afterKey(marker);
}
