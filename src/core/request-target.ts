/**
 * The raw target of a request, taken apart and put together: percent-encoding, path and query. Decoding is strict,
 * because a name that decodes in two ways could be signed as one thing and served as another.
 *
 * Raw text is what `node:http` hands over: one character per byte. An unescaped byte above 0x7f counts as if it had
 * been escaped, since some clients send UTF-8 bare.
 */

import assert from 'node:assert/strict';
import { DomainError } from './errors.ts';

/** More parameters than any OSS request has; the bound keeps the sorting for a signature cheap. */
export const MAX_QUERY_PAIRS = 128;

/** Decoded query parameters, in the order of the request. */
export interface Query {
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** Presence is what selects a sub-resource: `?acl` and `?acl=` are the same (protocol sheet, section 1.2). */
  has(name: string): boolean;
  /** The first value counts when a name is repeated (section 2.1). */
  get(name: string): string | undefined;
}

/** The raw path, which begins with `/`, and what follows the first `?`. A proxy may send the absolute form. Throws
 *  `InvalidArgument`. */
export function splitTarget(target: string): { path: string; rawQuery: string } {
  const relative = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = relative.indexOf('?');
  const path = mark < 0 ? relative : relative.slice(0, mark);
  if (path !== '' && !path.startsWith('/')) {
    throw new DomainError('InvalidArgument', 'The request target is not valid: it begins with "/".');
  }
  return { path: path === '' ? '/' : path, rawQuery: mark < 0 ? '' : relative.slice(mark + 1) };
}

/** Parses what follows the first `?`; a bare `+` is a blank and a further `?` is data. Throws `InvalidArgument`. */
export function parseQuery(rawQuery: string): Query {
  const pairs: (readonly [string, string])[] = [];
  const first = new Map<string, string>();
  // One part above the bound is enough to see that there are too many.
  for (const [index, part] of rawQuery.split('&', MAX_QUERY_PAIRS + 1).entries()) {
    if (index === MAX_QUERY_PAIRS) {
      throw new DomainError('InvalidArgument', `The query string has more than ${MAX_QUERY_PAIRS} parameters.`);
    }
    if (part === '') continue;
    const [name, value] = parsePair(part, index);
    pairs.push([name, value]);
    if (!first.has(name)) first.set(name, value);
  }
  return { pairs, has: (name) => first.has(name), get: (name) => first.get(name) };
}

/** The raw query of these parameters, in their order; one without a value stands bare. */
export function formatQuery(pairs: Query['pairs']): string {
  return pairs
    .map(([name, value]) => encodeComponent(name) + (value === '' ? '' : `=${encodeComponent(value)}`))
    .join('&');
}

/** Percent-decodes a raw path; `+` stands for itself there. Throws `InvalidObjectName`. */
export function decodePath(rawPath: string): string {
  const path = decodePercent(rawPath);
  if (path === undefined) {
    throw new DomainError(
      'InvalidObjectName',
      'The specified object is not valid: the path must be percent-encoded UTF-8.',
    );
  }
  return path;
}

/** Percent-encodes all but `A-Z a-z 0-9 - . _ ~`, with upper-case hex (protocol sheet, section 2.2). */
export function encodeComponent(text: string): string {
  assert(text.isWellFormed(), 'text to encode has a lone surrogate, which UTF-8 cannot express');
  return encodeURIComponent(text).replace(/[!'()*]/g, escapeByte);
}

/** `encodeComponent` that keeps `/`, as the path of an object does. */
export function encodeKey(key: string): string {
  return encodeComponent(key).replaceAll('%2F', '/');
}

function parsePair(part: string, index: number): [name: string, value: string] {
  const equals = part.indexOf('=');
  const name = decodeForm(equals < 0 ? part : part.slice(0, equals));
  const value = equals < 0 ? '' : decodeForm(part.slice(equals + 1));
  if (name !== undefined && value !== undefined) return [name, value];
  // The position and not the text: a parameter may be a signature or a token.
  throw new DomainError('InvalidArgument', `Query parameter ${index + 1} must be percent-encoded UTF-8.`);
}

function decodeForm(raw: string): string | undefined {
  return decodePercent(raw.replaceAll('+', ' '));
}

function decodePercent(raw: string): string | undefined {
  if (/[\u0100-\uffff]/.test(raw)) return undefined;
  try {
    return decodeURIComponent(raw.replace(/[\x80-\xff]/g, escapeByte));
  } catch {
    return undefined; // The one thing that decodeURIComponent throws is URIError: a bad escape or bad UTF-8.
  }
}

function escapeByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
