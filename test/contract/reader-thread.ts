/** A source's reader in a worker thread of its own, ended with the test. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { type KeyRange, prefixRange } from '../../src/core/key-range.ts';
import type { ObjectRecord } from '../../src/core/record.ts';
import type { Source, SourceFacts } from '../../src/inventory/source.ts';

export interface Row {
  readonly key: string;
  readonly record: ObjectRecord;
}

export type ReaderTask =
  | { readonly kind: 'begin' }
  | { readonly kind: 'split'; readonly range: KeyRange; readonly rowsPerPart: number }
  | { readonly kind: 'scan'; readonly range: KeyRange; readonly limit: number; readonly maxBatches: number }
  | { readonly kind: 'close' };

export interface ReaderReply {
  readonly facts: SourceFacts;
  readonly keys: readonly Uint8Array[];
  readonly rows: readonly Row[];
  /** What each `read` returned. */
  readonly counts: readonly number[];
  readonly error: unknown;
}

const EVERYTHING = prefixRange('');

export class ReaderThread {
  readonly #worker: Worker;

  constructor({ reader }: Source) {
    this.#worker = new Worker(new URL('./reader-worker.ts', import.meta.url), { workerData: { ...reader } });
    onTestFinished(() => this.terminate());
  }

  async begin(): Promise<SourceFacts> {
    return (await this.#ask({ kind: 'begin' })).facts;
  }

  async split(range: KeyRange, rowsPerPart: number): Promise<readonly Uint8Array[]> {
    return (await this.#ask({ kind: 'split', range, rowsPerPart })).keys;
  }

  async rows(range: KeyRange = EVERYTHING): Promise<readonly Row[]> {
    return (await this.scan(range)).rows;
  }

  async scan(range: KeyRange, limit = 100, maxBatches = Number.POSITIVE_INFINITY): Promise<ReaderReply> {
    return await this.#ask({ kind: 'scan', range, limit, maxBatches });
  }

  async close(): Promise<void> {
    await this.#ask({ kind: 'close' });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(task: ReaderTask): Promise<ReaderReply> {
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(task);
    const [reply] = (await answer) as [ReaderReply];
    if (reply.error !== undefined) throw reply.error;
    return reply;
  }
}

/** A reader that has begun inside a pin of its own. */
export async function pinnedReader(source: Source): Promise<ReaderThread> {
  const reader = new ReaderThread(source);
  await source.pin(async () => {
    await reader.begin();
  });
  return reader;
}
