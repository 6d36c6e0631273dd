/** The engine's end of a scan worker: sends it one task after another and turns its replies into results. */

import { Worker } from 'node:worker_threads';
import { DomainError } from '../core/errors.ts';
import type { KeyRange } from '../core/key-range.ts';
import { COUNTER, type WorkerReply, type WorkerSetup, type WorkerTask } from './scan-messages.ts';
import type { ShardResult } from './scan-shard.ts';
import type { SpoolFile } from './spool-cipher.ts';

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './scan-worker.ts' : './scan-worker.js', import.meta.url);

export interface ScanCounts {
  readonly scanned: number;
  readonly matched: number;
  readonly bytesWritten: number;
}

export class ScanThread {
  readonly #worker: Worker;
  readonly #counters: BigInt64Array;
  #settle: { resolve: (reply: WorkerReply) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;
  /** Settled when the worker is through with all it was asked. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(setup: Omit<WorkerSetup, 'counters'>) {
    const counters = new SharedArrayBuffer(COUNTER.length * BigInt64Array.BYTES_PER_ELEMENT);
    this.#counters = new BigInt64Array(counters);
    this.#worker = new Worker(ENTRY, { workerData: { ...setup, counters } satisfies WorkerSetup });
    this.#worker.on('message', (reply: WorkerReply) => this.#settle?.resolve(reply));
    this.#worker.on('error', (error) => this.#fail(error as Error));
    this.#worker.on('exit', () => this.#fail(new Error('the scan worker ended before its task')));
  }

  /** Resolves when the worker has started and opened its reader. */
  async ready(): Promise<void> {
    await this.#ask({ kind: 'ready' });
  }

  async begin(): Promise<void> {
    await this.#ask({ kind: 'begin' });
  }

  async split(range: KeyRange, rowsPerPart: number): Promise<readonly Uint8Array[]> {
    const reply = await this.#ask({ kind: 'split', range, rowsPerPart });
    if (reply.kind !== 'split') throw unexpected(reply);
    return reply.keys;
  }

  async scan(range: KeyRange, file: SpoolFile): Promise<ShardResult> {
    const reply = await this.#ask({ kind: 'scan', range, ...file });
    if (reply.kind !== 'scanned') throw unexpected(reply);
    return reply.result;
  }

  counts(): ScanCounts {
    const read = (index: number) => Number(Atomics.load(this.#counters, index));
    return {
      scanned: read(COUNTER.scanned),
      matched: read(COUNTER.matched),
      bytesWritten: read(COUNTER.bytesWritten),
    };
  }

  /** Makes the scan under way fail at its next batch, and a split at its next part. */
  stop(): void {
    Atomics.store(this.#counters, COUNTER.stop, 1n);
  }

  /**
   * Stops what is under way, lets go of the snapshot and ends the thread. It waits for the worker's answer, because a
   * thread that is ended while its reader is in native code may take the whole process with it.
   */
  async close(): Promise<void> {
    this.stop();
    await this.#ask({ kind: 'close' }).catch(() => undefined);
    await this.#worker.terminate();
  }

  #ask(task: WorkerTask): Promise<WorkerReply> {
    const reply = this.#tail.then(() => this.#send(task));
    this.#tail = reply.catch(() => undefined);
    return reply;
  }

  async #send(task: WorkerTask): Promise<WorkerReply> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<WorkerReply>();
    this.#settle = { resolve, reject };
    this.#worker.postMessage(task);
    const reply = await promise;
    if (reply.kind === 'failed') throw reply.error;
    if (reply.kind === 'refused') throw new DomainError(reply.code, reply.message, reply.details);
    return reply;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#settle?.reject(this.#failure);
  }
}

function unexpected(reply: WorkerReply): Error {
  return new Error(`the scan worker answered "${reply.kind}" to another task`);
}
