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
import type { ScanPool } from './scan-pool.ts';
import type { ShardResult } from './scan-shard.ts';
import type { ScanCounts, ScanThread } from './scan-thread.ts';
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
  /** A local folder for files on their way, which others may use too. None is left when a scan is over. */
  readonly spool: string;
  /** Whose threads scan. */
  readonly pool: ScanPool;
}

export interface InventoryBeginning {
  readonly pointInTimeMs: number;
  /** About how many rows there are to be scanned. */
  readonly expectedRows: number;
  /** In key order; together they cover all keys of the rule. */
  readonly ranges: readonly KeyRange[];
}

export class Inventory {
  readonly columns: readonly Column[];
  readonly #options: InventoryOptions;
  /** None any more once it is closed: by then they may be another's. */
  #threads: readonly ScanThread[];
  readonly #idle: ScanThread[];
  #countsAtClose: ScanCounts = { scanned: 0, matched: 0, bytesWritten: 0 };
  /** Aborted when what is under way is to fail soon. */
  readonly #stopping = new AbortController();

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.columns = reportColumns(options.rule);
    const worthwhile = Math.ceil(options.source.estimateRows() / MIN_ROWS_FOR_THREADS);
    this.#threads = options.pool.lease(worthwhile);
    this.#idle = [...this.#threads];
  }

  /** How many shards can be scanned at once. */
  get concurrency(): number {
    return this.#threads.length;
  }

  /** Pins the point in time, and plans. */
  async begin(): Promise<InventoryBeginning> {
    const { source, sourceBucket, rule, spool } = this.#options;
    const setup = { reader: source.reader, bucket: sourceBucket, rule, columns: this.columns };
    // Threads take their time to start, and a pin may keep writers waiting.
    const ready = this.#threads.map((thread) => thread.setup(setup));
    await Promise.all([mkdir(spool, { recursive: true }), ...ready]);
    this.#stopping.signal.throwIfAborted();
    const pointInTimeMs = await this.#unlessStopped(
      source.pin(async () => {
        // Its turn may come when the inventory was given up long ago.
        this.#stopping.signal.throwIfAborted();
        await Promise.all(this.#threads.map((thread) => thread.begin()));
      }),
    );
    const whole = prefixRange(rule.filter.prefix ?? '');
    const [first] = this.#threads;
    if (first === undefined) throw new Error('an inventory needs a thread');
    const rows = source.estimateRows();
    const rowsPerShard = shardRows(rows, this.concurrency);
    const ranges = cutRange(whole, await first.split(whole, rowsPerShard));
    return { pointInTimeMs, expectedRows: Math.min(rows, ranges.length * rowsPerShard), ranges };
  }

  /** Scans one range into the object `fileKey` of the destination; nothing is stored when no row matches. */
  async scanShard(range: KeyRange, fileKey: string): Promise<ShardResult> {
    const thread = this.#idle.pop();
    if (thread === undefined) throw new Error('more shards at once than the inventory has threads');
    const { destination, spool } = this.#options;
    const file = path.join(spool, randomUUID());
    const spoolKey = destination.encrypts() ? newSpoolKey() : undefined;
    try {
      const result = await thread.scan(range, { path: file, spoolKey });
      if (result.file !== undefined) {
        reach('report.put-data');
        await destination.putFile(fileKey, {
          ...result.file,
          path: file,
          contentType: CSV_GZIP,
          signal: this.#stopping.signal,
          ...(spoolKey && { read: () => readScrambled(file, spoolKey) }),
        });
        reach('report.data-put');
      }
      return result;
    } catch (error) {
      // Whatever could not be handed over takes room, and the disk may be full.
      await rm(file, { force: true });
      throw error;
    } finally {
      // By now it may be at work for another inventory.
      if (this.#threads.includes(thread)) this.#idle.push(thread);
    }
  }

  /** What all threads have done so far. */
  counts(): ScanCounts {
    return this.#threads
      .map((thread) => thread.counts())
      .reduce(
        (sum, each) => ({
          scanned: sum.scanned + each.scanned,
          matched: sum.matched + each.matched,
          bytesWritten: sum.bytesWritten + each.bytesWritten,
        }),
        this.#countsAtClose,
      );
  }

  /** Makes what is under way fail soon: also the wait for others who write, and a file that is being put. */
  stop(): void {
    this.#stopping.abort(new DOMException('the run was stopped', 'AbortError'));
    for (const thread of this.#threads) thread.stop();
  }

  async close(): Promise<void> {
    this.stop();
    const threads = this.#threads;
    this.#countsAtClose = this.counts();
    this.#threads = [];
    this.#idle.length = 0;
    await this.#options.pool.giveBack(threads);
  }

  async #unlessStopped<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    try {
      return await Promise.race([work, stopped.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

/** Rows per shard such that shards are even, every thread gets as many, and none is over the bound. */
function shardRows(rows: number, threads: number): number {
  const rounds = Math.ceil(rows / (threads * MAX_ROWS_PER_SHARD));
  return Math.max(MIN_ROWS_FOR_THREADS / 2, Math.ceil(rows / Math.max(1, rounds * threads)));
}
