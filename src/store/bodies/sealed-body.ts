/**
 * Encryption of one body: AES-256-GCM over chunks, so that a range can be read without the rest. The key of a body is
 * derived from the object's data key, the body's content id and a salt, so within a key the nonce need only count
 * chunks. It tells the last chunk from the others too: a body that was cut, lengthened or put together from pieces of
 * others fails to open. The salt is there because the parts of an upload share a data key, and a content id can come a
 * second time under it: when the upload goes on after a kill that lost a part, or from a restored backup.
 *
 * A sealed body is its salt, then its chunks one after the other, each followed by its tag.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { ByteRange } from '../../core/stored-object.ts';

export const SEAL_CHUNK_BYTES = 64 * 1024;
export const SEAL_TAG_BYTES = 16;
export const SEAL_SALT_BYTES = 32;
const SEALED_CHUNK_BYTES = SEAL_CHUNK_BYTES + SEAL_TAG_BYTES;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;

/** How long a body of `sizeBytes` is once it is sealed. */
export function sealedSize(sizeBytes: number): number {
  if (sizeBytes === 0) return 0;
  return SEAL_SALT_BYTES + sizeBytes + SEAL_TAG_BYTES * Math.ceil(sizeBytes / SEAL_CHUNK_BYTES);
}

/** The key that seals one body of an object. */
function bodyKey(dataKey: Uint8Array, contentId: number, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', dataKey, salt, `stocktake body ${contentId}`, 32));
}

/** Seals a body as it streams by. A chunk is held back until it is known whether it is the last. */
export class BodySealer {
  readonly #salt = randomBytes(SEAL_SALT_BYTES);
  readonly #key: Uint8Array;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #index = 0;

  constructor(dataKey: Uint8Array, contentId: number) {
    this.#key = bodyKey(dataKey, contentId, this.#salt);
  }

  /** Takes plain bytes, and returns the sealed ones that are ready. */
  update(bytes: Uint8Array): Buffer[] {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes <= SEAL_CHUNK_BYTES) return [];
    const plain = Buffer.concat(this.#pending);
    const sealed: Buffer[] = [];
    let at = 0;
    for (; plain.length - at > SEAL_CHUNK_BYTES; at += SEAL_CHUNK_BYTES) {
      sealed.push(this.#seal(plain.subarray(at, at + SEAL_CHUNK_BYTES), false));
    }
    this.#pending = [plain.subarray(at)];
    this.#pendingBytes = plain.length - at;
    return sealed;
  }

  /** The last of the sealed bytes; none of a body that has none. */
  finish(): Buffer[] {
    return this.#pendingBytes === 0 ? [] : [this.#seal(Buffer.concat(this.#pending), true)];
  }

  #seal(plain: Uint8Array, isLast: boolean): Buffer {
    const before = this.#index === 0 ? [this.#salt] : [];
    const cipher = createCipheriv(CIPHER, this.#key, nonce(this.#index++, isLast));
    return Buffer.concat([...before, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }
}

export interface SealedRead {
  readonly dataKey: Uint8Array;
  readonly contentId: number;
  /** Of the plain body. */
  readonly sizeBytes: number;
  /** Of the plain body; within it, and not empty. */
  readonly range: ByteRange;
}

/** Gives the bytes of a range of the sealed body. */
export type ReadSealed = (range: ByteRange) => AsyncIterable<Uint8Array>;

/**
 * The plain bytes of `range`, from as much of the sealed body as that takes. Throws when that is not what was sealed;
 * what was given out before is right.
 */
export async function* unseal(read: SealedRead, sealed: ReadSealed): AsyncGenerator<Uint8Array> {
  const { range, sizeBytes } = read;
  const salt: Uint8Array[] = [];
  for await (const bytes of sealed({ start: 0, end: SEAL_SALT_BYTES })) salt.push(bytes);
  const key = bodyKey(read.dataKey, read.contentId, Buffer.concat(salt));
  const last = Math.ceil(sizeBytes / SEAL_CHUNK_BYTES) - 1;
  let index = Math.floor(range.start / SEAL_CHUNK_BYTES);
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const lengthOf = (chunk: number) =>
    chunk < last ? SEALED_CHUNK_BYTES : sizeBytes - last * SEAL_CHUNK_BYTES + SEAL_TAG_BYTES;
  for await (const bytes of sealed(sealedRange(read))) {
    pending.push(bytes);
    pendingBytes += bytes.length;
    if (pendingBytes < lengthOf(index)) continue;
    let whole = Buffer.concat(pending);
    while (whole.length > 0 && whole.length >= lengthOf(index)) {
      const plain = open(key, index, index === last, whole.subarray(0, lengthOf(index)), read.contentId);
      const at = index * SEAL_CHUNK_BYTES;
      yield plain.subarray(Math.max(0, range.start - at), Math.min(plain.length, range.end - at));
      whole = whole.subarray(lengthOf(index));
      index++;
    }
    pending = [whole];
    pendingBytes = whole.length;
  }
  if (pendingBytes > 0 || index * SEAL_CHUNK_BYTES < range.end) throw damaged(read.contentId);
}

/** The bytes of a sealed body that hold the chunks which `range` of the plain one touches. */
function sealedRange({ sizeBytes, range }: SealedRead): ByteRange {
  const first = Math.floor(range.start / SEAL_CHUNK_BYTES);
  const behind = SEAL_SALT_BYTES + Math.ceil(range.end / SEAL_CHUNK_BYTES) * SEALED_CHUNK_BYTES;
  return { start: SEAL_SALT_BYTES + first * SEALED_CHUNK_BYTES, end: Math.min(behind, sealedSize(sizeBytes)) };
}

function open(key: Uint8Array, index: number, isLast: boolean, sealed: Uint8Array, contentId: number): Buffer {
  const end = sealed.length - SEAL_TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce(index, isLast));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
  } catch (cause) {
    throw damaged(contentId, cause);
  }
}

function damaged(contentId: number, cause?: unknown): Error {
  return new Error(`the encrypted body of content ${contentId} is damaged, or was sealed under another key`, { cause });
}

function nonce(index: number, isLast: boolean): Uint8Array {
  const bytes = Buffer.alloc(NONCE_BYTES);
  bytes[0] = isLast ? 1 : 0;
  bytes.writeBigUInt64BE(BigInt(index), NONCE_BYTES - 8);
  return bytes;
}
