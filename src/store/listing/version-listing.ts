/**
 * One page of the versions of a bucket (protocol sheet, section 5.6): keys in byte order, of each the newest version
 * first, delete markers among them, what lies behind a delimiter rolled up.
 */

import { afterKey, afterPrefix } from '../../core/object-key.ts';
import { type ObjectRecord, unpackRecord } from '../../core/record.ts';
import {
  type ListedObject,
  shownVersionId,
  type VersionListRequest,
  type VersionPage,
} from '../../core/stored-object.ts';
import { BUCKET_NUMBER_BYTES, type IndexDatabase, objectIndexRange, type StoredBucket } from '../index-database.ts';
import type { ObjectTable } from '../object-table.ts';
import { readVersionId } from '../version-ids.ts';
import { commonPrefixOf, groupingOf, skippedPrefix } from './listing-ranges.ts';

export function listVersions(
  db: Pick<IndexDatabase, 'objects'>,
  objects: ObjectTable,
  bucket: StoredBucket,
  request: VersionListRequest,
): VersionPage {
  const grouping = groupingOf(request);
  const end = afterPrefix(grouping.prefix);
  const versions: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  let last: Pick<VersionPage, 'nextKeyMarker' | 'nextVersionIdMarker'> = {};
  const isFull = () => versions.length + commonPrefixes.length === request.maxKeys;
  const begin = startOf(objects, bucket, request, grouping);

  let { start } = begin;
  while (request.maxKeys > 0) {
    let skipTo: Uint8Array | undefined;
    for (const { key: indexKey, value } of db.objects.getRange(objectIndexRange(bucket.number, start, end))) {
      const key = Buffer.from(indexKey.buffer, indexKey.byteOffset, indexKey.length).subarray(BUCKET_NUMBER_BYTES);
      const common = commonPrefixOf(key, grouping);
      if (common !== undefined) {
        if (isFull()) return { versions, commonPrefixes, isTruncated: true, ...last };
        commonPrefixes.push(common.toString());
        last = { nextKeyMarker: common.toString(), nextVersionIdMarker: '' };
        skipTo = afterPrefix(common);
        break;
      }
      const text = key.toString();
      const below = begin.within?.key === text ? begin.within.below : undefined;
      for (const record of versionsOf(objects, bucket, key, unpackRecord(value), below)) {
        if (isFull()) return { versions, commonPrefixes, isTruncated: true, ...last };
        versions.push({ key: text, record });
        last = { nextKeyMarker: text, nextVersionIdMarker: shownVersionId(record) };
      }
    }
    if (skipTo === undefined) break;
    start = skipTo;
  }
  return { versions, commonPrefixes, isTruncated: false };
}

function* versionsOf(
  objects: ObjectTable,
  bucket: StoredBucket,
  key: Uint8Array,
  latest: ObjectRecord,
  below: number = Number.POSITIVE_INFINITY,
): Generator<ObjectRecord> {
  if (latest.sequence < below) yield latest;
  if (!latest.hasNoncurrent) return;
  yield* objects.noncurrent(bucket, key, Number.isFinite(below) ? below : undefined);
}

interface Beginning {
  readonly start: Uint8Array;
  /** Of this key only the versions older than a sequence. */
  readonly within?: { readonly key: string; readonly below: number };
}

function startOf(
  objects: ObjectTable,
  bucket: StoredBucket,
  { keyMarker, versionIdMarker }: VersionListRequest,
  grouping: ReturnType<typeof groupingOf>,
): Beginning {
  const marker = Buffer.from(keyMarker);
  if (marker.length === 0 || Buffer.compare(marker, grouping.prefix) < 0) return { start: grouping.prefix };
  const skipped = skippedPrefix(marker, grouping);
  if (skipped !== undefined) return { start: skipped };
  if (versionIdMarker === '') return { start: afterKey(marker) };
  const named = readVersionId(versionIdMarker);
  // Of a null version that went since the page before, nobody knows where it stood: rather twice than never.
  const below = named.kind === 'id' ? named.sequence : objects.find(bucket, marker, named)?.sequence;
  return { start: marker, within: { key: keyMarker, below: below ?? Number.POSITIVE_INFINITY } };
}
