/** Changes of what lies in the control database: rules, runs, encryption keys; and buckets that take their rules along. */

import { hasStatus } from '../../src/cli/server-client.ts';
import type { RunView } from '../../src/core/run.ts';
import { node, renderXml } from '../../src/core/xml.ts';
import { type Change, newGeneration, step } from './change.ts';
import { DESTINATION, isOfLoadAlone, LOAD_PREFIX, SOURCE } from './names.ts';
import { Promised } from './promises.ts';

/** New, or over the one that is there, in one step. */
export async function putRule(change: Change): Promise<void> {
  const rule = pickEntry(change, change.world.rules);
  if (rule === undefined) return;
  const generation = newGeneration();
  await change.send([step(rule.promised, generation)], () =>
    change.client.sendForNothing({
      method: 'PUT',
      bucket: SOURCE,
      query: { inventory: undefined, inventoryId: rule.name },
      headers: { 'x-oss-stocktake-replace': 'true' },
      body: ruleDocument(rule.name, generation),
    }),
  );
}

export async function deleteRule(change: Change): Promise<void> {
  const rule = pickEntry(change, change.world.rules);
  if (rule === undefined) return;
  const query = { inventory: undefined, inventoryId: rule.name };
  await change.send([step(rule.promised, undefined)], () =>
    change.client.sendForNothing({ method: 'DELETE', bucket: SOURCE, query }),
  );
}

/** Of a rule that may be gone, or has a run under way: then it is refused. */
export async function startRun(change: Change): Promise<void> {
  const { world, client } = change;
  const rule = world.random.pick([...world.rules.keys()]);
  await change.send([], async () => {
    try {
      const query = { inventory: undefined, inventoryId: rule, run: undefined };
      const run = await client.sendForJson<RunView>({ method: 'POST', bucket: SOURCE, query });
      world.runs.set(run.id, rule);
    } catch (error) {
      if (!hasStatus(error, 404) && !hasStatus(error, 409)) throw error;
    }
  });
}

/** A bucket comes, gets a rule, and goes with it. */
export async function passBucket(change: Change): Promise<void> {
  const bucket = pickEntry(change, change.world.passing);
  if (bucket === undefined || bucket.promised.isInDoubt) return;
  const { name, promised } = bucket;
  const { client } = change;
  const rules = promised.state;
  if (rules === undefined) {
    await change.send([step(promised, [])], () => client.sendForNothing({ method: 'PUT', bucket: name }));
  } else if (rules.length === 0) {
    const query = { inventory: undefined, inventoryId: 'empty' };
    const body = ruleDocument('empty', newGeneration());
    await change.send([step(promised, ['empty'])], () =>
      client.sendForNothing({ method: 'PUT', bucket: name, query, body }),
    );
  } else {
    await change.send([step(promised, undefined)], () => client.sendForNothing({ method: 'DELETE', bucket: name }));
  }
}

export async function createKey(change: Change): Promise<void> {
  const { keys } = change.world;
  const id = `made-${newGeneration()}`;
  const promised = new Promised<string>();
  keys.set(id, promised);
  await change.send([step(promised, 'enabled')], () =>
    change.client.sendForAdmin({ method: 'POST', path: 'keys', body: JSON.stringify({ id }) }),
  );
}

export async function switchKey(change: Change): Promise<void> {
  const key = pickEntry(change, change.world.keys, ({ promised }) => promised.state !== undefined);
  if (key === undefined) return;
  const [verb, to] = key.promised.state === 'enabled' ? ['disable', 'disabled'] : ['enable', 'enabled'];
  await change.send([step(key.promised, to)], () =>
    change.client.sendForAdmin({ method: 'POST', path: `keys/${key.name}/${verb}`, body: '{}' }),
  );
}

interface Entry<F> {
  readonly name: string;
  readonly promised: Promised<F>;
}

function pickEntry<F>(
  change: Change,
  things: ReadonlyMap<string, Promised<F>>,
  suits: (entry: Entry<F>) => boolean = () => true,
): Entry<F> | undefined {
  const entries = [...things].map(([name, promised]) => ({ name, promised }));
  return change.pick(entries, suits);
}

/** When a filter begins says which put a rule came from; all objects are younger. */
const FIRST_SECOND = 1_262_275_200;

/** Prefix and id of this length are accepted each by itself, and together make keys that no bucket can hold. */
const UNFIT_PREFIX = 'unfit/'.padEnd(1000, 'x');

export function ruleDocument(id: string, generation: string): string {
  const prefix = id === 'empty' ? 'nothing/' : isOfLoadAlone(id) ? LOAD_PREFIX : undefined;
  const isEncrypted = id === 'rule-3';
  return renderXml(
    node('InventoryConfiguration', [
      node('Id', id),
      node('IsEnabled', 'true'),
      node('Filter', [
        ...(prefix === undefined ? [] : [node('Prefix', prefix)]),
        node('LastModifyBeginTimeStamp', String(FIRST_SECOND + Number(generation))),
      ]),
      node('Destination', [
        node('OSSBucketDestination', [
          node('Format', 'CSV'),
          node('AccountId', '1000000000000000'),
          node('RoleArn', 'acs:ram::1000000000000000:role/AliyunOSSRole'),
          node('Bucket', `acs:oss:::${DESTINATION}`),
          node('Prefix', id === 'unfit' ? UNFIT_PREFIX : 'inventory'),
          ...(isEncrypted ? [node('Encryption', [node('SSE-OSS', '')])] : []),
        ]),
      ]),
      node('Schedule', [node('Frequency', 'Daily')]),
      node('IncludedObjectVersions', 'Current'),
      node('OptionalFields', [node('Field', 'Size'), node('Field', 'ETag')]),
    ]),
  );
}

/** Which put a rule came from, by its document. */
export function ruleGeneration(begin: string): string {
  return String(Number(begin) - FIRST_SECOND);
}
