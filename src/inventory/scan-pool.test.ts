import { expect, onTestFinished, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { MemoryDestination } from '../../test/contract/memory-destination.ts';
import { MemorySource } from '../../test/contract/memory-source.ts';
import { plainRecord } from '../../test/plain-record.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { prefixRange } from '../core/key-range.ts';
import { Inventory } from './inventory.ts';
import { ScanPool } from './scan-pool.ts';
import type { Source } from './source.ts';

function openPool(threads: number, idleMs?: number): ScanPool {
  const pool = new ScanPool({ threads, ...(idleMs !== undefined && { idleMs }) });
  onTestFinished(() => pool.close());
  return pool;
}

async function sourceOf(keys: readonly string[], options?: { readonly failAfterRows: number }): Promise<MemorySource> {
  const source = new MemorySource(options);
  for (const key of keys) await source.add(key, plainRecord);
  return source;
}

function openInventory(pool: ScanPool, source: Source): Inventory {
  const spool = temporaryFolder();
  const destination = new MemoryDestination();
  const inventory = new Inventory({ rule: anyRule(), sourceBucket: 'photos', source, destination, spool, pool });
  onTestFinished(() => inventory.close());
  return inventory;
}

/** A run from its beginning to its end; gives the rows that matched. */
async function run(pool: ScanPool, source: Source): Promise<number> {
  const inventory = openInventory(pool, source);
  const { ranges } = await inventory.begin();
  let matched = 0;
  for (const [number, range] of ranges.entries()) matched += (await inventory.scanShard(range, `${number}`)).matched;
  await inventory.close();
  return matched;
}

test('one run after another is scanned by one thread, each with its own source and its own counts', async () => {
  const pool = openPool(2);
  const thread = pool.lease(1);
  await pool.giveBack(thread);
  for (const count of [1, 5, 0, 3]) {
    expect(await run(pool, await sourceOf(Array.from({ length: count }, (_, n) => `k${n}`)))).toBe(count);
    expect(pool.size).toBe(1);
  }
  expect(pool.lease(1)).toEqual(thread);
  await pool.giveBack(thread);
});

test('a large run gets as many threads beside small ones as alone, and each run gets one', async () => {
  const pool = openPool(3);
  const leases = [1, 1, 1, 9, 2, 1].map((wanted) => pool.lease(wanted));
  expect(leases.map(({ length }) => length)).toEqual([1, 1, 1, 3, 2, 1]);
  const [, , , large = []] = leases;
  await pool.giveBack(large);
  await pool.giveBack([]);
  expect(pool.lease(2)).toHaveLength(2);
  expect(pool.lease(9)).toHaveLength(2);
  expect(pool.lease(9)).toHaveLength(1);
});

test('a thread in which something broke is not used again', async () => {
  const pool = openPool(1);
  const broken = openInventory(pool, await sourceOf(['a', 'b'], { failAfterRows: 1 }));
  await broken.begin();
  await expect(broken.scanShard(prefixRange(''), 'k')).rejects.toThrow('the source broke');
  await broken.close();
  expect(pool.size).toBe(0);
  expect(await run(pool, await sourceOf(['a']))).toBe(1);
});

test('a run that is stopped leaves none of its stop to the next', async () => {
  const pool = openPool(1);
  const stopped = openInventory(pool, await sourceOf(['a']));
  await stopped.begin();
  stopped.stop();
  await stopped.close();
  stopped.stop();
  expect(await run(pool, await sourceOf(['a', 'b']))).toBe(2);
});

test('what a run asks for after its end reaches no thread, which may be at work for another', async () => {
  const pool = openPool(1);
  const over = openInventory(pool, await sourceOf(['a']));
  await over.begin();
  await over.close();
  const next = openInventory(pool, await sourceOf(['a', 'b']));
  const { ranges } = await next.begin();
  await expect(over.scanShard(prefixRange(''), 'k')).rejects.toThrow();
  over.stop();
  expect(over.counts()).toEqual({ scanned: 0, matched: 0, bytesWritten: 0 });
  const [range = prefixRange('')] = ranges;
  expect(await next.scanShard(range, 'k')).toMatchObject({ matched: 2 });
});

test('a thread that is idle for long enough ends', async () => {
  const pool = openPool(1, 1);
  expect(await run(pool, await sourceOf(['a']))).toBe(1);
  await expect.poll(() => pool.size).toBe(0);
  expect(await run(pool, await sourceOf(['a']))).toBe(1);
});

test('closing ends the threads at work too, and there are no others afterwards', async () => {
  const pool = openPool(2);
  expect(await run(pool, await sourceOf(['a']))).toBe(1);
  const inventory = openInventory(pool, await sourceOf(['a']));
  await inventory.begin();
  await pool.close();
  await expect(inventory.scanShard(prefixRange(''), 'k')).rejects.toThrow();
  await inventory.close();
  expect(pool.size).toBe(0);
  expect(() => pool.lease(1)).toThrow('closed');
});
