/** A scan worker: one thread that reads, encodes and writes shards of one run, one task after another. */

import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { DomainError } from '../core/errors.ts';
import { storageFull } from '../core/storage-full.ts';
import { createRowEncoder, type RowEncoder } from './row-encoder.ts';
import { createRowFilter } from './row-filter.ts';
import { COUNTER, type WorkerReply, type WorkerSetup, type WorkerTask } from './scan-messages.ts';
import { scanShard } from './scan-shard.ts';
import type { SourceModule } from './source.ts';

const port = parentPort;
assert(port !== null, 'a scan worker runs in a worker thread');

const setup = workerData as WorkerSetup;
const counters = new BigInt64Array(setup.counters);
const filter = createRowFilter(setup.rule);
const { openReader } = (await import(setup.reader.module)) as SourceModule;
const reader = await openReader(setup.reader.options);
/** Made when the reader begins: what it writes depends on the instant. */
let encoder: RowEncoder | undefined;

async function perform(task: WorkerTask): Promise<WorkerReply> {
  switch (task.kind) {
    case 'ready':
      return { kind: 'done' };
    case 'begin':
      encoder = createRowEncoder({ bucket: setup.bucket, columns: setup.columns, ...(await reader.begin()) });
      return { kind: 'done' };
    case 'split':
      return { kind: 'split', keys: await reader.split(task.range, task.rowsPerPart, throwIfStopped) };
    case 'scan':
      return { kind: 'scanned', result: await scan(task) };
    case 'close':
      await reader.close();
      return { kind: 'done' };
  }
}

/** The counters go on from the shards before. */
async function scan({ range, path, spoolKey }: WorkerTask & { kind: 'scan' }) {
  assert(encoder !== undefined, 'a scan comes after the beginning');
  const before = { scanned: read('scanned'), matched: read('matched'), bytesWritten: read('bytesWritten') };
  return await scanShard({
    reader,
    filter,
    encoder,
    range,
    path,
    spoolKey,
    onProgress(rows) {
      write('scanned', before.scanned + rows.scanned);
      write('matched', before.matched + rows.matched);
      write('bytesWritten', before.bytesWritten + rows.bytesWritten);
      throwIfStopped();
    },
  });
}

function throwIfStopped(): void {
  if (Atomics.load(counters, COUNTER.stop) !== 0n) throw new Error('the run was stopped');
}

function read(counter: keyof typeof COUNTER): number {
  return Number(Atomics.load(counters, COUNTER[counter]));
}

function write(counter: keyof typeof COUNTER, value: number): void {
  Atomics.store(counters, COUNTER[counter], BigInt(value));
}

function replyTo(error: unknown): WorkerReply {
  // An error that crosses a thread keeps no code, so what a full disk means is said here.
  const expected = error instanceof DomainError ? error : storageFull(error);
  if (expected === undefined) return { kind: 'failed', error: error as Error };
  const { code, message, details } = expected;
  return { kind: 'refused', code, message, details };
}

async function answer(task: WorkerTask): Promise<void> {
  const reply = await perform(task).catch(replyTo);
  port?.postMessage(reply);
  if (task.kind === 'close') port?.close();
}

port.on('message', (task: WorkerTask) => void answer(task));
