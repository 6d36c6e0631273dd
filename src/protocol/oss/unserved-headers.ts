/**
 * Headers that change what a write does and that aren't served. Passing them over would store something else than was
 * asked for (plaintext for ciphertext, an overwrite for a refusal), so they are refused.
 */

import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { HeaderFields } from '../../core/signed-request.ts';

const UNSERVED = ['x-oss-callback', 'x-oss-hns-status'];

/** Of the headers that begin so, any other than the served ones asks for encryption of another kind. */
const ENCRYPTION = 'x-oss-server-side-';
const SERVED_ENCRYPTION = ['x-oss-server-side-encryption', 'x-oss-server-side-encryption-key-id'];
/** One of these is the client's own key, which no error shows. */
const CLIENT_KEY = 'x-oss-server-side-encryption-customer-';

const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/** Throws `NotImplemented`, naming the first of them, when the request has any. */
export function refuseUnservedHeaders({ headers }: { readonly headers: HeaderFields }): void {
  const refused =
    UNSERVED.find((name) => headers[name] !== undefined) ??
    Object.keys(headers).find((name) => name.startsWith(ENCRYPTION) && !SERVED_ENCRYPTION.includes(name)) ??
    CONDITIONS.find((name) => headers[name] !== undefined && !isOfCopySource(headers, name)) ??
    (isUnservedCoding(headers['transfer-encoding']) ? 'transfer-encoding' : undefined);
  if (refused === undefined) return;
  throw new DomainError('NotImplemented', 'A header you provided implies functionality that is not implemented.', {
    Header: refused,
    ...(!refused.startsWith(CLIENT_KEY) && { Value: printable(headers[refused] ?? '') }),
  });
}

/** ali-oss sends the conditions of a copy under their own names too. */
function isOfCopySource(headers: HeaderFields, condition: string): boolean {
  return headers['x-oss-copy-source'] !== undefined && headers[`x-oss-copy-source-${condition}`] === headers[condition];
}

/** Of the transfer codings node:http takes off this one alone; under another the coded bytes would be stored. */
function isUnservedCoding(coding: string | undefined): boolean {
  return coding !== undefined && coding.toLowerCase() !== 'chunked';
}
