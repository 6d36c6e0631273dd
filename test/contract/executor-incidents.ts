/** What may happen to a run, and what is promised whenever it does: at each point that a run passes, one after another. */

import { expect, test, vi } from 'vitest';
import { DomainError, hasCode } from '../../src/core/errors.ts';
import type { RunState } from '../../src/core/run.ts';
import { NIGHTLY, putRule } from '../control-fixture.ts';
import {
  assertPromises,
  type MakeExecutor,
  openWorld,
  type Process,
  statesOf,
  untilOver,
  type World,
} from './executor-world.ts';

interface Incident {
  /** Resolves, rejects or never comes back, as the step that it happens at would. */
  readonly happens: (world: World, process: Process) => Promise<void>;
  /** How the run may have ended after it. */
  readonly ends: readonly RunState[];
  /** Only at these points; at all of them when absent. */
  readonly points?: readonly string[];
  /** The process is over with it, so only the next one goes on. */
  readonly endsProcess?: true;
  /** How often in a row it happens when the point is come to again. */
  readonly times?: number;
}

/** As of a disk, or of a database that is locked. */
async function passingFault(): Promise<never> {
  throw new Error('the disk said no');
}

async function deleteRule({ control }: World, { executor }: Process): Promise<void> {
  executor.cancel((await control.rules.delete(NIGHTLY.bucketId, NIGHTLY.ruleId)) ?? '');
}

async function disableRule({ control }: World, { executor }: Process): Promise<void> {
  executor.cancel((await control.rules.setEnabled(NIGHTLY.bucketId, NIGHTLY.ruleId, false)).uid);
}

/** One that is publishing, or over, is not cancelled any more. */
async function cancelRun({ control }: World, { executor }: Process): Promise<void> {
  const { uid } = await control.rules.get(NIGHTLY.bucketId, NIGHTLY.ruleId);
  const { runs } = await control.ledger.list(uid, undefined, 1);
  try {
    await control.ledger.cancel(NIGHTLY, runs[0]?.id ?? '', 'a test');
  } catch (error) {
    if (!hasCode(error, 'RunNotCancellable')) throw error;
  }
  executor.cancel(uid);
}

const INCIDENTS: Readonly<Record<string, Incident>> = {
  'the process dies': { happens: () => new Promise(() => undefined), ends: ['published'], endsProcess: true },
  'the step fails once': { happens: passingFault, ends: ['published'] },
  'the step fails four times': { happens: passingFault, ends: ['published'], times: 4 },
  'the step is refused': {
    async happens() {
      throw new DomainError('RoleLost', 'The role no longer exists.');
    },
    ends: ['failed'],
    points: ['removeFiles', 'open', 'isFolderTaken', 'begin', 'scan', 'put checksum', 'put manifest'].map(
      (effect) => `before ${effect}`,
    ),
  },
  'the rule is deleted': { happens: deleteRule, ends: ['published', 'cancelled'] },
  'the rule is deleted and the step fails': {
    async happens(world, process) {
      await deleteRule(world, process);
      await passingFault();
    },
    ends: ['published', 'cancelled'],
  },
  'the rule is disabled': { happens: disableRule, ends: ['published', 'cancelled'] },
  'the run is cancelled': { happens: cancelRun, ends: ['published', 'cancelled'] },
  'the run is cancelled and the step fails': {
    async happens(world, process) {
      await cancelRun(world, process);
      await passingFault();
    },
    ends: ['published', 'cancelled'],
  },
  'the process is shut down': {
    async happens(_, { executor }) {
      // It waits for the very step that it is called from.
      void executor.close();
    },
    ends: ['published'],
    endsProcess: true,
  },
  'the process is shut down and the step fails': {
    async happens(_, { executor }) {
      void executor.close();
      await passingFault();
    },
    ends: ['published'],
    endsProcess: true,
  },
  'the destination is deleted': {
    async happens({ engine }) {
      engine.objects.clear();
      engine.isDestinationGone = true;
    },
    ends: ['failed', 'published'],
  },
};

export function executorIncidents(name: string, make: MakeExecutor): void {
  test.each(Object.keys(INCIDENTS))(
    `${name}: when %s, at whatever point, reports are whole or gone in the end, and the run says which`,
    async (incidentName) => {
      const incident = INCIDENTS[incidentName];
      if (incident === undefined) throw new Error(`no incident "${incidentName}"`);
      const points = await pointsOfRun(make);
      expect(points.length).toBeGreaterThan(30);
      for (const [index, point] of points.entries()) {
        if (incident.points?.includes(point) === false) continue;
        await meetIncident(make, incident, { index, point });
      }
    },
    60_000,
  );
}

/** The points that a run passes when nothing happens to it. */
async function pointsOfRun(make: MakeExecutor): Promise<string[]> {
  const world = await openWorld(make);
  await putRule(world.control);
  const points: string[] = [];
  world.at = async (name) => {
    points.push(name);
  };
  const { executor } = world.start();
  await executor.recover();
  await untilOver(world);
  await executor.close();
  return points;
}

async function meetIncident(
  make: MakeExecutor,
  incident: Incident,
  { index, point }: { readonly index: number; readonly point: string },
): Promise<void> {
  const world = await openWorld(make);
  await putRule(world.control);
  const first = world.start();
  let passed = 0;
  let left = incident.times ?? 1;
  const { promise: happened, resolve } = Promise.withResolvers<void>();
  world.at = async (name) => {
    if (passed++ < index || left === 0 || name !== point) return;
    left--;
    resolve();
    await incident.happens(world, first);
  };
  await first.executor.recover();
  await happened;
  if (incident.endsProcess !== true) {
    await untilOver(world);
    // Not only by the next start.
    await untilSwept(world);
  }
  world.at = async () => undefined;
  if (incident.happens !== INCIDENTS['the process dies']?.happens) await first.executor.close();

  const next = world.start();
  await next.executor.recover();
  await untilOver(world);
  await next.executor.close();
  const [state] = await statesOf(world);
  expect(incident.ends, `at the point "${point}"`).toContain(state);
  if (!world.engine.isDestinationGone) await assertPromises(world);
}

async function untilSwept({ control }: World): Promise<void> {
  await vi.waitFor(async () => expect(await control.ledger.unswept()).toEqual([]), { interval: 2, timeout: 5000 });
}
