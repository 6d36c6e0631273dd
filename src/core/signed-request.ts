/**
 * What an OSS signature covers of a request, whichever the version of the signature: the server fills it from the
 * wire to verify, our command line from what it is about to send to sign.
 */

import type { Query } from './request-target.ts';

export interface SignedRequest {
  readonly method: string;
  /** Absent at service level. It is signed in every host form, also where the path does not hold it. */
  readonly bucket?: string | undefined;
  /** Decoded; absent at service and bucket level. */
  readonly key?: string | undefined;
  readonly query: Query;
  readonly headers: HeaderFields;
}

/**
 * Headers by lower-case name, repeated ones joined by `,`. Values are as `node:http` reads and writes them, one
 * character per byte (latin1): a client signs the bytes it sends, so bytes are what must be signed again.
 */
export type HeaderFields = Readonly<Record<string, string | undefined>>;

/** A header's value; a name that a client made up never reaches into the prototype of the record. */
export function headerValue(headers: HeaderFields, name: string): string | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** Names of the headers that are present and pass `isWanted`, in byte order. */
export function headerNames(headers: HeaderFields, isWanted: (name: string) => boolean): string[] {
  return Object.keys(headers)
    .filter((name) => headers[name] !== undefined && isWanted(name))
    .sort();
}

/** `name:value` and LF for each name, values trimmed: the header block of V1 and of V4. */
export function headerBlock(headers: HeaderFields, names: readonly string[]): Buffer {
  const lines = names.map((name) => `${name}:${trimBlanks(headerValue(headers, name) ?? '')}\n`);
  return Buffer.from(lines.join(''), 'latin1');
}

/** `/`, `/bucket/` or `/bucket/key`, all of it decoded. */
export function resourcePath(request: SignedRequest): string {
  return request.bucket === undefined ? '/' : `/${request.bucket}/${request.key ?? ''}`;
}

/** `String.trim` would also take 0xa0, which is the last byte of many a UTF-8 character. */
function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
