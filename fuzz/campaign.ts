/** A campaign: attempts of a seed from several sides against a real server, and what has to hold meanwhile and after. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand, type ServerProcess, startServer, TEST_KEY } from '../test/server-process.ts';
import { WireClient } from '../test/wire-client.ts';
import { type Attempt, attemptOf } from './attempt.ts';
import { converse } from './converse.ts';
import { makeSenders, type Senders } from './identities.ts';
import type { Measure } from './measured-command.ts';
import { BUCKETS } from './seeds.ts';

const ENTRY = new URL('./measured-command.ts', import.meta.url).pathname;
const MIB = 1024 * 1024;
/** A campaign is measured so many times, and the first of those in which the server counts as warm. */
const SLICES = 4;
const WARM_SLICE = 1;
/** What caches and compiled code may still grow by, once the server is warm. */
const HEAP_TOLERANCE_BYTES = 16 * MIB;
const RESIDENT_CAP_BYTES = 768 * MIB;
const PROBE_EVERY_MS = 250;
/** A good request is answered in this time, whatever else is sent. */
const PROBE_PATIENCE_MS = 5_000;
const SETTLE_MS = 30_000;
/** Told to stop, a server drains for at most ten seconds, and waits for nothing else. */
const STOP_MS = 20_000;
const MOST_FINDINGS = 20;
const MOST_HEX_DIGITS = 16_384;

export interface CampaignOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly workers: number;
  /** This attempt alone. */
  readonly only?: number | undefined;
  readonly tell: (line: string) => void;
}

export interface CampaignResult {
  readonly attempts: number;
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly findings: readonly string[];
}

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const server = await startServer({ entry: ENTRY, extraStdio: ['ipc'] });
  try {
    return await new Campaign(server, options).run();
  } finally {
    await server.stop();
  }
}

class Campaign {
  readonly #server: ServerProcess;
  readonly #options: CampaignOptions;
  readonly #findings: string[] = [];
  readonly #statuses = new Map<number, number>();
  #attempts = 0;
  #senders: Senders | undefined;

  constructor(server: ServerProcess, options: CampaignOptions) {
    this.#server = server;
    this.#options = options;
  }

  async run(): Promise<CampaignResult> {
    const { only, seconds, tell } = this.#options;
    await this.#prepare();
    this.#senders = await this.#with((client) => makeSenders(client));
    if (only !== undefined) {
      await this.#attempt(only);
    } else {
      const measures: Measure[] = [];
      for (let slice = 0; slice < SLICES; slice++) {
        await this.#attack(seconds / SLICES);
        const measure = await this.#settled();
        tell(`${this.#attempts} attempts: ${show(measure)}`);
        measures.push(measure);
      }
      this.#judge(measures[WARM_SLICE], measures.at(-1));
    }
    await this.#judgeFolder();
    return { attempts: this.#attempts, statuses: this.#statuses, findings: this.#findings };
  }

  async #prepare(): Promise<void> {
    await this.#with(async (client) => {
      for (const bucket of BUCKETS) await client.send({ method: 'PUT', bucket });
    });
  }

  async #with<T>(use: (client: WireClient) => Promise<T>): Promise<T> {
    const client = this.#client();
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }

  async #attack(seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000;
    const isOver = () => performance.now() > until || this.#findings.length >= MOST_FINDINGS || !this.#isAlive;
    const worker = async () => {
      while (!isOver()) await this.#attempt(this.#attempts);
    };
    const abort = new AbortController();
    const probing = this.#probe(abort.signal);
    await Promise.all(Array.from({ length: this.#options.workers }, worker));
    abort.abort();
    await probing;
  }

  get #isAlive(): boolean {
    return this.#server.process.exitCode === null && this.#server.process.signalCode === null;
  }

  async #attempt(index: number): Promise<void> {
    this.#attempts += 1;
    assert(this.#senders !== undefined);
    const { endpoint } = this.#server;
    const attempt = attemptOf(this.#options.seed, index, { endpoint, senders: this.#senders });
    const faultsBefore = faultsIn(this.#server.log());
    const { statuses, problems } = await converse(this.#server.port, attempt);
    for (const status of statuses) this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    for (const problem of problems) this.#found(problem, attempt);
    const faults = faultsIn(this.#server.log());
    if (faults.length > faultsBefore.length) this.#found(`the log tells of a fault: ${faults.at(-1)}`, attempt);
    if (!this.#isAlive) this.#found(`the server ended: ${this.#server.log().slice(-2000)}`, attempt);
  }

  /** While others attack: the server is there, and serves. */
  async #probe(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#isAlive) {
      const client = this.#client();
      const probe = async () => {
        const health = await client.send({ target: '/-/health', signature: 'none' });
        const listed = await client.send({ bucket: BUCKETS[0], query: 'max-keys=1' });
        // A bucket that an attempt deleted is made again.
        if (listed.status === 404) await this.#prepare();
        return health.status === 200 && (listed.status === 200 || listed.status === 404);
      };
      const late = delay(PROBE_PATIENCE_MS, undefined, { ref: false });
      const isServed = await Promise.race([probe(), late]).catch((error: unknown) => String(error));
      client.close();
      if (isServed !== true) this.#found(`a good request was not served: ${isServed ?? 'not in time'}`);
      await delay(PROBE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** What the server holds once all connections are gone and its runs are done. */
  async #settled(): Promise<Measure> {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      const measure = await this.#measure();
      const isBusy = measure.sockets > 0 || (await this.#leftovers()).length > 0;
      if (!isBusy || performance.now() > deadline) return measure;
      await delay(100);
    }
  }

  async #measure(): Promise<Measure> {
    const answer = once(this.#server.process, 'message') as Promise<[Measure]>;
    this.#server.process.send('measure');
    return (await answer)[0];
  }

  /** Files that only a request or a run under way has. */
  async #leftovers(): Promise<string[]> {
    const folders = ['spool', path.join('store', 'staging')].map((name) => path.join(this.#server.data, name));
    return (await Promise.all(folders.map((folder) => readdir(folder)))).flat();
  }

  #judge(warm: Measure | undefined, end: Measure | undefined): void {
    if (warm === undefined || end === undefined) return;
    const grown = end.heapBytes + end.bufferBytes - warm.heapBytes - warm.bufferBytes;
    if (grown > HEAP_TOLERANCE_BYTES) this.#found(`the heap grew by ${toMib(grown)} after it was warm`);
    if (end.residentBytes > RESIDENT_CAP_BYTES) this.#found(`resident memory is ${toMib(end.residentBytes)}`);
    if (end.sockets > 0) this.#found(`${end.sockets} connections are open when every client has gone`);
  }

  async #judgeFolder(): Promise<void> {
    const left = await this.#leftovers();
    if (left.length > 0) this.#found(`files are left over: ${left.slice(0, 5).join(', ')}`);
    const since = performance.now();
    const code = await this.#server.terminate();
    const tookMs = performance.now() - since;
    if (tookMs > STOP_MS) this.#found(`the server took ${Math.round(tookMs / 1000)} seconds to stop`);
    if (code !== 0) this.#found(`the server ended with ${code}: ${this.#server.log().slice(-2000)}`);
    const checked = await runCommand(['store', 'check', '--data', this.#server.data]);
    if (checked.code !== 0) this.#found(`store check: ${checked.stdout}${checked.stderr}`);
  }

  #client(): WireClient {
    return new WireClient({ endpoint: this.#server.endpoint, key: TEST_KEY });
  }

  #found(problem: string, attempt?: Attempt): void {
    const sent =
      attempt === undefined
        ? ''
        : `\n  --seed ${this.#options.seed} --only ${attempt.index} (${attempt.end}); sent: ${hexOf(attempt)}`;
    this.#findings.push(problem + sent);
    this.#options.tell(`FOUND ${problem}${sent}`);
  }
}

function faultsIn(log: string): string[] {
  return log.split('\n').filter((line) => /"level":(?:50|60)|Warning:|request failed|response failed/.test(line));
}

/** The packets, one after the other; the seed and the number make the rest of a long one. */
function hexOf({ packets }: Attempt): string {
  const hex = packets.map((packet) => packet.toString('hex')).join(' | ');
  return hex.length <= MOST_HEX_DIGITS ? hex : `${hex.slice(0, MOST_HEX_DIGITS)}...`;
}

function show({ heapBytes, bufferBytes, residentBytes, sockets }: Measure): string {
  return `heap ${toMib(heapBytes)}, buffers ${toMib(bufferBytes)}, resident ${toMib(residentBytes)}, ${sockets} connections`;
}

function toMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
