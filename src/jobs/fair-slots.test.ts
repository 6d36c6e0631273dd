import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FairSlots } from './fair-slots.ts';

const NEVER = new AbortController().signal;

/** Places, with whoever has one until it is told to end. */
function openSlots(count: number) {
  const slots = new FairSlots(count);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const take = (owner: string, signal = NEVER) =>
    slots.use(owner, signal, () => {
      begun.push(owner);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  /** Ends the work that began first of those that are under way. */
  const endFirst = async () => {
    ends.shift()?.();
    await setImmediate();
  };
  return { slots, begun, take, endFirst };
}

test('no more at once than there are places', async () => {
  const { begun, take, endFirst } = openSlots(2);
  for (let n = 0; n < 5; n++) void take('run');
  await setImmediate();
  expect(begun).toHaveLength(2);
  await endFirst();
  expect(begun).toHaveLength(3);
});

test('the next place goes to the run with the fewest, though others have waited longer', async () => {
  const { begun, take, endFirst } = openSlots(2);
  for (let n = 0; n < 6; n++) void take('large');
  void take('small');
  await setImmediate();
  await endFirst();
  expect(begun).toEqual(['large', 'large', 'small']);
});

test('runs with equally many take turns, the one that waits longest first', async () => {
  const { begun, take, endFirst } = openSlots(2);
  for (const owner of ['a', 'a', 'a', 'b', 'b', 'c']) void take(owner);
  await setImmediate();
  for (let n = 0; n < 4; n++) await endFirst();
  expect(begun).toEqual(['a', 'a', 'b', 'a', 'b', 'c']);
});

test('who gives up waiting takes no place and keeps nobody from one', async () => {
  const { begun, take, endFirst } = openSlots(1);
  void take('first');
  const giving = new AbortController();
  const gaveUp = take('second', giving.signal);
  void take('third');
  giving.abort(new Error('cancelled'));
  await expect(gaveUp).rejects.toThrow('cancelled');
  await expect(take('fourth', giving.signal)).rejects.toThrow('cancelled');
  await endFirst();
  expect(begun).toEqual(['first', 'third']);
});

test('work that fails gives its place back', async () => {
  const { slots } = openSlots(1);
  const fail = () => Promise.reject(new Error('the disk said no'));
  await expect(slots.use('run', NEVER, fail)).rejects.toThrow('the disk said no');
  expect(await slots.use('run', NEVER, async () => 'done')).toBe('done');
});
