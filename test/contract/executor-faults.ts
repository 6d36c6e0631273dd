/** Faults that pass and faults that don't, cancelling at the worst moments, and processes that are not as dead as thought. */

import { AssertionError } from 'node:assert/strict';
import { expect, test, vi } from 'vitest';
import { DomainError } from '../../src/core/errors.ts';
import { NIGHTLY, putRule } from '../control-fixture.ts';
import {
  assertPromises,
  kindsOf,
  type MakeExecutor,
  openWorld,
  type Process,
  runOf,
  SOON,
  statesOf,
  untilLast,
  untilOver,
  type World,
} from './executor-world.ts';

const HOUR_MS = 3_600_000;
/** Longer than any test takes. */
const LATER = { ...SOON, triesMs: [HOUR_MS / 10], endlessMs: [HOUR_MS / 10] };

/** Fails whatever comes to `point`, so many times. */
function failAt(
  world: World,
  point: string,
  { times = Number.POSITIVE_INFINITY, error = new Error('i/o error') } = {},
) {
  let left = times;
  world.at = async (name) => {
    if (name !== point || left === 0) return;
    left--;
    throw error;
  };
}

/** Holds whatever comes to `point`; resolves when something did. */
function holdAt(world: World, point: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.at = async (name) => {
    if (name !== point) return;
    resolve();
    await new Promise(() => undefined);
  };
  return promise;
}

/** Holds the first that comes to `point`, until it may go on. */
function pauseAt(world: World, point: string): { readonly paused: Promise<void>; readonly goOn: () => void } {
  const { promise: paused, resolve: pause } = Promise.withResolvers<void>();
  const { promise: gone, resolve: goOn } = Promise.withResolvers<void>();
  let isFirst = true;
  world.at = async (name) => {
    if (name !== point || !isFirst) return;
    isFirst = false;
    pause();
    await gone;
  };
  return { paused, goOn };
}

async function cancelRun(world: World, { executor }: Process): Promise<void> {
  const { uid } = await world.control.rules.get(NIGHTLY.bucketId, NIGHTLY.ruleId);
  await world.control.ledger.cancel(NIGHTLY, (await runOf(world))?.id ?? '', 'a test');
  executor.cancel(uid);
}

const noRoom = () => Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' });

export function executorFaults(name: string, make: MakeExecutor): void {
  async function openNightly(): Promise<World> {
    const world = await openWorld(make);
    await putRule(world.control);
    return world;
  }

  test(`${name}: a shard that fails twice is settled by its third attempt, and nothing is left of the first two`, async () => {
    const world = await openNightly();
    world.engine.concurrency = 1;
    failAt(world, 'after scan', { times: 2 });
    const process = world.start();
    await process.executor.recover();
    await untilLast(process, 'ended');
    await process.executor.close();
    expect(kindsOf(process)).toEqual(['started', 'attempt-failed', 'attempt-failed', 'publishing', 'ended']);
    const attempts = await world.control.db.selectFrom('attempts').selectAll().where('shard', '=', 0).execute();
    expect(attempts.map(({ state, fault }) => [state, fault === null])).toEqual([
      ['failed', false],
      ['failed', false],
      ['settled', true],
    ]);
    await assertPromises(world);
  });

  test(`${name}: a fault that does not pass is met five times, and then the run fails and says so`, async () => {
    const world = await openNightly();
    failAt(world, 'before begin', { error: noRoom() });
    const process = world.start();
    await process.executor.recover();
    await untilLast(process, 'failed');
    const tries = Array.from({ length: 4 }, () => ['started', 'put-off']).flat();
    expect(kindsOf(process)).toEqual([...tries, 'started', 'failed']);
    expect(await runOf(world)).toMatchObject({
      state: 'failed',
      tries: 5,
      retryAt: null,
      reason: { code: 'StorageFull', text: expect.stringContaining('tried 5 times') },
    });
    await assertPromises(world);
  });

  test(`${name}: a run that is put off says why and until when, leaves nothing behind and keeps no place`, async () => {
    const world = await openNightly();
    failAt(world, 'after scan');
    const process = world.start({ maxRuns: 1, delays: LATER });
    const before = Date.now();
    await process.executor.recover();
    await untilLast(process, 'put-off');
    const run = await runOf(world);
    expect(run).toMatchObject({ state: 'planned', tries: 1, reason: { code: 'InternalError' } });
    expect(Date.parse(run?.retryAt ?? '')).toBeGreaterThan(before + HOUR_MS / 20);
    await vi.waitFor(() => expect(world.engine.objects).toEqual(new Map()), { interval: 2 });

    world.at = async () => undefined;
    await putRule(world.control, { id: 'another' });
    await process.executor.wake();
    await untilLast(process, 'ended');
    expect(await statesOf(world)).toEqual(['planned', 'published']);
    await process.executor.close();
  });

  test(`${name}: a run that is put off is taken up by the next start when it is due, and not before`, async () => {
    const world = await openNightly();
    failAt(world, 'before open', { times: 1 });
    const first = world.start({ delays: LATER });
    await first.executor.recover();
    await untilLast(first, 'put-off');
    await first.executor.close();
    const early = world.start();
    await early.executor.recover();
    await early.executor.close();
    expect(early.events).toEqual([]);
    const due = world.start({ retryClock: { now: () => Date.now() + HOUR_MS / 5 } });
    await due.executor.recover();
    await untilLast(due, 'ended');
  });

  test(`${name}: a run that is put off is taken up when the clock was set back, which it would else wait out`, async () => {
    const world = await openNightly();
    failAt(world, 'before open', { times: 1 });
    const first = world.start({ delays: LATER });
    await first.executor.recover();
    await untilLast(first, 'put-off');
    await first.executor.close();
    const back = world.start({ retryClock: { now: () => Date.now() - HOUR_MS } });
    await back.executor.recover();
    await untilLast(back, 'ended');
  });

  test(`${name}: publishing is tried again for as long as it fails, and is not called failed`, async () => {
    const world = await openNightly();
    failAt(world, 'before put manifest', { times: 25 });
    const process = world.start({ delays: { ...SOON, triesMs: [] } });
    await process.executor.recover();
    await untilLast(process, 'ended');
    await process.executor.close();
    expect(kindsOf(process).filter((kind) => kind === 'put-off')).toHaveLength(25);
    expect(await statesOf(world)).toEqual(['published']);
    await assertPromises(world);
  });

  test(`${name}: an error after the manifest is visible removes nothing, and the run is published in the end`, async () => {
    const world = await openNightly();
    let failures = 0;
    world.at = async (point) => {
      if (point === 'before published' && failures++ < 3) throw new Error('the database is locked');
      if (point === 'before removeFiles' && failures > 0) throw new Error('nothing is to be removed any more');
    };
    const process = world.start();
    await process.executor.recover();
    await untilLast(process, 'ended');
    await process.executor.close();
    await assertPromises(world);
  });

  const broken = new AssertionError({ message: 'shard 3 overlaps the one before it' });

  test.each(['before begin', 'before scan', 'before put checksum', 'before put manifest'])(
    `${name}: a promise of ours that is broken %s ends the run at once`,
    async (point) => {
      const world = await openNightly();
      failAt(world, point, { error: broken });
      const process = world.start();
      await process.executor.recover();
      await untilLast(process, 'failed');
      expect(process.events.at(-1)).toMatchObject({ reason: { code: 'InternalError' }, cause: broken });
      expect(kindsOf(process)).not.toContain('put-off');
      await vi.waitFor(() => assertPromises(world), { interval: 2 });
    },
  );

  test(`${name}: a promise of ours that is broken when the report is visible fails no run`, async () => {
    const world = await openNightly();
    failAt(world, 'after put manifest', { error: broken, times: 1 });
    const process = world.start();
    await process.executor.recover();
    await untilLast(process, 'ended');
    expect(kindsOf(process)).toContain('put-off');
    await assertPromises(world);
  });

  test(`${name}: an error that says nothing about runs is taken for one that may pass`, async () => {
    const world = await openNightly();
    failAt(world, 'before begin', { error: new DomainError('StorageUnusable', 'Start again.'), times: 1 });
    const process = world.start();
    await process.executor.recover();
    await untilLast(process, 'ended');
    expect(process.events[1]).toMatchObject({ kind: 'put-off', reason: { code: 'InternalError' } });
  });

  test(`${name}: a state that cannot be settled is looked into again`, async () => {
    const world = await openNightly();
    let failures = 0;
    world.at = async (point) => {
      const isMeant = ['before begin', 'before putOff'].includes(point);
      if (isMeant && failures++ < 4) throw new Error('the database is locked');
    };
    const process = world.start();
    await process.executor.recover();
    await untilLast(process, 'ended');
    expect(kindsOf(process).filter((kind) => kind === 'postponed')).toHaveLength(2);
    await assertPromises(world);
  });

  test.each(['before begin', 'after begin', 'before scan', 'after scan'])(
    `${name}: a run that hangs %s is cancelled and leaves nothing`,
    async (point) => {
      const world = await openNightly();
      const held = holdAt(world, point);
      const process = world.start();
      await process.executor.recover();
      await held;
      await cancelRun(world, process);
      await untilLast(process, 'cancelled');
      await process.executor.close();
      expect(await runOf(world)).toMatchObject({ state: 'cancelled', reason: { text: 'Cancelled by a test.' } });
      expect(await world.control.ledger.unswept()).toEqual([]);
      await assertPromises(world);
    },
  );

  test(`${name}: a run that waits for the place of another's shard can be cancelled`, async () => {
    const world = await openNightly();
    await putRule(world.control, { id: 'holds-the-place' });
    const process = world.start({ maxShards: 1 });
    const { promise: end, resolve } = Promise.withResolvers<void>();
    const plans: string[] = [];
    world.at = async (point) => {
      if (point === 'after plan') plans.push(point);
      if (point === 'before scan') await end;
    };
    await process.executor.recover();
    await vi.waitFor(() => expect(plans).toHaveLength(2), { interval: 2 });
    await cancelRun(world, process);
    await untilLast(process, 'cancelled');
    resolve();
    await untilOver(world);
    expect(await statesOf(world)).toEqual(['cancelled', 'published']);
  });

  test.each([
    ['for its next attempt', { attemptsMs: [HOUR_MS] }, 'attempt-failed'],
    ['for its next try', { attemptsMs: [], triesMs: [HOUR_MS / 10] }, 'put-off'],
  ] as const)(`${name}: a run that waits %s can be cancelled`, async (_, delays, waits) => {
    const world = await openNightly();
    world.engine.concurrency = 1;
    failAt(world, 'before scan', { times: 1 });
    const process = world.start({ delays: { ...SOON, ...delays } });
    await process.executor.recover();
    await untilLast(process, waits);
    await cancelRun(world, process);
    await untilLast(process, 'cancelled');
    await process.executor.close();
    expect(await world.control.ledger.unswept()).toEqual([]);
    await assertPromises(world);
  });

  test.each([
    ['with a shard', 'after scan', 'before put checksum'],
    ['with a whole scan', 'before publishing', 'before scan'],
  ])(
    `${name}: whoever comes back %s, after another has begun the run again, settles nothing and fails nothing`,
    async (_, frozenAt, goneOnTo) => {
      const world = await openNightly();
      world.engine.concurrency = 1;
      const first = pauseAt(world, frozenAt);
      const zombie = world.start({ delays: { ...SOON, ledgerMs: HOUR_MS } });
      await zombie.executor.recover();
      await first.paused;
      const other = pauseAt(world, goneOnTo);
      const second = world.start();
      await second.executor.recover();
      await other.paused;
      first.goOn();
      await untilLast(zombie, 'postponed');
      await zombie.executor.close();
      other.goOn();
      await untilLast(second, 'ended');
      expect(await statesOf(world)).toEqual(['published']);
      const reports = [...world.engine.objects.keys()].filter((key) => key.endsWith('manifest.json'));
      expect(reports).toHaveLength(1);
    },
  );
}
