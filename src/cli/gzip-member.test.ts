import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bytesOf, inChunks } from '../../test/store-fixture.ts';
import { gunzipMember } from './gzip-member.ts';

const TEXT = Buffer.from('photos,"a","12"\n'.repeat(1000));

async function unzipped(file: Uint8Array, chunkBytes = 64 * 1024): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of gunzipMember(chunks(file, chunkBytes))) blocks.push(block);
  return Buffer.concat(blocks);
}

async function* chunks(file: Uint8Array, chunkBytes: number): AsyncGenerator<Buffer> {
  for await (const chunk of inChunks(file, chunkBytes)) yield Buffer.from(chunk);
}

/** The same member with every optional field in its header. */
function withLongHeader(file: Buffer): Buffer {
  const fixed = Buffer.from(file.subarray(0, 10));
  fixed[3] = 0x02 | 0x04 | 0x08 | 0x10;
  const extra = Buffer.concat([Buffer.from([3, 0]), Buffer.from('abc')]);
  return Buffer.concat([fixed, extra, Buffer.from('name\0comment\0'), Buffer.from([0, 0]), file.subarray(10)]);
}

test.each([1, 7, 10, 4096])('a member is read whole when it comes %i bytes at a time', async (chunkBytes) => {
  expect(await unzipped(gzipSync(TEXT), chunkBytes)).toEqual(TEXT);
  expect(await unzipped(withLongHeader(gzipSync(TEXT)), chunkBytes)).toEqual(TEXT);
});

test('a member of no bytes is a member', async () => {
  expect(await unzipped(gzipSync(''))).toEqual(Buffer.alloc(0));
});

test('a member that does not compress is read whole', async () => {
  const bytes = bytesOf(3_000_000);
  expect((await unzipped(gzipSync(bytes))).equals(bytes)).toBe(true);
});

test('a member that is cut at whatever byte is told', async () => {
  const file = gzipSync(TEXT.subarray(0, 320));
  for (let length = 0; length < file.length; length++) {
    await expect(unzipped(file.subarray(0, length)), `${length} of ${file.length} bytes`).rejects.toThrow('it ends');
  }
});

test.each([1, 64 * 1024])('what follows the member is told, in chunks of %i bytes', async (chunkBytes) => {
  const file = gzipSync(TEXT);
  for (const more of [file, gzipSync(''), Buffer.of(0), bytesOf(200_000)]) {
    const read = unzipped(Buffer.concat([file, more]), chunkBytes);
    await expect(read).rejects.toThrow(`${more.length} bytes follow its gzip data`);
  }
});

test('an empty member before the one with the rows is told', async () => {
  const file = gzipSync(TEXT);
  await expect(unzipped(Buffer.concat([gzipSync(''), file]))).rejects.toThrow(`${file.length} bytes follow`);
});

test('a bit flipped at whatever byte is told, but for those of the header that say nothing', async () => {
  const file = gzipSync(TEXT.subarray(0, 320));
  // Time, compression level and system of origin: no reader cares.
  const saysNothing = new Set([4, 5, 6, 7, 8, 9]);
  for (let at = 0; at < file.length; at++) {
    const flipped = Buffer.from(file);
    flipped[at] = (flipped[at] ?? 0) ^ 0x01;
    const outcome = await unzipped(flipped).then(
      (bytes) => (bytes.equals(TEXT.subarray(0, 320)) ? 'the same' : 'other bytes'),
      () => 'told',
    );
    // The lowest flag says "this is text", which changes nothing either.
    expect(outcome, `byte ${at}`).toBe(saysNothing.has(at) || at === 3 ? 'the same' : 'told');
  }
});

test('a header without end is given up', async () => {
  const endless = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0x08, 0, 0, 0, 0, 0, 0]), Buffer.alloc(300_000, 0x61)]);
  await expect(unzipped(endless, 4096)).rejects.toThrow('its gzip header has no end');
});

test('an error of the source is thrown as it is', async () => {
  const broken = new Error('the line went dead');
  const source = async function* () {
    yield gzipSync(TEXT).subarray(0, 30);
    throw broken;
  };
  const read = (async () => {
    for await (const _ of gunzipMember(source())) void _;
  })();
  await expect(read).rejects.toBe(broken);
});

test('the source is read to its end even when its data is damaged at the beginning', async () => {
  const file = Buffer.concat([gzipSync(TEXT).subarray(0, 20), bytesOf(2_000_000)]);
  let bytesRead = 0;
  const source = Readable.from(
    (async function* () {
      for await (const chunk of chunks(file, 10_000)) {
        bytesRead += chunk.length;
        yield chunk;
      }
    })(),
  );
  const read = (async () => {
    for await (const _ of gunzipMember(source as AsyncIterable<Buffer>)) void _;
  })();
  await expect(read).rejects.toThrow();
  expect(bytesRead).toBe(file.length);
});
