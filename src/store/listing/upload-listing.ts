/** One page of the uploads of a bucket: by key, then by upload id, what lies behind a delimiter rolled up. */

import { afterPrefix } from '../../core/object-key.ts';
import type { UploadListRequest, UploadPage } from '../../core/stored-object.ts';
import type { StoredBucket } from '../index-database.ts';
import { type UploadEntry, type UploadTable, uploadPosition, uploadPositionAfter } from '../upload-table.ts';
import { commonPrefixOf, groupingOf, skippedPrefix } from './listing-ranges.ts';

export interface UploadEntryPage extends Omit<UploadPage, 'uploads'> {
  readonly entries: readonly UploadEntry[];
}

export function listUploads(table: UploadTable, bucket: StoredBucket, request: UploadListRequest): UploadEntryPage {
  const grouping = groupingOf(request);
  const end = afterPrefix(grouping.prefix);
  const endPosition = end && uploadPosition(end);
  const entries: UploadEntry[] = [];
  const commonPrefixes: string[] = [];
  let last: Pick<UploadPage, 'nextKeyMarker' | 'nextUploadIdMarker'> = {};

  let start: Uint8Array = startOf(request, grouping);
  while (request.maxUploads > 0) {
    let skipTo: Uint8Array | undefined;
    for (const entry of table.list(bucket, start, endPosition)) {
      if (entries.length + commonPrefixes.length === request.maxUploads) {
        return { entries, commonPrefixes, isTruncated: true, ...last };
      }
      const common = commonPrefixOf(entry.key, grouping);
      if (common !== undefined) {
        commonPrefixes.push(common.toString());
        last = { nextKeyMarker: common.toString() };
        skipTo = afterPrefix(common);
        break;
      }
      entries.push(entry);
      const nextUploadIdMarker = entry.uploadId.toString('hex').toUpperCase();
      last = { nextKeyMarker: entry.key.toString(), nextUploadIdMarker };
    }
    if (skipTo === undefined) break;
    start = uploadPosition(skipTo);
  }
  return { entries, commonPrefixes, isTruncated: false };
}

function startOf(request: UploadListRequest, grouping: ReturnType<typeof groupingOf>): Uint8Array {
  const marker = Buffer.from(request.keyMarker);
  if (marker.length === 0 || Buffer.compare(marker, grouping.prefix) < 0) return uploadPosition(grouping.prefix);
  const skipped = skippedPrefix(marker, grouping);
  if (skipped !== undefined) return uploadPosition(skipped);
  const { uploadIdMarker } = request;
  return uploadPositionAfter(marker, uploadIdMarker === '' ? undefined : Buffer.from(uploadIdMarker, 'hex'));
}
