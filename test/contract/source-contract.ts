/** What every source promises the engine. The readers run in worker threads, as they do under the engine. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutRange, type KeyRange, prefixRange } from '../../src/core/key-range.ts';
import type { ObjectRecord } from '../../src/core/record.ts';
import type { Source } from '../../src/inventory/source.ts';
import { objectKey } from '../arbitraries.ts';
import { pinnedReader, ReaderThread, type Row } from './reader-thread.ts';

export interface SourceUnderTest {
  readonly source: Source;
  /** Stores an object under a new key; resolves when it is committed. */
  add(key: string): Promise<ObjectRecord>;
}

const everything = prefixRange('');
const keysOf = (rows: readonly Row[]) => rows.map(({ key }) => key);
const inByteOrder = (keys: readonly string[]) =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
const rangeOf = (start: string, end?: string): KeyRange => ({
  start: Buffer.from(start),
  ...(end !== undefined && { end: Buffer.from(end) }),
});

export function sourceContract(name: string, open: () => Promise<SourceUnderTest>): void {
  const openWith = async (keys: readonly string[]) => {
    const under = await open();
    const records = await Promise.all(keys.map((key) => under.add(key)));
    return { ...under, rows: new Map(keys.map((key, n) => [key, records[n]])) };
  };

  describe(name, () => {
    test('gives each row once, in the order of the key bytes, with its record', async () => {
      const keys = fc.sample(fc.uniqueArray(objectKey, { minLength: 300, maxLength: 300, size: 'max' }), 1).flat();
      const { source, rows } = await openWith(keys);
      const seen = await (await pinnedReader(source)).rows();
      expect(keysOf(seen)).toEqual(inByteOrder(keys));
      for (const { key, record } of seen) expect(record).toEqual(rows.get(key));
    });

    test('gives the rows from the start of a range up to its end, the end left out', async () => {
      const { source } = await openWith(['a', 'a\u0000', 'b', 'b😀', 'b\uFFFD', 'c']);
      const reader = await pinnedReader(source);
      const within = async (start: string, end?: string) => keysOf(await reader.rows(rangeOf(start, end)));
      expect(await within('a', 'b')).toEqual(['a', 'a\u0000']);
      expect(await within('a\u0000', 'b\u0000')).toEqual(['a\u0000', 'b']);
      expect(await within('b\uFFFD', 'b😀')).toEqual(['b\uFFFD']);
      expect(await within('b')).toEqual(['b', 'b\uFFFD', 'b😀', 'c']);
      expect(await within('')).toHaveLength(6);
    });

    test('gives nothing of an empty range, of an empty bucket or behind the last key', async () => {
      const { source } = await openWith(['b']);
      const reader = await pinnedReader(source);
      for (const range of [rangeOf('', 'a'), rangeOf('b', 'b'), rangeOf('c', 'b'), rangeOf('b\u0000'), rangeOf('c')]) {
        expect(await reader.rows(range)).toEqual([]);
        expect(await reader.split(range, 1)).toEqual([]);
      }
      const empty = await open();
      const emptyReader = await pinnedReader(empty.source);
      expect(await emptyReader.rows()).toEqual([]);
      expect(await emptyReader.split(everything, 1)).toEqual([]);
      expect(empty.source.estimateRows()).toBe(0);
    });

    test('reads in batches of what was asked at the most, and then says that there is no more', async () => {
      const { source } = await openWith(Array.from({ length: 25 }, (_, n) => `k${n}`));
      const reader = await pinnedReader(source);
      const { rows, counts } = await reader.scan(everything, 10);
      expect(rows).toHaveLength(25);
      expect(counts.every((count) => count <= 10)).toBe(true);
      expect(counts.at(-1)).toBe(0);
      expect((await reader.scan(everything, 1)).rows).toHaveLength(25);
    });

    test('cuts a range into parts of about the size asked for, which together are the range', async () => {
      const keys = Array.from({ length: 1000 }, (_, n) => `${n % 7 === 0 ? 'deep/er/' : ''}k${n}`);
      const { source } = await openWith(keys);
      expect(source.estimateRows()).toBeGreaterThan(500);
      const reader = await pinnedReader(source);
      for (const range of [everything, prefixRange('k'), prefixRange('deep/'), rangeOf('k3', 'k7')]) {
        const rows = await reader.rows(range);
        const cuts = await reader.split(range, 100);
        const sizes: number[] = [];
        const together: string[] = [];
        for (const part of cutRange(range, cuts)) {
          const inside = await reader.rows(part);
          sizes.push(inside.length);
          together.push(...keysOf(inside));
        }
        expect(together).toEqual(keysOf(rows));
        for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(50);
        for (const size of sizes) expect(size).toBeLessThanOrEqual(200);
      }
    });

    test('cuts nothing that is no longer than a part', async () => {
      const { source } = await openWith(['a', 'b', 'c']);
      const reader = await pinnedReader(source);
      expect(await reader.split(everything, 3)).toEqual([]);
      expect(await reader.split(everything, 2)).toEqual([new Uint8Array(Buffer.from('c'))]);
    });

    test('shows no reader what is written after the pin', async () => {
      const { source, add } = await openWith(['a', 'c']);
      const readers = [new ReaderThread(source), new ReaderThread(source), new ReaderThread(source)];
      await source.pin(async () => {
        await Promise.all(readers.map((reader) => reader.begin()));
      });
      await add('b');
      for (const reader of readers) expect(keysOf(await reader.rows())).toEqual(['a', 'c']);
      await add('d');
      for (const reader of readers) {
        expect(keysOf(await reader.rows())).toEqual(['a', 'c']);
        expect(await reader.split(everything, 1)).toHaveLength(1);
      }
      expect(keysOf(await (await pinnedReader(source)).rows())).toEqual(['a', 'b', 'c', 'd']);
    });

    test('pins one instant for all readers while a storm of writes goes on', async () => {
      const { source, add } = await openWith([]);
      for (let round = 0; round < 3; round++) {
        const readers = Array.from({ length: 4 }, () => new ReaderThread(source));
        const storm = new Storm(add, `round ${round}, `);
        await storm.reaches(50);
        const before = [...storm.acknowledged];
        await source.pin(async () => {
          // One after the other, so that a store which goes on writing is caught between two of them.
          for (const reader of readers) await reader.begin();
        });
        await storm.reaches(storm.acknowledged.length + 100);
        await storm.end();
        const [first = [], ...others] = await Promise.all(readers.map(async (reader) => keysOf(await reader.rows())));
        for (const other of others) expect(other).toEqual(first);
        const seen = new Set(first);
        expect(before.filter((key) => !seen.has(key))).toEqual([]);
        expect(seen).not.toContain(storm.acknowledged.at(-1));
      }
    });
  });
}

/** Writers that go on until they are told to end. */
class Storm {
  readonly acknowledged: string[] = [];
  readonly #writers: Promise<void>[];
  #isOver = false;
  #watcher: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(add: (key: string) => Promise<unknown>, prefix: string) {
    this.#writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; !this.#isOver; n++) {
        const key = `${prefix}${n}-${writer}`;
        await add(key);
        this.acknowledged.push(key);
        if (this.#watcher && this.acknowledged.length >= this.#watcher.count) this.#watcher.resolve();
        await new Promise(setImmediate);
      }
    });
  }

  async reaches(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#watcher = { count, resolve };
    });
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#writers);
  }
}
