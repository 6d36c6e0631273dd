import { printable } from '../core/printable.ts';

const PERCENT = 0x25;

/** A percent-encoded key, decoded into a buffer that is used again and again. */
export class DecodedKey {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  /** False when a percent sign is not followed by two hexadecimal digits. */
  decode(block: Buffer, start: number, end: number): boolean {
    if (end - start > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(end - start);
    const bytes = this.#bytes;
    let length = 0;
    for (let at = start; at < end; at++) {
      let byte = block[at] ?? 0;
      if (byte === PERCENT) {
        if (at + 2 >= end) return false;
        byte = (HEX[block[at + 1] ?? 0] ?? -1) * 16 + (HEX[block[at + 2] ?? 0] ?? -1);
        if (byte < 0) return false;
        at += 2;
      }
      bytes[length++] = byte;
    }
    this.#length = length;
    return true;
  }

  compare(other: DecodedKey): number {
    return this.#compareBytes(other.#bytes, other.#length);
  }

  compareTo(key: Uint8Array): number {
    return this.#compareBytes(key, key.length);
  }

  /** A copy, which stays when another key is decoded. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #compareBytes(theirs: Uint8Array, theirLength: number): number {
    const ours = this.#bytes;
    const length = Math.min(this.#length, theirLength);
    for (let i = 0; i < length; i++) {
      const difference = (ours[i] ?? 0) - (theirs[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return this.#length - theirLength;
  }

  toString(): string {
    return printable(this.#bytes.toString('utf8', 0, this.#length));
  }
}

/** The value of a hexadecimal digit; far below zero for any other byte, so that a sum with it is negative. */
const HEX = Int16Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1000 : value;
});
