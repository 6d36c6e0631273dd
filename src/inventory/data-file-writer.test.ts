import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { factsOf } from '../../test/contract/memory-destination.ts';
import { bytesOf, collect, temporaryFolder } from '../../test/store-fixture.ts';
import { sha256Of } from '../core/report-facts.ts';
import { DataFileWriter } from './data-file-writer.ts';
import { newSpoolKey, readScrambled } from './spool-cipher.ts';

const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;

async function fileOf(...blocks: Uint8Array[]) {
  const file = newFile();
  for (const block of blocks) await file.write(block);
  const facts = await file.finish();
  return { facts, bytes: readFileSync(file.path) };
}

function newFile(spoolKey?: Uint8Array): DataFileWriter {
  return new DataFileWriter({ path: path.join(temporaryFolder(), 'data.csv.gz'), spoolKey });
}

test.each([
  ['nothing', []],
  ['one byte', [bytesOf(1)]],
  ['several blocks', [bytesOf(300_000, 1), Buffer.alloc(1_000_000, 'row,'), bytesOf(10, 2)]],
])('a file of %s unpacks to what was written, and says the truth of itself', async (_, blocks) => {
  const { facts, bytes } = await fileOf(...blocks);
  expect(Buffer.compare(gunzipSync(bytes), Buffer.concat(blocks))).toBe(0);
  expect(facts).toEqual({
    file: { ...factsOf(bytes), sha256: sha256Of(bytes) },
    rowsSha256: sha256Of(Buffer.concat(blocks)),
  });
});

test('a file is one gzip member, to its last byte', async () => {
  const { bytes } = await fileOf(...Array.from({ length: 20 }, (_, n) => bytesOf(100_000, n)));
  expect([...bytes.subarray(0, 3)]).toEqual([0x1f, 0x8b, 8]);
  expect(bytes[3]).toBe(0); // No optional part follows the header's ten bytes.
  const { engine } = inflateRawSync(bytes.subarray(GZIP_HEADER_BYTES), { info: true }) as unknown as {
    readonly engine: { readonly bytesWritten: number };
  };
  expect(engine.bytesWritten).toBe(bytes.length - GZIP_HEADER_BYTES - GZIP_TRAILER_BYTES);
});

test('the same blocks make the same file', async () => {
  const blocks = [bytesOf(300_000, 1), bytesOf(300_000, 2)];
  expect((await fileOf(...blocks)).facts).toEqual((await fileOf(...blocks)).facts);
});

test('a block may be written over once it was taken', async () => {
  const block = new Uint8Array(100_000);
  const file = newFile();
  for (const value of [1, 2, 3]) await file.write(block.fill(value));
  await file.finish();
  const expected = Buffer.concat([1, 2, 3].map((value) => Buffer.alloc(100_000, value)));
  expect(Buffer.compare(gunzipSync(readFileSync(file.path)), expected)).toBe(0);
});

test('a file that is given up is gone, in the middle of a write too', async () => {
  const file = newFile();
  await file.write(bytesOf(100_000));
  const writing = file.write(bytesOf(5_000_000)).catch(() => 'given up');
  file.discard();
  await writing;
  expect(existsSync(file.path)).toBe(false);
});

test('a scrambled file holds nothing of the plain one, and is it again under its key', async () => {
  const blocks = Array.from({ length: 20 }, (_, n) => bytesOf(100_000, n));
  const plain = await fileOf(...blocks);
  const key = newSpoolKey();
  const file = newFile(key);
  for (const block of blocks) await file.write(block);
  expect(await file.finish()).toEqual(plain.facts);
  const scrambled = readFileSync(file.path);
  for (let at = 0; at + 16 <= plain.bytes.length; at += 4096) {
    expect(scrambled.indexOf(plain.bytes.subarray(at, at + 16))).toBe(-1);
  }
  expect(Buffer.compare(await collect(readScrambled(file.path, key)), plain.bytes)).toBe(0);
  expect(Buffer.compare(await collect(readScrambled(file.path, newSpoolKey())), plain.bytes)).not.toBe(0);
});
