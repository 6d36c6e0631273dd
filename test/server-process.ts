/** A real server in a process of its own, on a free port, with a data folder of its own: to talk to, and to kill. */

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { keepCommand, keepFolder, noteSecret, openOutput } from './captured-output.ts';

const COMMAND = new URL('./command.ts', import.meta.url).pathname;

export const TEST_KEY = { accessKeyId: 'test-key', accessKeySecret: 'test-secret-5f2c' };

export interface ServerOptions {
  /** A data folder to go on with; a fresh one, removed by `stop`, when absent. */
  readonly data?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** The script to start in place of the command line. */
  readonly entry?: string;
  /** What it has open behind stderr. */
  readonly extraStdio?: readonly ('ipc' | 'pipe')[];
}

export interface ServerProcess {
  /** As in `http://127.0.0.1:34567`. */
  readonly endpoint: string;
  readonly port: number;
  readonly data: string;
  readonly process: ChildProcess;
  /** All that it wrote to stderr so far. */
  log(): string;
  /** kill -9; resolves when the process is gone. The data folder stays. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>;
  /** Kills what is left of it and removes a data folder that it made. */
  stop(): Promise<void>;
}

export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const data = options.data ?? (await mkdtemp(path.join(tmpdir(), 'stocktake-test-')));
  const child = spawnServer(data, options);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const lines = createInterface(child.stdout);
  const first = await Promise.race([once(lines, 'line') as Promise<[string]>, exited.then(() => undefined)]);
  if (first === undefined) throw new Error(`the server ended before it listened:\n${log}`);
  const { endpoint } = JSON.parse(first[0]) as { endpoint: string };
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [code] = await exited;
    keepFolder(data);
    return code;
  };
  return {
    endpoint,
    port: Number(new URL(endpoint).port),
    data,
    process: child,
    log: () => log,
    kill: async () => {
      await end('SIGKILL');
    },
    terminate: () => end('SIGTERM'),
    stop: async () => {
      await end('SIGKILL');
      if (options.data === undefined) await rm(data, { recursive: true, force: true });
    },
  };
}

/** Starts a server on `data` and kills it -9 so much later, whether it listens by then or not. False when it ended before. */
export async function killDuringStart(data: string, afterMs: number, options: ServerOptions = {}): Promise<boolean> {
  const child = spawnServer(data, options);
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  await exited;
  clearTimeout(timer);
  return child.killed;
}

function spawnServer(data: string, { args = [], environment, entry = COMMAND, extraStdio = [] }: ServerOptions) {
  const child = spawn(process.execPath, [entry, 'serve', '--json', '--port', '0', '--data', data, ...args], {
    env: { ...commandEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe', ...extraStdio],
  }) as ChildProcessByStdio<null, Readable, Readable>;
  const keep = openOutput('server');
  for (const stream of [child.stdout, child.stderr]) stream.on('data', keep);
  return child;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command against a server, to its end. */
export async function runCommand(
  args: readonly string[],
  options: {
    readonly endpoint?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly input?: string;
    /** Told of what it writes to stdout, when it does. */
    readonly onOutput?: (text: string) => void;
  } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: {
      ...commandEnvironment(),
      ...(options.endpoint !== undefined && { STOCKTAKE_ENDPOINT: options.endpoint }),
      ...options.environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    options.onOutput?.(chunk.toString());
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  keepCommand(args, { stdout, stderr });
  return { code, stdout, stderr };
}

/** Whatever STOCKTAKE_ variables the shell has must not reach a test. */
function commandEnvironment(): NodeJS.ProcessEnv {
  noteSecret(TEST_KEY.accessKeySecret);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('STOCKTAKE_'));
  return {
    ...Object.fromEntries(inherited),
    STOCKTAKE_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
    STOCKTAKE_ACCESS_KEY_SECRET: TEST_KEY.accessKeySecret,
  };
}
