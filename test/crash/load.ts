/** A mixed load on a server until it is killed: clients that note down what was acknowledged and what is in doubt. */

import { createHash } from 'node:crypto';
import { hasStatus, ServerClient, ServerError } from '../../src/cli/server-client.ts';
import type { RunView } from '../../src/core/run.ts';
import { node, renderXml } from '../../src/core/xml.ts';
import { TEST_KEY } from '../server-process.ts';
import type { Promised, State } from './promises.ts';
import { bodyOf, DESTINATION, GENERATION_HEADER, LOAD_PREFIX, SOURCE, sizeOf, stateOf, type World } from './world.ts';

const WORKERS = 16;
const MAX_KEYS_DELETED_AT_ONCE = 8;

export function connect(endpoint: string): ServerClient {
  const settings = { region: 'cn-hangzhou', accountId: '1000000000000000', data: '', ...TEST_KEY };
  return new ServerClient({ endpoint, ...settings });
}

export interface LoadCounts {
  acknowledged: number;
  inDoubt: number;
}

/** Resolves when the server has stopped answering. */
export async function runLoad(world: World, endpoint: string, signal: AbortSignal): Promise<LoadCounts> {
  const client = connect(endpoint);
  const counts = { acknowledged: 0, inDoubt: 0 };
  const work = async () => {
    while (!signal.aborted) await changeSomething(new Change(world, client, signal, counts));
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  await client.close();
  return counts;
}

async function changeSomething(change: Change): Promise<void> {
  const kind = change.world.random.between(0, 100);
  if (kind < 60) await change.putObject();
  else if (kind < 80) await change.deleteObject();
  else if (kind < 88) await change.deleteObjects();
  else if (kind < 92) await change.putRule();
  else if (kind < 94) await change.deleteRule();
  else await change.startRun();
}

let generations = 0;

class Change {
  readonly world: World;
  readonly #client: ServerClient;
  readonly #signal: AbortSignal;
  readonly #counts: LoadCounts;

  constructor(world: World, client: ServerClient, signal: AbortSignal, counts: LoadCounts) {
    this.world = world;
    this.#client = client;
    this.#signal = signal;
    this.#counts = counts;
  }

  async putObject(): Promise<void> {
    const [key, promised] = this.#idle(this.world.objects) ?? [];
    if (key === undefined || promised === undefined) return;
    const generation = ++generations;
    const body = bodyOf(key, generation, sizeOf(this.world.random));
    const headers = { [GENERATION_HEADER]: String(generation) };
    await this.#send([[promised, stateOf(body, `generation ${generation}`)]], () =>
      this.#client.sendForNothing({ method: 'PUT', bucket: SOURCE, key, headers, body }),
    );
  }

  async deleteObject(): Promise<void> {
    const [key, promised] = this.#idle(this.world.objects) ?? [];
    if (key === undefined || promised === undefined) return;
    await this.#send([[promised, undefined]], () =>
      this.#client.sendForNothing({ method: 'DELETE', bucket: SOURCE, key }),
    );
  }

  async deleteObjects(): Promise<void> {
    const idle = [...this.world.objects].filter(([, { isBusy }]) => !isBusy);
    const from = this.world.random.between(0, idle.length || 1);
    const chosen = idle.slice(from, from + this.world.random.between(1, MAX_KEYS_DELETED_AT_ONCE));
    if (chosen.length === 0) return;
    const body = renderXml(
      node(
        'Delete',
        chosen.map(([key]) => node('Object', [node('Key', key)])),
      ),
    );
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const changes = chosen.map(([, promised]): [Promised, State] => [promised, undefined]);
    await this.#send(changes, () =>
      this.#client.sendForNothing({ method: 'POST', bucket: SOURCE, query: { delete: undefined }, headers, body }),
    );
  }

  /** New, or over the one that is there, in one step. */
  async putRule(): Promise<void> {
    const [id, promised] = this.#idle(this.world.rules) ?? [];
    if (id === undefined || promised === undefined) return;
    const generation = ++generations;
    await this.#send([[promised, String(generation)]], () =>
      this.#client.sendForNothing({
        method: 'PUT',
        bucket: SOURCE,
        query: { inventory: undefined, inventoryId: id },
        headers: { 'x-oss-stocktake-replace': 'true' },
        body: ruleDocument(id, generation),
      }),
    );
  }

  async deleteRule(): Promise<void> {
    const [id, promised] = this.#idle(this.world.rules) ?? [];
    if (id === undefined || promised === undefined) return;
    const query = { inventory: undefined, inventoryId: id };
    await this.#send([[promised, undefined]], () =>
      this.#client.sendForNothing({ method: 'DELETE', bucket: SOURCE, query }),
    );
  }

  /** Of a rule that may be gone, or has a run under way: then it is refused. */
  async startRun(): Promise<void> {
    const rule = this.world.random.pick([...this.world.rules.keys()]);
    await this.#send([], async () => {
      try {
        const query = { inventory: undefined, inventoryId: rule, run: undefined };
        const run = await this.#client.sendForJson<RunView>({ method: 'POST', bucket: SOURCE, query });
        this.world.runs.set(run.id, rule);
      } catch (error) {
        if (!hasStatus(error, 404) && !hasStatus(error, 409)) throw error;
      }
    });
  }

  #idle(things: ReadonlyMap<string, Promised>): [string, Promised] | undefined {
    const idle = [...things].filter(([, { isBusy }]) => !isBusy);
    return idle.length === 0 ? undefined : this.world.random.pick(idle);
  }

  async #send(changes: readonly (readonly [Promised, State])[], work: () => Promise<unknown>): Promise<void> {
    for (const [promised, state] of changes) promised.sent(state);
    try {
      await work();
      for (const [promised, state] of changes) promised.acknowledged(state);
      this.#counts.acknowledged++;
    } catch (error) {
      for (const [promised] of changes) promised.left();
      this.#counts.inDoubt++;
      // A server that is killed answers nothing; one that answers has no reason to refuse.
      if (error instanceof ServerError) this.world.problems.push(`a request was refused: ${error.message}`);
      else if (!this.#signal.aborted) this.world.problems.push(`a connection broke before the kill: ${error}`);
    }
  }
}

/** When a filter begins says which put a rule came from; all objects are younger. */
const FIRST_SECOND = 1_262_275_200;

/** Some rules list the whole bucket, others the keys of the load alone. */
export function isOfLoadAlone(rule: string): boolean {
  return rule.endsWith('1') || rule.endsWith('3');
}

function ruleDocument(id: string, generation: number): string {
  return renderXml(
    node('InventoryConfiguration', [
      node('Id', id),
      node('IsEnabled', 'true'),
      node('Filter', [
        ...(isOfLoadAlone(id) ? [node('Prefix', LOAD_PREFIX)] : []),
        node('LastModifyBeginTimeStamp', String(FIRST_SECOND + generation)),
      ]),
      node('Destination', [
        node('OSSBucketDestination', [
          node('Format', 'CSV'),
          node('AccountId', '1000000000000000'),
          node('RoleArn', 'acs:ram::1000000000000000:role/AliyunOSSRole'),
          node('Bucket', `acs:oss:::${DESTINATION}`),
          node('Prefix', 'inventory'),
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
