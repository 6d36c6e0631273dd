/**
 * The work on one shard, in a worker thread: reads records in key order, filters them packed, encodes rows into a
 * block, and hands full blocks to the data file. Two blocks take turns, so that one is encoded while the other is
 * compressed.
 */

import type { KeyRange } from '../core/key-range.ts';
import { type DataFileFacts, DataFileWriter } from './data-file-writer.ts';
import { MAX_ROW_BYTES, type RowEncoder } from './row-encoder.ts';
import type { RowFilter } from './row-filter.ts';
import { rowKey } from './row-key.ts';
import type { SourceReader } from './source.ts';
import type { SpoolFile } from './spool-cipher.ts';

/** Rows between two looks at the progress and at a wish to stop. */
const BATCH_ROWS = 256;
/** A block of this size or more is handed on; above it there is room for one batch of the longest rows. */
const FULL_BLOCK_BYTES = 256 * 1024;
const BLOCK_BYTES = FULL_BLOCK_BYTES + BATCH_ROWS * MAX_ROW_BYTES;

export interface ShardWork extends SpoolFile {
  readonly reader: SourceReader;
  readonly filter: RowFilter;
  readonly encoder: RowEncoder;
  readonly range: KeyRange;
  /** Told after each batch; throws to stop the work. */
  readonly onProgress: (rows: { scanned: number; matched: number; bytesWritten: number }) => void;
}

/** What it came to; when no row matched there is neither a file nor a key. */
export interface ShardResult extends Partial<DataFileFacts> {
  readonly scanned: number;
  readonly matched: number;
  readonly firstKey?: Uint8Array;
  readonly lastKey?: Uint8Array;
}

export async function scanShard(work: ShardWork): Promise<ShardResult> {
  const file = new DataFileWriter(work);
  try {
    const rows = await encodeRows(work, file);
    if (rows.matched === 0) {
      file.discard();
      return { scanned: rows.scanned, matched: 0 };
    }
    return { ...rows, ...(await file.finish()) };
  } catch (error) {
    file.discard();
    throw error;
  }
}

async function encodeRows({ reader, filter, encoder, range, onProgress }: ShardWork, file: DataFileWriter) {
  let block = new Uint8Array(BLOCK_BYTES);
  let spare = new Uint8Array(BLOCK_BYTES);
  let compressing: Promise<void> = Promise.resolve();
  let end = 0;
  let lastRow = 0;
  let matched = 0;
  let scanned = 0;
  let firstKey: Uint8Array | undefined;
  let lastKey: Uint8Array | undefined;

  const scan = reader.scan(range);
  const visit = (keys: Uint8Array, keyStart: number, keyEnd: number, records: DataView, recordStart: number) => {
    if (!filter(records, recordStart)) return;
    lastRow = end;
    end = encoder.encode(block, end, keys, keyStart, keyEnd, records, recordStart);
    matched++;
  };
  const flush = async () => {
    if (end === 0) return;
    firstKey ??= rowKey(block, 0);
    lastKey = rowKey(block, lastRow);
    await compressing;
    compressing = file.write(block.subarray(0, end));
    compressing.catch(() => undefined); // Awaited at the next block; until then it must not count as unhandled.
    [block, spare] = [spare, block];
    end = 0;
  };

  for (;;) {
    const count = await scan.read(BATCH_ROWS, visit);
    scanned += count;
    onProgress({ scanned, matched, bytesWritten: file.sizeBytes });
    if (count === 0) break;
    if (end >= FULL_BLOCK_BYTES) await flush();
  }
  await flush();
  await compressing;
  return { scanned, matched, ...(firstKey && { firstKey }), ...(lastKey && { lastKey }) };
}
