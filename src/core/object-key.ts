/**
 * Object keys: UTF-8, 1 to 1,023 bytes, ordered by their bytes. JavaScript compares strings by UTF-16 units, which
 * gives another order above U+FFFF, so whatever depends on the order handles keys as bytes.
 */

import { DomainError } from './errors.ts';
import { printable } from './printable.ts';

/** The longest key, in bytes of UTF-8 (protocol sheet, section 3.4). */
export const MAX_KEY_BYTES = 1023;

/** The bytes of a key that came from outside; throws `InvalidObjectName` if it breaks a rule of section 3.4. */
export function objectKeyBytes(key: string): Buffer {
  if (key === '') throw invalid(key, 'The Object name can not be empty.');
  if (!key.isWellFormed()) throw invalid(key, 'The specified object is not valid: it is not well-formed Unicode.');
  if (key.startsWith('/') || key.startsWith('\\')) {
    throw invalid(key, 'The specified object is not valid: a key does not begin with "/" or "\\".');
  }
  const bytes = Buffer.from(key);
  if (bytes.length > MAX_KEY_BYTES) {
    throw invalid(key, `The Length of Object name must be less than 1024. It has ${bytes.length} bytes of UTF-8.`);
  }
  return bytes;
}

/** The smallest byte string above all that begin with `prefix`; none when there is no such bound. */
export function afterPrefix(prefix: Uint8Array): Buffer | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return undefined;
  const bound = Buffer.from(prefix.subarray(0, length));
  bound[length - 1] = (bound[length - 1] ?? 0) + 1;
  return bound;
}

/** The smallest key above `key`. */
export function afterKey(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

export function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  if (key.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (key[i] !== prefix[i]) return false;
  return true;
}

function invalid(key: string, message: string): DomainError {
  return new DomainError('InvalidObjectName', message, { ObjectName: printable(key) });
}
