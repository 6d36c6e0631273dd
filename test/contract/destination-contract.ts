/** What every destination promises the engine. */

import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Destination, LocalFile } from '../../src/inventory/destination.ts';
import { bytesOf } from '../store-fixture.ts';
import { factsOf, type StoredReportFile } from './memory-destination.ts';

export interface DestinationUnderTest {
  readonly destination: Destination;
  /** A folder on the destination's own file system, if it has one. */
  readonly spool: string;
  /** What a client would get. */
  read(key: string): Promise<StoredReportFile | undefined>;
}

const GZIP = 'application/gzip';
const JSON_TYPE = 'application/json';

const turned = (byte: number) => byte ^ 0xff;

export function destinationContract(name: string, open: () => Promise<DestinationUnderTest>): void {
  const spooled = async (spool: string, bytes: Uint8Array): Promise<LocalFile> => {
    const file = path.join(spool, 'file');
    await writeFile(file, bytes);
    return { path: file, contentType: GZIP, ...factsOf(bytes) };
  };

  const scrambled = async (spool: string, bytes: Uint8Array): Promise<LocalFile> => {
    const file = await spooled(spool, bytes.map(turned));
    const read = async function* () {
      yield (await readFile(file.path)).map(turned);
    };
    return { ...file, read };
  };

  describe(name, () => {
    test.each([0, 1, 100_000])('takes over a finished file of %i bytes', async (length) => {
      const { destination, spool, read } = await open();
      const bytes = bytesOf(length);
      const file = await spooled(spool, bytes);
      await destination.putFile('inv/data/a.csv.gz', file);
      expect(await destination.stat('inv/data/a.csv.gz')).toEqual(factsOf(bytes));
      expect(await read('inv/data/a.csv.gz')).toEqual({ bytes, contentType: GZIP });
      await expect(access(file.path)).rejects.toThrow('ENOENT');
    });

    test('takes over a finished file that lies scrambled', async () => {
      const { destination, spool, read } = await open();
      const bytes = bytesOf(100_000);
      const file = { ...(await scrambled(spool, bytes)), ...factsOf(bytes) };
      await destination.putFile('inv/data/a.csv.gz', file);
      expect(await destination.stat('inv/data/a.csv.gz')).toEqual(factsOf(bytes));
      expect(await read('inv/data/a.csv.gz')).toEqual({ bytes, contentType: GZIP });
      await expect(access(file.path)).rejects.toThrow('ENOENT');
    });

    test('refuses a scrambled file that is not what was written, and stores nothing', async () => {
      const { destination, spool } = await open();
      const file = { ...(await scrambled(spool, bytesOf(1000, 2))), ...factsOf(bytesOf(1000, 1)) };
      await expect(destination.putFile('k', file)).rejects.toThrow();
      expect(await destination.stat('k')).toBeUndefined();
    });

    test('refuses a file that is not what was written, and stores nothing', async () => {
      const { destination, spool } = await open();
      const file = await spooled(spool, bytesOf(1000, 1));
      await writeFile(file.path, bytesOf(1000, 2));
      await expect(destination.putFile('k', file)).rejects.toThrow();
      expect(await destination.stat('k')).toBeUndefined();
    });

    test('stores bytes under a key that is free, and leaves what has the key as it is', async () => {
      const { destination, read } = await open();
      expect(await destination.putNew('manifest.json', Buffer.from('{}'), JSON_TYPE)).toBe(true);
      expect(await destination.putNew('manifest.json', Buffer.from('[]'), JSON_TYPE)).toBe(false);
      expect(await read('manifest.json')).toEqual({ bytes: Buffer.from('{}'), contentType: JSON_TYPE });
      expect(await destination.stat('manifest.json')).toEqual(factsOf(Buffer.from('{}')));
    });

    test('gives a free key to one of several that want it at once', async () => {
      const { destination, read } = await open();
      const rivals = Array.from({ length: 5 }, (_, n) => Buffer.from(`rival ${n}`));
      const outcomes = await Promise.all(rivals.map((bytes) => destination.putNew('k', bytes, JSON_TYPE)));
      expect(outcomes.filter((isStored) => isStored)).toHaveLength(1);
      expect((await read('k'))?.bytes).toEqual(rivals[outcomes.indexOf(true)]);
    });

    test('replaces what it is told is there, and nothing else', async () => {
      const { destination, read } = await open();
      const [first, second, third] = ['first', 'second', 'third'].map((text) => Buffer.from(text));
      if (!(first && second && third)) throw new Error('three texts');
      await destination.putNew('latest.json', first, JSON_TYPE);
      expect(await destination.replace('latest.json', second, JSON_TYPE, factsOf(first))).toBe(true);
      expect(await destination.replace('latest.json', third, JSON_TYPE, factsOf(first))).toBe(false);
      expect(await read('latest.json')).toEqual({ bytes: second, contentType: JSON_TYPE });
    });

    test('lets one of several replace what all of them saw', async () => {
      const { destination, read } = await open();
      const seen = Buffer.from('seen by all');
      await destination.putNew('k', seen, JSON_TYPE);
      const rivals = Array.from({ length: 5 }, (_, n) => Buffer.from(`rival ${n}`));
      const replacing = rivals.map((bytes) => destination.replace('k', bytes, JSON_TYPE, factsOf(seen)));
      const outcomes = await Promise.all(replacing);
      expect(outcomes.filter((isStored) => isStored)).toHaveLength(1);
      expect((await read('k'))?.bytes).toEqual(rivals[outcomes.indexOf(true)]);
    });

    test.each([0, 100, 100_000])(
      'reads back %i bytes, and of more than it was asked for says only how many',
      async (length) => {
        const { destination } = await open();
        const bytes = bytesOf(length);
        expect(await destination.read('k', length)).toBeUndefined();
        await destination.putNew('k', bytes, JSON_TYPE);
        const stored = await destination.read('k', length);
        expect(stored).toMatchObject(factsOf(bytes));
        expect(Buffer.compare(stored?.bytes ?? Buffer.from('none'), bytes)).toBe(0);
        if (length > 0) expect(await destination.read('k', length - 1)).toEqual(factsOf(bytes));
      },
    );

    test('knows nothing of a key that was never taken, or is free again', async () => {
      const { destination } = await open();
      expect(await destination.stat('k')).toBeUndefined();
      await destination.putNew('k', Buffer.from('x'), JSON_TYPE);
      await destination.remove('k');
      await destination.remove('k');
      expect(await destination.stat('k')).toBeUndefined();
      expect(await destination.putNew('k', Buffer.from('y'), JSON_TYPE)).toBe(true);
    });
  });
}
