/** The engine's end of a scan worker: sends it one task after another and turns its replies into results. */

import { AssertionError } from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { DomainError } from '../core/errors.ts';
import type { KeyRange } from '../core/key-range.ts';
import { COUNTER, type RunSetup, type WorkerReply, type WorkerStart, type WorkerTask } from './scan-messages.ts';
import type { ShardResult } from './scan-shard.ts';
import type { SpoolFile } from './spool-cipher.ts';

/**
 * For what a thread throws away at once. V8 takes more the more memory a machine has, and a scan makes next to no objects:
 * with its default the threads of a server kept some 150 MB more for nothing.
 */
const YOUNG_MEGABYTES = 12;

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
  /** What ended the worker. */
  #failure: Error | undefined;
  #isSound = true;
  /** Settled when the worker is through with all it was asked. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor() {
    const counters = new SharedArrayBuffer(COUNTER.length * BigInt64Array.BYTES_PER_ELEMENT);
    this.#counters = new BigInt64Array(counters);
    this.#worker = new Worker(ENTRY, {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
      workerData: { counters } satisfies WorkerStart,
    });
    this.#worker.on('message', (reply: WorkerReply) => this.#settle?.resolve(reply));
    this.#worker.on('error', (error) => this.#fail(error as Error));
    this.#worker.on('messageerror', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the scan worker ended before its task')));
  }

  /** Nothing that it did ended otherwise than in a result or in a refusal; what a fault leaves behind nobody knows. */
  get isSound(): boolean {
    return this.#isSound && this.#failure === undefined;
  }

  /** Takes up a run; resolves when the worker has opened its reader. What is stopped from here on is this run. */
  async setup(setup: RunSetup): Promise<void> {
    this.#counters.fill(0n);
    await this.#ask({ kind: 'setup', setup });
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

  /** Stops what is under way and lets go of the run and its snapshot, as far as the thread is still sound. */
  async release(): Promise<void> {
    this.stop();
    await this.#ask({ kind: 'release' }).catch(() => {
      this.#isSound = false;
    });
  }

  /**
   * Lets go of the run and ends the thread. It waits for the worker's answer, because a thread that is ended while its
   * reader is in native code may take the whole process with it.
   */
  async close(): Promise<void> {
    await this.release();
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
    if (reply.kind === 'refused') throw new DomainError(reply.code, reply.message, reply.details);
    if (reply.kind !== 'failed' && reply.kind !== 'broken') return reply;
    this.#isSound = false;
    throw reply.kind === 'broken' ? new AssertionError({ message: reply.message }) : reply.error;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#settle?.reject(this.#failure);
  }
}

function unexpected(reply: WorkerReply): Error {
  return new Error(`the scan worker answered "${reply.kind}" to another task`);
}
