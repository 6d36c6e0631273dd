/** The servers that are measured, each in a process of its own: the real one, and its HTTP half without storage. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { endWithUs } from './leftovers.ts';

/** From the sources, so that no build of an older state is measured. */
const COMMAND = new URL('../test/command.ts', import.meta.url).pathname;
const STORELESS = new URL('./storeless-server.ts', import.meta.url).pathname;
/** What `/proc/PID/stat` counts processor time in, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export const BENCH_KEY = { accessKeyId: 'bench-key', secret: 'bench-secret-81d4' };
export const BENCH_BUCKET = 'bench-bucket';

export interface MeasuredServer {
  /** As in `http://127.0.0.1:34567`. */
  readonly endpoint: string;
  /** Processor time so far, all threads together. */
  cpuSeconds(): Promise<number>;
  /** The most memory that was ever resident. */
  peakMegabytes(): Promise<number>;
  /** The memory that is its own now: without mapped files, which belong to the page cache. */
  ownMegabytes(): Promise<number>;
}

/** A program to measure, and where it leaves a CPU profile when it ends, if it is to. */
export interface Measured {
  readonly program: readonly string[];
  readonly profile?: string | undefined;
}

/** `stocktake serve` on a data folder. */
export function ours(data: string): readonly string[] {
  return [COMMAND, 'serve', '--json', '--port', '0', '--data', data];
}

/** The HTTP half of the same server, on a store that digests bodies and keeps nothing. */
export const STORELESS_PROGRAM: readonly string[] = [STORELESS];

/** Lends a server to `work` and ends it in order, which also writes its profile. When `work` fails, its log is told. */
export async function withServer<T>(
  { program, profile }: Measured,
  work: (server: MeasuredServer) => Promise<T>,
): Promise<T> {
  const args = profile === undefined ? program : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`, ...program];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('STOCKTAKE_'));
  const child = spawn(process.execPath, args, {
    env: {
      ...Object.fromEntries(inherited),
      STOCKTAKE_ACCESS_KEY_ID: BENCH_KEY.accessKeyId,
      STOCKTAKE_ACCESS_KEY_SECRET: BENCH_KEY.secret,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = once(child, 'exit');
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), exited.then(() => undefined)]);
  if (first === undefined) throw new Error(`The server ended before it listened:\n${log}`);
  const { endpoint } = JSON.parse(String(first[0])) as { endpoint: string };
  const proc = (file: string) => readFile(`/proc/${child.pid}/${file}`, 'utf8');
  const server: MeasuredServer = {
    endpoint,
    async cpuSeconds() {
      // After the name of the program, which is in parentheses and may hold blanks, fields 12 and 13 are user and system.
      const fields = (await proc('stat')).split(') ').at(-1)?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    async ownMegabytes() {
      return (Number(/^RssAnon:\s+(\d+) kB$/m.exec(await proc('status'))?.[1]) * 1024) / 1e6;
    },
    async peakMegabytes() {
      return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(await proc('status'))?.[1]) * 1024) / 1e6;
    },
  };
  try {
    return await work(server);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe server's log:\n${log}`, {
      cause: error,
    });
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}
