/** Checks multipart uploads under way and their parts. */

import type { Seal } from '../bodies/content.ts';
import type { StoredBucket } from '../index-database.ts';
import { partIndexRange, readUploadIndexKey } from '../upload-table.ts';
import { checkBodies } from './check-content.ts';
import type { CheckContext } from './check-context.ts';
import type { FindingPlace } from './finding.ts';
import { readPart, readUpload } from './read-stored.ts';

export async function checkUploads(check: CheckContext): Promise<void> {
  const { snapshot } = check;
  for (const { key: indexKey, value } of snapshot.range(snapshot.db.uploads)) {
    await check.step();
    check.counts.uploads++;
    const bucket = check.bucketOf(indexKey);
    const { key, uploadId } = readUploadIndexKey(indexKey);
    const place = { bucket: check.bucketName(indexKey), key: key.toString() };
    if (bucket === undefined)
      check.report('bucket-missing', place, 'is being uploaded to a bucket that does not exist');
    else check.recount.countUploads(bucket, 1, 0, 0);
    const upload = readUpload(value);
    if (upload === undefined) check.report('upload-unreadable', place, 'has an upload that can not be read');
    await checkParts(check, { bucket, place, uploadId, seal: upload?.facts.seal });
  }
  await checkStrayParts(check);
}

interface UploadUnderCheck {
  readonly bucket: StoredBucket | undefined;
  readonly place: FindingPlace;
  readonly uploadId: Uint8Array;
  readonly seal: Seal | undefined;
}

async function checkParts(check: CheckContext, { bucket, place, uploadId, seal }: UploadUnderCheck): Promise<void> {
  const { snapshot } = check;
  for (const { value } of snapshot.range(snapshot.db.parts, partIndexRange(uploadId))) {
    const part = readPart(value);
    if (part === undefined) {
      check.report('part-unreadable', place, 'has an uploaded part that can not be read');
      continue;
    }
    if (check.isContentId(part.contentId)) check.named.parts.add(part.contentId);
    if (bucket !== undefined) check.recount.countUploads(bucket, 0, part.sizeBytes, 0);
    await checkBodies(check, place, [part], { seal, md5: part.md5, crc64: part.crc64 });
  }
}

/** The parts that were not met on the way through the uploads. */
async function checkStrayParts(check: CheckContext): Promise<void> {
  const { snapshot, named } = check;
  for (const { value } of snapshot.range(snapshot.db.parts)) {
    await check.step();
    const part = readPart(value);
    if (part === undefined || named.parts.has(part.contentId)) continue;
    check.report(
      'part-without-upload',
      { contentId: part.contentId },
      'is the body of a part, and there is no such upload',
    );
  }
}
