/** A source that holds its rows in memory: the engine's tests run on it, and it keeps the same contract as the real ones. */

import { type ObjectRecord, packRecord } from '../../src/core/record.ts';
import type { ReaderModule, Source } from '../../src/inventory/source.ts';
import { appendRow, type MemoryReaderOptions } from './memory-rows.ts';

const MEMORY_BYTES = 64 * 1024 * 1024;

export class MemorySource implements Source {
  readonly reader: ReaderModule & { readonly options: MemoryReaderOptions };
  readonly #memory = new SharedArrayBuffer(MEMORY_BYTES);
  #rows = 0;
  #held: Promise<unknown> = Promise.resolve();

  constructor(options: Omit<MemoryReaderOptions, 'memory'> = {}) {
    const module = new URL('./memory-reader.ts', import.meta.url).href;
    this.reader = { module, options: { memory: this.#memory, ...options } };
  }

  /** Adds a row. Of rows with the same key, the one added last is the newest version. */
  async add(key: string | Uint8Array, record: ObjectRecord): Promise<void> {
    await this.#held;
    appendRow(this.#memory, typeof key === 'string' ? Buffer.from(key) : key, packRecord(record));
    this.#rows++;
  }

  estimateRows(): number {
    return this.#rows;
  }

  async pin(begin: () => Promise<void>): Promise<number> {
    const begun = begin();
    this.#held = begun.catch(() => undefined);
    await begun;
    return Date.now();
  }
}
