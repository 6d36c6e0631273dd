/** A body that somebody reads stays where it is until the reader is done. */

import { truncate } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import {
  bodyFilesIn,
  bytesOf,
  collect,
  expectSame,
  openStore,
  put,
  putMultipart,
  remainsOf,
  storeOfPhotos,
} from '../../../test/store-fixture.ts';
import { MIN_PART_BYTES } from '../../core/limits.ts';
import type { EncryptionChoice, StoredObject } from '../../core/stored-object.ts';
import type { ObjectStore } from '../object-store.ts';

type Kind = 'a file' | 'parts' | 'an encrypted file' | 'encrypted parts';
const KINDS: readonly Kind[] = ['a file', 'parts', 'an encrypted file', 'encrypted parts'];
const PARTS = [bytesOf(MIN_PART_BYTES, 1), bytesOf(MIN_PART_BYTES, 2), bytesOf(100, 3)];
const WHOLE = Buffer.concat(PARTS);
const address = { bucket: 'photos', key: 'k' };

function putAs(kind: Kind, store: ObjectStore): Promise<StoredObject> {
  const encryption: EncryptionChoice = { algorithm: 'AES256' };
  const more = kind.includes('encrypted') ? { encryption } : {};
  return kind.endsWith('parts') ? putMultipart(store, 'k', PARTS, more) : put(store, 'k', WHOLE, more);
}

async function read(store: ObjectStore) {
  const found = await store.read(address);
  if (found === undefined) throw new Error('there is nothing to read');
  return found.body[Symbol.asyncIterator]();
}

async function rest(bytes: AsyncIterator<Uint8Array>): Promise<Buffer> {
  return await collect({ [Symbol.asyncIterator]: () => bytes });
}

const noFiles = (folder: string) => vi.waitFor(async () => expect(await bodyFilesIn(folder)).toEqual([]));

test.each(KINDS)('a body of %s is read to its end though it is deleted, and then its files go', async (kind) => {
  const { store, folder } = await storeOfPhotos();
  await putAs(kind, store);
  const files = (await bodyFilesIn(folder)).length;
  const [unstarted, started, other] = [await read(store), await read(store), await read(store)];
  const first = await started.next();
  await put(store, 'k', 'replaced');
  await store.delete(address);
  expectSame(await rest(unstarted), WHOLE);
  expect(await bodyFilesIn(folder)).toHaveLength(files);
  expectSame(Buffer.concat([first.value as Uint8Array, await rest(started)]), WHOLE);
  expect(await bodyFilesIn(folder)).toHaveLength(files);
  expectSame(await rest(other), WHOLE);
  await noFiles(folder);
});

test.each(KINDS)('a reader of %s that stops early, or never begins, lets the files go', async (kind) => {
  const { store, folder } = await storeOfPhotos();
  await putAs(kind, store);
  const [unstarted, started] = [await read(store), await read(store)];
  await started.next();
  await store.delete(address);
  await started.return?.();
  await started.return?.(); // Twice is once.
  expect(await bodyFilesIn(folder)).not.toEqual([]);
  await unstarted.return?.();
  await noFiles(folder);
  expect(await unstarted.next()).toEqual({ done: true, value: undefined });
});

test('a stream that is destroyed before anything was read lets the file go', async () => {
  const { store, folder } = await storeOfPhotos();
  await putAs('a file', store);
  const stream = Readable.from(await unread(store));
  await store.delete(address);
  stream.destroy();
  await noFiles(folder);
});

async function unread(store: ObjectStore): Promise<AsyncIterable<Uint8Array>> {
  const bytes = await read(store);
  return { [Symbol.asyncIterator]: () => bytes };
}

test('only the parts that a range touches are kept for its reader', async () => {
  const { store, folder } = await storeOfPhotos();
  await putAs('parts', store);
  const found = await store.read(address, () => ({ start: 5, end: MIN_PART_BYTES }));
  await store.delete(address);
  expect(await bodyFilesIn(folder)).toHaveLength(1);
  expectSame(found && (await collect(found.body)), PARTS[0]?.subarray(5) ?? Buffer.alloc(0));
  await noFiles(folder);
});

test('a choice of range that throws keeps nothing', async () => {
  const { store, folder } = await storeOfPhotos();
  await putAs('a file', store);
  const refuse = () => {
    throw new Error('not today');
  };
  await expect(store.read(address, refuse)).rejects.toThrow('not today');
  await store.delete(address);
  await noFiles(folder);
});

test('a key that the key service refuses keeps nothing', async () => {
  const { store, folder, keys } = await storeOfPhotos();
  await putAs('an encrypted file', store);
  keys.disabled.add('service');
  await expect(store.read(address)).rejects.toThrow('disabled');
  await store.delete(address);
  await noFiles(folder);
});

test('a file that is shorter than it should be breaks the reader off, and is kept for nobody', async () => {
  const { store, folder } = await storeOfPhotos();
  await putAs('a file', store);
  const [name = ''] = await bodyFilesIn(folder);
  await truncate(path.join(folder, 'bodies', '00000000000', name), 70_000);
  await expect(rest(await read(store))).rejects.toThrow('is shorter than its');
  await store.delete(address);
  await noFiles(folder);
});

test('what a reader kept from going when the store was killed goes at the next start', async () => {
  const { store, folder } = await storeOfPhotos();
  await putAs('parts', store);
  const reader = await read(store);
  await store.delete(address);
  const remains = await remainsOf(folder);
  expect(await bodyFilesIn(remains)).toHaveLength(2);
  await openStore(remains);
  expect(await bodyFilesIn(remains)).toEqual([]);
  await reader.return?.();
});

test('what a reader kept from going when the store was closed goes at the next start', async () => {
  const { store, folder } = await storeOfPhotos();
  await putAs('a file', store);
  const reader = await read(store);
  await reader.next();
  await store.delete(address);
  await store.close();
  expect(await bodyFilesIn(folder)).toHaveLength(1);
  await openStore(folder);
  expect(await bodyFilesIn(folder)).toEqual([]);
  await reader.return?.();
});

test('a reader that ends after its store did harms nothing', async () => {
  const { store, folder } = await storeOfPhotos();
  await putAs('a file', store);
  const reader = await read(store);
  await store.delete(address);
  await store.close();
  await reader.return?.();
  await noFiles(folder);
  const again = await openStore(folder);
  expect(again.totals('photos').objects).toBe(0);
});

test('readers of a key that is replaced all the time see whole bodies of one object', async () => {
  const { store, folder } = await storeOfPhotos();
  const bodies = [1, 2, 3, 4].map((seed) => bytesOf(60_000 + seed, seed));
  await put(store, 'k', bodies[0] ?? '');
  let isOver = false;
  const readers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const found = await store.read(address);
      // As a slow client does it: the object is long replaced when the first byte is read.
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      const bytes = found && (await collect(found.body));
      expect(bytes && bodies.find((body) => body.equals(bytes))?.length).toBe(found?.record.sizeBytes);
    }
  });
  for (let n = 0; n < 100; n++) await put(store, 'k', bodies[n % bodies.length] ?? '');
  isOver = true;
  await Promise.all(readers);
  await vi.waitFor(async () => expect(await bodyFilesIn(folder)).toHaveLength(1));
});
