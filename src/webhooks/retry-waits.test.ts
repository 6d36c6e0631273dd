import { expect, test } from 'vitest';
import { MAX_TRIES, MAX_WAIT_MS, waitAfter } from './retry-waits.ts';

test('waits grow from seconds to a day, and end', () => {
  const waits = Array.from({ length: MAX_TRIES }, (_, tried) => waitAfter(tried + 1, 0));
  expect(waits).toEqual([5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000, undefined]);
});

test('chance makes a wait up to a fifth longer, never shorter, and never longer than the longest', () => {
  expect(waitAfter(1, 0.5)).toBe(5_500);
  expect(waitAfter(7, 1)).toBe(MAX_WAIT_MS);
});
