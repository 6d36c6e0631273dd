/** Master keys in the open: made, sealed by the key of the key file, opened again, and kept in memory up to a bound. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { KeyRecord, SealedKey } from './key-records.ts';
import { KEY_BYTES, openKey, sealKey } from './sealed-key.ts';

/** What master keys are sealed by: a key that lies outside the table, so that the table alone opens nothing. */
export interface KeyEncryptionKey {
  /** Where it is kept, for messages. */
  readonly file: string;
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Keys that are kept open. */
export const MAX_OPEN_KEYS = 1000;

export class MasterKeys {
  readonly #sealedBy: KeyEncryptionKey;
  /** The least recently used first. */
  readonly #open = new Map<string, Buffer>();

  constructor(sealedBy: KeyEncryptionKey) {
    this.#sealedBy = sealedBy;
  }

  /** A new master key, in the form that may be stored. */
  make(id: string): SealedKey {
    const plain = randomBytes(KEY_BYTES);
    const bytes = sealKey(this.#sealedBy.key, plain, id);
    plain.fill(0);
    return { bytes, by: this.#sealedBy.id };
  }

  /** The key of a record, to be used at once: it is wiped when the bound is reached or the key destroyed. */
  open({ id, sealed }: KeyRecord): Buffer {
    assert(sealed !== undefined, `the key "${id}" has nothing that could be opened`);
    const plain = this.#open.get(id) ?? openKey(this.#sealedBy.key, sealed.bytes, id);
    if (plain === undefined) throw mismatch(this.#sealedBy, id, sealed.by);
    this.#open.delete(id);
    this.#open.set(id, plain);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= MAX_OPEN_KEYS) break;
      this.forget(oldest);
    }
    return plain;
  }

  forget(id: string): void {
    this.#open.get(id)?.fill(0);
    this.#open.delete(id);
  }
}

function mismatch({ file, id: fileId }: KeyEncryptionKey, keyId: string, sealedBy: string): Error {
  const why =
    fileId === sealedBy
      ? 'the file or the key was changed since'
      : `the file has the id ${fileId}, and the key was sealed by the file with the id ${sealedBy}`;
  return new Error(
    `The key file "${file}" does not open the encryption key "${keyId}": ${why}. Bring the right file back, or name where it is with --key-file.`,
  );
}
