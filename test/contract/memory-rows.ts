/**
 * The rows of a memory source, in memory that its readers share: the number of bytes in use, then for each row the
 * lengths of key and record and both of them. Rows are only ever added, so the bytes in use are an instant.
 */

import assert from 'node:assert/strict';
import type { SourceFacts } from '../../src/inventory/source.ts';

export interface MemoryReaderOptions extends Partial<SourceFacts> {
  readonly memory: SharedArrayBuffer;
  /** Every scan breaks after that many rows. */
  readonly failAfterRows?: number;
}

export interface MemoryRow {
  readonly key: Uint8Array;
  readonly record: Uint8Array;
}

const FIRST_ROW = 8;
const ROW_HEAD = 8;

export function appendRow(memory: SharedArrayBuffer, key: Uint8Array, record: Uint8Array): void {
  const at = rowsEnd(memory);
  const end = at + ROW_HEAD + key.length + record.length;
  assert(end <= memory.byteLength, 'the memory source is full');
  const view = new DataView(memory);
  view.setUint32(at, key.length);
  view.setUint32(at + 4, record.length);
  const bytes = new Uint8Array(memory);
  bytes.set(key, at + ROW_HEAD);
  bytes.set(record, at + ROW_HEAD + key.length);
  Atomics.store(new Int32Array(memory, 0, 1), 0, end);
}

/** Where the next row goes; all before it are whole. */
export function rowsEnd(memory: SharedArrayBuffer): number {
  return Math.max(FIRST_ROW, Atomics.load(new Int32Array(memory, 0, 1), 0));
}

/** The rows before `end`, in key order, of the same key the newest first. */
export function sortedRows(memory: SharedArrayBuffer, end: number): MemoryRow[] {
  const view = new DataView(memory);
  const rows: MemoryRow[] = [];
  for (let at = FIRST_ROW; at < end; ) {
    const keyAt = at + ROW_HEAD;
    const recordAt = keyAt + view.getUint32(at);
    at = recordAt + view.getUint32(at + 4);
    rows.push({
      key: new Uint8Array(memory, keyAt, recordAt - keyAt),
      record: new Uint8Array(memory, recordAt, at - recordAt),
    });
  }
  return rows.reverse().sort((a, b) => Buffer.compare(a.key, b.key));
}
