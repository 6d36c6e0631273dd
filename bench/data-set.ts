/** Fills a store's index with made-up objects in key order, without their bodies: what an inventory reads. */

import { createHash } from 'node:crypto';
import { type ObjectRecord, PLAIN_RECORD, packRecord, STORAGE_CLASSES } from '../src/core/record.ts';
import { objectIndexKey, openIndex } from '../src/store/index-database.ts';
import { ObjectStore } from '../src/store/object-store.ts';
import { TotalsTable } from '../src/store/totals.ts';
import { TestKeys } from '../test/test-keys.ts';

const BATCH = 20_000;
const FIRST_MS = Date.UTC(2024, 0, 1);

/** Keys of about 54 bytes, random ETags, dates over a year: rows of about 166 bytes with six fields. */
export async function loadObjects(folder: string, bucket: string, objects: number): Promise<void> {
  const store = await ObjectStore.open(folder, { clock: { now: () => FIRST_MS }, keys: new TestKeys() });
  const settings = {
    region: 'cn-hangzhou',
    owner: '1000000000000000',
    storageClass: 'Standard',
    redundancy: 'LRS',
    acl: 'private',
  } as const;
  await store.createBucket({ name: bucket, ...settings });
  await store.createBucket({ name: 'reports', ...settings });
  await store.close();

  const db = openIndex(folder);
  const totals = new TotalsTable(db);
  const stored = db.buckets.get(bucket);
  if (stored === undefined) throw new Error(`the bucket ${bucket} was made and is not there`);
  for (let start = 0; start < objects; start += BATCH) {
    await db.root.transaction(() => {
      for (let i = start; i < Math.min(objects, start + BATCH); i++) {
        const record = recordOf(i);
        db.objects.putSync(objectIndexKey(stored.number, Buffer.from(keyOf(i))), packRecord(record));
        totals.countVersion(stored, record, 1, FIRST_MS);
      }
    });
  }
  await db.root.close();
}

function keyOf(i: number): string {
  const number = String(i).padStart(10, '0');
  return `archive/2025/customer-${number.slice(0, 5)}/invoices/scan-${number}.pdf`;
}

function recordOf(i: number): ObjectRecord {
  return {
    ...PLAIN_RECORD,
    sizeBytes: (i * 7919) % 100_000_000,
    lastModifiedMs: FIRST_MS + i * 31,
    etag: createHash('md5').update(String(i)).digest('hex').toUpperCase(),
    storageClass: STORAGE_CLASSES[i % 17 === 0 ? 1 : 0] ?? 'Standard',
    crc64: BigInt(i),
    contentId: i,
    bodyPlace: 'index',
    sequence: i + 1,
  };
}
