import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf } from '../../../test/store-fixture.ts';
import type { ByteRange } from '../../core/stored-object.ts';
import { BodySealer, SEAL_CHUNK_BYTES, SEAL_SALT_BYTES, SEAL_TAG_BYTES, sealedSize, unseal } from './sealed-body.ts';

const SEALED_CHUNK_BYTES = SEAL_CHUNK_BYTES + SEAL_TAG_BYTES;
const EDGES = [0, 1, 2, 3].flatMap((chunks) => [-1, 0, 1].map((more) => chunks * SEAL_CHUNK_BYTES + more));

/** The lengths that chunks make telling, and any between. */
const length = fc.oneof(fc.constantFrom(...EDGES.filter((edge) => edge >= 0)), fc.nat(3 * SEAL_CHUNK_BYTES + 1));

/** Where a stream is cut into chunks: anywhere, and where the sealed chunks begin. */
const cuts = fc.array(fc.oneof(fc.constantFrom(...EDGES), fc.constantFrom(1, 15, 16, 31, 32, 33), fc.nat(200_000)), {
  maxLength: 12,
});

interface Key {
  readonly dataKey: Uint8Array;
  readonly contentId: number;
}

const KEY: Key = { dataKey: randomBytes(32), contentId: 7 };

function cutAt(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const bounds = [0, ...at, bytes.length].map((bound) => Math.min(Math.max(bound, 0), bytes.length));
  bounds.sort((a, b) => a - b);
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
}

function seal(plain: Uint8Array, { dataKey, contentId }: Key = KEY, at: readonly number[] = []): Buffer {
  const sealer = new BodySealer(dataKey, contentId);
  return Buffer.concat([...cutAt(plain, at).flatMap((chunk) => sealer.update(chunk)), ...sealer.finish()]);
}

/** Opens a range of a stored body; `given` takes what was given out, also when the rest is refused. */
async function open(
  sealed: Uint8Array,
  { key = KEY, sizeBytes, range = { start: 0, end: sizeBytes }, at = [], given = [] }: Opening,
): Promise<Buffer> {
  async function* stored({ start, end }: ByteRange) {
    expect(end).toBeGreaterThan(start);
    yield* cutAt(sealed.subarray(start, end), at);
  }
  for await (const bytes of unseal({ ...key, sizeBytes, range }, stored)) given.push(bytes);
  return Buffer.concat(given);
}

interface Opening {
  readonly sizeBytes: number;
  readonly key?: Key;
  readonly range?: ByteRange;
  readonly at?: readonly number[];
  readonly given?: Uint8Array[];
}

test('every range of every body comes out as it went in, however both are cut', async () => {
  const caseOf = length.chain((sizeBytes) => {
    const place = fc
      .oneof(fc.constantFrom(...EDGES), fc.nat(sizeBytes))
      .map((at) => Math.min(Math.max(at, 0), sizeBytes));
    return fc.record({ sizeBytes: fc.constant(sizeBytes), one: place, other: place, sealCuts: cuts, openCuts: cuts });
  });
  await fc.assert(
    fc.asyncProperty(caseOf, async ({ sizeBytes, one, other, sealCuts, openCuts }) => {
      const plain = bytesOf(sizeBytes, 3);
      const sealed = seal(plain, KEY, sealCuts);
      expect(sealed).toHaveLength(sealedSize(sizeBytes));
      const ranges = [
        { start: 0, end: sizeBytes },
        { start: Math.min(one, other), end: Math.max(one, other) },
      ];
      for (const range of ranges.filter(({ start, end }) => start < end)) {
        const opened = await open(sealed, { sizeBytes, range, at: openCuts });
        expect(opened.equals(plain.subarray(range.start, range.end))).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test('a body without a byte is nothing', () => {
  expect(seal(Buffer.alloc(0))).toHaveLength(0);
  expect(sealedSize(0)).toBe(0);
});

test.each([
  ['in the salt', 3],
  ['in the first chunk', SEAL_SALT_BYTES],
  ['in the first tag', SEAL_SALT_BYTES + SEAL_CHUNK_BYTES + 5],
  ['in a chunk between', SEAL_SALT_BYTES + SEALED_CHUNK_BYTES + 100],
  ['in the last chunk', SEAL_SALT_BYTES + 2 * SEALED_CHUNK_BYTES],
  ['in the last tag', sealedSize(2 * SEAL_CHUNK_BYTES + 100) - 1],
])('a bit that flipped %s is noticed, and nothing wrong is given out before', async (_, at) => {
  const plain = bytesOf(2 * SEAL_CHUNK_BYTES + 100);
  const sealed = seal(plain);
  sealed[at] = (sealed[at] ?? 0) ^ 0x10;
  await expectRefused(sealed, plain);
});

test('a byte that changed anywhere is noticed', async () => {
  const plain = bytesOf(SEAL_CHUNK_BYTES + 1000);
  const sealed = seal(plain);
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ change;
      await expectRefused(changed, plain);
    }),
  );
});

const THREE_CHUNKS = bytesOf(3 * SEAL_CHUNK_BYTES);

test.each([
  ['to its salt', SEAL_SALT_BYTES],
  ['in its salt', SEAL_SALT_BYTES - 1],
  ['at the end of a chunk', SEAL_SALT_BYTES + 2 * SEALED_CHUNK_BYTES],
  ['within a chunk', SEAL_SALT_BYTES + 2 * SEALED_CHUNK_BYTES - 1],
  ['by its last byte', sealedSize(THREE_CHUNKS.length) - 1],
  ['to nothing', 0],
])('a body that was cut %s is refused', async (_, end) => {
  await expectRefused(seal(THREE_CHUNKS).subarray(0, end), THREE_CHUNKS);
});

test('a body that was cut at the end of a chunk is refused even by who takes it for shorter', async () => {
  const cut = seal(THREE_CHUNKS).subarray(0, sealedSize(2 * SEAL_CHUNK_BYTES));
  await expectRefused(cut, THREE_CHUNKS.subarray(0, 2 * SEAL_CHUNK_BYTES));
});

test('a chunk of more than there was is refused', async () => {
  const plain = THREE_CHUNKS.subarray(0, 2 * SEAL_CHUNK_BYTES);
  const sealed = seal(plain);
  const longer = Buffer.concat([sealed, sealed.subarray(-SEALED_CHUNK_BYTES)]);
  await expectRefused(longer, Buffer.concat([plain, plain.subarray(SEAL_CHUNK_BYTES)]));
});

test.each([
  ['the first two', [1, 0, 2]],
  ['the last two', [0, 2, 1]],
  ['one that stands twice', [0, 0, 2]],
])('chunks in another order are refused: %s', async (_, order) => {
  const sealed = seal(THREE_CHUNKS);
  const chunkAt = (index: number) => {
    const start = SEAL_SALT_BYTES + index * SEALED_CHUNK_BYTES;
    return sealed.subarray(start, start + SEALED_CHUNK_BYTES);
  };
  await expectRefused(Buffer.concat([sealed.subarray(0, SEAL_SALT_BYTES), ...order.map(chunkAt)]), THREE_CHUNKS);
});

test.each([
  ['another content under the same data key', { ...KEY, contentId: 8 }],
  ['the same content under another data key', { ...KEY, dataKey: randomBytes(32) }],
])('a chunk of %s is refused, and so is the whole', async (_, other) => {
  const theirs = seal(THREE_CHUNKS, other);
  await expectRefused(theirs, THREE_CHUNKS);
  const mixed = seal(THREE_CHUNKS);
  const second = SEAL_SALT_BYTES + SEALED_CHUNK_BYTES;
  theirs.copy(mixed, second, second, second + SEALED_CHUNK_BYTES);
  await expectRefused(mixed, THREE_CHUNKS);
});

test('the same body sealed again under the same key and content id shares no byte stream with the first', () => {
  const plain = Buffer.alloc(1000);
  const [one, other] = [seal(plain), seal(plain)];
  const same = one.filter((byte, index) => byte === other[index]).length;
  expect(same).toBeLessThan(100); // By chance one in 256.
});

test('an honest part of a damaged body is given out, and its damaged part is not', async () => {
  const sealed = seal(THREE_CHUNKS);
  const inThird = SEAL_SALT_BYTES + 2 * SEALED_CHUNK_BYTES + 9;
  sealed[inThird] = (sealed[inThird] ?? 0) ^ 1;
  const sizeBytes = THREE_CHUNKS.length;
  const honest = await open(sealed, { sizeBytes, range: { start: 10, end: 2 * SEAL_CHUNK_BYTES } });
  expect(honest.equals(THREE_CHUNKS.subarray(10, 2 * SEAL_CHUNK_BYTES))).toBe(true);
  const damaged = open(sealed, { sizeBytes, range: { start: 2 * SEAL_CHUNK_BYTES, end: 2 * SEAL_CHUNK_BYTES + 1 } });
  await expect(damaged).rejects.toThrow('damaged');
});

/** Reading the whole fails, and whatever came before is the beginning of `plain`, in whole chunks. */
async function expectRefused(sealed: Uint8Array, plain: Uint8Array): Promise<void> {
  const given: Uint8Array[] = [];
  const opening = open(sealed, { sizeBytes: plain.length, given });
  await expect(opening).rejects.toThrow('the encrypted body of content 7 is damaged, or was sealed under another key');
  const before = Buffer.concat(given);
  expect(before.length % SEAL_CHUNK_BYTES).toBe(0);
  expect(before.length).toBeLessThan(plain.length);
  expect(before.equals(plain.subarray(0, before.length))).toBe(true);
}
