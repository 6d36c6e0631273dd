/** Opens what a request copies: allowed, in the same region, as the conditions want it, and closed again whatever
 *  becomes of the copy (protocol sheet, section 5.7). */

import { noSuchBucket } from '../../../core/bucket.ts';
import { DomainError, hasCode } from '../../../core/errors.ts';
import { noSuchKey } from '../../../core/object-errors.ts';
import { printable } from '../../../core/printable.ts';
import type { ByteRange, ObjectAddress, StoredObject } from '../../../core/stored-object.ts';
import { checkConditions } from '../conditions.ts';
import { COPY_SOURCE, parseCopySource } from '../copy-source.ts';
import { bucketOf, type Exchange, type FurtherPermission } from '../operation.ts';
import { assertMayDecrypt, MAY_DECRYPT } from './key-use.ts';
import { assertNoMarker } from './readable-object.ts';
import { versionHeader } from './reply-headers.ts';

/** What reading the source of a copy needs. */
export const MAY_COPY: readonly FurtherPermission[] = [
  { action: 'oss:GetObject', on: 'the source' },
  { action: 'oss:GetObjectVersion', on: 'the version of the source that is named instead' },
  MAY_DECRYPT,
];

export interface CopiedObject extends StoredObject {
  readonly body: AsyncIterable<Uint8Array>;
  /** Which version it is, where its bucket has versioning: for the headers of the answer. */
  readonly copySourceHeader: Readonly<Record<string, string>>;
}

export interface Copying<T> {
  /** Sees the source before a byte of it is read, and may refuse it or ask for a part. */
  readonly chooseRange: (object: StoredObject) => ByteRange | undefined;
  readonly copy: (source: CopiedObject) => Promise<T>;
}

/** Lets `copy` read the source, and closes that when it is done: read to the end, in part or not at all. */
export async function withCopiedObject<T>(exchange: Exchange, { chooseRange, copy }: Copying<T>): Promise<T> {
  const { request, services } = exchange;
  const address = parseCopySource(request.headers[COPY_SOURCE] ?? '');
  const action = address.versionId === undefined ? 'oss:GetObject' : 'oss:GetObjectVersion';
  exchange.assertAllowed(action, address);
  const bucket = services.store.findBucket(address.bucket);
  if (bucket === undefined) throw noSuchBucket(address.bucket);
  if (bucket.region !== bucketOf(exchange).region) {
    throw new DomainError('AccessDenied', 'Target object does not reside in the same data center as source object.');
  }
  const source = await services.store.read(address, (found) => {
    assertCopyable(address, found);
    assertMayDecrypt(exchange, found);
    checkConditions(request.headers, found.record, { prefix: 'x-oss-copy-source-' });
    return chooseRange(found);
  });
  if (source === undefined) throw noSuchKey(address.key);
  const { 'x-oss-version-id': shown } = versionHeader(bucket, source.record);
  const copySourceHeader: CopiedObject['copySourceHeader'] =
    shown === undefined ? {} : { 'x-oss-copy-source-version-id': shown };
  const bytes = source.body[Symbol.asyncIterator]();
  try {
    return await copy({ ...source, body: { [Symbol.asyncIterator]: () => bytes }, copySourceHeader });
  } catch (error) {
    // Not the client's fault, and not to be hidden in a copy: the index promised these bytes.
    if (!hasCode(error, 'InvalidCrc64') && !hasCode(error, 'IncompleteBody')) throw error;
    throw new Error(`"${address.bucket}" holds an object that is not what the index says of it.`, { cause: error });
  } finally {
    await bytes.return?.();
  }
}

/** A marker is never copied; one that is named is at least no missing key. */
function assertCopyable(address: ObjectAddress, found: StoredObject): void {
  const { versionId } = address;
  if (versionId === undefined) assertNoMarker(address, found);
  else if (found.record.isDeleteMarker) throw markerNamed(printable(versionId));
}

function markerNamed(versionId: string): DomainError {
  return new DomainError(
    'CopySourceIsMarker',
    `The version "${versionId}" that ${COPY_SOURCE} names is a delete marker; delete markers can't be copied.`,
    { ArgumentName: COPY_SOURCE, ArgumentValue: versionId },
  );
}
