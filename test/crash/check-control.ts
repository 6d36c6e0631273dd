/** Holds rules, runs, buckets that come and go, and encryption keys against what was promised of them. */

import { setTimeout as delay } from 'node:timers/promises';
import { hasStatus, type ServerClient } from '../../src/cli/server-client.ts';
import type { KeyPage } from '../../src/core/encryption-key.ts';
import { isOpen, type RunView } from '../../src/core/run.ts';
import { child, childrenNamed, childText } from '../../src/core/xml.ts';
import { ruleGeneration } from './load-control.ts';
import { SOURCE } from './names.ts';
import type { World } from './world.ts';

const MAX_RUN_MS = 60_000;
const POLL_MS = 20;
const MAX_KEYS_PAGE = 1000;

export async function checkRules(world: World, client: ServerClient): Promise<void> {
  for (const [id, promised] of world.rules) {
    const problem = promised.found(await ruleAt(client, id));
    if (problem !== undefined) world.problems.push(`the rule "${id}" ${problem}`);
  }
}

/** Buckets that come and go take their rules along. */
export async function checkPassingBuckets(world: World, client: ServerClient): Promise<void> {
  for (const [bucket, promised] of world.passing) {
    const problem = promised.found(await rulesOf(client, bucket));
    if (problem !== undefined) world.problems.push(`the bucket "${bucket}" ${problem}`);
  }
}

export async function checkKeys(world: World, client: ServerClient): Promise<void> {
  const states = new Map<string, string>();
  let after: string | null = '';
  while (after !== null) {
    const query = { limit: String(MAX_KEYS_PAGE), after };
    const page: KeyPage = await client.sendForAdmin<KeyPage>({ path: 'keys', query });
    for (const { id, state } of page.keys) states.set(id, state);
    after = page.nextAfter;
  }
  for (const [id, promised] of world.keys) {
    const problem = promised.found(states.get(id));
    if (problem !== undefined) world.problems.push(`the encryption key "${id}" ${problem}`);
  }
}

/** Every run comes to its end, and to the one that its rule can have. */
export async function checkRuns(world: World, client: ServerClient): Promise<RunView[]> {
  const runs = new Map<string, RunView>();
  for (const rule of world.rules.keys()) for (const run of await listRuns(client, rule)) runs.set(run.id, run);
  for (const [id, rule] of world.runs) if (!runs.has(id)) runs.set(id, await getRun(client, rule, id));
  const ended = await Promise.all([...runs.values()].map((run) => untilOver(client, run)));
  for (const run of ended) {
    if (isAsExpected(run)) continue;
    const { id, rule, state, reason } = run;
    world.problems.push(`run ${id} of the rule "${rule}" is ${state}: ${reason?.code} ${reason?.text}`);
  }
  world.runs.clear();
  return ended;
}

function isAsExpected({ rule, state, reason }: RunView): boolean {
  // The rules of a load are deleted in mid-run now and then.
  if (state === 'cancelled') return reason?.code === 'RuleDeleted';
  if (rule === 'unfit') return state === 'failed' && reason?.code === 'ReportKeyTooLong';
  return state === 'empty' || (state === 'published' && rule !== 'empty');
}

/** The newest runs of a rule; none when the rule isn't there. */
export async function listRuns(client: ServerClient, rule: string, limit = 1000): Promise<readonly RunView[]> {
  const query = { inventory: undefined, inventoryId: rule, runs: undefined, 'max-keys': String(limit) };
  const page = await unlessMissing(client.sendForJson<{ runs: RunView[] }>({ method: 'GET', bucket: SOURCE, query }));
  return page?.runs ?? [];
}

async function getRun(client: ServerClient, rule: string, run: string): Promise<RunView> {
  const query = { inventory: undefined, inventoryId: rule, run };
  return await client.sendForJson({ method: 'GET', bucket: SOURCE, query });
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

async function ruleAt(client: ServerClient, id: string): Promise<string | undefined> {
  const query = { inventory: undefined, inventoryId: id };
  const rule = await unlessMissing(client.sendForXml({ method: 'GET', bucket: SOURCE, query }));
  const filter = rule && child(rule, 'Filter');
  return rule && ruleGeneration((filter && childText(filter, 'LastModifyBeginTimeStamp')) ?? '');
}

async function rulesOf(client: ServerClient, bucket: string): Promise<readonly string[] | undefined> {
  const query = { inventory: undefined };
  if (
    (await unlessMissing(client.sendForNothing({ method: 'GET', bucket, query: { acl: undefined } }))) === undefined
  ) {
    return undefined;
  }
  const list = await unlessMissing(client.sendForXml({ method: 'GET', bucket, query }));
  const rules = list === undefined ? [] : childrenNamed(list, 'InventoryConfiguration');
  return rules.map((rule) => childText(rule, 'Id') ?? '');
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}
