/**
 * Kills a server under load, again and again, and after each start holds it against what it has promised. A seed
 * repeats the choices: what is asked for, when the kill comes, whether the next start is killed as well.
 */

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { RunView } from '../../src/core/run.ts';
import { killDuringStart, runCommand, type ServerProcess, startServer } from '../server-process.ts';
import { checkChanges, checkFolder, checkReports, checkRuns, listRuns } from './checks.ts';
import { connect, type LoadCounts, runLoad } from './load.ts';
import { Promised } from './promises.ts';
import { Random } from './random.ts';
import { makeWorld, SOURCE, type World } from './world.ts';

export interface ScenarioOptions {
  readonly kills: number;
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
  /** Runs in each state that a kill hit. */
  readonly runsHit: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** So long after the beginning of the load, or of a start, the kill comes at the latest. */
const MAX_LOAD_MS = 1500;
const MAX_START_MS = 900;
/** Broken promises of one round that are told line by line; the summary counts all. */
const MAX_PROBLEMS_TOLD = 10;
/** Objects of earlier rounds that are looked at again in each. */
const OLD_OBJECTS_CHECKED = 100;

export async function runScenario({ kills, seed, baseObjects, tell }: ScenarioOptions): Promise<Summary> {
  const world = await makeWorld(new Random(seed), baseObjects);
  const total = { acknowledged: 0, inDoubt: 0, runsHit: {} as Record<string, number> };
  let server = await startServer({ data: world.data });
  try {
    for (let number = 1; number <= kills; number++) {
      const plan = planRound(world, number);
      const known = world.problems.length;
      const counts = await loadUntilKilled(world, server, plan);
      const hit = await openRunsIn(world.data);
      for (const afterMs of plan.startKills) await killDuringStart(world.data, afterMs);
      server = await startServer({ data: world.data });
      const reports = await checkServer(world, server, { all: number === kills }).catch((error: unknown) => {
        world.problems.push(`a server that was started again refused its service: ${error}`);
        return 0;
      });
      if (plan.isStoppedAfter || number === kills) {
        const code = await server.terminate();
        if (code !== 0) world.problems.push(`SIGTERM ended the server with exit code ${code}`);
        await checkFolder(world);
        if (number < kills) server = await startServer({ data: world.data });
      }
      total.acknowledged += counts.acknowledged;
      total.inDoubt += counts.inDoubt;
      for (const state of hit) total.runsHit[state] = (total.runsHit[state] ?? 0) + 1;
      tell(describe({ number, kills, plan, counts, hit, reports }));
      for (const problem of world.problems.slice(known, known + MAX_PROBLEMS_TOLD)) tell(`  BROKEN: ${problem}`);
    }
  } finally {
    await server.stop();
    await rm(world.folder, { recursive: true, force: true });
  }
  return { kills, ...total, reports: world.reports.size, problems: world.problems };
}

interface Plan {
  /** So long after the beginning of the load, when the kill comes by the clock. */
  readonly killAfterMs: number;
  /** Or as soon as a run is seen there: those moments are short, and a kill by the clock seldom meets them. */
  readonly killWhen: 'by the clock' | 'shard settled' | 'publishing';
  /** When the starts after it are killed. */
  readonly startKills: readonly number[];
  /** The key prefix of an import that goes on meanwhile. */
  readonly importPrefix: string | undefined;
  readonly isStoppedAfter: boolean;
}

function planRound({ random }: World, number: number): Plan {
  return {
    killAfterMs: random.between(20, MAX_LOAD_MS),
    killWhen: random.pick(['by the clock', 'by the clock', 'shard settled', 'publishing'] as const),
    startKills: Array.from({ length: random.isOneIn(2) ? random.between(1, 3) : 0 }, () =>
      random.between(0, MAX_START_MS),
    ),
    importPrefix: random.isOneIn(3) ? `import/${number}/` : undefined,
    isStoppedAfter: random.isOneIn(3),
  };
}

async function loadUntilKilled(world: World, server: ServerProcess, plan: Plan): Promise<LoadCounts> {
  const abort = new AbortController();
  const load = runLoad(world, server.endpoint, abort.signal);
  const imported = plan.importPrefix === undefined ? undefined : importInto(world, server, plan.importPrefix);
  await untilKill(world, server, plan);
  abort.abort();
  await server.kill();
  await imported;
  return await load;
}

async function untilKill(world: World, server: ServerProcess, { killAfterMs, killWhen }: Plan): Promise<void> {
  if (killWhen === 'by the clock') return await delay(killAfterMs);
  const deadline = Date.now() + MAX_LOAD_MS;
  const client = connect(server.endpoint);
  const isThere = ({ state, shards }: RunView) =>
    killWhen === 'publishing' ? state === 'publishing' : state === 'scanning' && shards.done > 0;
  while (Date.now() < deadline) {
    const newest = await Promise.all([...world.rules.keys()].map((rule) => listRuns(client, rule, 1)));
    if (newest.flat().some(isThere)) break;
  }
  await client.close();
}

/** The command that a person would use. Which of its files were acknowledged it tells only at its end. */
async function importInto(world: World, server: ServerProcess, prefix: string): Promise<void> {
  const objects = [...world.importFiles].map(([name, state]) => {
    const promised = new Promised();
    promised.sent(state);
    world.objects.set(prefix + name, promised);
    return { promised, state };
  });
  const args = ['import', SOURCE, world.importFolder, '--prefix', prefix, '--json'];
  const { code } = await runCommand(args, { endpoint: server.endpoint });
  for (const { promised, state } of objects) {
    if (code === 0) promised.acknowledged(state);
    else promised.left();
  }
}

async function checkServer(world: World, server: ServerProcess, { all }: { readonly all: boolean }): Promise<number> {
  const client = connect(server.endpoint);
  const runs = await checkRuns(world, client);
  const reports = await checkReports(world, server.endpoint, runs, all);
  await checkChanges(world, client, all ? world.objects.keys() : keysToCheck(world));
  await client.close();
  return reports;
}

/** What was in doubt or belongs to the load, and some of what has been certain for long. */
function keysToCheck({ objects, random }: World): Set<string> {
  const certain = [...objects].filter(([, { isInDoubt }]) => !isInDoubt).map(([key]) => key);
  const inDoubt = [...objects].filter(([, { isInDoubt }]) => isInDoubt).map(([key]) => key);
  const some = Array.from({ length: OLD_OBJECTS_CHECKED }, () => random.pick(certain));
  return new Set([...inDoubt, ...some]);
}

/** The states of the runs that the kill hit, read from a copy, so that the next start finds all as it was left. */
async function openRunsIn(data: string): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-crash-'));
  try {
    for (const name of ['control.sqlite', 'control.sqlite-wal']) {
      await copyFile(path.join(data, name), path.join(folder, name)).catch(() => undefined);
    }
    const database = new Sqlite(path.join(folder, 'control.sqlite'));
    const open = "select state from runs where state in ('planned', 'scanning', 'publishing') order by sequence";
    const states = database.prepare<[], { state: string }>(open).all();
    database.close();
    return states.map(({ state }) => state);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Round {
  readonly number: number;
  readonly kills: number;
  readonly plan: Plan;
  readonly counts: LoadCounts;
  readonly hit: readonly string[];
  readonly reports: number;
}

function describe({ number, kills, plan, counts, hit, reports }: Round): string {
  return [
    `kill ${number} of ${kills}, ${plan.killWhen === 'by the clock' ? `after ${plan.killAfterMs} ms` : plan.killWhen}${plan.importPrefix === undefined ? '' : ', during an import'}`,
    `${counts.acknowledged} changes acknowledged, ${counts.inDoubt} in doubt`,
    `runs hit: ${hit.join(', ') || 'none'}`,
    ...(plan.startKills.length > 0 ? [`starts killed after ${plan.startKills.join(' and ')} ms`] : []),
    `${reports} reports verified`,
  ].join('; ');
}
