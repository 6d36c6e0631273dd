/**
 * A rule as somebody wrote it, before anything was checked: every value still text, and what was absent absent.
 * XML and JSON both read into it, so that they meet the same checks, in the same order, with the same words.
 */

/** Everything a rule may say (the inventory sheet, section 1.2), as text. */
export interface RuleDraft {
  readonly id?: string | undefined;
  readonly isEnabled?: string | undefined;
  readonly filter?: FilterDraft | undefined;
  readonly destination?: DestinationDraft | undefined;
  readonly schedule?: ScheduleDraft | undefined;
  readonly includedObjectVersions?: string | undefined;
  readonly optionalFields?: readonly string[] | undefined;
  readonly incrementalInventory?: IncrementalDraft | undefined;
}

export interface FilterDraft {
  readonly prefix?: string | undefined;
  readonly lastModifiedBegin?: string | undefined;
  readonly lastModifiedEnd?: string | undefined;
  readonly lowerSizeBytes?: string | undefined;
  readonly upperSizeBytes?: string | undefined;
  /** A list with commas, as on the wire. */
  readonly storageClass?: string | undefined;
}

export interface DestinationDraft {
  readonly format?: string | undefined;
  readonly accountId?: string | undefined;
  readonly roleArn?: string | undefined;
  /** With `acs:oss:::` before the name. */
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  readonly encryption?: EncryptionDraft | undefined;
}

/** A method is chosen by its presence. A key id within SSE-OSS is kept only so that it can be refused. */
export interface EncryptionDraft {
  readonly sseOss?: { readonly keyId?: string | undefined } | undefined;
  readonly sseKms?: { readonly keyId?: string | undefined } | undefined;
}

export interface ScheduleDraft {
  readonly frequency?: string | undefined;
  readonly dayOfMonth?: string | undefined;
  readonly autoDelete?: string | undefined;
}

export interface IncrementalDraft {
  readonly isEnabled?: string | undefined;
  readonly frequency?: string | undefined;
  readonly optionalFields?: readonly string[] | undefined;
}
