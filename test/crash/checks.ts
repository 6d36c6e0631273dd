/** Holds a server, after a kill and a start, against what it has promised. Each broken promise is a line of words. */

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { checkReport } from '../../src/cli/check-report.ts';
import { openReportSource } from '../../src/cli/report-source.ts';
import { collect, hasStatus, type ServerClient } from '../../src/cli/server-client.ts';
import { manifestFileKeys } from '../../src/core/report.ts';
import { isOpen, type RunView } from '../../src/core/run.ts';
import { child, childrenNamed, childText } from '../../src/core/xml.ts';
import { contentIdOf, openIndex } from '../../src/store/index-database.ts';
import { connect, isOfLoadAlone, ruleGeneration } from './load.ts';
import type { State } from './promises.ts';
import { BASE_PREFIX, DESTINATION, GENERATION_HEADER, LOAD_PREFIX, SOURCE, type World } from './world.ts';

const AT_ONCE = 16;
const MAX_RUN_MS = 60_000;
const POLL_MS = 20;

/** Every object and rule is in a state that was promised; what was in doubt is certain from now on. */
export async function checkChanges(world: World, client: ServerClient, keys: Iterable<string>): Promise<void> {
  await inParallel(keys, async (key) => {
    const problem = world.objects.get(key)?.found(await objectState(client, key));
    if (problem !== undefined) world.problems.push(`the object "${key}" ${problem}`);
  });
  for (const [id, promised] of world.rules) {
    const problem = promised.found(await ruleState(client, id));
    if (problem !== undefined) world.problems.push(`the rule "${id}" ${problem}`);
  }
}

async function objectState(client: ServerClient, key: string): Promise<State> {
  try {
    const { headers, body } = await client.send({ method: 'GET', bucket: SOURCE, key });
    const bytes = await collect(body);
    const md5 = createHash('md5').update(bytes).digest('hex').toUpperCase();
    const generation = headers[GENERATION_HEADER];
    const metadata = generation === undefined ? `mtime ${headers['x-oss-meta-mtime']}` : `generation ${generation}`;
    const isAsSaid = headers.etag === `"${md5}"` && Number(headers['content-length']) === bytes.length;
    return `${bytes.length} bytes, ${md5}, ${metadata}${isAsSaid ? '' : ', against its own headers'}`;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

async function ruleState(client: ServerClient, id: string): Promise<State> {
  try {
    const query = { inventory: undefined, inventoryId: id };
    const rule = await client.sendForXml({ method: 'GET', bucket: SOURCE, query });
    const filter = child(rule, 'Filter');
    return ruleGeneration((filter && childText(filter, 'LastModifyBeginTimeStamp')) ?? '');
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Every run comes to its end, and to a good one: nothing in these suites is a reason to fail. */
export async function checkRuns(world: World, client: ServerClient): Promise<RunView[]> {
  const runs = new Map<string, RunView>();
  for (const rule of world.rules.keys()) for (const run of await listRuns(client, rule)) runs.set(run.id, run);
  for (const [id, rule] of world.runs) if (!runs.has(id)) runs.set(id, await getRun(client, rule, id));
  const ended = await Promise.all([...runs.values()].map((run) => untilOver(client, run)));
  for (const { id, rule, state, reason } of ended) {
    if (state === 'published' || state === 'empty') continue;
    // The rules of a load are deleted in mid-run now and then.
    if (state === 'cancelled' && reason?.code === 'RuleDeleted') continue;
    world.problems.push(`run ${id} of the rule "${rule}" is ${state}: ${reason?.code} ${reason?.text}`);
  }
  world.runs.clear();
  return ended;
}

/** The newest runs of a rule; none when the rule isn't there. */
export async function listRuns(client: ServerClient, rule: string, limit = 1000): Promise<readonly RunView[]> {
  const query = { inventory: undefined, inventoryId: rule, runs: undefined, 'max-keys': String(limit) };
  try {
    return (await client.sendForJson<{ runs: RunView[] }>({ method: 'GET', bucket: SOURCE, query })).runs;
  } catch (error) {
    if (hasStatus(error, 404)) return [];
    throw error;
  }
}

async function getRun(client: ServerClient, rule: string, run: string): Promise<RunView> {
  return await client.sendForJson({
    method: 'GET',
    bucket: SOURCE,
    query: { inventory: undefined, inventoryId: rule, run },
  });
}

async function untilOver(client: ServerClient, first: RunView): Promise<RunView> {
  const deadline = Date.now() + MAX_RUN_MS;
  let run = first;
  while (isOpen(run.state) && Date.now() < deadline) {
    await delay(POLL_MS);
    run = await getRun(client, run.rule, run.id);
  }
  return run;
}

/**
 * Every manifest names files that are there, right in size, MD5 and rows; every published run has its manifest and
 * every manifest its run; and nothing else lies in the destination. Reports that were found whole before are only
 * looked for again, unless `all` are to be read.
 */
export async function checkReports(
  world: World,
  endpoint: string,
  runs: readonly RunView[],
  all: boolean,
): Promise<number> {
  const client = connect(endpoint);
  const keys = new Set(await listKeys(client, DESTINATION));
  const manifests = [...keys].filter((key) => key.endsWith('/manifest.json'));
  const published = new Map(runs.flatMap((run) => (run.manifest === null ? [] : [[run.manifest, run]])));
  for (const key of [...published.keys(), ...world.reports.keys()]) {
    if (!keys.has(key)) world.problems.push(`the report "${key}" was published, and its manifest is gone`);
  }
  const unread = manifests.filter((key) => all || !world.reports.has(key));
  for (const key of unread) {
    const source = openReportSource(`oss://${DESTINATION}/${key}`, () => connect(endpoint));
    for (const { file, row, text } of (await checkReport(source, () => undefined)).problems) {
      world.problems.push(`the report "${key}": ${file}${row === undefined ? '' : `, row ${row}`}: ${text}`);
    }
    await source.close();
    const bytes = await read(client, key);
    world.reports.set(key, manifestFileKeys(bytes));
    const run = published.get(key);
    if (run !== undefined) await checkRows(world, client, run);
  }
  const expected = new Set<string>();
  for (const key of manifests) {
    for (const named of [key, key.replace('manifest.json', 'manifest.checksum'), ...(world.reports.get(key) ?? [])]) {
      expected.add(named);
    }
  }
  for (const key of keys)
    if (!expected.has(key)) world.problems.push(`"${key}" lies in the destination, and no report names it`);
  for (const key of expected) if (!keys.has(key)) world.problems.push(`"${key}" belongs to a report, and is not there`);
  await client.close();
  return unread.length;
}

/** The rows of a report are the bucket as it was at its point in time, as far as it is known for certain. */
async function checkRows(world: World, client: ServerClient, run: RunView): Promise<void> {
  const instant = Date.parse(run.pointInTime ?? '');
  const etags = new Map<string, string>();
  let baseRows = 0;
  for (const file of world.reports.get(run.manifest ?? '') ?? []) {
    for (const line of gunzipSync(await read(client, file))
      .toString()
      .split('\n')) {
      const [, key = '', , etag = ''] = line.split('"').filter((part) => part !== ',');
      if (key.startsWith(encodeURIComponent(BASE_PREFIX))) baseRows++;
      else if (key.startsWith(encodeURIComponent(LOAD_PREFIX))) etags.set(decodeURIComponent(key), etag);
    }
  }
  const expected = isOfLoadAlone(run.rule) ? 0 : world.baseObjects;
  if (baseRows !== expected) {
    world.problems.push(`the report of run ${run.id} has ${baseRows} of the ${expected} objects that nobody changed`);
  }
  for (const [key, promised] of world.objects) {
    const known = key.startsWith(LOAD_PREFIX) ? promised.at(instant) : undefined;
    if (known === undefined) continue;
    const etag = etags.get(key);
    if (etag === undefined ? known.state === undefined : known.state?.includes(etag)) continue;
    world.problems.push(
      `the report of run ${run.id}, of ${run.pointInTime}, says "${etag ?? 'absent'}" of "${key}", which was ${known.state ?? 'absent'}`,
    );
  }
}

/** What a stopped server has left in its folder: no upload half done, and a body file for each entry, and no other. */
export async function checkFolder(world: World): Promise<void> {
  const store = path.join(world.data, 'store');
  for (const folder of [path.join(store, 'staging'), path.join(world.data, 'spool')]) {
    for (const file of await readdir(folder)) world.problems.push(`"${file}" is left in ${path.basename(folder)}`);
  }
  const index = openIndex(store);
  try {
    const indexed = new Set([...index.files.getKeys()].map(contentIdOf));
    const garbage = new Set([...index.garbage.getKeys()].map(contentIdOf));
    const entries = await readdir(path.join(store, 'bodies'), { recursive: true, withFileTypes: true });
    const stored = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => Number.parseInt(name, 16)));
    for (const id of stored) if (!indexed.has(id)) world.problems.push(`the body file ${id} has no index entry`);
    for (const id of indexed)
      if (!stored.has(id)) world.problems.push(`the index names the body file ${id}, which is not there`);
    for (const id of garbage) world.problems.push(`the body file ${id} is still to be removed`);
  } finally {
    await index.root.close();
  }
}

async function listKeys(client: ServerClient, bucket: string): Promise<string[]> {
  const keys: string[] = [];
  let marker: string | undefined = '';
  while (marker !== undefined) {
    const query: Record<string, string> = { 'max-keys': '1000', marker };
    const page = await client.sendForXml({ method: 'GET', bucket, query });
    keys.push(...childrenNamed(page, 'Contents').map((entry) => childText(entry, 'Key') ?? ''));
    marker = childText(page, 'NextMarker');
  }
  return keys;
}

async function read(client: ServerClient, key: string): Promise<Buffer> {
  return await collect((await client.send({ method: 'GET', bucket: DESTINATION, key })).body);
}

async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
