import { expect, test } from 'vitest';
import { openControl } from '../test/control-fixture.ts';
import { ClockMover, untilSettled } from './clock-mover.ts';
import { VirtualClockTable } from './control/virtual-clock-table.ts';
import { systemClock } from './core/clock.ts';
import { VirtualClock } from './core/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2027, 0, 1);

async function openMover(options: { readonly settled?: () => Promise<boolean>; readonly moveMs?: number } = {}) {
  const { db } = await openControl();
  const table = new VirtualClockTable(db);
  const clock = new VirtualClock(START_MS);
  const stops: number[] = [];
  const mover = new ClockMover({
    time: { clock, virtual: { clock, table } },
    moveMs: options.moveMs ?? 60_000,
    settled: async () => {
      // What is kept is never behind what the clock shows to those who work by it.
      expect(await table.read()).toBe(clock.now());
      stops.push(clock.now() - START_MS);
      return (await options.settled?.()) ?? true;
    },
  });
  return { clock, table, mover, stops };
}

/** Rings at each full hour, as something that is due again and again. */
function ringHourly(clock: VirtualClock, rung: number[] = []): number[] {
  const next = (Math.floor(clock.now() / HOUR_MS) + 1) * HOUR_MS;
  clock.alarm(next, () => {
    rung.push(clock.now() - START_MS);
    ringHourly(clock, rung);
  });
  return rung;
}

test('what was begun before a move, and all that falls due on its way, is done before the clock goes on', async () => {
  const { clock, mover, stops } = await openMover();
  const rung = ringHourly(clock);
  const toMs = START_MS + 2.5 * HOUR_MS;
  expect(await mover.move({ toMs, isJump: false })).toEqual({
    kind: 'virtual',
    now: '2027-01-01T02:30:00.000Z',
    isReached: true,
  });
  expect(rung).toEqual([HOUR_MS, 2 * HOUR_MS]);
  expect(stops).toEqual([0, HOUR_MS, 2 * HOUR_MS, 2.5 * HOUR_MS]);
});

test('a jump shows the new time at once, forward or back', async () => {
  const { clock, mover, stops } = await openMover();
  ringHourly(clock);
  await mover.move({ toMs: START_MS + 5 * HOUR_MS, isJump: true });
  await mover.move({ toMs: START_MS - HOUR_MS, isJump: true });
  expect(stops).toEqual([5 * HOUR_MS, -HOUR_MS]);
  expect(clock.now()).toBe(START_MS - HOUR_MS);
});

test('a move that takes too long says how far it got, and goes on when it is asked again', async () => {
  const slow = { isSettled: false };
  const { clock, mover } = await openMover({ settled: async () => slow.isSettled });
  ringHourly(clock);
  const toMs = START_MS + 3 * HOUR_MS;
  expect(await mover.move({ toMs, isJump: false })).toMatchObject({
    now: '2027-01-01T00:00:00.000Z',
    isReached: false,
  });
  slow.isSettled = true;
  expect(await mover.move({ toMs, isJump: false })).toMatchObject({ isReached: true });
  expect(clock.now()).toBe(toMs);
  slow.isSettled = false;
  expect(await mover.move({ toMs, isJump: false })).toMatchObject({ isReached: false });
});

test('an alarm that is overdue does not turn a move back', async () => {
  const { clock, mover } = await openMover();
  clock.alarm(START_MS - HOUR_MS, () => undefined);
  await mover.move({ toMs: START_MS + HOUR_MS, isJump: false });
  expect(clock.now()).toBe(START_MS + HOUR_MS);
});

test('the clock is moved by one at a time', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const { mover } = await openMover({ settled: () => promise });
  const first = mover.move({ toMs: START_MS + HOUR_MS, isJump: false });
  await expect(mover.move({ toMs: START_MS + HOUR_MS, isJump: false })).rejects.toMatchObject({ code: 'ClockMoving' });
  resolve(true);
  await first;
  await expect(mover.move({ toMs: START_MS + HOUR_MS, isJump: false })).resolves.toMatchObject({ isReached: true });
});

test.each([
  ['before the one that it shows', START_MS - 1, false, 'is earlier'],
  ['before 1970', -1, true, 'from 1970'],
  ['after the year 9998', Date.UTC(9999, 0, 2), true, 'from 1970 to 9999-01-01'],
])('a time %s is refused in words', async (_, toMs, isJump, words) => {
  const { clock, mover } = await openMover();
  await expect(mover.move({ toMs, isJump })).rejects.toMatchObject({
    code: 'InvalidArgument',
    message: expect.stringContaining(words),
  });
  expect(clock.now()).toBe(START_MS);
});

test("the machine's clock is shown and can not be moved", async () => {
  const mover = new ClockMover({ time: { clock: systemClock }, settled: () => Promise.resolve(true) });
  const { kind, now } = mover.view();
  expect(kind).toBe('system');
  expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(10_000);
  await expect(mover.move({ toMs: Date.now(), isJump: true })).rejects.toMatchObject({ code: 'ClockNotVirtual' });
});

test('what falls due is settled only when a rule had its turn whose run ended just now', async () => {
  const steps: string[] = [];
  /** Is a run open at each look? One ended after its rule was passed over, so that the next poke plans another. */
  const looks = [false, true, true, false, false];
  const settled = untilSettled({
    scheduler: { poke: () => steps.push('poke'), idle: async () => undefined },
    ledger: { hasOpen: async () => looks.shift() === true },
    events: { next: async () => undefined },
    housekeeper: { settled: async () => void steps.push('kept house') },
  });
  expect(await settled(AbortSignal.timeout(60_000))).toBe(true);
  expect(steps).toEqual([...Array<string>(5).fill('poke'), 'kept house']);
});

test('what is not settled in time is said to be under way', async () => {
  const { promise: never } = Promise.withResolvers<void>();
  const settled = untilSettled({
    scheduler: { poke: () => undefined, idle: async () => undefined },
    ledger: { hasOpen: async () => true },
    events: { next: async () => undefined },
    housekeeper: { settled: () => never },
  });
  expect(await settled(AbortSignal.abort())).toBe(false);
});
