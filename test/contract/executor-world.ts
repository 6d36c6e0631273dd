/** A world for an executor: a control state and a destination that outlive it, and points at which a test steps in. */

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, vi } from 'vitest';
import { CONTROL_FILE, openControlDatabase } from '../../src/control/control-database.ts';
import type { RunLedger } from '../../src/control/run-ledger.ts';
import { manifestFileKeys } from '../../src/core/report.ts';
import { OPEN_RUN_STATES, type RunState } from '../../src/core/run.ts';
import type { Executor } from '../../src/jobs/executor.ts';
import type { ExecutorOptions } from '../../src/jobs/local-executor.ts';
import type { RetryDelays } from '../../src/jobs/retry-delays.ts';
import type { RunEvent } from '../../src/jobs/run-event.ts';
import { type Control, NIGHTLY, openControl } from '../control-fixture.ts';
import { MemoryEngine, type Point } from '../memory-engine.ts';
import { temporaryFolder } from '../store-fixture.ts';

/** As many tries as in a server, with hardly a wait between them. */
export const SOON: RetryDelays = {
  attemptsMs: [1, 1],
  triesMs: [1, 1, 1, 1],
  endlessMs: [1],
  ledgerMs: 1,
  sweepMs: 1,
};

/** The steps of the ledger that an executor takes. */
const STEPS = new Set([
  'find',
  'scanning',
  'reserveFolder',
  'plan',
  'settleShard',
  'nextAttempt',
  'publishing',
  'published',
  'empty',
  'failed',
  'putOff',
  'swept',
]);

export type MakeExecutor = (options: ExecutorOptions) => Executor;

/** One process: an executor on a control state and a destination that outlive it. */
export interface Process {
  readonly executor: Executor;
  readonly events: RunEvent[];
}

/** A control state, a destination, and a point that every step of either passes through. */
export interface World {
  readonly control: Control;
  readonly engine: MemoryEngine;
  /** Called at every point; a test puts its own in. */
  at: Point;
  start(options?: Partial<ExecutorOptions>): Process;
}

/** Made once: to make one takes longer than most tests, and hundreds are opened. */
let emptyDatabase: Promise<Uint8Array> | undefined;

async function makeEmptyDatabase(): Promise<Uint8Array> {
  const folder = temporaryFolder();
  const db = await openControlDatabase(folder);
  await db.destroy();
  return await readFile(path.join(folder, CONTROL_FILE));
}

export async function openWorld(make: MakeExecutor): Promise<World> {
  const folder = temporaryFolder();
  emptyDatabase ??= makeEmptyDatabase();
  await writeFile(path.join(folder, CONTROL_FILE), await emptyDatabase);
  const control = await openControl({ folder });
  // What survives a loss of power is not asked here.
  await sql`pragma synchronous = off`.execute(control.db);
  const engine = new MemoryEngine((name) => world.at(name));
  const ledger = passingPoints(control.ledger, (name) => world.at(name));
  const world: World = {
    control,
    engine,
    at: async () => undefined,
    start(options = {}) {
      const events: RunEvent[] = [];
      const executor = make({
        ledger,
        engine,
        clock: control.clock,
        maxRuns: 2,
        maxShards: 4,
        onEvent: (event) => events.push(event),
        delays: SOON,
        ...options,
      });
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

export async function statesOf({ control }: World): Promise<RunState[]> {
  const rows = await control.db.selectFrom('runs').select('state').orderBy('sequence').execute();
  return rows.map(({ state }) => state);
}

/** The newest run. */
export async function runOf({ control }: World) {
  const { runs } = await control.ledger.list(
    (await control.ledger.lastRuleUid(NIGHTLY.bucketId, NIGHTLY.ruleId)) ?? '',
    undefined,
    1,
  );
  return runs[0];
}

export async function untilOver(world: World): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const state of await statesOf(world)) expect(OPEN_RUN_STATES).not.toContain(state);
    },
    { interval: 2, timeout: 5000 },
  );
}

/** Resolves when the last that was told is of this kind. */
export async function untilLast({ events }: Process, kind: RunEvent['kind']): Promise<void> {
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind }), { interval: 2, timeout: 5000 });
}

export function kindsOf({ events }: Process): RunEvent['kind'][] {
  return events.map(({ kind }) => kind).filter((kind) => kind !== 'progress');
}

/** What is promised of a destination, whatever happened: whole reports, nothing else, and states that say the same. */
export async function assertPromises(world: World): Promise<void> {
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
