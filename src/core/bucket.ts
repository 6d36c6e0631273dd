/** A bucket, and what makes a legal name (protocol sheet, section 3.4). */

import { DomainError } from './errors.ts';
import { printable } from './printable.ts';
import type { StorageClass } from './record.ts';

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
  readonly acl: 'private' | 'public-read' | 'public-read-write';
  readonly createdAtMs: number;
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

/** What bucket-info and a first look at a bucket tell of its content. */
export interface BucketTotals {
  readonly objects: number;
  readonly bytes: number;
}

/** There is no bucket of this name. */
export function noSuchBucket(name: string): DomainError {
  return new DomainError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: name });
}
