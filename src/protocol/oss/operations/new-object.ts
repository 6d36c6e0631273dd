/** What the headers of a request say of the object that it makes: by Put, Copy or a multipart upload (sections 5.2
 *  and 5.9 of the protocol sheet). */

import { DomainError } from '../../../core/errors.ts';
import { readTags as parseTags } from '../../../core/object-tags.ts';
import { printable } from '../../../core/printable.ts';
import { OBJECT_ACLS, type ObjectAcl, STORAGE_CLASSES, type StorageClass } from '../../../core/record.ts';
import type { HeaderFields } from '../../../core/signed-request.ts';
import type { EncryptionChoice, NewObject, ObjectMetadata, Tag } from '../../../core/stored-object.ts';
import { acceptedWord } from '../accepted-word.ts';
import { bucketOf, type Exchange, type FurtherPermission } from '../operation.ts';
import { refuseUnservedHeaders } from '../unserved-headers.ts';
import { assertMayEncrypt, MAY_ENCRYPT } from './key-use.ts';

/** Headers that are stored with an object and come back with it. */
const STORED_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'expires'];
const USER_METADATA = 'x-oss-meta-';
/** Names and values of user metadata together (protocol sheet, section 6). */
const MAX_USER_METADATA_BYTES = 8 * 1024;

const ENCRYPTION = 'x-oss-server-side-encryption';
const ENCRYPTION_KEY = 'x-oss-server-side-encryption-key-id';

/** What the headers of a new object may need beside the permission to write it. */
export const MAY_MAKE: readonly FurtherPermission[] = [
  { action: 'oss:PutObjectTagging', on: 'the object, with tags in a header' },
  { action: 'oss:PutObjectAcl', on: 'the object, with an `x-oss-object-acl` other than `default`' },
  MAY_ENCRYPT,
];

/**
 * The object that the headers describe, under the address of the request. Refuses what isn't served of it, and an ACL
 * or a master key from who may write the object and not that.
 */
export function readNewObject(exchange: Exchange): NewObject {
  const { request, key, requestTags: tags } = exchange;
  const { headers } = request;
  refuseUnservedHeaders(request);
  const storageClass = readStorageClass(headers);
  const acl = readObjectAcl(headers);
  const encryption = readEncryption(headers);
  if (acl !== undefined && acl !== 'default') {
    exchange.assertAllowed('oss:PutObjectAcl', { bucket: exchange.bucketName, key });
  }
  const bucket = bucketOf(exchange);
  assertMayEncrypt(exchange, encryption ?? bucket.encryption);
  return {
    bucket: bucket.name,
    bucketId: bucket.id,
    key,
    metadata: readMetadata(headers),
    ...(storageClass !== undefined && { storageClass }),
    ...(acl !== undefined && { acl }),
    ...(tags !== undefined && { tags }),
    ...(encryption !== undefined && { encryption }),
    ...(readForbidOverwrite(headers) && { forbidOverwrite: true }),
  };
}

function readMetadata(headers: HeaderFields): ObjectMetadata {
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

/** The header `x-oss-tagging`; undefined when there is none. */
export function readTags(headers: HeaderFields): readonly Tag[] | undefined {
  const value = headers['x-oss-tagging'];
  return value === undefined ? undefined : parseTags(value);
}

/** The header `x-oss-object-acl`; undefined when there is none. */
export function readObjectAcl(headers: HeaderFields): ObjectAcl | undefined {
  const name = 'x-oss-object-acl';
  const value = headers[name];
  return value === undefined ? undefined : acceptedWord(OBJECT_ACLS, value, { name, code: 'ObjectAclInvalid' });
}

/** The header `x-oss-forbid-overwrite`. */
export function readForbidOverwrite(headers: HeaderFields): boolean {
  const name = 'x-oss-forbid-overwrite';
  const value = headers[name];
  // Some languages print their booleans with a capital.
  return value !== undefined && acceptedWord(['true', 'false'], value, { name, ignoresCase: true }) === 'true';
}

function readStorageClass(headers: HeaderFields): StorageClass | undefined {
  const name = 'x-oss-storage-class';
  const value = headers[name];
  return value === undefined ? undefined : acceptedWord(STORAGE_CLASSES, value, { name });
}

function readEncryption(headers: HeaderFields): EncryptionChoice | undefined {
  const algorithm = headers[ENCRYPTION];
  const keyId = headers[ENCRYPTION_KEY];
  if (keyId !== undefined && algorithm !== 'KMS') {
    throw new DomainError('InvalidArgument', `${ENCRYPTION_KEY} is accepted beside ${ENCRYPTION}: KMS only.`, {
      ArgumentName: ENCRYPTION_KEY,
      ArgumentValue: printable(keyId),
    });
  }
  switch (algorithm) {
    case undefined:
      return undefined;
    case 'AES256':
      return { algorithm };
    case 'KMS':
      // Given and empty it names no key, as in the XML of a rule or a bucket.
      return keyId === undefined || keyId === '' ? { algorithm } : { algorithm, keyId };
    case 'SM4':
      throw new DomainError(
        'NotImplemented',
        `${ENCRYPTION} is SM4, which is not implemented; AES256, KMS are accepted.`,
        {
          Header: ENCRYPTION,
          Value: algorithm,
        },
      );
    default:
      throw new DomainError(
        'EncryptionAlgorithmInvalid',
        `${ENCRYPTION} is "${printable(algorithm)}" where AES256, KMS are accepted.`,
        { ArgumentName: ENCRYPTION, ArgumentValue: printable(algorithm) },
      );
  }
}

function present(headers: HeaderFields, isWanted: (name: string) => boolean): [name: string, value: string][] {
  return Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isWanted(entry[0]),
  );
}
