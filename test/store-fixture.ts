/** A store on a folder of its own, for one test: both are gone when the test is over. */

import { mkdtempSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Clock } from '../src/core/clock.ts';
import type { BodyPromise, NewObject, Upload, UploadedPart } from '../src/core/stored-object.ts';
import type { NewBucket } from '../src/store/bucket-table.ts';
import type { DataKeys } from '../src/store/data-keys.ts';
import { ObjectStore, type StorePut } from '../src/store/object-store.ts';
import { removeFolder } from './captured-output.ts';
import { TestKeys } from './test-keys.ts';

export const NOW_MS = Date.UTC(2026, 9, 4, 16, 0);

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'stocktake-test-'));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

export async function openStore(
  folder = temporaryFolder(),
  clock: Clock = { now: () => NOW_MS },
  keys: DataKeys = new TestKeys(),
): Promise<ObjectStore> {
  const store = await ObjectStore.open(folder, { clock, keys });
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

/** A store that holds the bucket `photos`, its folder, and the key service that it asks. */
export async function storeOfPhotos(bucket: Partial<NewBucket> = {}, clock?: Clock) {
  const folder = temporaryFolder();
  const keys = new TestKeys();
  const store = await openStore(folder, clock, keys);
  await store.createBucket({ ...photos, ...bucket });
  return { store, folder, keys };
}

/** What a kill at this moment would leave of a store's folder: a copy, taken while the store has it open. */
export async function remainsOf(folder: string): Promise<string> {
  const remains = temporaryFolder();
  await cp(folder, remains, { recursive: true });
  return remains;
}

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

/** A multipart upload to the bucket `photos`, and its parts so far: of each body one, numbered from 1. */
export async function uploadOf(
  store: ObjectStore,
  key: string,
  bodies: readonly Uint8Array[],
  more: Partial<NewObject> = {},
): Promise<{ upload: Upload; parts: UploadedPart[] }> {
  const upload = await store.uploads.initiate({ bucket: photos.name, key, metadata: NO_METADATA, ...more });
  const parts: UploadedPart[] = [];
  for (const [index, bytes] of bodies.entries()) {
    parts.push(await store.uploads.putPart(upload, index + 1, inChunks(bytes, 64 * 1024)));
  }
  return { upload, parts };
}

/** Stores an object by a multipart upload of the bodies. */
export async function putMultipart(
  store: ObjectStore,
  key: string,
  bodies: readonly Uint8Array[],
  more: Partial<NewObject> = {},
) {
  const { upload, parts } = await uploadOf(store, key, bodies, more);
  return await store.uploads.complete(upload, parts, { forbidOverwrite: false });
}

/** The whole body of an object, or undefined when there is none. */
export async function contentOf(store: ObjectStore, key: string, bucket: string = photos.name) {
  const found = await store.read({ bucket, key });
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

/** As `toEqual` on megabytes, without its seconds. */
export function expectSame(bytes: Uint8Array | undefined, expected: Uint8Array): void {
  expect(bytes).toHaveLength(expected.length);
  expect(bytes && Buffer.compare(bytes, expected)).toBe(0);
}
