/** Fills a store's index with made-up objects in key order, without their bodies: what an inventory reads. */

import { createHash } from 'node:crypto';
import { PLAIN_RECORD, packRecord, STORAGE_CLASSES } from '../src/core/record.ts';
import { objectIndexKey, openIndex } from '../src/store/index-database.ts';
import { ObjectStore } from '../src/store/object-store.ts';

const BATCH = 20_000;
const FIRST_MS = Date.UTC(2024, 0, 1);

/** Keys of about 54 bytes, random ETags, dates over a year: rows of about 166 bytes with six fields. */
export async function loadObjects(folder: string, bucket: string, objects: number): Promise<void> {
  const clock = { now: () => FIRST_MS };
  const store = await ObjectStore.open(folder, clock);
  const settings = {
    region: 'cn-hangzhou',
    owner: '1',
    storageClass: 'Standard',
    redundancy: 'LRS',
    acl: 'private',
  } as const;
  await store.createBucket({ name: bucket, ...settings });
  await store.createBucket({ name: 'reports', ...settings });
  const bucketNumber = store.bucketNumber(bucket);
  await store.close();

  const db = openIndex(folder);
  let bytes = 0;
  for (let start = 0; start < objects; start += BATCH) {
    await db.root.transaction(() => {
      for (let i = start; i < Math.min(objects, start + BATCH); i++) {
        const sizeBytes = (i * 7919) % 100_000_000;
        bytes += sizeBytes;
        db.objects.putSync(objectIndexKey(bucketNumber, Buffer.from(keyOf(i))), recordOf(i, sizeBytes));
      }
    });
  }
  await db.root.transaction(() => db.totals.putSync(bucketNumber, { objects, bytes }));
  await db.root.close();
}

function keyOf(i: number): string {
  const number = String(i).padStart(10, '0');
  return `archive/2025/customer-${number.slice(0, 5)}/invoices/scan-${number}.pdf`;
}

function recordOf(i: number, sizeBytes: number): Buffer {
  return packRecord({
    ...PLAIN_RECORD,
    sizeBytes,
    lastModifiedMs: FIRST_MS + i * 31,
    etag: createHash('md5').update(String(i)).digest('hex').toUpperCase(),
    storageClass: STORAGE_CLASSES[i % 17 === 0 ? 1 : 0] ?? 'Standard',
    crc64: BigInt(i),
    contentId: i,
    bodyPlace: 'index',
  });
}
