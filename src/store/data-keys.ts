/** What the store wants of a key service: a data key for each object, wrapped under a master key that never leaves it. */

/** Which master key wraps: the service's own, for SSE-OSS, or a named one; without an id, the account's default. */
export type MasterKey = { readonly kind: 'service' } | { readonly kind: 'kms'; readonly keyId?: string };

export interface DataKey {
  /** Of the master key that wraps it. */
  readonly keyId: string;
  /** 32 bytes, for memory alone. */
  readonly plain: Uint8Array;
  /** What may be stored; at most 512 bytes. */
  readonly wrapped: Uint8Array;
}

/** Where data keys come from; an outside key service may stand in for the local one. */
export interface DataKeys {
  /**
   * A fresh data key. Throws `EncryptionKeyNotFound`, `EncryptionKeyDisabled`, `EncryptionKeyPendingDeletion`,
   * `EncryptionKeyNotSymmetric` or `KeyServiceOff`.
   */
  generate(master: MasterKey): Promise<DataKey>;
  /** The plain form of a data key that was wrapped under `keyId`. Throws the same. */
  unwrap(keyId: string, wrapped: Uint8Array): Promise<Uint8Array>;
}
