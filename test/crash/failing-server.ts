/** A real server whose failpoints obey orders. */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Failpoint } from '../../src/core/failpoint.ts';
import { type ServerOptions, type ServerProcess, startServer } from '../server-process.ts';
import type { Order } from './failing-command.ts';

export const FAILING_ENTRY = new URL('./failing-command.ts', import.meta.url).pathname;

/** stdin, stdout, stderr and the channel come before it. */
const REACHED_FD = 4;

export interface FailingServer extends ServerProcess {
  /** Resolves when the order is in force; it replaces the one before. */
  order(order: Order): Promise<void>;
}

export interface FailingServerOptions extends ServerOptions {
  /** Told of each failpoint that the server reaches, once. */
  readonly onReached?: (point: Failpoint) => void;
}

export async function startFailingServer({ onReached, ...options }: FailingServerOptions): Promise<FailingServer> {
  const server = await startServer({
    ...options,
    entry: FAILING_ENTRY,
    extraStdio: ['ipc', 'pipe'],
    environment: { ...options.environment, CRASH_REACHED_FD: String(REACHED_FD) },
  });
  const child = server.process;
  createInterface(child.stdio[REACHED_FD] as Readable).on('line', (point) => onReached?.(point as Failpoint));
  return {
    ...server,
    async order(order) {
      const answer = once(child, 'message');
      child.send(order);
      await answer;
    },
  };
}
