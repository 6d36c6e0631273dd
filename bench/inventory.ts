/**
 * One inventory of the embedded store, from the pin to data files in the destination, beside what bounds it: a bare
 * loop that touches each record, zlib alone on ready-made rows, and pigz on two cores where it is installed.
 */

import { execFile, execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import type { Rule } from '../src/core/rule.ts';
import { Inventory } from '../src/inventory/inventory.ts';
import { ScanPool } from '../src/inventory/scan-pool.ts';
import { BucketDestination } from '../src/store/inventory-destination.ts';
import { BucketSource } from '../src/store/inventory-source.ts';
import { ObjectStore } from '../src/store/object-store.ts';
import { SnapshotReader } from '../src/store/snapshot-reader.ts';
import { TestKeys } from '../test/test-keys.ts';
import { loadObjects } from './data-set.ts';
import type { Contest, Figures } from './figures.ts';
import type { BenchFlags } from './flags.ts';

const FIELDS = ['Size', 'LastModifiedDate', 'ETag', 'StorageClass', 'IsMultipartUploaded', 'EncryptionStatus'];
const RULE: Rule = {
  id: 'bench',
  isEnabled: true,
  filter: {},
  destination: { format: 'CSV', accountId: '1', roleArn: 'acs:ram::1:role/bench', bucket: 'reports' },
  schedule: { frequency: 'Daily' },
  includedObjectVersions: 'Current',
  optionalFields: FIELDS,
};

export async function* benchInventory({ objects }: BenchFlags): AsyncGenerator<Contest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-bench-'));
  const storeFolder = path.join(folder, 'store');
  await mkdir(storeFolder);
  try {
    await loadObjects(storeFolder, 'photos', objects);
    const store = await ObjectStore.open(storeFolder, { clock: { now: () => Date.now() }, keys: new TestKeys() });
    try {
      const { figures, csv } = await ours(store, storeFolder, folder, objects);
      yield {
        ours: figures,
        references: {
          'bare scan, one thread': await bareScan(store, storeFolder, objects),
          'zlib level 1 on ready-made rows, one thread': await zlibAlone(csv, objects),
          ...(await pigz(csv, objects)),
        },
      };
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ours(store: ObjectStore, storeFolder: string, folder: string, objects: number) {
  const pool = new ScanPool({ threads: availableParallelism() });
  const inventory = new Inventory({
    rule: RULE,
    sourceBucket: 'photos',
    source: new BucketSource({
      store,
      folder: storeFolder,
      bucket: 'photos',
      withNoncurrent: false,
      now: () => Date.now(),
    }),
    destination: new BucketDestination(store, RULE.destination),
    spool: path.join(folder, 'spool'),
    pool,
  });
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const { ranges } = await inventory.begin();
  const keys: string[] = [];
  let bytes = 0;
  const queue = [...ranges.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [number, range] = next;
      const { file } = await inventory.scanShard(range, `data/${number}`);
      if (file === undefined) continue;
      keys[number] = `data/${number}`;
      bytes += file.sizeBytes;
    }
  };
  await Promise.all(Array.from({ length: inventory.concurrency }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  await inventory.close();
  await pool.close();

  const csv = path.join(folder, 'rows.csv');
  const rows = async function* () {
    for (const key of keys) {
      const object = await store.read({ bucket: 'reports', key });
      if (object !== undefined) yield* Readable.from(object.body).pipe(createGunzip());
    }
  };
  await pipeline(rows, createWriteStream(csv));
  const figures: Figures = {
    perSecond: objects / seconds,
    cpuSecondsPerMillion: ((cpu.user + cpu.system) / 1e6 / objects) * 1e6,
    bytesPerRow: bytes / objects,
    residentMegabytes: process.memoryUsage().rss / 1e6,
  };
  return { figures, csv };
}

async function bareScan(store: ObjectStore, storeFolder: string, objects: number): Promise<Figures> {
  const reader = new SnapshotReader({
    folder: storeFolder,
    bucket: 'photos',
    bucketNumber: store.bucketNumber('photos'),
    withNoncurrent: false,
  });
  reader.begin();
  const scan = reader.scan({ start: new Uint8Array() });
  let touched = 0;
  const startedAt = performance.now();
  while (
    scan.read(1000, (keys, keyStart, _keyEnd, records, recordStart) => {
      touched += (keys[keyStart] ?? 0) + records.getUint8(recordStart);
    }) > 0
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await reader.close();
  if (touched === 0) throw new Error('the scan touched nothing');
  return { perSecond: objects / seconds };
}

async function zlibAlone(csv: string, objects: number): Promise<Figures> {
  const { createReadStream } = await import('node:fs');
  let bytes = 0;
  const startedAt = performance.now();
  await pipeline(createReadStream(csv, { highWaterMark: 256 * 1024 }), createGzip({ level: 1 }), async (chunks) => {
    for await (const chunk of chunks) bytes += (chunk as Buffer).length;
  });
  return { perSecond: objects / ((performance.now() - startedAt) / 1000), bytesPerRow: bytes / objects };
}

/** Absent where pigz isn't installed. */
async function pigz(csv: string, objects: number): Promise<Readonly<Record<string, Figures>>> {
  try {
    execFileSync('pigz', ['--version'], { stdio: 'ignore' });
  } catch {
    process.stderr.write('pigz is not installed, so it is left out (Debian package: pigz)\n');
    return {};
  }
  const startedAt = performance.now();
  await promisify(execFile)('sh', ['-c', `pigz -1 -p2 -c '${csv}' > '${csv}.gz'`]);
  return { 'pigz -1 -p2 on ready-made rows': { perSecond: objects / ((performance.now() - startedAt) / 1000) } };
}
