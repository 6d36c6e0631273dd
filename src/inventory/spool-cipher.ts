/**
 * Hides a spooled data file whose destination encrypts: on the disk it is scrambled under a key that lives in memory
 * alone, so what a crash leaves of it, and what the disk keeps of it after it was removed, tells nothing. It is
 * AES-256-CTR, which finds no changes: the destination checks the size and MD5 of what comes out.
 */

import { type Cipheriv, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';

const CIPHER = 'aes-256-ctr';
const KEY_BYTES = 32;
/** Where every file begins to count: no two are scrambled under one key. */
const START = new Uint8Array(16);

/** A local file on its way to a destination. */
export interface SpoolFile {
  readonly path: string;
  /** What scrambles it; absent when it lies there as it is. */
  readonly spoolKey?: Uint8Array | undefined;
}

/** A key for one file. */
export function newSpoolKey(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_BYTES));
}

export function spoolCipher(key: Uint8Array): Cipheriv {
  return createCipheriv(CIPHER, key, START);
}

/** The bytes that went into a scrambled file. */
export async function* readScrambled(path: string, key: Uint8Array): AsyncGenerator<Uint8Array> {
  const decipher = createDecipheriv(CIPHER, key, START);
  for await (const chunk of createReadStream(path)) yield decipher.update(chunk as Buffer);
}
