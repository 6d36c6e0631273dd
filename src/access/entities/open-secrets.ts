/** The secrets of access keys in the open, for memory alone. */

import { type AccessKeyRecord, accessKeySecretName } from '../../core/access-record.ts';
import type { SecretSealer } from '../secret-sealer.ts';

export class OpenSecrets {
  readonly #sealer: SecretSealer;
  readonly #secrets = new Map<string, string>();

  constructor(sealer: SecretSealer) {
    this.#sealer = sealer;
  }

  /** The secret of a key. A key keeps its secret for as long as it is there, and no id is given twice. */
  of(key: AccessKeyRecord): string {
    const known = this.#secrets.get(key.id);
    if (known !== undefined) return known;
    const plain = this.#sealer.open(accessKeySecretName(key.id), key.sealed.bytes);
    if (plain === undefined) throw mismatch(key);
    const secret = Buffer.from(plain).toString();
    this.#secrets.set(key.id, secret);
    return secret;
  }

  forget(accessKeyId: string): void {
    this.#secrets.delete(accessKeyId);
  }
}

function mismatch({ id, sealed }: AccessKeyRecord): Error {
  return new Error(
    `The key file does not open the secret of the access key "${id}", which was sealed by the key file with the id ${sealed.by}. Bring the right file back, or name where it is with --key-file.`,
  );
}
