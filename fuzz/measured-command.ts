/**
 * The command line, as `test/command.ts` starts it, in a process that tells its parent what it holds: heap after a
 * forced collection, resident memory, sockets.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { main } from '../src/cli/main.ts';

export interface Measure {
  readonly heapBytes: number;
  /** Buffers, which lie outside the heap. */
  readonly bufferBytes: number;
  readonly residentBytes: number;
  readonly sockets: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('message', () => {
  // Twice: what the first pass finds to be finalised is free after the second.
  collect();
  setImmediate(() => {
    collect();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS)(Socket|WRAP)/i.test(name)).length;
    process.send?.({ heapBytes: heapUsed, bufferBytes: arrayBuffers, residentBytes: rss, sockets } satisfies Measure);
  });
});
// The parent keeps the channel open; that must not keep this process from ending.
process.channel?.unref();

process.exitCode = await main(process.argv.slice(2));
