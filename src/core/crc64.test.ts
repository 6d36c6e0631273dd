import fc from 'fast-check';
import { createCRC64 } from 'hash-wasm';
import { expect, test } from 'vitest';
import { crc64OfJoined } from './crc64.ts';

const hasher = await createCRC64();
const crc64Of = (bytes: Uint8Array) => BigInt(`0x${hasher.init().update(bytes).digest('hex')}`);
const pieceOf = (bytes: Uint8Array) => ({ crc64: crc64Of(bytes), sizeBytes: bytes.length });

test('the CRC of joined pieces is that of their bytes joined', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (pieces) => {
      expect(crc64OfJoined(pieces.map(pieceOf))).toBe(crc64Of(Buffer.concat(pieces)));
    }),
  );
});

test('the published check value comes out, however the text is cut', () => {
  const text = Buffer.from('123456789');
  for (let cut = 0; cut <= text.length; cut++) {
    const pieces = [text.subarray(0, cut), text.subarray(cut)].map(pieceOf);
    expect(crc64OfJoined(pieces)).toBe(11_051_210_869_376_104_954n);
  }
});

test('pieces of megabytes join too', () => {
  const bytes = Buffer.alloc(5_000_003, 'stocktake');
  expect(crc64OfJoined([bytes.subarray(0, 4_194_305), bytes.subarray(4_194_305)].map(pieceOf))).toBe(crc64Of(bytes));
});

test('nothing joined has the CRC of nothing, and lengths over 32 bits count whole', () => {
  expect(crc64OfJoined([])).toBe(0n);
  // 2^32 zeros behind a piece and none behind it are told apart, and so are 2^32 and 2^33.
  const behind = [0, 2 ** 32, 2 ** 33].map((sizeBytes) =>
    crc64OfJoined([
      { crc64: 1n, sizeBytes: 1 },
      { crc64: 0n, sizeBytes },
    ]),
  );
  expect(new Set(behind).size).toBe(3);
  const twice = { crc64: 0n, sizeBytes: 2 ** 32 };
  expect(crc64OfJoined([{ crc64: 1n, sizeBytes: 1 }, twice, twice])).toBe(behind[2]);
});
