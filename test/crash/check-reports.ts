/**
 * Reports after a kill: every manifest names files that are there, right in size, MD5 and rows; every published run has
 * its manifest and every manifest its run; and nothing else lies in the destination.
 */

import { gunzipSync } from 'node:zlib';
import { checkReport } from '../../src/cli/check-report.ts';
import { openReportSource } from '../../src/cli/report-source.ts';
import { collect, type ServerClient } from '../../src/cli/server-client.ts';
import { parseLatest } from '../../src/core/latest-report.ts';
import { checksumKey, manifestFileKeys, reportJsonKey } from '../../src/core/report.ts';
import type { RunView } from '../../src/core/run.ts';
import { connect } from './change.ts';
import { listKeys } from './listings.ts';
import { BASE_PREFIX, DESTINATION, isOfLoadAlone, LOAD_PREFIX, SOURCE } from './names.ts';
import type { World } from './world.ts';

/** Reports that were found whole before are only looked for again, unless `all` are to be read. */
export async function checkReports(
  world: World,
  endpoint: string,
  { runs, all }: { readonly runs: readonly RunView[]; readonly all: boolean },
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
    world.reports.set(key, manifestFileKeys(await readDelivered(client, key)));
    const run = published.get(key);
    if (run !== undefined) await checkRows(world, client, run);
  }
  const files = new Map(manifests.map((key) => [key, world.reports.get(key) ?? []]));
  world.problems.push(...(await strayProblems(client, keys, files)));
  await client.close();
  return unread.length;
}

/** What lies in a destination beside whole reports, or is missing of them, in words. */
export async function strayProblems(
  client: ServerClient,
  keys: ReadonlySet<string>,
  /** The data files of each manifest. */
  reports: ReadonlyMap<string, readonly string[]>,
): Promise<string[]> {
  const problems: string[] = [];
  const expected = new Set<string>();
  for (const [manifest, files] of reports) {
    const folder = manifest.slice(0, -'/manifest.json'.length);
    for (const key of [manifest, checksumKey(folder), reportJsonKey(folder), ...files]) expected.add(key);
  }
  for (const key of keys) {
    if (expected.has(key)) continue;
    if (!key.endsWith('/latest.json')) problems.push(`"${key}" lies in the destination, and no report names it`);
    else if (!keys.has(parseLatest(await readDelivered(client, key))?.manifestKey ?? '')) {
      problems.push(`"${key}" names no report that is there`);
    }
  }
  for (const key of expected) {
    if (!keys.has(key)) problems.push(`"${key}" belongs to a report, and is not there`);
  }
  return problems;
}

/** The rows of a report are the bucket as it was at its point in time, as far as it is known for certain. */
async function checkRows(world: World, client: ServerClient, run: RunView): Promise<void> {
  const instant = Date.parse(run.pointInTime ?? '');
  const etags = new Map<string, string>();
  let baseRows = 0;
  for (const file of world.reports.get(run.manifest ?? '') ?? []) {
    for (const line of gunzipSync(await readDelivered(client, file))
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
  for (const { bucket, key, promised } of world.objects.values()) {
    const known = bucket === SOURCE && key.startsWith(LOAD_PREFIX) ? promised.at(instant) : undefined;
    if (known === undefined || etags.get(key) === known.state?.etag) continue;
    world.problems.push(
      `the report of run ${run.id}, of ${run.pointInTime}, says "${etags.get(key) ?? 'absent'}" of "${key}", which was ${known.state?.etag ?? 'absent'}`,
    );
  }
}

/** An object of the destination. */
export async function readDelivered(client: ServerClient, key: string): Promise<Buffer> {
  return await collect((await client.send({ method: 'GET', bucket: DESTINATION, key })).body);
}
