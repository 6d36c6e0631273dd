/** Reads the key back out of an encoded row: a block's first and last keys are needed, and only those. */

const QUOTE = 0x22;

/** The decoded key of the row that begins at `rowStart` of `block`; its second column is the key, percent-encoded. */
export function rowKey(block: Uint8Array, rowStart: number): Uint8Array {
  const start = block.indexOf(QUOTE, rowStart) + 1;
  const end = block.indexOf(QUOTE, start);
  return decodePercent(Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1', start, end));
}

function decodePercent(text: string): Uint8Array {
  // Byte by byte, because a key of another store need not be UTF-8.
  const latin1 = text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}
