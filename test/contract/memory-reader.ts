/** The memory source's reader, a module of its own because scan workers import it by its URL. */

import type { KeyRange } from '../../src/core/key-range.ts';
import type { Scan, SourceFacts, SourceReader } from '../../src/inventory/source.ts';
import { type MemoryReaderOptions, type MemoryRow, rowsEnd, sortedRows } from './memory-rows.ts';

export function openReader(options: unknown): SourceReader {
  return new MemoryReader(options as MemoryReaderOptions);
}

class MemoryReader implements SourceReader {
  readonly #options: MemoryReaderOptions;
  #rows: readonly MemoryRow[] = [];

  constructor(options: MemoryReaderOptions) {
    this.#options = options;
  }

  begin(): SourceFacts {
    const { memory, nullVersionId = '' } = this.#options;
    this.#rows = sortedRows(memory, rowsEnd(memory));
    return { nullVersionId };
  }

  split(range: KeyRange, rowsPerPart: number): readonly Uint8Array[] {
    return this.#within(range).flatMap(({ key }, at) => (at > 0 && at % rowsPerPart === 0 ? [key.slice()] : []));
  }

  scan(range: KeyRange): Scan {
    const { failAfterRows = Number.POSITIVE_INFINITY } = this.#options;
    const rows = this.#within(range);
    let next = 0;
    return {
      read(limit, visit) {
        const batch = rows.slice(next, next + limit);
        for (const { key, record } of batch) {
          if (next++ === failAfterRows) throw new Error('the source broke');
          visit(key, 0, key.length, new DataView(record.buffer), record.byteOffset);
        }
        return batch.length;
      },
    };
  }

  close(): void {
    this.#rows = [];
  }

  #within({ start, end }: KeyRange): MemoryRow[] {
    return this.#rows.filter(
      ({ key }) => Buffer.compare(key, start) >= 0 && (end === undefined || Buffer.compare(key, end) < 0),
    );
  }
}
