/**
 * Kills a server on which many rules fall due together, again and again, first at each failpoint of planning, scanning,
 * settling, publishing and what comes after, then at random. Time is virtual, so that a day takes a second.
 */

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Failpoint } from '../../../src/core/failpoint.ts';
import type { Order } from '../failing-command.ts';
import type { FailingServer } from '../failing-server.ts';
import { Random } from '../random.ts';
import { checkDue, checkTold } from './checks.ts';
import { runDueLoad } from './load.ts';
import { closeDueWorld, type DueWorld, killDueStart, makeDueWorld, setUp, startDueServer } from './world.ts';

export interface DueOptions {
  /** The server is killed once at each of these. */
  readonly failpoints: readonly Failpoint[];
  /** And so often at random. */
  readonly randomKills: number;
  readonly seed: number;
  readonly baseObjects: number;
  readonly tell: (line: string) => void;
}

export interface DueSummary {
  readonly kills: number;
  readonly answered: number;
  readonly reports: number;
  readonly ends: number;
  /** Days that went by. */
  readonly days: number;
  readonly reached: ReadonlySet<Failpoint>;
  readonly problems: readonly string[];
}

/** A failpoint that nothing of the load reaches in this time is not reached by it. */
const MAX_LOAD_MS = 60_000;
const MAX_RANDOM_LOAD_MS = 1_500;
const MAX_START_MS = 1_200;
const MAX_PROBLEMS_TOLD = 10;
const DAY_MS = 86_400_000;
/** A setting that fits no rule: a start with it reckons all due times anew. */
const OTHER_TIME = '03:00';

/** What this suite comes to, and the other one does not, or seldom. */
export function isOfDue(point: Failpoint): boolean {
  return /^(report\.|sql\.(rule|run|shard|attempt|report|history|webhook|delivery|clock))/.test(point);
}

export async function runDueScenario(options: DueOptions): Promise<DueSummary> {
  const { failpoints, randomKills, seed, baseObjects, tell } = options;
  const world = await makeDueWorld(new Random(seed), baseObjects);
  const kills = failpoints.length + randomKills;
  const total = { answered: 0, reports: 0 };
  let server = await startDueServer(world);
  let startMs = 0;
  try {
    await setUp(world, server.endpoint);
    startMs = world.latestMs;
    for (let number = 1; number <= kills; number++) {
      const plan = planFor(world, failpoints[number - 1]);
      const known = world.problems.length;
      const { answered, isHit } = await killUnderLoad(world, server, plan);
      if (plan.mustReach && !isHit) world.problems.push(`the load never reached "${plan.point}"`);
      for (const start of plan.starts) await killDueStart(world, start);
      server = await startDueServer(world);
      const reports = await checkDue(world, server.endpoint).catch((error: unknown) => {
        world.problems.push(`a server that was started again refused its service: ${error}`);
        return 0;
      });
      total.answered += answered;
      total.reports += reports;
      tell(`kill ${number} of ${kills}, ${plan.words}: ${answered} requests answered, ${reports} reports verified`);
      for (const problem of world.problems.slice(known, known + MAX_PROBLEMS_TOLD)) tell(`  BROKEN: ${problem}`);
    }
    const known = world.problems.length;
    await checkTold(world);
    const code = await server.terminate();
    if (code !== 0) world.problems.push(`SIGTERM ended the server with exit code ${code}`);
    for (const problem of world.problems.slice(known)) tell(`  BROKEN: ${problem}`);
  } finally {
    await server.stop();
    await closeDueWorld(world);
  }
  const days = Math.round((world.latestMs - startMs) / DAY_MS);
  return { kills, ...total, ends: world.ends.size, days, reached: world.reached, problems: world.problems };
}

type Start = Parameters<typeof killDueStart>[1];

interface Plan {
  readonly point?: Failpoint;
  readonly order: Order;
  readonly killAfterMs: number;
  readonly mustReach: boolean;
  /** Starts that are killed after it. */
  readonly starts: readonly Start[];
  readonly words: string;
}

function planFor({ random }: DueWorld, point: Failpoint | undefined): Plan {
  if (point === undefined) return randomPlan(random);
  const nth = SELDOM.has(point) ? 1 : random.between(1, 5);
  const order = { act: 'kill', point, nth, ...FAULTS_BEFORE[point] } as const;
  const words = `at ${point}, time ${nth}`;
  const way = STARTS_FOR[point];
  if (way === undefined) return { point, order, killAfterMs: MAX_LOAD_MS, mustReach: true, starts: [], words };
  const { after, ...start } = way;
  const starts = [{ afterMs: MAX_START_MS * 2, order: { act: 'kill', point, nth: 1 }, ...start } as const];
  if (after === undefined) return { order: { act: 'none' }, killAfterMs: 500, mustReach: false, starts, words };
  const first = { act: 'kill', point: after, nth: 1 } as const;
  return { point: after, order: first, killAfterMs: MAX_LOAD_MS, mustReach: true, starts, words };
}

/** All that come until the kill. */
const EVERY_TIME = 1_000_000;

/** Points that need a fault before they are reached, and how many such faults in a row. */
const FAULTS_BEFORE: Partial<Record<Failpoint, Pick<Order & { act: 'kill' }, 'fault'>>> = {
  'sql.attempt-next.commit': { fault: { act: 'EIO', point: 'report.put-data', times: 1 } },
  'sql.attempt-next.committed': { fault: { act: 'EIO', point: 'report.put-data', times: 1 } },
  'sql.run-put-off.commit': { fault: { act: 'ENOSPC', point: 'report.put-data', times: EVERY_TIME } },
  'sql.run-put-off.committed': { fault: { act: 'ENOSPC', point: 'report.put-data', times: EVERY_TIME } },
};

/** Points that only a start comes to: with another setting, or after a kill at a certain point. */
const STARTS_FOR: Partial<Record<Failpoint, { readonly scheduleTime?: string; readonly after?: Failpoint }>> = {
  'sql.rules-rebase.commit': { scheduleTime: OTHER_TIME },
  'sql.rules-rebase.committed': { scheduleTime: OTHER_TIME },
  'sql.report-kept.commit': { after: 'report.remove-manifest' },
  'sql.report-kept.committed': { after: 'report.remove-manifest' },
};

/** Points that a load comes to now and then. */
const SELDOM: ReadonlySet<Failpoint> = new Set([
  ...Object.keys(FAULTS_BEFORE),
  'sql.rules-set-back.commit',
  'sql.rules-set-back.committed',
  'sql.history-prune.commit',
  'sql.history-prune.committed',
] as Failpoint[]);

function randomPlan(random: Random): Plan {
  const killAfterMs = random.between(20, MAX_RANDOM_LOAD_MS);
  const starts = Array.from({ length: random.isOneIn(3) ? random.between(1, 3) : 0 }, () => ({
    afterMs: random.between(0, MAX_START_MS),
    order: { act: 'none' } as const,
  }));
  const words = `after ${killAfterMs} ms${starts.length === 0 ? '' : `, ${starts.length} starts killed`}`;
  return { order: { act: 'none' }, killAfterMs, mustReach: false, starts, words };
}

async function killUnderLoad(
  world: DueWorld,
  server: FailingServer,
  { order, killAfterMs }: Plan,
): Promise<{ readonly answered: number; readonly isHit: boolean }> {
  const abort = new AbortController();
  const exited = once(server.process, 'exit').then(() => abort.abort());
  if (order.act !== 'none') await server.order(order);
  const load = runDueLoad(world, server.endpoint, abort.signal);
  await Promise.race([exited, delay(killAfterMs, undefined, { ref: false })]);
  const isHit = abort.signal.aborted;
  abort.abort();
  await server.kill();
  return { answered: await load, isHit };
}
