/** A key service for tests of the store: one master key for each id, and any id may be switched off. */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { DomainError } from '../src/core/errors.ts';
import type { DataKeys, MasterKey } from '../src/store/data-keys.ts';

const SERVICE_KEY = 'service';
const DEFAULT_KEY = 'default-key';

export class TestKeys implements DataKeys {
  /** Ids of master keys that are disabled. */
  readonly disabled = new Set<string>();

  async generate(master: MasterKey) {
    const keyId = master.kind === 'service' ? SERVICE_KEY : (master.keyId ?? DEFAULT_KEY);
    this.#assertEnabled(keyId);
    const plain = randomBytes(32);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', masterKey(keyId), nonce);
    return { keyId, plain, wrapped: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
  }

  async unwrap(keyId: string, wrapped: Uint8Array): Promise<Uint8Array> {
    this.#assertEnabled(keyId);
    const decipher = createDecipheriv('aes-256-gcm', masterKey(keyId), wrapped.subarray(0, 12));
    decipher.setAuthTag(wrapped.subarray(-16));
    return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
  }

  #assertEnabled(keyId: string): void {
    if (this.disabled.has(keyId)) throw new DomainError('EncryptionKeyDisabled', `The key "${keyId}" is disabled.`);
  }
}

function masterKey(keyId: string): Buffer {
  return createHash('sha256').update(keyId).digest();
}
