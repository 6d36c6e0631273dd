/** What the door refuses before anybody is asked: requests that are too much, or that could be read in two ways. */

import type { IncomingMessage } from 'node:http';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { HeaderFields } from '../core/signed-request.ts';
import type { Arrival } from './arrival.ts';
import type { HttpBounds } from './bounds.ts';

/** Fields that HTTP knows one value of. A proxy before us may have gone by another of two than we would. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'expect',
  'host',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'origin',
  'range',
  'transfer-encoding',
  'user-agent',
  'x-forwarded-proto',
]);

/** By lower-case name, repeated ones joined by a bare comma, one character per byte; `isSingle` says which, besides
 *  those of HTTP itself, may not be repeated. Throws a `DomainError`. */
export function readHeaders(
  { rawHeaders }: IncomingMessage,
  bounds: HttpBounds,
  isSingle: (name: string) => boolean,
): HeaderFields {
  if (rawHeaders.length > 2 * bounds.headers) {
    const text = `The request has ${rawHeaders.length / 2} headers; at most ${bounds.headers} are accepted.`;
    throw new DomainError('HeadersTooLarge', text);
  }
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    const before = fields[name];
    if (before !== undefined && (SINGLE_FIELDS.has(name) || isSingle(name))) throw repeated(name);
    fields[name] = before === undefined ? value : `${before},${value}`;
  }
  return fields;
}

/** Throws a `DomainError` for what HTTP itself lets nobody serve, and for a target that is too long. */
export function assertServable({ message, expects }: Arrival, headers: HeaderFields, bounds: HttpBounds): void {
  const { length } = message.url ?? '';
  if (length > bounds.targetCharacters) {
    const text = `The request target has ${length} characters; at most ${bounds.targetCharacters} are accepted.`;
    throw new DomainError('TargetTooLong', text);
  }
  if (expects !== undefined) {
    const text = `The Expect header is "${printable(expects)}"; "100-continue" is all that can be expected.`;
    throw new DomainError('ExpectationFailed', text);
  }
  const authority = /^https?:\/\/([^/?#]*)/i.exec(message.url ?? '')?.[1];
  if (authority !== undefined && headers.host !== undefined && authority.toLowerCase() !== headers.host.toLowerCase()) {
    throw new DomainError('InvalidArgument', 'The request target names another host than the Host header.', {
      ArgumentName: 'Host',
    });
  }
  if (message.httpVersion === '1.0') return;
  if (message.httpVersion !== '1.1')
    throw new DomainError('RequestUnreadable', 'Only HTTP/1.1 and HTTP/1.0 are served.');
  if (headers.host !== undefined) return;
  throw new DomainError('InvalidArgument', 'A request of HTTP/1.1 needs a Host header.', { ArgumentName: 'Host' });
}

/** What was no request at all, as `node:http` puts it. */
export function unreadable(error: Error): DomainError {
  switch ('code' in error ? error.code : '') {
    case 'HPE_HEADER_OVERFLOW':
      return new DomainError('HeadersTooLarge', 'The request line and headers are longer than is accepted.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new DomainError('RequestTimeout', 'The request did not arrive in the time that is given for it.');
    default: {
      const reason = 'reason' in error ? `: ${printable(String(error.reason))}` : '';
      return new DomainError('RequestUnreadable', `What was sent is not a request of HTTP/1.1${reason}.`);
    }
  }
}

function repeated(name: string): DomainError {
  return new DomainError('InvalidArgument', `The header "${printable(name)}" is sent twice; it has one value.`, {
    ArgumentName: printable(name),
  });
}
