/** Objects that are encrypted: how, under which key, and that nothing of them lies on the disk in the clear. */

import { glob, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import {
  bodyFilesIn,
  bytesOf,
  collect,
  contentOf,
  expectSame,
  inChunks,
  NO_METADATA,
  openStore,
  put,
  putMultipart,
  remainsOf,
  storeOfPhotos,
  uploadOf,
} from '../../test/store-fixture.ts';
import { TestKeys } from '../../test/test-keys.ts';
import { MIN_PART_BYTES } from '../core/limits.ts';
import type { EncryptionChoice } from '../core/stored-object.ts';
import { digestsOf } from './bodies/body-digest.ts';
import { MAX_INDEX_BODY_BYTES } from './bodies/body-intake.ts';

const code = (code: string) => expect.objectContaining({ code });
const AES256: EncryptionChoice = { algorithm: 'AES256' };
const MINE: EncryptionChoice = { algorithm: 'KMS', keyId: 'mine' };

/** A text that no chance brings about, over and over. */
const TELLTALE = 'nobody must read this on the disk. ';
const textOf = (length: number) => Buffer.alloc(length, TELLTALE);

afterEach(() => {
  vi.restoreAllMocks();
});

/** The files of a data folder that hold the telltale, wherever in them. */
async function filesThatTell(folder: string): Promise<string[]> {
  const telling: string[] = [];
  for await (const entry of glob('**/*', { cwd: folder, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(file)).includes(TELLTALE)) telling.push(path.relative(folder, file));
  }
  return telling;
}

const SIZES = [1000, MAX_INDEX_BODY_BYTES, MAX_INDEX_BODY_BYTES + 1, 200_000];

test.each(SIZES)('nothing of an encrypted body of %i bytes lies on the disk in the clear', async (length) => {
  const { store, folder } = await storeOfPhotos();
  const { record } = await put(store, 'k', textOf(length), { encryption: AES256 });
  expect(record).toMatchObject({ encryption: 'AES256', sizeBytes: length, ...digestsAsShown(textOf(length)) });
  expectSame(await contentOf(store, 'k'), textOf(length));
  expect(await filesThatTell(folder)).toEqual([]);
});

test.each(SIZES)('a plain body of %i bytes does, or the search would find nothing', async (length) => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', textOf(length));
  expect(await filesThatTell(folder)).toHaveLength(1);
});

test('nothing of an encrypted upload lies on the disk in the clear, while it goes on and afterwards', async () => {
  const { store, folder } = await storeOfPhotos();
  const bodies = [textOf(MIN_PART_BYTES), textOf(MIN_PART_BYTES + 1), textOf(1000)];
  const { upload, parts } = await uploadOf(store, 'k', bodies, { encryption: MINE });
  expect(upload.encryption).toEqual(MINE);
  expect(await filesThatTell(folder)).toEqual([]);
  const { record, keyId } = await store.uploads.complete(upload, parts, { forbidOverwrite: false });
  expect({ encryption: record.encryption, keyId }).toEqual({ encryption: 'KMS', keyId: 'mine' });
  expect(record.crc64).toBe(digestsOf(Buffer.concat(bodies)).crc64);
  expectSame(await contentOf(store, 'k'), Buffer.concat(bodies));
  expect(await filesThatTell(folder)).toEqual([]);
});

test('nothing of an encrypted body lies on the disk in the clear while it arrives', async () => {
  const { store, folder } = await storeOfPhotos();
  let telling: string[] | undefined;
  async function* body() {
    yield* inChunks(textOf(300_000), 1000);
    telling = await filesThatTell(folder);
  }
  await store.put({ bucket: 'photos', key: 'k', metadata: NO_METADATA, encryption: AES256 }, body());
  expect(telling).toEqual([]);
});

test('a finished file that is taken over into an encrypted object is encrypted, and goes', async () => {
  const { store, folder } = await storeOfPhotos({ encryption: AES256 });
  const file = path.join(folder, 'report');
  const bytes = textOf(100_000);
  await writeFile(file, bytes);
  const request = { bucket: 'photos', key: 'k', metadata: NO_METADATA };
  const { md5 } = digestsOf(bytes);
  const { record } = await store.adopt(request, { path: file }, { sizeBytes: bytes.length, md5 });
  expect(record).toMatchObject({ encryption: 'AES256', bodyPlace: 'file' });
  expectSame(await contentOf(store, 'k'), bytes);
  expect(await filesThatTell(folder)).toEqual([]);
});

test.each([
  ['within a chunk', { start: 100, end: 200 }],
  ['over the edge of chunks', { start: 65_000, end: 66_000 }],
  ['over the edge of parts', { start: MIN_PART_BYTES - 10, end: MIN_PART_BYTES + 10 }],
  ['of the last bytes', { start: 2 * MIN_PART_BYTES - 1, end: 2 * MIN_PART_BYTES }],
  ['of nothing', { start: 5, end: 5 }],
])('a range %s of an encrypted object is read by itself', async (_, range) => {
  const { store } = await storeOfPhotos();
  const bodies = [bytesOf(MIN_PART_BYTES, 1), bytesOf(MIN_PART_BYTES, 2)];
  await putMultipart(store, 'parts', bodies, { encryption: AES256 });
  await put(store, 'file', Buffer.concat(bodies), { encryption: AES256 });
  for (const key of ['parts', 'file']) {
    const found = await store.read({ bucket: 'photos', key }, () => range);
    expectSame(found && (await collect(found.body)), Buffer.concat(bodies).subarray(range.start, range.end));
  }
});

test('the choice of a request counts before that of its bucket', async () => {
  const { store } = await storeOfPhotos();
  const encryptionOf = async (encryption?: EncryptionChoice) => {
    const more = encryption === undefined ? {} : { encryption };
    const { record, keyId } = await put(store, 'k', 'x', more);
    const multipart = await putMultipart(store, 'm', [bytesOf(10)], more);
    expect({ encryption: multipart.record.encryption, keyId: multipart.keyId }).toEqual({
      encryption: record.encryption,
      keyId,
    });
    return [record.encryption, keyId];
  };
  expect(await encryptionOf()).toEqual(['none', undefined]);
  expect(await encryptionOf(AES256)).toEqual(['AES256', undefined]);
  await store.changeBucket('photos', { encryption: { algorithm: 'KMS' } });
  expect(await encryptionOf()).toEqual(['KMS', 'default-key']);
  expect(await encryptionOf(MINE)).toEqual(['KMS', 'mine']);
  expect(await encryptionOf(AES256)).toEqual(['AES256', undefined]);
  await store.changeBucket('photos', { encryption: null });
  expect(await encryptionOf()).toEqual(['none', undefined]);
});

test('an object shows its master key, and goes on to be read when its bucket changes its mind', async () => {
  const { store, folder } = await storeOfPhotos({ encryption: MINE });
  await put(store, 'k', 'secret');
  await store.changeBucket('photos', { encryption: AES256 });
  await store.change({ bucket: 'photos', key: 'k' }, { tags: [{ key: 'a', value: 'b' }] });
  await store.close();
  const again = await openStore(folder);
  expect(again.head({ bucket: 'photos', key: 'k' })).toMatchObject({ keyId: 'mine', tags: [{ key: 'a', value: 'b' }] });
  expect(String(await contentOf(again, 'k'))).toBe('secret');
});

test('under a disabled key nothing is stored and nothing read, until it is enabled again', async () => {
  const { store, folder, keys } = await storeOfPhotos({ encryption: MINE });
  await put(store, 'k', bytesOf(100_000));
  const { upload } = await uploadOf(store, 'm', [bytesOf(100_000)]);
  const files = await bodyFilesIn(folder);
  const totals = store.totals('photos');
  keys.disabled.add('mine');
  const refused = code('EncryptionKeyDisabled');
  await expect(contentOf(store, 'k')).rejects.toThrow(refused);
  await expect(put(store, 'k', bytesOf(100_000))).rejects.toThrow(refused);
  await expect(store.uploads.putPart(upload, 2, inChunks(bytesOf(100_000), 1000))).rejects.toThrow(refused);
  await expect(uploadOf(store, 'other', [])).rejects.toThrow(refused);
  expect(await bodyFilesIn(folder)).toEqual(files);
  expect(store.totals('photos')).toEqual(totals);
  expect(store.head({ bucket: 'photos', key: 'k' })).toMatchObject({ keyId: 'mine', record: { sizeBytes: 100_000 } });
  keys.disabled.clear();
  expectSame(await contentOf(store, 'k'), bytesOf(100_000));
});

test('a key that is disabled while a body is read does not stop that reader', async () => {
  const { store, keys } = await storeOfPhotos({ encryption: MINE });
  await put(store, 'k', bytesOf(200_000));
  const found = await store.read({ bucket: 'photos', key: 'k' });
  keys.disabled.add('mine');
  expectSame(found && (await collect(found.body)), bytesOf(200_000));
});

test('the parts of an upload share one data key, which no other object has', async () => {
  const { store, keys } = await storeOfPhotos();
  const generate = vi.spyOn(keys, 'generate');
  await putMultipart(store, 'm', [bytesOf(MIN_PART_BYTES), bytesOf(MIN_PART_BYTES), bytesOf(1)], {
    encryption: AES256,
  });
  expect(generate).toHaveBeenCalledTimes(1);
  for (const key of ['a', 'b']) await put(store, key, 'x', { encryption: AES256 });
  expect(generate).toHaveBeenCalledTimes(3);
});

test('parts that lie alike are sealed apart, even when a kill let the first have the content id of the second', async () => {
  const { store, folder } = await storeOfPhotos();
  const { upload } = await uploadOf(store, 'k', [], { encryption: AES256 });
  const bytes = Buffer.alloc(100_000);
  let remains = '';
  async function* body() {
    yield bytes;
    remains = await remainsOf(folder);
  }
  await store.uploads.putPart(upload, 1, body());
  const sealed = await sealedFiles(folder);
  const again = await openStore(remains);
  await again.uploads.putPart(upload, 1, inChunks(bytes, 100_000));
  const sealedAgain = await sealedFiles(remains);
  expect([...sealedAgain.keys()]).toEqual([...sealed.keys()]); // The same content id, as it happens.
  const [one, other] = [...sealed.values(), ...sealedAgain.values()];
  const alike = one?.filter((byte, at) => byte === other?.[at]).length ?? 0;
  expect(alike).toBeLessThan(bytes.length / 100); // By chance one byte in 256.
});

async function sealedFiles(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await bodyFilesIn(folder)) {
    files.set(name, await readFile(path.join(folder, 'bodies', '00000000000', name)));
  }
  return files;
}

test('an encrypted file that was damaged on the disk is not given out', async () => {
  const { store, folder } = await storeOfPhotos({ encryption: AES256 });
  await put(store, 'k', bytesOf(100_000));
  for (const [name, bytes] of await sealedFiles(folder)) {
    bytes[50_000] = (bytes[50_000] ?? 0) ^ 1;
    await writeFile(path.join(folder, 'bodies', '00000000000', name), bytes);
  }
  await expect(contentOf(store, 'k')).rejects.toThrow('the encrypted body of content 1 is damaged');
});

test('an encrypted object is what it was for who brings the same keys, and nothing without them', async () => {
  const { store, folder } = await storeOfPhotos({ encryption: MINE });
  await put(store, 'k', 'secret');
  await store.close();
  const keys = new TestKeys();
  vi.spyOn(keys, 'unwrap').mockResolvedValue(Buffer.alloc(32));
  const stranger = await openStore(folder, undefined, keys);
  await expect(contentOf(stranger, 'k')).rejects.toThrow('was sealed under another key');
  await stranger.close();
  expect(String(await contentOf(await openStore(folder), 'k'))).toBe('secret');
});

function digestsAsShown(bytes: Buffer) {
  const { md5, crc64 } = digestsOf(bytes);
  return { etag: md5.toString('hex').toUpperCase(), crc64 };
}
