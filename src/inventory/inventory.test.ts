import { readdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { MemoryDestination } from '../../test/contract/memory-destination.ts';
import { MemorySource } from '../../test/contract/memory-source.ts';
import { plainRecord } from '../../test/plain-record.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { DomainError } from '../core/errors.ts';
import { prefixRange } from '../core/key-range.ts';
import { Inventory } from './inventory.ts';
import { ScanPool } from './scan-pool.ts';

test('a file that the destination refuses is not left on its way, where it takes room', async () => {
  const source = new MemorySource();
  await source.add('a', plainRecord);
  const destination = new MemoryDestination();
  const refusal = new DomainError('DestinationGone', 'There is no such bucket.');
  destination.putFile = () => Promise.reject(refusal);
  const spool = temporaryFolder();
  const pool = new ScanPool({ threads: 1 });
  onTestFinished(() => pool.close());
  const inventory = new Inventory({ rule: anyRule(), sourceBucket: 'photos', source, destination, spool, pool });
  onTestFinished(() => inventory.close());
  await inventory.begin();
  await expect(inventory.scanShard(prefixRange(''), 'data/1')).rejects.toBe(refusal);
  expect(await readdir(spool)).toEqual([]);
});
