/** A disk that is full under a scan. The failpoints of a thread of its own nobody can arm; the disk is full for it too. */

import { expect, onTestFinished, test } from 'vitest';
import { Inventory } from '../../src/inventory/inventory.ts';
import { ScanPool } from '../../src/inventory/scan-pool.ts';
import { anyRule } from '../any-rule.ts';
import { MemoryDestination } from '../contract/memory-destination.ts';
import { MemorySource } from '../contract/memory-source.ts';
import { plainRecord } from '../plain-record.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { canLimitFiles, limitFiles } from './file-limit.ts';

test.runIf(canLimitFiles)(
  'a scan that finds no room for its data file says so, and is done when there is room',
  async () => {
    const source = new MemorySource();
    await source.add('a', plainRecord);
    const destination = new MemoryDestination();
    const spool = temporaryFolder();
    const pool = new ScanPool({ threads: 1 });
    onTestFinished(() => pool.close());
    const inventory = new Inventory({
      rule: anyRule(),
      sourceBucket: 'photos',
      source,
      destination,
      spool,
      pool,
    });
    onTestFinished(() => inventory.close());
    const { ranges } = await inventory.begin();
    const [range] = ranges;
    if (range === undefined) throw new Error('a plan has a range');
    limitFiles(process.pid, 0);
    const scan = inventory.scanShard(range, 'data/1');
    await scan.catch(() => undefined);
    limitFiles(process.pid, 'unlimited');
    await expect(scan).rejects.toMatchObject({ code: 'StorageFull' });
    expect(destination.objects.size).toBe(0);
    expect(await inventory.scanShard(range, 'data/1')).toMatchObject({ matched: 1 });
    expect([...destination.objects.keys()]).toEqual(['data/1']);
  },
);
