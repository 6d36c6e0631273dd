/**
 * An engine without disk or threads, for tests of who does what when. Its destination is a map. Each effect passes two
 * points, one before and one after it, at which a test may fail it, hold it up, or do something of its own.
 */

import type { StoredRun } from '../src/control/run-ledger.ts';
import type { SettledShard } from '../src/control/shard-rows.ts';
import { DomainError } from '../src/core/errors.ts';
import { cutRange, type KeyRange, prefixRange } from '../src/core/key-range.ts';
import { checksumKey, folderKeys, manifestFileKeys, manifestKey } from '../src/core/report.ts';
import { dataFilesOf, type ReportShard } from '../src/core/report-facts.ts';
import type { Engine, EngineRun } from '../src/jobs/engine.ts';
import { NOW_MS } from './store-fixture.ts';

/** Called with the name of a point, as in `before publish`. */
export type Point = (name: string) => Promise<void>;

export class MemoryEngine implements Engine {
  /** What lies in the destination. */
  readonly objects = new Map<string, string>();
  /** The keys of the source, one list a shard. */
  shards: readonly (readonly string[])[] = [['a', 'b'], ['m'], ['x', 'y', 'z']];
  /** Those of one run; a test may give each its own. */
  shardsOf: (run: StoredRun) => readonly (readonly string[])[] = () => this.shards;
  concurrency = 2;
  isDestinationGone = false;
  /** Scans under way, and the most there ever were. */
  scanning = { now: 0, most: 0 };
  readonly #at: Point;

  constructor(at: Point = async () => undefined) {
    this.#at = at;
  }

  async open(run: StoredRun): Promise<EngineRun> {
    return await this.#effect('open', () => {
      this.#assertDestination();
      return this.#openRun(this.shardsOf(run));
    });
  }

  async isFolderTaken(_run: StoredRun, folder: string): Promise<boolean> {
    return await this.#effect('isFolderTaken', () => {
      this.#assertDestination();
      return folderKeys(folder).some((key) => this.objects.has(key));
    });
  }

  async hasReport(_run: StoredRun, folder: string): Promise<boolean> {
    return await this.#effect('hasReport', () => {
      this.#assertDestination();
      return this.objects.has(manifestKey(folder));
    });
  }

  async publish(_run: StoredRun, folder: string, shards: readonly ReportShard[]): Promise<string> {
    const files = dataFilesOf(shards);
    const manifest = JSON.stringify({ files });
    await this.#effect('put checksum', () => {
      this.#assertDestination();
      const isVisible = this.objects.get(manifestKey(folder)) === manifest;
      for (const { key, md5 } of isVisible ? [] : files) {
        if (this.objects.get(key) !== md5) throw new DomainError('ReportInconsistent', `"${key}" is not what it was`);
      }
      this.objects.set(checksumKey(folder), 'checksum');
    });
    await this.#effect('put manifest', () => {
      this.#assertDestination();
      this.objects.set(manifestKey(folder), manifest);
    });
    return manifestKey(folder);
  }

  async removeFiles(run: StoredRun, keys: readonly string[]): Promise<void> {
    await this.#effect('removeFiles', () => {
      const manifest = run.folder === null ? undefined : this.objects.get(manifestKey(run.folder));
      const named = new Set(manifest === undefined ? [] : manifestFileKeys(Buffer.from(manifest)));
      for (const key of keys) if (!named.has(key)) this.objects.delete(key);
      if (manifest !== undefined || run.folder === null) return;
      for (const key of folderKeys(run.folder)) this.objects.delete(key);
    });
  }

  #openRun(shards: readonly (readonly string[])[]): EngineRun {
    const ranges = rangesOf(shards);
    const stopped = Promise.withResolvers<never>();
    stopped.promise.catch(() => undefined);
    return {
      concurrency: this.concurrency,
      begin: () =>
        Promise.race([
          this.#effect('begin', () => ({ pointInTimeMs: NOW_MS, expectedRows: shards.flat().length, ranges })),
          stopped.promise,
        ]),
      scanShard: (range, fileKey) =>
        Promise.race([this.#scan(shards[ranges.indexOf(range)] ?? [], fileKey), stopped.promise]),
      counts: () => ({ scanned: 1, matched: 1, bytesWritten: 1 }),
      stop: () => stopped.reject(new Error('the run was stopped')),
      close: () => this.#effect('close', () => undefined),
    };
  }

  async #scan(keys: readonly string[], fileKey: string): Promise<SettledShard> {
    this.scanning.most = Math.max(this.scanning.most, ++this.scanning.now);
    try {
      return await this.#effect('scan', () => this.#put(keys, fileKey));
    } finally {
      this.scanning.now--;
    }
  }

  #put(keys: readonly string[], fileKey: string): SettledShard {
    const [first, last] = [keys[0], keys.at(-1)];
    if (first === undefined || last === undefined) return { scanned: 0, matched: 0 };
    this.#assertDestination();
    const md5 = `md5 of ${fileKey}`;
    this.objects.set(fileKey, md5);
    return {
      scanned: keys.length,
      matched: keys.length,
      file: { sizeBytes: 1, md5, sha256: `sha256 of ${fileKey}` },
      rowsSha256: `sha256 of the rows of ${fileKey}`,
      firstKey: Buffer.from(first),
      lastKey: Buffer.from(last),
    };
  }

  #assertDestination(): void {
    if (!this.isDestinationGone) return;
    throw new DomainError('DestinationGone', 'The destination bucket "acme-reports" does not exist. Create it.');
  }

  async #effect<T>(name: string, work: () => T): Promise<T> {
    await this.#at(`before ${name}`);
    const result = work();
    await this.#at(`after ${name}`);
    return result;
  }
}

/** Each shard begins at its first key, and the first of all at the begin. */
function rangesOf(shards: readonly (readonly string[])[]): KeyRange[] {
  const cuts = shards.slice(1).map(([first], index) => Buffer.from(first ?? '\0'.repeat(index + 1)));
  return cutRange(prefixRange(''), cuts);
}
