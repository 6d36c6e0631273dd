/** A store on a folder of its own, for one test: both are gone when the test is over. */

import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../src/core/clock.ts';
import type { BodyPromise } from '../src/core/stored-object.ts';
import { ObjectStore, type StorePut } from '../src/store/object-store.ts';

export const NOW_MS = Date.UTC(2026, 9, 4, 16, 0);

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'stocktake-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openStore(
  folder = temporaryFolder(),
  clock: Clock = { now: () => NOW_MS },
): Promise<ObjectStore> {
  const store = await ObjectStore.open(folder, clock);
  onTestFinished(() => store.close());
  return store;
}

export const photos = {
  name: 'photos',
  region: 'cn-hangzhou',
  owner: '1000000000000000',
  storageClass: 'Standard',
  redundancy: 'LRS',
  acl: 'private',
} as const;

export const NO_METADATA = { headers: {}, user: {} };

/** Puts `bytes` into the bucket `photos`. */
export function put(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array | string,
  more: Partial<StorePut> & { readonly promise?: BodyPromise } = {},
) {
  const { promise, ...request } = more;
  const body = inChunks(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, 64 * 1024);
  return store.put({ bucket: photos.name, key, metadata: NO_METADATA, ...request }, body, promise);
}

export async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** The whole body of an object, or undefined when there is none. */
export async function contentOf(store: ObjectStore, key: string, bucket: string = photos.name) {
  const found = await store.read(bucket, key);
  return found === undefined ? undefined : await collect(found.body);
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The names of all body files, published or staged. */
export async function bodyFilesIn(folder: string): Promise<string[]> {
  const below = async (name: string) =>
    await readdir(path.join(folder, name), { recursive: true, withFileTypes: true });
  const entries = [...(await below('bodies')), ...(await below('staging'))];
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** `length` bytes that don't repeat and are the same in every run. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
