import { expect, test, vi } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import {
  assertPromises,
  openWorld as openAnyWorld,
  untilOver,
  type World,
} from '../../test/contract/executor-world.ts';
import { PHOTOS, putRule } from '../../test/control-fixture.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import { DomainError } from '../core/errors.ts';
import { LocalExecutor } from './local-executor.ts';

const openWorld = () => openAnyWorld((options) => new LocalExecutor(options));

test('each step is written down before it has an effect, and settled after it', async () => {
  const world = await openWorld();
  world.engine.concurrency = 1;
  await putRule(world.control);
  const trace: string[] = [];
  world.at = async (name) => {
    trace.push(name);
  };
  await world.start().executor.recover();
  await untilOver(world);
  expect(trace.filter((name) => name.startsWith('after ') && name !== 'after find')).toEqual([
    'after removeFiles',
    'after scanning',
    'after open',
    'after isFolderTaken',
    'after reserveFolder',
    'after begin',
    'after plan',
    ...['after scan', 'after settleShard'],
    ...['after scan', 'after settleShard'],
    ...['after scan', 'after settleShard'],
    'after close',
    'after publishing',
    'after put checksum',
    'after put manifest',
    'after published',
  ]);
  await assertPromises(world);
});

test('an unexpected error ends the run as InternalError, with its cause told to the log', async () => {
  const world = await openWorld();
  await putRule(world.control);
  const cause = new Error('out of cheese');
  world.at = async (name) => {
    if (name === 'before begin') throw cause;
  };
  const { executor, events } = world.start();
  await executor.recover();
  await untilOver(world);
  expect(events.at(-1)).toMatchObject({
    kind: 'failed',
    reason: { code: 'InternalError', text: expect.stringContaining('out of cheese') },
    cause,
  });
});

/** Puts an object of somebody else into each of so many minutes from now on, under a name that a report has there. */
function fillMinutes({ engine }: World, count: number, name = 'manifest.json'): void {
  for (let minute = 0; minute < count; minute++) {
    const iso = new Date(NOW_MS + minute * 60_000).toISOString();
    const folder = `inv/photos/nightly-all/${iso.slice(0, 13)}-${iso.slice(14, 16)}Z`;
    engine.objects.set(`${folder}/${name}`, 'of another life');
  }
}

test.each(['manifest.checksum', 'report.json'])(
  "a run that fails leaves somebody else's %s where it was",
  async (name) => {
    const world = await openWorld();
    fillMinutes(world, 1, name);
    const found = [...world.engine.objects];
    await putRule(world.control);
    world.at = async (point) => {
      if (point === 'before put manifest') throw new DomainError('RoleLost', 'The role no longer exists.');
    };
    const { executor, events } = world.start();
    await executor.recover();
    await untilOver(world);
    await executor.close();
    expect(events.at(-1)).toMatchObject({ kind: 'failed' });
    expect([...world.engine.objects]).toEqual(found);
  },
);

test('a run that finds a report in each minute of a week fails in words', async () => {
  const world = await openWorld();
  fillMinutes(world, 7 * 24 * 60);
  await putRule(world.control);
  const { executor, events } = world.start();
  await executor.recover();
  await untilOver(world);
  await executor.close();
  expect(events.at(-1)).toMatchObject({
    kind: 'failed',
    reason: { code: 'ReportInconsistent', text: expect.stringContaining('another destination prefix') },
  });
});

test('the search for a free minute ends when the run is cancelled', async () => {
  const world = await openWorld();
  fillMinutes(world, 100);
  await putRule(world.control);
  let looks = 0;
  world.at = async (name) => {
    if (name !== 'before isFolderTaken' || ++looks < 5) return;
    executor.cancel((await world.control.rules.delete(PHOTOS.id, 'nightly-all')) ?? '');
  };
  const { executor, events } = world.start();
  await executor.recover();
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'cancelled' }), { interval: 2 });
  expect(looks).toBe(5);
});

test('keys that no bucket can hold are refused before anything is done', async () => {
  const world = await openWorld();
  const destination = { ...anyRule().destination, prefix: 'p'.repeat(1000) };
  await putRule(world.control, { destination });
  const { executor, events } = world.start();
  await executor.recover();
  await untilOver(world);
  expect(events.at(-1)).toMatchObject({ kind: 'failed', reason: { code: 'ReportKeyTooLong' } });
});

test('the end of a bucket with many rules is one look at what their runs left, and each of them is seen to', async () => {
  const world = await openWorld();
  const { rules, ledger } = world.control;
  for (let index = 0; index < 30; index++) await putRule(world.control, { id: `rule-${index}` });
  const unswept = vi.spyOn(ledger, 'unswept');
  const { executor, events } = world.start();
  for (const uid of await rules.deleteBucket(PHOTOS.id)) executor.cancel(uid);
  await vi.waitFor(() => expect(events).toHaveLength(30), { interval: 2 });
  expect(new Set(events.map(({ kind, run }) => `${kind} ${run.rule.id}`)).size).toBe(30);
  expect(unswept.mock.calls.length).toBeLessThan(5);
  await executor.close();
  expect(await ledger.unswept()).toEqual([]);
});
