/** Which multipart upload, and which part of it, a request means (protocol sheet, section 5.8). */

import { DomainError } from '../../core/errors.ts';
import { MAX_PARTS } from '../../core/limits.ts';
import { printable } from '../../core/printable.ts';
import type { UploadAddress } from '../../core/stored-object.ts';
import { bucketOf, type Exchange } from './operation.ts';

/** The upload of the request. Whether its id is one, and there is such an upload, the store says. */
export function uploadAddress(exchange: Exchange): UploadAddress {
  return { bucket: bucketOf(exchange).name, key: exchange.key, uploadId: exchange.query.get('uploadId') ?? '' };
}

/** The part's number in the query; throws `InvalidArgument` for what can't be one. */
export function partNumberParameter({ query }: Exchange): number {
  const text = query.get('partNumber') ?? '';
  const partNumber = partNumberOf(text);
  if (partNumber !== undefined) return partNumber;
  throw new DomainError(
    'InvalidArgument',
    `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive; partNumber is "${printable(text)}".`,
    { ArgumentName: 'partNumber', ArgumentValue: printable(text) },
  );
}

/** A part's number as text; undefined when it is none. */
export function partNumberOf(text: string): number | undefined {
  const number = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : Number.NaN;
  return number <= MAX_PARTS ? number : undefined;
}
