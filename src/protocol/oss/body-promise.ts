/** What the headers of an upload say of its body, to be held against what arrives. */

import { DomainError } from '../../core/errors.ts';
import { MAX_PUT_BYTES } from '../../core/limits.ts';
import { printable } from '../../core/printable.ts';
import type { HeaderFields } from '../../core/signed-request.ts';
import type { BodyPromise } from '../../core/stored-object.ts';
import { readMd5Header } from './content-md5.ts';

/** Throws for a body of no announced length, one that is too long, or a checksum that is none. */
export function promiseOf(headers: HeaderFields): BodyPromise {
  const length = headers['content-length'];
  if (length === undefined && headers['transfer-encoding'] === undefined) {
    throw new DomainError('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  if (length !== undefined && Number(length) > MAX_PUT_BYTES) {
    throw new DomainError(
      'EntityTooLarge',
      `Your proposed upload exceeds the maximum allowed size: ${length} bytes where at most ${MAX_PUT_BYTES} are accepted.`,
    );
  }
  const md5 = readMd5Header(headers);
  const crc64 = headers['x-oss-hash-crc64ecma'];
  if (crc64 !== undefined && !/^\d{1,20}$/.test(crc64)) {
    throw new DomainError('InvalidCrc64', `x-oss-hash-crc64ecma is a decimal number; it is "${printable(crc64)}".`);
  }
  return {
    ...(length !== undefined && { sizeBytes: Number(length) }),
    ...(md5 !== undefined && { md5 }),
    ...(crc64 !== undefined && { crc64: BigInt(crc64) }),
  };
}
