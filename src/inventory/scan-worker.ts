/** A scan worker: one thread that reads, encodes and writes shards of one run after another, one task at a time. */

import assert, { AssertionError } from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { DomainError } from '../core/errors.ts';
import { storageFull } from '../core/storage-full.ts';
import { createRowEncoder, type RowEncoder } from './row-encoder.ts';
import { createRowFilter, type RowFilter } from './row-filter.ts';
import { COUNTER, type RunSetup, type WorkerReply, type WorkerStart, type WorkerTask } from './scan-messages.ts';
import { scanShard } from './scan-shard.ts';
import type { SourceModule, SourceReader } from './source.ts';

/** What the worker holds of a run. */
interface Run {
  readonly setup: RunSetup;
  readonly reader: SourceReader;
  readonly filter: RowFilter;
  /** Made when the reader begins: what it writes depends on the instant. */
  encoder?: RowEncoder;
}

const port = parentPort;
assert(port !== null, 'a scan worker runs in a worker thread');

const counters = new BigInt64Array((workerData as WorkerStart).counters);
let run: Run | undefined;

async function perform(task: WorkerTask): Promise<WorkerReply> {
  switch (task.kind) {
    case 'setup':
      run = await open(task.setup);
      return { kind: 'done' };
    case 'begin':
      await begin(current());
      return { kind: 'done' };
    case 'split':
      return { kind: 'split', keys: await current().reader.split(task.range, task.rowsPerPart, throwIfStopped) };
    case 'scan':
      return { kind: 'scanned', result: await scan(current(), task) };
    case 'release':
      await release();
      return { kind: 'done' };
  }
}

async function open(setup: RunSetup): Promise<Run> {
  assert(run === undefined, 'a worker is set up when it was released');
  const { openReader } = (await import(setup.reader.module)) as SourceModule;
  const filter = createRowFilter(setup.rule);
  // Last, because from here on there is something to be closed.
  return { setup, filter, reader: await openReader(setup.reader.options) };
}

function current(): Run {
  assert(run !== undefined, 'a worker works on what it was set up for');
  return run;
}

async function begin(run: Run): Promise<void> {
  const { bucket, columns } = run.setup;
  run.encoder = createRowEncoder({ bucket, columns, ...(await run.reader.begin()) });
}

/** The counters go on from the shards before. */
async function scan({ reader, filter, encoder }: Run, { range, path, spoolKey }: WorkerTask & { kind: 'scan' }) {
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

async function release(): Promise<void> {
  const { reader } = run ?? {};
  run = undefined;
  await reader?.close();
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
  if (error instanceof AssertionError) return { kind: 'broken', message: error.message };
  // An error that crosses a thread keeps no code, so what a full disk means is said here.
  const expected = error instanceof DomainError ? error : storageFull(error);
  if (expected === undefined) return { kind: 'failed', error: error as Error };
  const { code, message, details } = expected;
  return { kind: 'refused', code, message, details };
}

async function answer(task: WorkerTask): Promise<void> {
  port?.postMessage(await perform(task).catch(replyTo));
}

port.on('message', (task: WorkerTask) => void answer(task));
