/**
 * The command line, as `command.ts` starts it, with failpoints that obey orders. An order comes by the channel to the
 * parent process, and is answered when it is in force; one for the start itself is in the environment. Which points were
 * reached is written to the pipe behind stderr, each at its first time and before anything happens there, so that a
 * kill loses none.
 */

import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { main } from '../../src/cli/main.ts';
import { armFailpoints, type Failpoint, type FaultPoint } from '../../src/core/failpoint.ts';

/** The process ends at the nth time that the point is reached from now on, or the step behind the point fails. */
export type Order =
  | {
      readonly act: 'kill';
      readonly point: Failpoint;
      readonly nth: number;
      /** Steps that fail on the way there: so many, from the first on. */
      readonly fault?: { readonly act: 'ENOSPC' | 'EIO'; readonly point: FaultPoint; readonly times: number };
    }
  | { readonly act: 'ENOSPC' | 'EIO'; readonly point: FaultPoint; readonly nth: number; readonly isLasting: boolean }
  | { readonly act: 'none' };

/** Where reached failpoints are written to, if anybody wants to know. */
const reachedFd = process.env.CRASH_REACHED_FD === undefined ? undefined : Number(process.env.CRASH_REACHED_FD);
const TEXTS = { ENOSPC: 'no space left on device', EIO: 'i/o error' } as const;

const known = new Set<Failpoint>();
let order: Order = JSON.parse(process.env.CRASH_ORDER ?? '{ "act": "none" }') as Order;
let count = 0;
let faults = 0;

armFailpoints((point) => {
  if (!known.has(point)) {
    known.add(point);
    tell(point);
  }
  if (order.act === 'kill' && point === order.fault?.point && faults < order.fault.times) {
    faults++;
    throw diskError(order.fault.act);
  }
  if (order.act === 'none' || point !== order.point) return;
  count++;
  if (order.act === 'kill') {
    if (count === order.nth) process.kill(process.pid, 'SIGKILL');
  } else if (order.isLasting ? count >= order.nth : count === order.nth) {
    throw diskError(order.act);
  }
});

process.on('message', (next: Order) => {
  order = next;
  count = 0;
  faults = 0;
  process.send?.('in force');
  // A process that is killed would keep what it compiled to itself.
  flushCompileCache();
});
// The parent keeps the channel open; that must not keep this process from ending.
process.channel?.unref();

process.exitCode = await main(process.argv.slice(2));

/** As Node reports what the operating system refused. */
function diskError(code: 'ENOSPC' | 'EIO'): Error {
  const message = `${code}: ${TEXTS[code]}, write '/data/secret-path'`;
  return Object.assign(new Error(message), { code, syscall: 'write', path: '/data/secret-path' });
}

function tell(point: Failpoint): void {
  if (reachedFd !== undefined) writeSync(reachedFd, `${point}\n`);
}
