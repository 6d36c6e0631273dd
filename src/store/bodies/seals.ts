/** Data keys of objects: made when an encrypted object comes in, unwrapped when it is read. */

import type { Encryption } from '../../core/record.ts';
import type { EncryptionChoice } from '../../core/stored-object.ts';
import type { DataKeys, MasterKey } from '../data-keys.ts';
import type { Seal } from './content.ts';

/** How a new object is encrypted, or that it is not. */
export interface NewSeal {
  readonly encryption: Encryption;
  readonly seal?: Seal;
  readonly dataKey?: Uint8Array;
}

const PLAIN: NewSeal = { encryption: 'none' };

export class Seals {
  readonly #keys: DataKeys;

  constructor(keys: DataKeys) {
    this.#keys = keys;
  }

  /** A data key for a new object; throws what the key service throws. */
  async make(choice: EncryptionChoice | undefined): Promise<NewSeal> {
    if (choice === undefined) return PLAIN;
    const { keyId, plain, wrapped } = await this.#keys.generate(masterOf(choice));
    const { algorithm } = choice;
    return {
      encryption: algorithm,
      seal: { algorithm, keyId, wrapped: Buffer.from(wrapped).toString('base64') },
      dataKey: plain,
    };
  }

  /** The data key of a stored object; undefined for plaintext. */
  async open(seal: Seal | undefined): Promise<Uint8Array | undefined> {
    if (seal === undefined) return undefined;
    return await this.#keys.unwrap(seal.keyId, Buffer.from(seal.wrapped, 'base64'));
  }
}

function masterOf(choice: EncryptionChoice): MasterKey {
  if (choice.algorithm === 'AES256') return { kind: 'service' };
  return choice.keyId === undefined ? { kind: 'kms' } : { kind: 'kms', keyId: choice.keyId };
}
