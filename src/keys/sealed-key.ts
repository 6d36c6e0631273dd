/**
 * A key that is sealed by another: a master key by the key of the key file, a data key by a master key. Sealed under
 * a name, it opens under this name only, so that nobody can pass one key off as another.
 */

import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, NONCE_BYTES } from './xaes-256-gcm.ts';

export const KEY_BYTES = 32;

/** The first byte of the form: version, nonce, ciphertext, tag. */
const VERSION = 1;

/** Seals `plain` by `key` under `name`: 73 bytes for a key of 32. */
export function sealKey(key: Uint8Array, plain: Uint8Array, name: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  return Buffer.concat([Buffer.of(VERSION), nonce, encrypt({ key, nonce, context: Buffer.from(name) }, plain)]);
}

/** What was sealed by `key` under `name`; undefined for anything else. */
export function openKey(key: Uint8Array, sealed: Uint8Array, name: string): Buffer | undefined {
  if (sealed[0] !== VERSION) return undefined;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  if (nonce.length < NONCE_BYTES) return undefined;
  return decrypt({ key, nonce, context: Buffer.from(name) }, sealed.subarray(1 + NONCE_BYTES));
}
