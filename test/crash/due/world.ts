/** What is known of a server whose rules fall due again and again: the promises that it is held against. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServerClient } from '../../../src/cli/server-client.ts';
import type { ClockView } from '../../../src/core/clock-view.ts';
import type { Failpoint } from '../../../src/core/failpoint.ts';
import { killDuringStart } from '../../server-process.ts';
import { connect } from '../change.ts';
import type { Order } from '../failing-command.ts';
import { FAILING_ENTRY, type FailingServer, startFailingServer } from '../failing-server.ts';
import { SOURCE } from '../names.ts';
import type { Random } from '../random.ts';
import { seedData } from '../seed.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { DUE_RULES, dueRuleDocument, STEERED_RULES } from './rules.ts';

/** Of each rule, so many runs are remembered: few, so that history is pruned all the time. */
export const RUNS_PER_RULE = 40;
const CONFIGURATION = `limits:\n  runsPerRule: ${RUNS_PER_RULE}\n  goneRuleDays: 2\n`;

/** So often the receiver refuses. */
const REFUSED_ONE_IN = 6;

export interface DueWorld {
  readonly random: Random;
  readonly folder: string;
  readonly data: string;
  readonly baseObjects: number;
  readonly receiver: Receiver;
  /** When each of the rules that nobody touches was put, by the virtual clock. */
  readonly anchors: Map<string, number>;
  /** The latest time that the virtual clock may ever have shown. */
  latestMs: number;
  /** Manifests that were found whole, with the keys of their data files. */
  readonly reports: Map<string, readonly string[]>;
  /** Runs that have ended and have to be told of. */
  readonly ends: Set<string>;
  readonly reached: Set<Failpoint>;
  readonly problems: string[];
}

export async function makeDueWorld(random: Random, baseObjects: number): Promise<DueWorld> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-crash-due-'));
  const data = path.join(folder, 'data');
  await seedData(data, baseObjects);
  await writeFile(path.join(folder, 'stocktake.yaml'), CONFIGURATION);
  return {
    random,
    folder,
    data,
    baseObjects,
    receiver: await openReceiver(() => random.isOneIn(REFUSED_ONE_IN)),
    anchors: new Map(),
    latestMs: 0,
    reports: new Map(),
    ends: new Set(),
    reached: new Set(),
    problems: [],
  };
}

export async function closeDueWorld({ receiver, folder }: DueWorld): Promise<void> {
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
}

const argumentsOf = ({ folder }: DueWorld) => ['--clock', 'virtual', '--config', path.join(folder, 'stocktake.yaml')];

/** Half of a start is the compilation of the sources, which every server would else do again. */
const environmentOf = ({ folder }: DueWorld) => ({ NODE_COMPILE_CACHE: path.join(folder, 'compiled') });

export function startDueServer(world: DueWorld): Promise<FailingServer> {
  return startFailingServer({
    data: world.data,
    args: argumentsOf(world),
    environment: environmentOf(world),
    onReached: (point) => world.reached.add(point),
  });
}

/** A start that is killed, at the latest so much later. */
export async function killDueStart(
  world: DueWorld,
  { afterMs, order, scheduleTime }: { readonly afterMs: number; readonly order: Order; readonly scheduleTime?: string },
): Promise<void> {
  const environment = {
    ...environmentOf(world),
    CRASH_ORDER: JSON.stringify(order),
    ...(scheduleTime !== undefined && { STOCKTAKE_SCHEDULE_TIME: scheduleTime }),
  };
  const isByClock = await killDuringStart(world.data, afterMs, {
    entry: FAILING_ENTRY,
    args: argumentsOf(world),
    environment,
  });
  if (!isByClock && order.act === 'kill') world.reached.add(order.point);
}

/** Puts the rules and the webhook, on the first server. */
export async function setUp(world: DueWorld, endpoint: string): Promise<void> {
  const client = connect(endpoint);
  try {
    const body = JSON.stringify({ url: world.receiver.url });
    await client.sendForAdmin({ method: 'POST', path: 'webhooks', body });
    for (const { id, schedule, options } of DUE_RULES) {
      world.anchors.set(id, await clockOf(client));
      await putDueRule(client, id, dueRuleDocument(id, schedule));
      if (options !== undefined) {
        const query = { inventory: undefined, inventoryId: id, options: undefined };
        await client.sendForNothing({ method: 'PUT', bucket: SOURCE, query, body: JSON.stringify(options) });
      }
    }
    for (const id of STEERED_RULES) await putDueRule(client, id, dueRuleDocument(id, { frequency: 'Daily' }));
    world.latestMs = await clockOf(client);
  } finally {
    await client.close();
  }
}

export async function putDueRule(client: ServerClient, id: string, body: string): Promise<void> {
  const query = { inventory: undefined, inventoryId: id };
  const headers = { 'x-oss-stocktake-replace': 'true' };
  await client.sendForNothing({ method: 'PUT', bucket: SOURCE, query, headers, body });
}

export async function clockOf(client: ServerClient): Promise<number> {
  return Date.parse((await client.sendForAdmin<ClockView>({ path: 'clock' })).now);
}
