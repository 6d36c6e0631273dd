/**
 * Reads a gzip file that is to be one member and nothing else, as the files of a report are: several readers stop
 * after the first member, so whatever follows would be rows that they never see. Node's own gunzip reads on in
 * silence, both over further members and over garbage at the end, and so the frame is read here.
 */

import { once } from 'node:events';
import { constants, crc32, createInflateRaw, type InflateRaw } from 'node:zlib';

/** The header's fixed part, and after the data its CRC and length. */
const FIXED_HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** A header may carry a name, a comment, and 64 KiB of extras. */
const MAX_HEADER_BYTES = 128 * 1024;
const BLOCK_BYTES = 512 * 1024;

const FLAG = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10 } as const;

/** What is wrong with a file as gzip, in words. */
export class GzipDamage extends Error {}

/**
 * Gives the bytes inside, block by block, and throws `GzipDamage` where they end too early, too late or wrong. Either
 * way `source` is read to its end first, so who counts and hashes it on its way sees all of it. An error of `source`
 * itself is thrown as it is.
 */
export async function* gunzipMember(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: BLOCK_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  const feeding = feed(source, inflate);
  let crc = 0;
  let bytes = 0;
  let damage: Error | undefined;
  try {
    for await (const block of inflate as AsyncIterable<Buffer>) {
      crc = crc32(block, crc);
      bytes += block.length;
      yield block;
    }
  } catch (error) {
    damage = error as Error;
  } finally {
    inflate.destroy();
  }
  const { error, fileBytes, headerBytes, trailer, refusal } = await feeding;
  if (error !== undefined) throw error;
  if (refusal !== undefined) throw new GzipDamage(refusal);
  if (damage !== undefined) throw new GzipDamage(`it can't be decompressed: ${damage.message}`, { cause: damage });
  const missing = headerBytes + inflate.bytesWritten + TRAILER_BYTES - fileBytes;
  if (missing > 0) throw new GzipDamage('it ends before its gzip data does');
  if (missing < 0) throw new GzipDamage(`${-missing} bytes follow its gzip data, where a report's file is one member`);
  if (trailer.readUInt32LE(0) !== crc) throw new GzipDamage('its gzip checksum is not that of its rows');
  if (trailer.readUInt32LE(4) !== bytes % 2 ** 32) throw new GzipDamage('its gzip length is not that of its rows');
}

interface Fed {
  readonly fileBytes: number;
  readonly headerBytes: number;
  /** The last bytes of the file. */
  readonly trailer: Buffer;
  /** Why this is no gzip file. */
  readonly refusal?: string;
  /** What kept the source from being read. */
  readonly error?: unknown;
}

/** Hands the deflated part to `inflate`, and keeps what surrounds it. Never rejects. */
async function feed(source: AsyncIterable<Buffer>, inflate: InflateRaw): Promise<Fed> {
  let head = Buffer.alloc(0);
  let headerBytes = 0;
  let trailer = Buffer.alloc(0);
  let fileBytes = 0;
  let refusal: string | undefined;
  try {
    for await (const chunk of source) {
      fileBytes += chunk.length;
      trailer = Buffer.concat([trailer, chunk.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES);
      if (refusal !== undefined) continue;
      if (headerBytes > 0) {
        await write(inflate, chunk);
        continue;
      }
      head = Buffer.concat([head, chunk]);
      const header = readHeader(head);
      if (typeof header === 'number') headerBytes = header;
      else if (header !== undefined || head.length > MAX_HEADER_BYTES)
        refusal = header?.refusal ?? 'its gzip header has no end';
      if (headerBytes > 0) await write(inflate, head.subarray(headerBytes));
    }
    if (headerBytes === 0) refusal ??= 'it ends within its gzip header';
    return { fileBytes, headerBytes, trailer, ...(refusal !== undefined && { refusal }) };
  } catch (error) {
    return { fileBytes, headerBytes, trailer, error };
  } finally {
    if (refusal === undefined) inflate.end();
    else inflate.destroy();
  }
}

/** Once the deflated data has ended, or turned out to be none, nothing is written any more. */
async function write(inflate: InflateRaw, chunk: Buffer): Promise<void> {
  if (chunk.length === 0 || inflate.destroyed || inflate.readableEnded) return;
  if (inflate.write(chunk)) return;
  const abort = new AbortController();
  const settled = ['drain', 'end', 'close', 'error'].map((event) => once(inflate, event, { signal: abort.signal }));
  await Promise.race(settled.map((each) => each.catch(() => undefined)));
  abort.abort();
}

/** How long the header is; undefined when there is more of it to come. */
function readHeader(head: Buffer): number | { readonly refusal: string } | undefined {
  if (head.length < FIXED_HEADER_BYTES) return undefined;
  if (head.readUInt16BE(0) !== 0x1f8b || head[2] !== 8) return { refusal: 'it does not begin as a gzip file' };
  const flags = head[3] ?? 0;
  let at = FIXED_HEADER_BYTES;
  if (flags & FLAG.extra) {
    if (head.length < at + 2) return undefined;
    at += 2 + head.readUInt16LE(at);
  }
  for (const flag of [FLAG.name, FLAG.comment]) {
    if ((flags & flag) === 0) continue;
    const end = at > head.length ? -1 : head.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if (flags & FLAG.headerCrc) at += 2;
  return at <= head.length ? at : undefined;
}
