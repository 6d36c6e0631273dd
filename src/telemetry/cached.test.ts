import { expect, test } from 'vitest';
import { cached } from './cached.ts';

function counting(fails: () => boolean = () => false) {
  let reads = 0;
  const clock = { ms: 0 };
  const read = async () => {
    reads++;
    if (fails()) throw new Error('unreadable');
    return reads;
  };
  return { get: cached(read, { keepMs: 5000, elapsedMs: () => clock.ms }), clock };
}

test('a value is read once for all who ask, and anew when it is no longer good', async () => {
  const { get, clock } = counting();
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
  clock.ms = 4999;
  expect(await get()).toBe(1);
  clock.ms = 5000;
  expect(await get()).toBe(2);
});

test('a value that does not come is not read again beside itself', async () => {
  let reads = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const clock = { ms: 0 };
  const read = async () => {
    reads++;
    await promise;
    return reads;
  };
  const get = cached(read, { keepMs: 5000, elapsedMs: () => clock.ms });
  const first = get();
  clock.ms = 1_000_000;
  const second = get();
  expect(reads).toBe(1);
  resolve();
  expect(await Promise.all([first, second, get()])).toEqual([1, 1, 1]);
});

test('a failure is told to those who waited for it, and to nobody after them', async () => {
  let isFailing = true;
  const { get } = counting(() => isFailing);
  await expect(get()).rejects.toThrow('unreadable');
  isFailing = false;
  expect(await get()).toBe(2);
});
