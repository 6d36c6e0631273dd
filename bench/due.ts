/**
 * Many rules that are due at one instant, and what the server's clients notice of it: the latency of small PUTs and GETs
 * while all the runs go by, beside the same load on the same server with nothing due. Time is virtual, so that the
 * instant comes when it is asked for.
 */

import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerClient } from '../src/cli/server-client.ts';
import { openControlDatabase } from '../src/control/control-database.ts';
import type { ClockView, MovedClock } from '../src/core/clock-view.ts';
import type { RunView } from '../src/core/run.ts';
import { node, renderXml } from '../src/core/xml.ts';
import { loadObjects } from './data-set.ts';
import type { Contest, Figures } from './figures.ts';
import type { BenchFlags } from './flags.ts';
import { latencyFigures } from './latency.ts';
import { withFolder } from './leftovers.ts';
import { progress } from './progress.ts';
import { BENCH_BUCKET, BENCH_KEY, type MeasuredServer, ours, withServer } from './server.ts';
import { WireClient } from './wire-client.ts';

/** What the set-up gives the server; rules name it, and the buckets belong to it. */
const ACCOUNT = '1000000000000000';
const DESTINATION = 'reports';
/** Of the clients whose latency is measured, apart from the buckets of the runs. */
const CLIENTS_BUCKET = 'clients';
const CLIENTS = 4;
const BODY = Buffer.alloc(1024, 'b');
/** Requests under way while rules are put and runs looked up. */
const AT_ONCE = 16;
const DAY_MS = 86_400_000;
const SAMPLE_MS = 100;

export async function* benchDue(flags: BenchFlags): AsyncGenerator<Contest> {
  yield await withFolder(flags.folder, async (folder) => {
    const data = path.join(folder, 'data');
    progress(`due: making ${flags.objects} objects`);
    await loadObjects(path.join(data, 'store'), BENCH_BUCKET, flags.objects);
    // A folder that has buckets and no control database has lost it.
    await (await openControlDatabase(data)).destroy();
    const program = [...ours(data), '--clock', 'virtual'];
    return await withServer({ program, profile: flags.profile }, (server) => measure(server, flags));
  });
}

async function measure(server: MeasuredServer, { rules, objects, seconds }: BenchFlags): Promise<Contest> {
  const { accessKeyId, secret } = BENCH_KEY;
  const region = 'cn-hangzhou';
  const admin = new ServerClient({
    endpoint: server.endpoint,
    accessKeyId,
    accessKeySecret: secret,
    region,
    accountId: ACCOUNT,
    data: '',
  });
  try {
    await admin.sendForNothing({ method: 'PUT', bucket: CLIENTS_BUCKET });
    const ids = Array.from({ length: rules }, (_, index) => `rule-${index}`);
    progress(`due: putting ${rules} rules, whose first runs come at once`);
    await inParallel(ids, (id) => putRule(admin, id));
    await moveClock(admin, await clockOf(admin));

    progress(`due: idle, for ${seconds} s`);
    const idle = await underLoad(server, () => delay(seconds * 1000));
    progress(`due: ${rules} rules at one instant`);
    const busy = await underLoad(server, async () => moveClock(admin, (await clockOf(admin)) + DAY_MS));
    await inParallel(ids, (id) => assertDelivered(admin, id));
    return {
      name: `due-${rules}`,
      ours: { runsPerSecond: rules / busy.seconds, seconds: busy.seconds, ...busy.figures },
      references: { 'the same clients, nothing due': idle.figures },
      comparedBy: { figure: 'p99Ms', better: 'less' },
      notes: [`Each of the ${rules} rules listed ${objects} objects and brought its report.`],
    };
  } finally {
    await admin.close();
  }
}

/** What clients see while `work` goes on, and the memory that the server takes for itself meanwhile. */
async function underLoad(
  server: MeasuredServer,
  work: () => Promise<unknown>,
): Promise<{ readonly seconds: number; readonly figures: Figures }> {
  const latenciesMs: number[] = [];
  let isOver = false;
  let peak = 0;
  const clients = Array.from({ length: CLIENTS }, (_, index) => ask(server, index, latenciesMs, () => isOver));
  const sampler = (async () => {
    while (!isOver) {
      peak = Math.max(peak, await server.ownMegabytes());
      await delay(SAMPLE_MS);
    }
  })();
  const startedAt = performance.now();
  try {
    await work();
  } finally {
    isOver = true;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all([...clients, sampler]);
  const requestsPerSecond = latenciesMs.length / seconds;
  return { seconds, figures: { ...latencyFigures(latenciesMs), requestsPerSecond, peakOwnMegabytes: peak } };
}

/** A PUT, a GET of it, and again. */
async function ask(
  { endpoint }: MeasuredServer,
  index: number,
  latenciesMs: number[],
  isOver: () => boolean,
): Promise<void> {
  const client = new WireClient({ endpoint, scheme: 'OSS', ...BENCH_KEY }, 1);
  for (let turn = 0; !isOver(); turn++) {
    const key = `${index}/${turn >> 1}`;
    const startedAt = performance.now();
    const request = { bucket: CLIENTS_BUCKET, key };
    await client.send(turn % 2 === 0 ? { ...request, method: 'PUT', body: BODY } : { ...request, method: 'GET' });
    latenciesMs.push(performance.now() - startedAt);
  }
  await client.close();
}

async function putRule(client: ServerClient, id: string): Promise<void> {
  const destination = node('OSSBucketDestination', [
    node('Format', 'CSV'),
    node('AccountId', ACCOUNT),
    node('RoleArn', `acs:ram::${ACCOUNT}:role/AliyunOSSRole`),
    node('Bucket', `acs:oss:::${DESTINATION}`),
  ]);
  const rule = node('InventoryConfiguration', [
    node('Id', id),
    node('IsEnabled', 'true'),
    node('Destination', [destination]),
    node('Schedule', [node('Frequency', 'Daily')]),
    node('IncludedObjectVersions', 'Current'),
    node('OptionalFields', [node('Field', 'Size'), node('Field', 'ETag')]),
  ]);
  const query = { inventory: undefined, inventoryId: id };
  await client.sendForNothing({ method: 'PUT', bucket: BENCH_BUCKET, query, body: renderXml(rule) });
}

async function clockOf(client: ServerClient): Promise<number> {
  return Date.parse((await client.sendForAdmin<ClockView>({ path: 'clock' })).now);
}

/** Resolves when the clock is there, and all that fell due on the way is done. */
async function moveClock(client: ServerClient, toMs: number): Promise<void> {
  const body = JSON.stringify({ now: new Date(toMs).toISOString() });
  let moved: MovedClock;
  do moved = await client.sendForAdmin<MovedClock>({ method: 'PUT', path: 'clock', body });
  while (!moved.isReached);
}

async function assertDelivered(client: ServerClient, id: string): Promise<void> {
  const query = { inventory: undefined, inventoryId: id, runs: undefined };
  const { runs } = await client.sendForJson<{ runs: RunView[] }>({ method: 'GET', bucket: BENCH_BUCKET, query });
  const scheduled = runs.filter(({ trigger }) => trigger === 'schedule');
  if (scheduled.length === 1 && scheduled[0]?.state === 'published') return;
  const states = scheduled.map(({ state, reason }) => `${state} ${reason?.text ?? ''}`).join('; ');
  throw new Error(`The rule "${id}" should have brought one report on schedule: ${states || 'it had no run'}.`);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
