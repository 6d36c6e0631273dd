/** The Content-MD5 header: base64 of the 16 bytes of the body's MD5. */

import { createHash } from 'node:crypto';
import { DomainError } from '../../core/errors.ts';
import type { HeaderFields } from '../../core/signed-request.ts';

/** Some clients leave the padding out, and the original takes that (protocol sheet, vector v4-header-doc-example). */
const DIGEST = /^([A-Za-z0-9+/]{22})={0,2}$/;

/** The 16 bytes; undefined without the header. Throws `InvalidDigest` for any other text. */
export function readMd5Header(headers: HeaderFields): Uint8Array | undefined {
  const text = headers['content-md5'];
  if (text === undefined) return undefined;
  const digits = DIGEST.exec(text)?.[1];
  const md5 = Buffer.from(digits ?? '', 'base64');
  // The last digit has bits to spare: only one of its spellings is what an encoder writes.
  if (digits === undefined || !md5.toString('base64').startsWith(digits)) throw invalid();
  return md5;
}

/** Holds a body that was read whole against its Content-MD5, where there is one. */
export function checkMd5(headers: HeaderFields, body: Uint8Array): void {
  const promised = readMd5Header(headers);
  if (promised === undefined) return;
  if (!createHash('md5').update(body).digest().equals(promised)) throw invalid();
}

function invalid(): DomainError {
  return new DomainError('InvalidDigest', 'The Content-MD5 you specified was invalid.');
}
