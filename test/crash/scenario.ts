/**
 * Kills a server under load, again and again, and after each start holds it against what it has promised: first at each
 * of the failpoints it is given, then at random. A seed repeats the choices: what is asked for, when the kill comes,
 * whether the next start is killed as well.
 */

import { rm } from 'node:fs/promises';
import { FAILPOINTS, type Failpoint } from '../../src/core/failpoint.ts';
import { Random } from './random.ts';
import { killStart, MAX_LOAD_MS, type Plan, runRound, startServerOf } from './round.ts';
import { makeWorld, type World } from './world.ts';

export interface ScenarioOptions {
  /** The server is killed once at each of these. */
  readonly failpoints: readonly Failpoint[];
  /** And so often at random. */
  readonly randomKills: number;
  readonly seed: number;
  /** Objects that nobody changes: the more, the longer a scan. */
  readonly baseObjects: number;
  readonly tell: (line: string) => void;
}

export interface Summary {
  readonly kills: number;
  readonly acknowledged: number;
  readonly inDoubt: number;
  readonly reports: number;
  /** Failpoints that a server came to. */
  readonly reached: ReadonlySet<Failpoint>;
  readonly problems: readonly string[];
}

const MAX_RANDOM_LOAD_MS = 800;
/** So long a random kill waits for its failpoint. */
const MAX_WAIT_MS = 2_000;
const MAX_START_MS = 900;
/** Broken promises of one round that are told line by line; the summary counts all. */
const MAX_PROBLEMS_TOLD = 10;

export async function runScenario(options: ScenarioOptions): Promise<Summary> {
  const { failpoints, randomKills, seed, baseObjects, tell } = options;
  const world = await makeWorld(new Random(seed), baseObjects);
  const kills = failpoints.length + randomKills;
  const total = { acknowledged: 0, inDoubt: 0 };
  await killFirstStart(world);
  let server = await startServerOf(world);
  try {
    for (let number = 1; number <= kills; number++) {
      const point = failpoints[number - 1];
      const checksAll = number === kills;
      const plan = point === undefined ? randomPlan(world, number, checksAll) : directedPlan(world, point, checksAll);
      const known = world.problems.length;
      const round = await runRound(world, server, plan);
      server = round.server;
      total.acknowledged += round.acknowledged;
      total.inDoubt += round.inDoubt;
      tell(
        `kill ${number} of ${kills}, ${describe(plan, round.isHit)}: ${round.acknowledged} changes acknowledged, ${round.inDoubt} in doubt, ${round.reports} reports verified`,
      );
      for (const problem of world.problems.slice(known, known + MAX_PROBLEMS_TOLD)) tell(`  BROKEN: ${problem}`);
    }
    const code = await server.terminate();
    if (code !== 0) world.problems.push(`SIGTERM ended the server with exit code ${code}`);
  } finally {
    await server.stop();
    await rm(world.folder, { recursive: true, force: true });
  }
  return { kills, ...total, reports: world.reports.size, reached: world.reached, problems: world.problems };
}

/** The first start makes the control database, the key file and the keys: it is killed in their midst, and anywhere. */
async function killFirstStart(world: World): Promise<void> {
  const { random } = world;
  const point = random.pick(['sql.key-insert.commit', 'sql.key-insert.committed'] as const);
  await killStart(world, { afterMs: MAX_LOAD_MS, order: { act: 'kill', point, nth: 1 } });
  await killStart(world, { afterMs: random.between(0, MAX_START_MS), order: { act: 'none' } });
}

function directedPlan({ random }: World, point: Failpoint, checksAll: boolean): Plan {
  const killAt = { point, nth: random.between(1, 1 + oftenReached(point)) };
  return { killAt, killAfterMs: MAX_LOAD_MS, mustReach: true, startKills: [], importPrefix: undefined, checksAll };
}

/** How often at least a load comes to a point within a second or two. */
function oftenReached(point: Failpoint): number {
  // Once for each folder of thousands of bodies.
  if (point === 'body.place') return 1;
  return /^(body|index|removal)\./.test(point) ? 100 : 3;
}

function randomPlan({ random }: World, number: number, checksAll: boolean): Plan {
  const point = random.pick(FAILPOINTS);
  const isByClock = random.isOneIn(2);
  const startKills = Array.from({ length: random.isOneIn(3) ? random.between(1, 3) : 0 }, () => ({
    afterMs: random.between(0, MAX_START_MS),
    order: { act: 'kill', point: random.pick(FAILPOINTS), nth: random.between(1, 4) } as const,
  }));
  return {
    ...(!isByClock && { killAt: { point, nth: random.between(1, 1 + oftenReached(point)) } }),
    killAfterMs: isByClock ? random.between(20, MAX_RANDOM_LOAD_MS) : MAX_WAIT_MS,
    mustReach: false,
    startKills,
    importPrefix: random.isOneIn(6) ? `import/${number}/` : undefined,
    checksAll,
  };
}

function describe({ killAt, killAfterMs, startKills, importPrefix }: Plan, isHit: boolean): string {
  return [
    killAt !== undefined && isHit ? `at ${killAt.point}, time ${killAt.nth}` : `after ${killAfterMs} ms`,
    ...(importPrefix === undefined ? [] : ['during an import']),
    ...(startKills.length === 0 ? [] : [`${startKills.length} starts killed`]),
  ].join(', ');
}
