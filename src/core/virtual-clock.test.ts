import { expect, test, vi } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

test('a virtual clock stands still until it is set, forward or back', () => {
  const clock = new VirtualClock(1000);
  expect(clock.now()).toBe(1000);
  clock.set(5000);
  expect(clock.now()).toBe(5000);
  clock.set(2000);
  expect(clock.now()).toBe(2000);
});

test('alarms ring once, in the order of their times, when the clock is set to them or beyond', () => {
  const clock = new VirtualClock(0);
  const rung: number[] = [];
  for (const atMs of [300, 100, 200, 400]) clock.alarm(atMs, () => rung.push(atMs));
  clock.set(99);
  expect(rung).toEqual([]);
  expect(clock.nextAlarmMs).toBe(100);
  clock.set(300);
  expect(rung).toEqual([100, 200, 300]);
  clock.set(350);
  expect(rung).toEqual([100, 200, 300]);
  expect(clock.nextAlarmMs).toBe(400);
});

test('an alarm for a time that is past rings by itself, and not before whoever set it is done', async () => {
  const clock = new VirtualClock(1000);
  const ring = vi.fn();
  clock.alarm(1000, ring);
  expect(ring).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(ring).toHaveBeenCalledOnce());
});

test('an alarm that was taken back does not ring, not even by one that rings with it', () => {
  const clock = new VirtualClock(0);
  const late = vi.fn();
  const early = vi.fn();
  clock.alarm(10, early)();
  clock.alarm(20, () => takeBack());
  const takeBack = clock.alarm(30, late);
  clock.set(100);
  expect(early).not.toHaveBeenCalled();
  expect(late).not.toHaveBeenCalled();
  expect(clock.nextAlarmMs).toBeUndefined();
});
