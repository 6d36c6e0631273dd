import { expect, onTestFinished, test, vi } from 'vitest';
import { MIDNIGHT_IN_CHINA, openControl, openRuns, PHOTOS, putRule } from '../../test/control-fixture.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import { DueBook } from '../control/due-book.ts';
import { VirtualClock } from '../core/virtual-clock.ts';
import { Scheduler, type SchedulerEvent, type SchedulerOptions } from './scheduler.ts';

const DAY_MS = 86_400_000;
/** Noon in China; the next due time is NOW_MS. */
const NOON_MS = NOW_MS - DAY_MS / 2;
const NOTHING = { planned: 0, missed: 0, isMore: false };

type Dues = SchedulerOptions['dues'];

/** A scheduler of dues that a test makes up. */
function openScheduler(dues: Partial<Dues>, change: Partial<SchedulerOptions> = {}) {
  const clock = new VirtualClock(NOON_MS);
  const events: SchedulerEvent[] = [];
  const options = {
    dues: {
      planDue: async () => NOTHING,
      nextDueAtMs: async () => undefined,
      clockSetBack: async () => undefined,
      ...dues,
    },
    clock,
    onPlanned: vi.fn(async () => undefined),
    onEvent: (event: SchedulerEvent) => events.push(event),
    onFault: vi.fn(),
    retryMs: 1,
    ...change,
  };
  const scheduler = new Scheduler(options);
  onTestFinished(() => scheduler.close());
  return { scheduler, events, ...options, clock };
}

/** A scheduler of real dues, with a daily rule whose first run is over. */
async function openWorld() {
  const control = await openControl();
  control.clock.nowMs = NOON_MS;
  await putRule(control);
  await control.db.deleteFrom('runs').execute();
  const dues = new DueBook(control.db, MIDNIGHT_IN_CHINA);
  return { ...control, ...openScheduler({}, { dues }) };
}

test('the alarm is set for the very due time, day after day', async () => {
  const { scheduler, clock, db, onPlanned } = await openWorld();
  await scheduler.start();
  for (let day = 0; day < 5; day++) {
    expect(clock.nextAlarmMs).toBe(NOW_MS + day * DAY_MS);
    // However late it is looked at.
    clock.set(NOW_MS + day * DAY_MS + day * 1234);
    await scheduler.idle();
    expect(onPlanned).toHaveBeenCalledTimes(day + 1);
    await db.updateTable('runs').set({ state: 'published' }).execute();
  }
  const rows = await db.selectFrom('runs').select('scheduled_for').orderBy('sequence').execute();
  expect(rows.map(({ scheduled_for }) => scheduled_for)).toEqual([0, 1, 2, 3, 4].map((day) => NOW_MS + day * DAY_MS));
});

test('what was missed before the start runs once, at the start', async () => {
  const { scheduler, clock, events } = await openWorld();
  clock.set(NOW_MS + 3 * DAY_MS);
  await scheduler.start();
  expect(events).toEqual([{ kind: 'planned', planned: 1, missed: 3 }]);
});

test('a rule that is put, or changed, moves the alarm', async () => {
  const { scheduler, rules, clock } = await openWorld();
  await scheduler.start();
  await rules.setEnabled(PHOTOS.id, 'nightly-all', false);
  scheduler.poke();
  await scheduler.idle();
  expect(clock.nextAlarmMs).toBeUndefined();
  await rules.setEnabled(PHOTOS.id, 'nightly-all', true);
  scheduler.poke();
  await scheduler.idle();
  expect(clock.nextAlarmMs).toBe(NOW_MS);
});

test('two schedulers that look at the same time plan a due time once', async () => {
  const { scheduler, dues, clock, db } = await openWorld();
  const other = openScheduler({}, { dues });
  clock.set(NOW_MS);
  other.clock.set(NOW_MS);
  await Promise.all([scheduler.start(), other.scheduler.start()]);
  expect(await openRuns({ db })).toHaveLength(1);
});

test('between two batches everything else has its turn', async () => {
  const order: string[] = [];
  let left = 3;
  const planDue = async () => {
    order.push('batch');
    setImmediate(() => order.push('turn'));
    return { planned: 100, missed: 0, isMore: --left > 0 };
  };
  const { scheduler, onPlanned } = openScheduler({ planDue });
  await scheduler.start();
  expect(order).toEqual(['batch', 'turn', 'batch', 'turn', 'batch']);
  expect(onPlanned).toHaveBeenCalledOnce();
});

test('a poke in the middle of a look makes another one', async () => {
  const planDue = vi.fn(async () => {
    if (planDue.mock.calls.length === 1) scheduler.poke();
    return NOTHING;
  });
  const { scheduler } = openScheduler({ planDue });
  await scheduler.start();
  expect(planDue).toHaveBeenCalledTimes(2);
});

test('a poke at the very end of a look is not lost', async () => {
  const planDue = vi.fn(async () => NOTHING);
  const { scheduler } = openScheduler({ planDue });
  await scheduler.start();
  for (let turns = 0; turns < 20; turns++) {
    const looks = planDue.mock.calls.length;
    scheduler.poke();
    for (let turn = 0; turn < turns; turn++) await undefined;
    const isDone = planDue.mock.calls.length > looks;
    scheduler.poke();
    await scheduler.idle();
    expect(planDue.mock.calls.length, `after ${turns} turns`).toBeGreaterThan(looks + (isDone ? 1 : 0));
  }
});

test('a database that fails ends nothing: the look is repeated until it goes well', async () => {
  const planDue = vi
    .fn<Dues['planDue']>()
    .mockRejectedValueOnce(new Error('disk I/O error'))
    .mockRejectedValueOnce(new Error('disk I/O error'))
    .mockResolvedValueOnce({ planned: 1, missed: 0, isMore: false })
    .mockResolvedValue(NOTHING);
  const { scheduler, onFault, onPlanned } = openScheduler({ planDue });
  await scheduler.start();
  expect(scheduler.isWell).toBe(false);
  await vi.waitFor(() => expect(onPlanned).toHaveBeenCalledOnce());
  await scheduler.idle();
  expect(scheduler.isWell).toBe(true);
  expect(onFault).toHaveBeenCalledTimes(2);
});

test('whoever could not be told of planned runs is told at the next look', async () => {
  const planDue = vi
    .fn<Dues['planDue']>()
    .mockResolvedValueOnce({ planned: 1, missed: 0, isMore: true })
    .mockRejectedValueOnce(new Error('disk I/O error'))
    .mockResolvedValue(NOTHING);
  const onPlanned = vi.fn(async () => undefined).mockRejectedValueOnce(new Error('disk I/O error'));
  const { scheduler } = openScheduler({ planDue }, { onPlanned });
  await scheduler.start();
  await vi.waitFor(() => expect(onPlanned).toHaveBeenCalledTimes(2));
  await scheduler.idle();
  scheduler.poke();
  await scheduler.idle();
  expect(onPlanned).toHaveBeenCalledTimes(2);
});

test('a clock that was set back is noticed at the start and by the next look', async () => {
  const clockSetBack = vi.fn(async () => undefined);
  const { scheduler, clock, events } = openScheduler({ clockSetBack });
  await scheduler.start();
  expect(clockSetBack).toHaveBeenCalledExactlyOnceWith(NOON_MS);
  clock.set(NOON_MS - DAY_MS);
  scheduler.poke();
  await scheduler.idle();
  expect(clockSetBack).toHaveBeenCalledTimes(2);
  expect(events).toEqual([{ kind: 'clock-set-back', byMs: DAY_MS }]);
  clock.set(NOON_MS);
  scheduler.poke();
  await scheduler.idle();
  expect(clockSetBack).toHaveBeenCalledTimes(2);
});

test('the clock is looked at each minute, because no alarm rings when it was set back', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const planDue = vi.fn(async () => NOTHING);
  const { scheduler } = openScheduler({ planDue });
  await scheduler.start();
  vi.advanceTimersByTime(60_000);
  await scheduler.idle();
  expect(planDue).toHaveBeenCalledTimes(2);
});

test('closing waits for the batch that is being planned, and nothing is planned after it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const planDue = vi.fn(async () => {
    await promise;
    return { planned: 1, missed: 0, isMore: true };
  });
  const { scheduler, clock, onPlanned } = openScheduler({ planDue, nextDueAtMs: async () => NOW_MS });
  scheduler.poke();
  await vi.waitFor(() => expect(planDue).toHaveBeenCalledOnce());
  const closing = scheduler.close();
  resolve();
  await closing;
  expect(planDue).toHaveBeenCalledOnce();
  expect(onPlanned).toHaveBeenCalledOnce();
  expect(clock.nextAlarmMs).toBeUndefined();
  scheduler.poke();
  await scheduler.idle();
  expect(planDue).toHaveBeenCalledOnce();
});
