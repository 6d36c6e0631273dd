/** What a check can find wrong with a store. */

export const FINDING_KINDS = [
  // records of versions
  'record-unreadable',
  'key-invalid',
  'bucket-missing',
  'latest-missing',
  'latest-flag-wrong',
  'noncurrent-flag-wrong',
  'null-version-wrong',
  'sequence-wrong',
  'version-id-wrong',
  'totals-wrong',
  // contents and their bytes
  'content-id-wrong',
  'content-shared',
  'facts-unreadable',
  'encryption-wrong',
  'composition-wrong',
  'body-missing',
  'body-length-wrong',
  'body-damaged',
  // uploads
  'upload-unreadable',
  'part-unreadable',
  'part-without-upload',
  // what nobody names
  'content-unnamed',
  'file-unmarked',
  'file-foreign',
  'removal-of-live-body',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** One fault, and where it is. */
export interface Finding {
  readonly kind: FindingKind;
  readonly bucket?: string;
  readonly key?: string;
  /** As the wire shows it. */
  readonly versionId?: string;
  readonly contentId?: number;
  /** What is wrong, as part of a sentence. */
  readonly text: string;
}

/** The version, upload or content that a finding is about. */
export type FindingPlace = Omit<Finding, 'kind' | 'text'>;
