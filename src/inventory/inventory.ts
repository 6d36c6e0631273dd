/**
 * The engine: one inventory of one source, from a pinned instant to data files in the destination. It plans, scans
 * and hands over; who orders it to, and what is remembered of it, is not its business. The order is: `begin`,
 * `scanShard` for each range, `publish`, `close`.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { reach } from '../core/failpoint.ts';
import { cutRange, type KeyRange, prefixRange } from '../core/key-range.ts';
import { type Column, reportColumns } from '../core/report-columns.ts';
import type { Rule } from '../core/rule.ts';
import type { Destination } from './destination.ts';
import type { ShardResult } from './scan-shard.ts';
import { type ScanCounts, ScanThread } from './scan-thread.ts';
import type { Source } from './source.ts';
import { newSpoolKey, readScrambled } from './spool-cipher.ts';

/** With fewer rows than this for each, one thread is done before another has started. */
const MIN_ROWS_FOR_THREADS = 50_000;
/** Rows in one data file: large enough to compress well, small enough to read by itself. */
const MAX_ROWS_PER_SHARD = 1_000_000;

const CSV_GZIP = 'application/gzip';

export interface InventoryOptions {
  readonly rule: Rule;
  readonly sourceBucket: string;
  readonly source: Source;
  readonly destination: Destination;
  /** A local folder for files on their way; emptied by `close`. */
  readonly spool: string;
  /** The most threads that scan. */
  readonly threads: number;
}

export class Inventory {
  readonly columns: readonly Column[];
  readonly #options: InventoryOptions;
  readonly #threads: ScanThread[];
  readonly #idle: ScanThread[];
  readonly #spool: string;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.columns = reportColumns(options.rule);
    this.#spool = path.join(options.spool, randomUUID());
    const worthwhile = Math.ceil(options.source.estimateRows() / MIN_ROWS_FOR_THREADS);
    const count = Math.max(1, Math.min(options.threads, worthwhile));
    const setup = {
      reader: options.source.reader,
      bucket: options.sourceBucket,
      rule: options.rule,
      columns: this.columns,
    };
    this.#threads = Array.from({ length: count }, () => new ScanThread(setup));
    this.#idle = [...this.#threads];
  }

  /** How many shards can be scanned at once. */
  get concurrency(): number {
    return this.#threads.length;
  }

  /** Pins the point in time, and plans: ranges in key order that together cover all keys of the rule. */
  async begin(): Promise<{ readonly pointInTimeMs: number; readonly ranges: readonly KeyRange[] }> {
    await mkdir(this.#spool, { recursive: true });
    const { source, rule } = this.#options;
    // Threads take their time to start, and a pin may keep writers waiting.
    await Promise.all(this.#threads.map((thread) => thread.ready()));
    const pointInTimeMs = await source.pin(async () => {
      await Promise.all(this.#threads.map((thread) => thread.begin()));
    });
    const whole = prefixRange(rule.filter.prefix ?? '');
    const [first] = this.#threads;
    if (first === undefined) throw new Error('an inventory needs a thread');
    const rowsPerShard = shardRows(source.estimateRows(), this.concurrency);
    return { pointInTimeMs, ranges: cutRange(whole, await first.split(whole, rowsPerShard)) };
  }

  /** Scans one range into the object `fileKey` of the destination; nothing is stored when no row matches. */
  async scanShard(range: KeyRange, fileKey: string): Promise<ShardResult> {
    const thread = this.#idle.pop();
    if (thread === undefined) throw new Error('more shards at once than the inventory has threads');
    const { destination } = this.#options;
    const file = path.join(this.#spool, randomUUID());
    const spoolKey = destination.encrypts() ? newSpoolKey() : undefined;
    try {
      const result = await thread.scan(range, { path: file, spoolKey });
      if (result.file !== undefined) {
        reach('report.put-data');
        await destination.putFile(fileKey, {
          ...result.file,
          path: file,
          contentType: CSV_GZIP,
          ...(spoolKey && { read: () => readScrambled(file, spoolKey) }),
        });
      }
      return result;
    } finally {
      this.#idle.push(thread);
    }
  }

  /** What all threads have done so far. */
  counts(): ScanCounts {
    return this.#threads
      .map((thread) => thread.counts())
      .reduce((sum, each) => ({
        scanned: sum.scanned + each.scanned,
        matched: sum.matched + each.matched,
        bytesWritten: sum.bytesWritten + each.bytesWritten,
      }));
  }

  /** Makes what is under way fail soon. */
  stop(): void {
    for (const thread of this.#threads) thread.stop();
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
    await rm(this.#spool, { recursive: true, force: true });
  }
}

/** Rows per shard such that shards are even, every thread gets as many, and none is over the bound. */
function shardRows(rows: number, threads: number): number {
  const rounds = Math.ceil(rows / (threads * MAX_ROWS_PER_SHARD));
  return Math.max(MIN_ROWS_FOR_THREADS / 2, Math.ceil(rows / Math.max(1, rounds * threads)));
}
