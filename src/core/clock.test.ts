import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('an alarm rings once, at its time', () => {
  const ring = vi.fn();
  systemClock.alarm(Date.now() + 200_000, ring);
  vi.advanceTimersByTime(199_999);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ring).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(1_000_000);
  expect(ring).toHaveBeenCalledOnce();
});

test('an alarm for a time that is past rings as soon as whoever set it is done', () => {
  const ring = vi.fn();
  systemClock.alarm(0, ring);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(0);
  expect(ring).toHaveBeenCalledOnce();
});

test('after a jump of the clock an alarm rings within a minute, and after one back it waits for its time', () => {
  const ring = vi.fn();
  const atMs = Date.now() + 3_600_000;
  systemClock.alarm(atMs, ring);
  vi.setSystemTime(atMs - 7_200_000);
  vi.advanceTimersByTime(3_600_000);
  expect(ring).not.toHaveBeenCalled();
  vi.setSystemTime(atMs + 1);
  vi.advanceTimersByTime(60_000);
  expect(ring).toHaveBeenCalledOnce();
});

test('an alarm that was taken back never rings', () => {
  const ring = vi.fn();
  const takeBack = systemClock.alarm(Date.now() + 100_000, ring);
  vi.advanceTimersByTime(70_000);
  takeBack();
  vi.advanceTimersByTime(1_000_000);
  expect(ring).not.toHaveBeenCalled();
});

test('an alarm of decades ahead keeps to its time', () => {
  const ring = vi.fn();
  const takeBack = systemClock.alarm(Date.now() + 30 * 365 * 86_400_000, ring);
  vi.advanceTimersByTime(600_000);
  expect(ring).not.toHaveBeenCalled();
  takeBack();
});
