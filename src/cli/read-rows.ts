/** Cuts the bytes of a data file into rows, whatever the file's length: a row is looked at where it lies. */

const NEWLINE = 0x0a;

/** The longest row that is read; ours have some 4 KB at the most. */
const MAX_ROW_BYTES = 1024 * 1024;

/** What keeps a file from being read as rows, in words. */
export class RowDamage extends Error {}

/** Calls `onRow` with each row's block and bounds, newline not included; every row has to end with one. */
export async function readRows(
  blocks: AsyncIterable<Buffer>,
  onRow: (block: Buffer, start: number, end: number) => void,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let damage: string | undefined;
  for await (const next of blocks) {
    // Read on even so: whoever counts the bytes has to see all of them.
    if (damage !== undefined) continue;
    const block = rest.length === 0 ? next : Buffer.concat([rest, next]);
    let start = 0;
    for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
      onRow(block, start, end);
      start = end + 1;
    }
    rest = block.subarray(start);
    if (rest.length > MAX_ROW_BYTES) damage = `the row is longer than ${MAX_ROW_BYTES} bytes`;
  }
  if (damage === undefined && rest.length > 0) damage = 'the row has no end';
  if (damage !== undefined) throw new RowDamage(damage);
}
