/** Who asks, once the signature is verified. Users and assumed roles will be further kinds. */
export type Identity =
  | { readonly kind: 'anonymous' }
  /** The owner of the account itself, with every right over what the account owns. */
  | { readonly kind: 'root'; readonly accountId: string; readonly accessKeyId: string };

/** The one value for everyone who does not say who they are. */
export const ANONYMOUS: Identity = { kind: 'anonymous' };
