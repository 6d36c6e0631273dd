/**
 * LIST pages a second: clients that each page through a bucket from its first key to its last, a page after the other,
 * over and over. Beside it the same client on the same keys in Ceph's object gateway, which keeps everything in memory
 * for this.
 */

import path from 'node:path';
import type { Contest, Figures } from './figures.ts';
import type { BenchFlags } from './flags.ts';
import { latencyFigures } from './latency.ts';
import { withFolder } from './leftovers.ts';
import { progress } from './progress.ts';
import { missingRgw, startRgw } from './rgw.ts';
import { BENCH_BUCKET, BENCH_KEY, ours, withServer } from './server.ts';
import { type StoreAccess, WireClient } from './wire-client.ts';

const CLIENTS = [1, 8];
const PAGE_KEYS = 1000;
const LOAD_CONNECTIONS = 32;
const BODY = Buffer.from('listed');
const RGW = 'Ceph RGW, in memory';

export async function* benchList(flags: BenchFlags): AsyncGenerator<Contest> {
  const own = await withFolder(flags.folder, (folder) => measureOurs(folder, flags));
  const missing = missingRgw();
  const peer =
    missing === undefined ? await withFolder(flags.folder, (folder) => measureRgw(folder, flags)) : undefined;
  for (const [index, clients] of CLIENTS.entries()) {
    const figures = peer?.[index];
    yield {
      name: `list-${clients}`,
      ours: own[index] ?? {},
      references: figures === undefined ? {} : { [RGW]: figures },
      ...(missing !== undefined && { notes: [missing] }),
    };
  }
}

function measureOurs(folder: string, flags: BenchFlags): Promise<Figures[]> {
  return withServer({ program: ours(path.join(folder, 'data')), profile: flags.profile }, ({ endpoint }) =>
    measure('ours', { endpoint, scheme: 'OSS', ...BENCH_KEY }, flags),
  );
}

async function measureRgw(folder: string, flags: BenchFlags): Promise<Figures[]> {
  progress('list: starting Ceph RGW');
  const rgw = await startRgw(folder);
  try {
    return await measure('Ceph RGW', rgw.access, flags);
  } finally {
    await rgw.stop();
  }
}

/** The figures for each number of clients. */
async function measure(who: string, access: StoreAccess, { keys, seconds }: BenchFlags): Promise<Figures[]> {
  await fill(who, access, keys);
  const figures: Figures[] = [];
  for (const clients of CLIENTS) {
    const client = new WireClient(access, clients);
    // What is listed has to be right before it matters how fast; and the first walk lets the server get warm.
    const found = await countKeys(client);
    if (found !== keys) throw new Error(`${who} lists ${found} keys where ${keys} were put.`);
    progress(`list: ${who}, ${clients} clients for ${seconds} s`);
    figures.push(await walk(client, clients, seconds));
    await client.close();
  }
  return figures;
}

async function fill(who: string, access: StoreAccess, keys: number): Promise<void> {
  const client = new WireClient(access, LOAD_CONNECTIONS);
  await client.send({ method: 'PUT', bucket: BENCH_BUCKET });
  let put = 0;
  const writer = async () => {
    while (put < keys) {
      const number = String(put++).padStart(10, '0');
      if (put % PAGE_KEYS === 0) progress(`list: ${who}, ${put} of ${keys} keys put`);
      const key = `archive/2026/customer-${number.slice(0, 7)}/scan-${number}.pdf`;
      await client.send({ method: 'PUT', bucket: BENCH_BUCKET, key, body: BODY });
    }
  };
  await Promise.all(Array.from({ length: LOAD_CONNECTIONS }, writer));
  await client.close();
}

async function countKeys(client: WireClient): Promise<number> {
  let found = 0;
  let token: string | undefined;
  do {
    const page = await listPage(client, token);
    found += page.split('<Key>').length - 1;
    token = nextToken(page);
  } while (token !== undefined);
  return found;
}

async function walk(client: WireClient, clients: number, seconds: number): Promise<Figures> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  const walker = async () => {
    let token: string | undefined;
    while (performance.now() < endsAt) {
      const before = performance.now();
      token = nextToken(await listPage(client, token));
      latenciesMs.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: clients }, walker));
  return { perSecond: latenciesMs.length / ((performance.now() - startedAt) / 1000), ...latencyFigures(latenciesMs) };
}

function listPage(client: WireClient, token: string | undefined): Promise<string> {
  const query = {
    'list-type': '2',
    'max-keys': String(PAGE_KEYS),
    ...(token !== undefined && { 'continuation-token': token }),
  };
  return client.send({ method: 'GET', bucket: BENCH_BUCKET, query });
}

/** The text between the tags: the keys hold nothing that XML would write otherwise. */
function nextToken(page: string): string | undefined {
  return /<NextContinuationToken>([^<]+)</.exec(page)?.[1];
}
