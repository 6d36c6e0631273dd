/** A bucket, and what makes a legal name (protocol sheet, section 3.4). */

import { DomainError } from './errors.ts';
import { printable } from './printable.ts';
import type { StorageClass } from './record.ts';
import type { EncryptionChoice, Tag } from './stored-object.ts';

export const BUCKET_ACLS = ['private', 'public-read', 'public-read-write'] as const;

export interface Bucket {
  /** Immutable and never used again: a bucket made anew under the same name inherits nothing. */
  readonly id: string;
  readonly name: string;
  /** The short form, as in `cn-hangzhou`; the wire's location is `oss-` before it. */
  readonly region: string;
  /** The account that owns the bucket. */
  readonly owner: string;
  readonly storageClass: StorageClass;
  readonly redundancy: 'LRS' | 'ZRS';
  readonly acl: (typeof BUCKET_ACLS)[number];
  readonly createdAtMs: number;
  /** Absent as long as versioning was never set; then there is no way back to that. */
  readonly versioning?: Versioning;
  /** What an object is encrypted with that is put without a wish of its own. */
  readonly encryption?: EncryptionChoice;
  readonly tags?: readonly Tag[];
  /** The bucket policy, as the JSON that was put. */
  readonly policy?: string;
}

export type Versioning = 'Enabled' | 'Suspended';

/** Settings of a bucket that can be changed later; null takes one away. */
export interface BucketChange {
  readonly acl?: Bucket['acl'];
  readonly versioning?: Versioning;
  readonly encryption?: EncryptionChoice | null;
  readonly tags?: readonly Tag[] | null;
  readonly policy?: string | null;
}

export const MIN_BUCKET_NAME = 3;
export const MAX_BUCKET_NAME = 63;
const LEGAL_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

export function isLegalBucketName(name: string): boolean {
  return name.length >= MIN_BUCKET_NAME && name.length <= MAX_BUCKET_NAME && LEGAL_NAME.test(name);
}

export function assertLegalBucketName(name: string): void {
  if (isLegalBucketName(name)) return;
  const shown = printable(name);
  throw new DomainError(
    'InvalidBucketName',
    `The specified bucket is not valid: "${shown}" is not 3 to 63 characters of a-z, 0-9 and "-" that begin and end with a letter or digit.`,
    { BucketName: shown },
  );
}

/** What a bucket holds, counted as it changes (GetBucketStat, protocol sheet, section 5.1). */
export interface BucketTotals {
  /** Versions that are no delete markers, the older ones too. */
  readonly objects: number;
  /** Of those, and of the parts of unfinished uploads. */
  readonly bytes: number;
  readonly deleteMarkers: number;
  readonly uploads: number;
  /** Objects and their bytes by storage class; a class that has none may be absent. */
  readonly classes: Readonly<Partial<Record<StorageClass, ClassTotals>>>;
  /** When an object or upload last came or went; 0 when none ever did. */
  readonly lastModifiedMs: number;
}

export interface ClassTotals {
  readonly objects: number;
  readonly bytes: number;
}

/** There is no bucket of this name. */
export function noSuchBucket(name: string): DomainError {
  return new DomainError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: name });
}
