/** Headers of the requests and answers of a multipart upload (protocol sheet, section 5.8). */

import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import type { Upload, UploadedPart } from '../../../core/stored-object.ts';
import type { HttpRequest } from '../../../http/http-server.ts';
import { refuseUnservedHeaders } from '../unserved-headers.ts';

const ENCRYPTION = 'x-oss-server-side-encryption';

/**
 * On a part and at the end of an upload: what the object is encrypted with was said when the upload began, and a
 * header that says so again may say something else. Others that belong there are passed over, because ali-oss repeats
 * them on every part.
 */
export function refuseEncryptionHeaders(request: HttpRequest): void {
  refuseUnservedHeaders(request);
  const name = Object.keys(request.headers).find((header) => header.startsWith(ENCRYPTION));
  if (name === undefined) return;
  throw new DomainError('InvalidArgument', `${name} is accepted by InitiateMultipartUpload, which begins the upload.`, {
    ArgumentName: name,
    ArgumentValue: printable(request.headers[name] ?? ''),
  });
}

/** What the upload's parts are encrypted with; nothing for plaintext. */
export function uploadEncryptionHeaders({ encryption }: Upload): Record<string, string> {
  if (encryption === undefined) return {};
  const keyId = encryption.algorithm === 'KMS' ? encryption.keyId : undefined;
  return { [ENCRYPTION]: encryption.algorithm, ...(keyId !== undefined && { [`${ENCRYPTION}-key-id`]: keyId }) };
}

export function partHeaders(part: UploadedPart): Record<string, string> {
  return { ETag: `"${part.etag}"`, 'x-oss-hash-crc64ecma': String(part.crc64) };
}
