/** Whose turn it is: work is bounded over all runs, and none of them starves another. */

import { expect, test, vi } from 'vitest';
import type { StoredRun } from '../../src/control/run-ledger.ts';
import { anyRule } from '../any-rule.ts';
import { PHOTOS, putRule } from '../control-fixture.ts';
import type { Point } from '../memory-engine.ts';
import { type MakeExecutor, openWorld, type Process, statesOf, untilOver, type World } from './executor-world.ts';

const FILMS = { id: 'b-films', name: 'films' };

/** Keeps every scan waiting until so many are under way for once. */
function scansWaitFor({ engine }: World, count: number): Point {
  const { promise: together, resolve } = Promise.withResolvers<void>();
  return async (name) => {
    if (engine.scanning.now === count) resolve();
    if (name === 'before scan') await together;
  };
}

const letters = (count: number) => Array.from({ length: count }, (_, number) => [String.fromCharCode(97 + number)]);
const startedOf = ({ events }: Process) =>
  events.filter(({ kind }) => kind === 'started').map(({ run }) => run.rule.id);

export function executorTurns(name: string, make: MakeExecutor): void {
  test(`${name}: so many runs at once and no more, and all of them in the end`, async () => {
    const world = await openWorld(make);
    world.engine.concurrency = 1;
    for (let i = 0; i < 7; i++) await putRule(world.control, { id: `rule-${i}` });
    world.at = scansWaitFor(world, 3);
    await world.start({ maxRuns: 3 }).executor.recover();
    await untilOver(world);
    expect(world.engine.scanning.most).toBe(3);
    expect(await statesOf(world)).toEqual(Array.from({ length: 7 }, () => 'published'));
  });

  test(`${name}: so many shards of a run at once and no more`, async () => {
    const world = await openWorld(make);
    world.engine.shards = Array.from({ length: 12 }, (_, number) => [String.fromCharCode(97 + number)]);
    world.engine.concurrency = 4;
    await putRule(world.control);
    world.at = scansWaitFor(world, 4);
    await world.start().executor.recover();
    await untilOver(world);
    expect(world.engine.scanning.most).toBe(4);
  });

  test(`${name}: waking twice at once executes a run once`, async () => {
    const world = await openWorld(make);
    await putRule(world.control);
    const { executor, events } = world.start();
    await Promise.all([executor.wake(), executor.wake(), executor.wake()]);
    await untilOver(world);
    expect(events.filter(({ kind }) => kind === 'started')).toHaveLength(1);
  });

  test(`${name}: so many shards of all runs at once and no more`, async () => {
    const world = await openWorld(make);
    world.engine.shards = letters(6);
    world.engine.concurrency = 4;
    for (const id of ['one', 'two', 'three']) await putRule(world.control, { id });
    world.at = scansWaitFor(world, 3);
    await world.start({ maxRuns: 3, maxShards: 3 }).executor.recover();
    await untilOver(world);
    expect(world.engine.scanning.most).toBe(3);
    expect(await statesOf(world)).toEqual(['published', 'published', 'published']);
  });

  test(`${name}: a run of one shard does not wait for the end of a run of many`, async () => {
    const world = await openWorld(make);
    world.engine.shardsOf = ({ rule }: StoredRun) => (rule.id === 'small' ? [['a']] : letters(20));
    // More of them ask for a place than there are.
    world.engine.concurrency = 4;
    await putRule(world.control, { id: 'large' });
    await putRule(world.control, { id: 'small' });
    const { promise: bothPlanned, resolve: planned } = Promise.withResolvers<void>();
    const { promise: smallEnded, resolve: ended } = Promise.withResolvers<void>();
    let plans = 0;
    let scans = 0;
    world.at = async (point) => {
      // The large one has both places before the small one asks for any.
      if (point === 'before plan' && ++plans === 2) await vi.waitFor(() => expect(scans).toBe(2), { interval: 2 });
      if (point === 'after plan' && plans === 2) planned();
      if (point !== 'before scan') return;
      scans++;
      // The first gives its place back, and who takes it may go on; the others wait for the end of the small one.
      if (scans === 1) await bothPlanned;
      else if (scans !== 3) await smallEnded;
    };
    const { executor } = world.start({
      maxShards: 2,
      onEvent: ({ kind, run }) => {
        if (kind === 'ended' && run.rule.id === 'small') ended();
      },
    });
    await executor.recover();
    await untilOver(world);
  });

  test(`${name}: of the runs that wait, the oldest of the bucket with the fewest under way is next`, async () => {
    const world = await openWorld(make);
    for (const id of ['photos-1', 'photos-2', 'photos-3']) await putRule(world.control, { id });
    await world.control.rules.put(FILMS, anyRule({ id: 'films-1' }), { replace: false });
    const { promise: allStarted, resolve } = Promise.withResolvers<void>();
    world.at = async (point) => {
      if (point === 'before open') await allStarted;
    };
    const process = world.start({ maxRuns: 3 });
    await process.executor.recover();
    await vi.waitFor(() => expect(startedOf(process)).toHaveLength(3), { interval: 2 });
    resolve();
    await untilOver(world);
    expect(startedOf(process)).toEqual(['photos-1', 'films-1', 'photos-2', 'photos-3']);
  });

  test(`${name}: a run that is cancelled while it waits is told and swept, and never begun`, async () => {
    const world = await openWorld(make);
    await putRule(world.control, { id: 'first' });
    await putRule(world.control, { id: 'second' });
    const { promise: turn, resolve: giveTurn } = Promise.withResolvers<void>();
    world.at = async (point) => {
      if (point === 'before open') await turn;
    };
    const process = world.start({ maxRuns: 1 });
    await process.executor.recover();
    process.executor.cancel((await world.control.rules.delete(PHOTOS.id, 'second')) ?? '');
    const told = () => process.events.map(({ kind, run }) => [kind, run.rule.id]);
    await vi.waitFor(() => expect(told()).toContainEqual(['cancelled', 'second']), { interval: 2 });
    await vi.waitFor(async () => expect(await world.control.ledger.unswept()).toEqual([]), { interval: 2 });
    giveTurn();
    await untilOver(world);
    await process.executor.close();
    expect(startedOf(process)).toEqual(['first']);
  });
}
