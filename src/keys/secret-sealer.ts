/**
 * Seals secrets that have to be read again, as those of access keys. It does so by a key of its own that is derived
 * from that of the key file: what it sealed is never taken for a master key, nor the reverse, whatever they are called.
 */

import { hkdfSync } from 'node:crypto';
import type { SealedKey } from './key-records.ts';
import type { KeyEncryptionKey } from './master-keys.ts';
import { KEY_BYTES, openKey, sealKey } from './sealed-key.ts';

/** Tells the derived key from others that may be derived one day; to change it is to lose all that was sealed. */
const PURPOSE = 'stocktake secrets 1';

export class FileSecretSealer {
  readonly #key: Uint8Array;
  readonly #fileId: string;

  constructor({ id, key }: KeyEncryptionKey) {
    this.#key = new Uint8Array(hkdfSync('sha256', key, '', PURPOSE, KEY_BYTES));
    this.#fileId = id;
  }

  /** Sealed under a name, a secret opens under this name only. */
  seal(name: string, plain: Uint8Array): SealedKey {
    return { bytes: sealKey(this.#key, plain, name), by: this.#fileId };
  }

  /** The secret; undefined when these bytes were not sealed under this name by this key file. */
  open(name: string, sealed: Uint8Array): Uint8Array | undefined {
    return openKey(this.#key, sealed, name);
  }
}
