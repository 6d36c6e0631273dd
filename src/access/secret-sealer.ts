/** Keeps secrets unreadable where they are stored, by a key that the key file gives; the room `keys` does it. */

export interface SealedSecret {
  readonly bytes: Uint8Array;
  /** The id of the key file that opens it. */
  readonly by: string;
}

export interface SecretSealer {
  /** Sealed under a name, a secret opens under this name only. */
  seal(name: string, plain: Uint8Array): SealedSecret;
  /** The secret; undefined when these bytes were not sealed under this name by this server's key file. */
  open(name: string, sealed: Uint8Array): Uint8Array | undefined;
}
