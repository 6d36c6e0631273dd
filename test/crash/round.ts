/** One round of a kill suite: load until the server is killed, a new start, and a look at everything it has promised. */

import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Failpoint } from '../../src/core/failpoint.ts';
import { killDuringStart, runCommand } from '../server-process.ts';
import { connect, type LoadCounts } from './change.ts';
import { checkAccess } from './check-access.ts';
import { checkKeys, checkPassingBuckets, checkRules, checkRuns } from './check-control.ts';
import { checkFolder } from './check-folder.ts';
import { checkObjects, checkVersions } from './check-objects.ts';
import { checkReports } from './check-reports.ts';
import { checkUploads } from './check-uploads.ts';
import type { Order } from './failing-command.ts';
import { FAILING_ENTRY, type FailingServer, startFailingServer } from './failing-server.ts';
import { runLoad } from './load.ts';
import { SOURCE } from './names.ts';
import { nameOf, place, type World } from './world.ts';

/** A failpoint that nothing of the load reaches in this time is not reached by it. */
export const MAX_LOAD_MS = 60_000;
/** Objects in no doubt that are looked at again in each round. */
const OLD_OBJECTS_CHECKED = 100;

/** A start is killed when the order is obeyed, or so much later. */
export interface StartKill {
  readonly afterMs: number;
  readonly order: Order;
}

export interface Plan {
  /** The server ends itself there, the nth time. */
  readonly killAt?: { readonly point: Failpoint; readonly nth: number };
  /** So long after the beginning of the load the kill comes at the latest. */
  readonly killAfterMs: number;
  /** Not to reach the failpoint is a fault. */
  readonly mustReach: boolean;
  /** Of the starts after it. */
  readonly startKills: readonly StartKill[];
  /** The key prefix of an import that goes on meanwhile. */
  readonly importPrefix: string | undefined;
  /** Reads all objects and all reports again, and every byte of the store. */
  readonly checksAll: boolean;
}

export interface RoundResult extends LoadCounts {
  /** The server that was started after the kill. */
  readonly server: FailingServer;
  /** The failpoint was what killed it. */
  readonly isHit: boolean;
  readonly reports: number;
}

export function startServerOf(world: World): Promise<FailingServer> {
  return startFailingServer({
    data: world.data,
    environment: compileCache(world),
    onReached: (point) => world.reached.add(point),
  });
}

export async function killStart(world: World, { afterMs, order }: StartKill): Promise<void> {
  const environment = { ...compileCache(world), CRASH_ORDER: JSON.stringify(order) };
  await killDuringStart(world.data, afterMs, { entry: FAILING_ENTRY, environment });
}

/** Half of a start is the compilation of the sources, which every server would else do again. */
function compileCache({ folder }: World): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: path.join(folder, 'compiled') };
}

export async function runRound(world: World, server: FailingServer, plan: Plan): Promise<RoundResult> {
  const { counts, isHit } = await loadUntilKilled(world, server, plan);
  if (plan.mustReach && !isHit) world.problems.push(`the load never reached "${plan.killAt?.point}"`);
  for (const kill of plan.startKills) await killStart(world, kill);
  const next = await startServerOf(world);
  const reports = await checkServer(world, next, plan.checksAll).catch((error: unknown) => {
    world.problems.push(`a server that was started again refused its service: ${error}`);
    return 0;
  });
  return { ...counts, server: next, isHit, reports };
}

async function loadUntilKilled(
  world: World,
  server: FailingServer,
  { killAt, killAfterMs, importPrefix }: Plan,
): Promise<{ readonly counts: LoadCounts; readonly isHit: boolean }> {
  const abort = new AbortController();
  const exited = once(server.process, 'exit').then(() => abort.abort());
  if (killAt !== undefined) await server.order({ act: 'kill', ...killAt });
  const load = runLoad(world, server.endpoint, abort.signal);
  const imported = importPrefix === undefined ? undefined : importInto(world, server, importPrefix);
  await Promise.race([exited, delay(killAfterMs, undefined, { ref: false })]);
  const isHit = abort.signal.aborted;
  abort.abort();
  await server.kill();
  await imported;
  return { counts: await load, isHit };
}

/** The command that a person would use. Which of its files were acknowledged it tells only at its end. */
async function importInto(world: World, server: FailingServer, prefix: string): Promise<void> {
  const sent = [...world.importFiles].map(([name, facts]) => {
    const target = place(SOURCE, prefix + name);
    target.promised.sent(facts);
    world.objects.set(nameOf(target), target);
    return { promised: target.promised, facts };
  });
  const args = ['import', SOURCE, world.importFolder, '--prefix', prefix, '--json'];
  const { code } = await runCommand(args, { endpoint: server.endpoint });
  for (const { promised, facts } of sent) {
    if (code === 0) promised.acknowledged(facts);
    else promised.left();
  }
}

async function checkServer(world: World, server: FailingServer, all: boolean): Promise<number> {
  const client = connect(server.endpoint);
  try {
    const runs = await checkRuns(world, client);
    const reports = await checkReports(world, server.endpoint, { runs, all });
    await checkRules(world, client);
    await checkObjects(world, client, all ? world.objects.keys() : namesToCheck(world));
    await checkVersions(world, client);
    await checkUploads(world, client);
    await checkPassingBuckets(world, client);
    await checkKeys(world, client);
    await checkAccess(world, client);
    await checkFolder(world, { withBodies: all });
    return reports;
  } finally {
    await client.close();
  }
}

/** What is in doubt, and some of what has been certain for long. */
function namesToCheck({ objects, random }: World): Set<string> {
  const certain = [...objects].filter(([, { promised }]) => !promised.isInDoubt).map(([name]) => name);
  const inDoubt = [...objects].filter(([, { promised }]) => promised.isInDoubt).map(([name]) => name);
  const some = Array.from({ length: OLD_OBJECTS_CHECKED }, () => random.pick(certain));
  return new Set([...inDoubt, ...some]);
}
