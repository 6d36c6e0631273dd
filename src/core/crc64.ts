/**
 * CRC-64/XZ of bytes that lie one after the other, from the CRCs of the pieces: what a multipart object has (protocol
 * sheet, section 5.2). Appending zeros to a message is a linear map on its CRC, so appending n of them takes about
 * log n steps; the method is that of zlib's `crc32_combine`. In halves of 32 bits, since ten thousand parts are joined
 * while others wait, and with BigInt that takes a second.
 */

/** The polynomial 0x42F0E1EBA9EA3693 with its bits reflected. */
const POLYNOMIAL = { high: 0xc96c5795, low: 0xd7870f42 };
const BITS = 64;
const MASK = 0xffff_ffffn;

export interface Piece {
  readonly crc64: bigint;
  readonly sizeBytes: number;
}

interface Halves {
  readonly high: number;
  readonly low: number;
}

/** A linear map on 64 bits: what each bit by itself becomes, lowest first, as high and low half. */
type BitMap64 = Uint32Array;

/** The CRC of all pieces joined; that of nothing is 0. */
export function crc64OfJoined(pieces: readonly Piece[]): bigint {
  let joined: Halves = { high: 0, low: 0 };
  for (const { crc64, sizeBytes } of pieces) {
    const { high, low } = appendZeros(joined, sizeBytes);
    joined = { high: (high ^ Number(crc64 >> 32n)) >>> 0, low: (low ^ Number(crc64 & MASK)) >>> 0 };
  }
  return (BigInt(joined.high) << 32n) | BigInt(joined.low);
}

/** Maps for 1, 2, 4, ... zero bytes appended, made as far as they are asked for. */
const ZERO_MAPS: BitMap64[] = [];

function appendZeros(crc: Halves, count: number): Halves {
  let result = crc;
  for (let power = 0, left = count; left > 0; power++, left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = apply(zeroMap(power), result);
  }
  return result;
}

function zeroMap(power: number): BitMap64 {
  for (let next = ZERO_MAPS.length; next <= power; next++) {
    const before = ZERO_MAPS[next - 1];
    ZERO_MAPS.push(before === undefined ? oneZeroByte() : squared(before));
  }
  return ZERO_MAPS[power] as BitMap64;
}

function oneZeroByte(): BitMap64 {
  const oneZeroBit = new Uint32Array(2 * BITS);
  oneZeroBit.set([POLYNOMIAL.high, POLYNOMIAL.low]);
  for (let bit = 1; bit < BITS; bit++) {
    const isHigh = bit > 32;
    oneZeroBit[2 * bit + (isHigh ? 0 : 1)] = 2 ** ((bit - 1) % 32);
  }
  return squared(squared(squared(oneZeroBit)));
}

function squared(map: BitMap64): BitMap64 {
  const result = new Uint32Array(2 * BITS);
  for (let bit = 0; bit < BITS; bit++) {
    const image = apply(map, { high: map[2 * bit] as number, low: map[2 * bit + 1] as number });
    result.set([image.high, image.low], 2 * bit);
  }
  return result;
}

function apply(map: BitMap64, { high, low }: Halves): Halves {
  let newHigh = 0;
  let newLow = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const isSet = ((bit < 32 ? low : high) >>> (bit % 32)) & 1;
    if (isSet === 0) continue;
    newHigh ^= map[2 * bit] as number;
    newLow ^= map[2 * bit + 1] as number;
  }
  return { high: newHigh >>> 0, low: newLow >>> 0 };
}
