/**
 * The local key service: data keys for objects, wrapped under master keys that never leave it. It reads the state of
 * an account's key at each use, so that a key that was disabled stops working at once.
 */

import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { AccountKeys } from './account-keys.ts';
import type { KeyRecord, KeyRecords } from './key-records.ts';
import { assertUsable } from './key-refusals.ts';
import { type KeyEncryptionKey, MasterKeys } from './master-keys.ts';
import { KEY_BYTES, openKey, sealKey } from './sealed-key.ts';

/** The key behind SSE-OSS. No key of an account can have this id. */
const SERVICE_KEY_ID = 'service';

export interface KeyServiceOptions {
  readonly records: KeyRecords;
  readonly sealedBy: KeyEncryptionKey;
  readonly clock: Clock;
  /** Off, it serves its own key for SSE-OSS and refuses everything else. */
  readonly isOn: boolean;
}

/** Which master key wraps: the service's own, or one of the account; its default when none is named. */
export type MasterKey = { readonly kind: 'service' } | { readonly kind: 'kms'; readonly keyId?: string };

export interface WrappedKey {
  /** Of the master key that wraps it. */
  readonly keyId: string;
  /** 32 bytes, for memory alone. */
  readonly plain: Uint8Array;
  /** 73 bytes that may be stored. */
  readonly wrapped: Uint8Array;
}

export class KeyService {
  readonly account: AccountKeys;
  readonly #masters: MasterKeys;
  readonly #serviceKey: KeyRecord;

  private constructor(account: AccountKeys, masters: MasterKeys, serviceKey: KeyRecord) {
    this.account = account;
    this.#masters = masters;
    this.#serviceKey = serviceKey;
  }

  /** Makes the service key at the first start; at later ones sees that the key file is the one that opens it. */
  static async open({ records, sealedBy, clock, isOn }: KeyServiceOptions): Promise<KeyService> {
    const masters = new MasterKeys(sealedBy);
    const serviceKey = (await records.find(SERVICE_KEY_ID)) ?? makeServiceKey(masters, clock);
    masters.open(serviceKey);
    // Does nothing when it is there already.
    await records.insert(serviceKey);
    const account = new AccountKeys({ records, masters, clock, isOn });
    await account.destroyDue();
    return new KeyService(account, masters, serviceKey);
  }

  /** A fresh data key; throws what `assertUsable` does. */
  async generate(master: MasterKey): Promise<WrappedKey> {
    const record = master.kind === 'service' ? this.#serviceKey : await this.#recordOf(master.keyId);
    const plain = randomBytes(KEY_BYTES);
    return { keyId: record.id, plain, wrapped: sealKey(this.#masters.open(record), plain, record.id) };
  }

  /** The plain form of a data key that was wrapped under `keyId`; throws what `assertUsable` does. */
  async unwrap(keyId: string, wrapped: Uint8Array): Promise<Uint8Array> {
    const record = keyId === SERVICE_KEY_ID ? this.#serviceKey : await this.#recordOf(keyId);
    const plain = openKey(this.#masters.open(record), wrapped, record.id);
    if (plain !== undefined) return plain;
    throw new Error(`A data key does not open by the encryption key "${record.id}": it is damaged, or another's.`);
  }

  /**
   * Throws `EncryptionKeyNotFound`, `EncryptionKeyDisabled`, `EncryptionKeyPendingDeletion`, `EncryptionKeyNotSymmetric`
   * or `KeyServiceOff` when the key, or without an id the default key, could not be used now. Makes no default key.
   */
  async assertUsable(keyId?: string): Promise<void> {
    const record = keyId === undefined ? await this.account.findDefault() : await this.account.find(keyId);
    if (record !== undefined) assertUsable(record);
  }

  async #recordOf(keyId: string | undefined): Promise<KeyRecord> {
    const record = keyId === undefined ? await this.account.default() : await this.account.find(keyId);
    assertUsable(record);
    return record;
  }
}

function makeServiceKey(masters: MasterKeys, clock: Clock): KeyRecord {
  return {
    id: SERVICE_KEY_ID,
    kind: 'service',
    spec: 'SYMMETRIC',
    state: 'enabled',
    description: '',
    isDefault: false,
    createdAtMs: clock.now(),
    sealed: masters.make(SERVICE_KEY_ID),
  };
}
