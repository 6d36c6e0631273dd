import { DomainError } from '../../../core/errors.ts';
import { MAX_PUT_BYTES } from '../../../core/limits.ts';
import { printable } from '../../../core/printable.ts';
import { STORAGE_CLASSES, type StorageClass } from '../../../core/record.ts';
import type { HeaderFields } from '../../../core/signed-request.ts';
import type { BodyPromise, ObjectMetadata } from '../../../core/stored-object.ts';
import { readMd5Header } from '../content-md5.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';
import { refuseUnservedHeaders } from '../unserved-headers.ts';

/** Headers that are stored with an object and come back with it. */
const STORED_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'expires'];
const USER_METADATA = 'x-oss-meta-';
/** Names and values of user metadata together (protocol sheet, section 6). */
const MAX_USER_METADATA_BYTES = 8 * 1024;

/** PutObject (protocol sheet, section 5.2). */
export const putObject: Operation = {
  name: 'PutObject',
  method: 'PUT',
  level: 'object',
  action: 'oss:PutObject',
  async handle(exchange) {
    const { request, services, key } = exchange;
    refuseUnservedHeaders(request);
    const bucket = bucketOf(exchange);
    const storageClass = storageClassOf(request.headers['x-oss-storage-class']);
    const record = await services.store.put(
      {
        bucket: bucket.name,
        key,
        metadata: metadataOf(request.headers),
        ...(storageClass !== undefined && { storageClass }),
      },
      request.body,
      promiseOf(request.headers),
    );
    return emptyReply(200, {
      ETag: `"${record.etag}"`,
      'Content-MD5': Buffer.from(record.etag, 'hex').toString('base64'),
      'x-oss-hash-crc64ecma': String(record.crc64),
    });
  },
};

function metadataOf(headers: HeaderFields): ObjectMetadata {
  const stored = present(headers, (name) => STORED_HEADERS.includes(name));
  const user = present(headers, (name) => name.startsWith(USER_METADATA)).map(
    ([name, value]) => [name.slice(USER_METADATA.length), value] as const,
  );
  const userBytes = user.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (userBytes > MAX_USER_METADATA_BYTES) {
    throw new DomainError(
      'MetadataTooLarge',
      `User metadata has ${userBytes} bytes where at most ${MAX_USER_METADATA_BYTES} are accepted.`,
    );
  }
  // Not by assignment: x-oss-meta-__proto__ is a name like any other.
  return { headers: Object.fromEntries(stored), user: Object.fromEntries(user) };
}

function present(headers: HeaderFields, isWanted: (name: string) => boolean): [name: string, value: string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value !== undefined && isWanted(name) ? [[name, value]] : [],
  );
}

/** What the client says of the body, to be held against what arrives. */
function promiseOf(headers: HeaderFields): BodyPromise {
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

function storageClassOf(value: string | undefined): StorageClass | undefined {
  if (value === undefined) return undefined;
  const storageClass = STORAGE_CLASSES.find((name) => name === value);
  if (storageClass !== undefined) return storageClass;
  throw new DomainError(
    'InvalidArgument',
    `x-oss-storage-class is "${printable(value)}" where ${STORAGE_CLASSES.join(', ')} are accepted.`,
    { ArgumentName: 'x-oss-storage-class', ArgumentValue: printable(value) },
  );
}
