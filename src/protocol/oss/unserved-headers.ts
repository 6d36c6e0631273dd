/**
 * Headers that change what a write does and that aren't served yet. Passing them over would store something else than
 * was asked for (plaintext for ciphertext, an overwrite for a refusal), so they are refused.
 */

import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { HttpRequest } from '../../http/http-server.ts';

const UNSERVED = [
  'x-oss-server-side-encryption',
  'x-oss-server-side-encryption-key-id',
  'x-oss-server-side-data-encryption',
  'x-oss-server-side-encryption-customer-algorithm',
  'x-oss-tagging',
  'x-oss-callback',
  'x-oss-hns-status',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
];

/** Headers that are unserved except for the value that asks for what happens anyway. */
const SERVED_VALUES: Readonly<Record<string, readonly string[]>> = {
  'x-oss-object-acl': ['default'],
  'x-oss-forbid-overwrite': ['false'],
  // Of the transfer codings node:http takes off this one alone; under another the coded bytes would be stored.
  'transfer-encoding': ['chunked'],
};

export function refuseUnservedHeaders({ headers }: HttpRequest): void {
  const refused =
    UNSERVED.find((name) => headers[name] !== undefined) ??
    Object.keys(SERVED_VALUES).find((name) => {
      const value = headers[name];
      return value !== undefined && !SERVED_VALUES[name]?.includes(value.toLowerCase());
    });
  if (refused === undefined) return;
  throw new DomainError('NotImplemented', 'A header you provided implies functionality that is not implemented.', {
    Header: refused,
    Value: printable(headers[refused] ?? ''),
  });
}
