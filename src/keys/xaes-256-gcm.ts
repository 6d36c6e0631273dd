/**
 * XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM with a nonce of 24 bytes, of which the first half picks a key of
 * its own. Plain GCM with nonces made by chance is safe for some 2^32 messages under one key, and the service key
 * wraps a data key for every object there ever is; with 24 bytes that bound is out of reach.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';

export const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const BLOCK_BYTES = 16;

export interface Message {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** `NONCE_BYTES` that no other message under this key has. */
  readonly nonce: Uint8Array;
  /** What is not encrypted, and without which nothing is decrypted. */
  readonly context: Uint8Array;
}

/** The ciphertext, with the tag after it. */
export function encrypt({ key, nonce, context }: Message, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', deriveKey(key, nonce), nonce.subarray(12));
  cipher.setAAD(context);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext; undefined when key, nonce, context or a single bit is not what it was encrypted with. */
export function decrypt({ key, nonce, context }: Message, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(key, nonce), nonce.subarray(12), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return undefined; // The one thing that `final` throws here is that the tag does not fit.
  }
}

/** The derived key: CMAC in counter mode (NIST SP 800-108), two blocks with the label `X`. */
function deriveKey(key: Uint8Array, nonce: Uint8Array): Buffer {
  const subkey = doubled(encryptBlocks(key, Buffer.alloc(BLOCK_BYTES)));
  const blocks = Buffer.concat([1, 2].flatMap((counter) => [Buffer.of(0, counter, 0x58, 0), nonce.subarray(0, 12)]));
  return encryptBlocks(
    key,
    blocks.map((byte, at) => byte ^ (subkey[at % BLOCK_BYTES] ?? 0)),
  );
}

/** AES of each block by itself, which is what CMAC is made of. */
function encryptBlocks(key: Uint8Array, blocks: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

/** Twice the block in GF(2^128), as CMAC makes its subkey. */
function doubled(block: Buffer): Buffer {
  const carry = (block[0] ?? 0) >> 7;
  return Buffer.from(
    block.map((byte, at) => (byte << 1) ^ ((block[at + 1] ?? 0) >> 7) ^ (at === BLOCK_BYTES - 1 ? carry * 0x87 : 0)),
  );
}
