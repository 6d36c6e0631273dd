import { expect, onTestFinished, test, vi } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { type Control, openControl, openRun, PHOTOS, putRule, WHOLE_RANGE } from '../../test/control-fixture.ts';
import { MemoryEngine, type Point } from '../../test/memory-engine.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import type { RunLedger } from '../control/run-ledger.ts';
import { DomainError } from '../core/errors.ts';
import { manifestFileKeys } from '../core/report.ts';
import { OPEN_RUN_STATES } from '../core/run.ts';
import { LocalExecutor, type RunEvent } from './local-executor.ts';

/** The steps of the ledger that the executor takes. */
const STEPS = new Set([
  'find',
  'scanning',
  'reserveFolder',
  'plan',
  'settleShard',
  'publishing',
  'published',
  'empty',
  'failed',
  'swept',
]);

/** One process: an executor on a control state and a destination that outlive it. */
interface Process {
  readonly executor: LocalExecutor;
  readonly events: RunEvent[];
}

/** A control state, a destination, and a point that every step of either passes through. */
interface World {
  readonly control: Control;
  readonly engine: MemoryEngine;
  /** Called at every point; a test puts its own in. */
  at: Point;
  start(options?: { readonly maxRuns?: number }): Process;
}

async function openWorld(): Promise<World> {
  const control = await openControl();
  const engine = new MemoryEngine((name) => world.at(name));
  const ledger = passingPoints(control.ledger, (name) => world.at(name));
  const world: World = {
    control,
    engine,
    at: async () => undefined,
    start({ maxRuns = 2 } = {}) {
      const events: RunEvent[] = [];
      const onEvent = (event: RunEvent) => events.push(event);
      const executor = new LocalExecutor({ ledger, engine, clock: control.clock, maxRuns, onEvent, retryMs: 1 });
      onTestFinished(() => {
        world.at = async () => undefined;
      });
      return { executor, events };
    },
  };
  return world;
}

/** The ledger with a point before and after each step. */
function passingPoints(ledger: RunLedger, at: Point): RunLedger {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (typeof name === 'symbol' || !STEPS.has(name)) return value.bind(target);
      return async (...args: unknown[]) => {
        await at(`before ${name}`);
        const result: unknown = await value.apply(target, args);
        await at(`after ${name}`);
        return result;
      };
    },
  });
}

async function statesOf({ control }: World): Promise<string[]> {
  const rows = await control.db.selectFrom('runs').select('state').orderBy('sequence').execute();
  return rows.map(({ state }) => state);
}

async function untilOver(world: World): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const state of await statesOf(world)) expect(OPEN_RUN_STATES).not.toContain(state);
    },
    { interval: 2, timeout: 5000 },
  );
}

/** What is promised of a destination, whatever happened: whole reports, nothing else, and states that say the same. */
async function assertPromises(world: World): Promise<void> {
  const { objects } = world.engine;
  const manifests = [...objects].filter(([key]) => key.endsWith('/manifest.json'));
  const inReports = manifests.flatMap(([key, manifest]) => [
    key,
    key.replace('.json', '.checksum'),
    ...manifestFileKeys(Buffer.from(manifest)),
  ]);
  expect([...objects.keys()].toSorted()).toEqual(inReports.toSorted());
  const rows = await world.control.db.selectFrom('runs').select(['state', 'manifest_key']).execute();
  const published = rows.filter(({ state }) => state === 'published').map(({ manifest_key }) => manifest_key);
  expect(published.toSorted()).toEqual(manifests.map(([key]) => key).toSorted());
}

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
    'after hasReport',
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

interface Incident {
  readonly happens: (world: World, process: Process) => Promise<void>;
  /** How the run may have ended after it. */
  readonly ends: readonly string[];
  /** Only at these points; at all of them when absent. */
  readonly points?: readonly string[];
}

/** What may happen at a point of a run. */
const INCIDENTS: Readonly<Record<string, Incident>> = {
  'the process dies': { happens: () => new Promise(() => undefined), ends: ['published'] },
  'the step fails unexpectedly': {
    async happens() {
      throw new Error('the disk said no');
    },
    ends: ['published', 'failed'],
  },
  'the step is refused': {
    async happens() {
      throw new DomainError('RoleLost', 'The role no longer exists.');
    },
    ends: ['failed'],
    points: ['removeFiles', 'open', 'hasReport', 'begin', 'scan', 'put checksum', 'put manifest'].map(
      (effect) => `before ${effect}`,
    ),
  },
  'the rule is deleted': {
    async happens({ control }, { executor }) {
      const uid = await control.rules.delete(PHOTOS.id, 'nightly-all');
      executor.cancel(uid ?? '');
    },
    ends: ['published', 'cancelled'],
  },
  'the rule is deleted and the step fails': {
    async happens({ control }, { executor }) {
      const uid = await control.rules.delete(PHOTOS.id, 'nightly-all');
      executor.cancel(uid ?? '');
      throw new Error('the disk said no');
    },
    ends: ['published', 'cancelled'],
  },
  'the process is shut down': {
    async happens(_, { executor }) {
      // It waits for the very step that it is called from.
      void executor.close();
    },
    ends: ['published'],
  },
  'the process is shut down and the step fails': {
    async happens(_, { executor }) {
      void executor.close();
      throw new Error('the disk said no');
    },
    ends: ['published'],
  },
  'the destination is deleted': {
    async happens({ engine }) {
      engine.objects.clear();
      engine.isDestinationGone = true;
    },
    ends: ['failed', 'published'],
  },
};

/** The points that a run passes when nothing happens to it. */
async function pointsOfRun(): Promise<string[]> {
  const world = await openWorld();
  await putRule(world.control);
  const points: string[] = [];
  world.at = async (name) => {
    points.push(name);
  };
  await world.start().executor.recover();
  await untilOver(world);
  return points;
}

test.each(Object.keys(INCIDENTS))(
  'when %s, at whatever point, the next start finds reports whole or gone and ends the run',
  async (name) => {
    const incident = INCIDENTS[name];
    if (incident === undefined) throw new Error(`no incident "${name}"`);
    const points = await pointsOfRun();
    expect(points.length).toBeGreaterThan(30);
    for (const index of points.keys()) {
      if (incident.points?.includes(points[index] ?? '') === false) continue;
      const world = await openWorld();
      await putRule(world.control);
      const first = world.start();
      let passed = 0;
      let point = 'none';
      const { promise: happened, resolve } = Promise.withResolvers<void>();
      world.at = async (name) => {
        if (passed++ !== index) return;
        point = name;
        resolve();
        await incident.happens(world, first);
      };
      await first.executor.recover();
      await happened;
      const isAtItsEnd = name.startsWith('the process') || name.startsWith('the rule is deleted and');
      if (isAtItsEnd) void first.executor.close();
      else await untilOver(world);
      world.at = async () => undefined;
      if (name !== 'the process dies') await first.executor.close();

      const next = world.start();
      await next.executor.recover();
      await untilOver(world);
      await next.executor.close();
      const [state] = await statesOf(world);
      expect(incident.ends, `at the point "${point}"`).toContain(state);
      if (name !== 'the destination is deleted') await assertPromises(world);
    }
  },
  60_000,
);

test('an error after the manifest is visible sweeps nothing, and the run is published in the end', async () => {
  const world = await openWorld();
  await putRule(world.control);
  let failures = 0;
  world.at = async (name) => {
    if (name === 'before published' && failures++ < 3) throw new Error('the database is locked');
    if (name === 'before removeFiles' && failures > 0) throw new Error('nothing is to be removed any more');
  };
  const { executor, events } = world.start();
  await executor.recover();
  await untilOver(world);
  await executor.close();
  expect(await statesOf(world)).toEqual(['published']);
  expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['postponed', 'ended']));
  await assertPromises(world);
});

test('publishing again after a restart gives the same bytes', async () => {
  const world = await openWorld();
  await putRule(world.control);
  world.at = async (name) => {
    if (name === 'before published') await new Promise(() => undefined);
  };
  const first = world.start();
  await first.executor.recover();
  await vi.waitFor(() => expect([...world.engine.objects.keys()].join()).toContain('manifest.json'), { interval: 2 });
  const before = new Map(world.engine.objects);
  world.at = async () => undefined;
  world.control.clock.nowMs += 3_600_000;
  await world.start().executor.recover();
  await untilOver(world);
  expect(world.engine.objects).toEqual(before);
});

test('an error that the engine expects ends the run in its words', async () => {
  const world = await openWorld();
  world.engine.isDestinationGone = true;
  await putRule(world.control);
  const run = await openRun(world.control);
  const { executor, events } = world.start();
  await executor.recover();
  await untilOver(world);
  expect(await world.control.ledger.view({ bucketId: PHOTOS.id, ruleId: 'nightly-all' }, run.id)).toMatchObject({
    state: 'failed',
    reason: { code: 'DestinationGone', text: expect.stringContaining('Create it') },
    finishedAt: expect.any(String),
  });
  expect(events).toMatchObject([{ kind: 'started' }, { kind: 'failed', reason: { code: 'DestinationGone' } }]);
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

test('a report that is visible is published, though a file of it was removed before the next start', async () => {
  const world = await openWorld();
  await putRule(world.control);
  world.at = async (name) => {
    if (name === 'before published') await new Promise(() => undefined);
  };
  await world.start().executor.recover();
  await vi.waitFor(() => expect([...world.engine.objects.keys()].join()).toContain('manifest.json'), { interval: 2 });
  const dataFile = [...world.engine.objects.keys()].find((key) => key.includes('/data/')) ?? '';
  world.engine.objects.delete(dataFile);
  world.at = async () => undefined;
  await world.start().executor.recover();
  await untilOver(world);
  expect(await statesOf(world)).toEqual(['published']);
});

test('a run that is cancelled while it waits is told and swept when its turn comes', async () => {
  const world = await openWorld();
  await putRule(world.control, { id: 'first' });
  await putRule(world.control, { id: 'second' });
  const [first, second] = await world.control.ledger.open();
  // An earlier process had begun to scan the second.
  await world.control.ledger.scanning(second?.id ?? '');
  await world.control.ledger.plan(second?.id ?? '', NOW_MS, [{ number: 0, range: WHOLE_RANGE, fileKey: 'left' }]);
  world.engine.objects.set('left', 'by an earlier process');
  const { promise: turn, resolve: giveTurn } = Promise.withResolvers<void>();
  world.at = async (name) => {
    if (name === 'before open') await turn;
  };
  const { executor, events } = world.start({ maxRuns: 1 });
  await executor.recover();
  executor.cancel((await world.control.rules.delete(PHOTOS.id, 'second')) ?? '');
  giveTurn();
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'cancelled' }), { interval: 2 });
  await vi.waitFor(async () => expect(await world.control.ledger.unswept()).toEqual([]), { interval: 2 });
  await executor.close();
  expect(events.map(({ kind, run }) => [kind, run.id])).toEqual([
    ['started', first?.id],
    ['ended', first?.id],
    ['cancelled', second?.id],
  ]);
  await assertPromises(world);
});

test('a shard that fails stops the others, and its failure is the reason', async () => {
  const world = await openWorld();
  await putRule(world.control);
  let scans = 0;
  world.at = async (name) => {
    if (name !== 'before scan') return;
    if (scans++ === 0) await new Promise(() => undefined); // A scan without end, but for being stopped.
    throw new DomainError('DestinationGone', 'The destination is gone.');
  };
  const { executor, events } = world.start();
  await executor.recover();
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'failed' }), { interval: 2 });
  expect(events.at(-1)).toMatchObject({ reason: { code: 'DestinationGone' } });
  expect(scans).toBe(2);
});

/** Puts a report into each of so many minutes from now on. */
function fillMinutes({ engine }: World, count: number): void {
  for (let minute = 0; minute < count; minute++) {
    const iso = new Date(NOW_MS + minute * 60_000).toISOString();
    const folder = `inv/photos/nightly-all/${iso.slice(0, 13)}-${iso.slice(14, 16)}Z`;
    engine.objects.set(`${folder}/manifest.json`, 'of another life');
  }
}

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
    if (name !== 'before hasReport' || ++looks < 5) return;
    executor.cancel((await world.control.rules.delete(PHOTOS.id, 'nightly-all')) ?? '');
  };
  const { executor, events } = world.start();
  await executor.recover();
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'cancelled' }), { interval: 2 });
  expect(looks).toBe(5);
});

test('a rule that deletes itself is there until its report is visible, and gone when the run is over', async () => {
  const world = await openWorld();
  await putRule(world.control, { schedule: { frequency: 'Once', autoDelete: true } });
  const seen: string[] = [];
  const isThere = async () => (await world.control.rules.find(PHOTOS.id, 'nightly-all')) !== undefined;
  world.at = async (name) => {
    if (name.endsWith('published') || name.endsWith('manifest')) seen.push(`${name}: ${await isThere()}`);
  };
  await world.start().executor.recover();
  await untilOver(world);
  await vi.waitFor(() => expect(seen).toHaveLength(4), { interval: 2 });
  expect(seen).toEqual([
    'before put manifest: true',
    'after put manifest: true',
    'before published: true',
    'after published: false',
  ]);
});

test('a run that matches nothing ends empty and delivers nothing', async () => {
  const world = await openWorld();
  world.engine.shards = [[], []];
  await putRule(world.control);
  await world.start().executor.recover();
  await untilOver(world);
  expect(await statesOf(world)).toEqual(['empty']);
  expect(world.engine.objects).toEqual(new Map());
});

test('deleting a rule stops its scan at once', async () => {
  const world = await openWorld();
  await putRule(world.control);
  const { promise: scanning, resolve } = Promise.withResolvers<void>();
  world.at = async (name) => {
    if (name !== 'before scan') return;
    resolve();
    await new Promise(() => undefined); // A scan without end, but for being stopped.
  };
  const { executor, events } = world.start();
  await executor.recover();
  await scanning;
  executor.cancel((await world.control.rules.delete(PHOTOS.id, 'nightly-all')) ?? '');
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'cancelled' }), { interval: 2 });
  await executor.close();
  await assertPromises(world);
});

test('closing in mid-scan leaves the run open, and the next executor takes it up', async () => {
  const world = await openWorld();
  await putRule(world.control);
  const { promise: scanning, resolve } = Promise.withResolvers<void>();
  world.at = async (name) => {
    if (name !== 'before scan') return;
    resolve();
    await new Promise(() => undefined);
  };
  const first = world.start();
  await first.executor.recover();
  await scanning;
  await first.executor.close();
  expect(await statesOf(world)).toEqual(['scanning']);
  expect(first.events.map(({ kind }) => kind)).toEqual(['started']);

  world.at = async () => undefined;
  await world.start().executor.recover();
  await untilOver(world);
  expect(await statesOf(world)).toEqual(['published']);
  await assertPromises(world);
});

/** Keeps every scan waiting until so many are under way for once. */
function scansWaitFor({ engine }: World, count: number): Point {
  const { promise: together, resolve } = Promise.withResolvers<void>();
  return async (name) => {
    if (engine.scanning.now === count) resolve();
    if (name === 'before scan') await together;
  };
}

test('so many runs at once and no more, and all of them in the end', async () => {
  const world = await openWorld();
  world.engine.concurrency = 1;
  for (let i = 0; i < 7; i++) await putRule(world.control, { id: `rule-${i}` });
  world.at = scansWaitFor(world, 3);
  await world.start({ maxRuns: 3 }).executor.recover();
  await untilOver(world);
  expect(world.engine.scanning.most).toBe(3);
  expect(await statesOf(world)).toEqual(Array.from({ length: 7 }, () => 'published'));
});

test('so many shards of a run at once and no more', async () => {
  const world = await openWorld();
  world.engine.shards = Array.from({ length: 12 }, (_, number) => [String.fromCharCode(97 + number)]);
  world.engine.concurrency = 4;
  await putRule(world.control);
  world.at = scansWaitFor(world, 4);
  await world.start().executor.recover();
  await untilOver(world);
  expect(world.engine.scanning.most).toBe(4);
});

test('waking twice at once executes a run once', async () => {
  const world = await openWorld();
  await putRule(world.control);
  const { executor, events } = world.start();
  await Promise.all([executor.wake(), executor.wake(), executor.wake()]);
  await untilOver(world);
  expect(events.filter(({ kind }) => kind === 'started')).toHaveLength(1);
});

test('two reports of one rule within a minute lie in two folders', async () => {
  const world = await openWorld();
  const rule = await putRule(world.control);
  const { executor } = world.start();
  await executor.recover();
  await untilOver(world);
  await world.control.ledger.start(rule, 'manual');
  await executor.wake();
  await untilOver(world);
  expect([...world.engine.objects.keys()].filter((key) => key.endsWith('manifest.json'))).toEqual([
    'inv/photos/nightly-all/2026-10-04T16-00Z/manifest.json',
    'inv/photos/nightly-all/2026-10-04T16-01Z/manifest.json',
  ]);
});

test('a folder with an older report in it is passed over', async () => {
  const world = await openWorld();
  world.engine.objects.set('inv/photos/nightly-all/2026-10-04T16-00Z/manifest.json', 'of another life');
  await putRule(world.control);
  await world.start().executor.recover();
  await untilOver(world);
  expect(world.engine.objects.get('inv/photos/nightly-all/2026-10-04T16-00Z/manifest.json')).toBe('of another life');
  expect([...world.engine.objects.keys()]).toContain('inv/photos/nightly-all/2026-10-04T16-01Z/manifest.json');
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

test('what cannot be swept now is swept at the next start', async () => {
  const world = await openWorld();
  await putRule(world.control);
  world.at = async (name) => {
    if (name === 'before publishing') throw new Error('out of cheese');
    if (name === 'before removeFiles' && world.engine.objects.size > 0) throw new Error('the disk said no');
  };
  const first = world.start();
  await first.executor.recover();
  await vi.waitFor(() => expect(first.events.at(-1)).toMatchObject({ kind: 'unswept' }), { interval: 2 });
  expect(world.engine.objects.size).toBe(3);
  world.at = async () => undefined;
  await world.start().executor.recover();
  await assertPromises(world);
  expect(await world.control.ledger.unswept()).toEqual([]);
});
