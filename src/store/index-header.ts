/**
 * Looks at the head of an index file before LMDB maps it: of a file that was cut, or is none of its, LMDB ends the
 * process with a signal and no word. Not all damage shows here; what does is told.
 */

import { open } from 'node:fs/promises';

/** LMDB's two meta pages, one after the other: the newer of them counts. Offsets as in the data format below. */
const AT = { magic: 24, version: 28, pageSize: 48, freeRoot: 88, mainRoot: 136, transaction: 152 } as const;
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
/** The format of the LMDB that the store is built on; of another one nothing is known here. */
const DATA_FORMAT = 2;
const PAGE_BYTES = 4096;
/** What stands for the root of a tree without pages. */
const NO_PAGE = 2n ** 64n - 1n;

/** What is wrong with an index file that is not empty, as part of a sentence; undefined when nothing shows. */
export async function indexHeaderFault(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(PAGE_BYTES + META_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    if (bytesRead < head.length) return `has ${size} bytes, fewer than its head takes`;
    const metas = [head.subarray(0, META_BYTES), head.subarray(PAGE_BYTES)];
    const [newest] = metas
      .filter((meta) => meta.readUInt32LE(AT.magic) === MAGIC)
      .sort((a, b) => (a.readBigUInt64LE(AT.transaction) < b.readBigUInt64LE(AT.transaction) ? 1 : -1));
    if (newest === undefined) return 'does not begin as an index does';
    if (newest.readUInt32LE(AT.version) !== DATA_FORMAT || newest.readUInt32LE(AT.pageSize) !== PAGE_BYTES) return;
    const roots = [AT.freeRoot, AT.mainRoot].map((at) => newest.readBigUInt64LE(at)).filter((page) => page !== NO_PAGE);
    const needed = roots.reduce((most, page) => (page >= most ? page + 1n : most), 2n) * BigInt(PAGE_BYTES);
    return BigInt(size) < needed ? `was cut: it has ${size} bytes, and its roots lie behind them` : undefined;
  } finally {
    await handle.close();
  }
}
