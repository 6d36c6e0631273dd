/**
 * OSS signature V1: HMAC-SHA1 over a few headers and the resource (protocol sheet, section 2.1). Pure, so that the
 * server verifies with the very functions a client signs with. The text is built as bytes, because its header block
 * holds the bytes of the wire while the resource is UTF-8.
 */

import { createHmac } from 'node:crypto';
import { DomainError } from './errors.ts';
import { isSignedSubresource } from './oss-signed-subresources.ts';
import type { Query } from './request-target.ts';
import { headerBlock, headerNames, headerValue, resourcePath, type SignedRequest } from './signed-request.ts';

export const V1_SCHEME = 'OSS';

/** The string to sign. `dateLine` is the date as the header has it or, in the URL form, the value of `Expires`. */
export function stringToSignV1(request: SignedRequest, dateLine: string): Buffer {
  const { method, headers } = request;
  const leading = [
    method.toUpperCase(),
    headerValue(headers, 'content-md5') ?? '',
    headerValue(headers, 'content-type') ?? '',
    dateLine,
  ];
  const signedNames = headerNames(headers, (name) => name.startsWith('x-oss-'));
  return Buffer.concat([
    Buffer.from(`${leading.join('\n')}\n`, 'latin1'),
    headerBlock(headers, signedNames),
    Buffer.from(resourcePath(request) + signedQuery(request.query)),
  ]);
}

/** Base64 of the HMAC-SHA1 of the string to sign. */
export function signatureV1(secret: string, stringToSign: Buffer): string {
  return createHmac('sha1', secret).update(stringToSign).digest('base64');
}

/** The parameters that make a URL a signed one. */
export const V1_URL_KEYS = ['OSSAccessKeyId', 'Expires', 'Signature'] as const;

export interface V1Authorization {
  readonly accessKeyId: string;
  readonly signature: string;
}

/** Parses `OSS <AccessKeyId>:<Signature>`; the messages are those of section 2.5. */
export function parseV1Authorization(value: string): V1Authorization {
  if (!value.startsWith(`${V1_SCHEME} `)) throw malformed('Authorization header is invalid.');
  const items = value.slice(V1_SCHEME.length).trim().split(':');
  const [accessKeyId, signature] = items;
  // Two headers joined by a comma end here too: neither part may hold a colon.
  if (items.length > 2) throw malformed('bad num of Items in Authorization header.');
  if (accessKeyId === undefined || accessKeyId === '' || signature === undefined) {
    throw malformed('AccessKeyId or Signature is missing in Authorization header value.');
  }
  if (signature === '') throw new DomainError('SignatureEmpty', 'The signature in the Authorization header is empty.');
  return { accessKeyId, signature };
}

/** The instant of an RFC 1123 date in GMT with a two-digit day; undefined for any other text. */
export function parseHttpDate(text: string): number | undefined {
  const ms = Date.parse(text);
  // Date.parse takes many forms; printing the date again admits the one that is meant.
  return !Number.isNaN(ms) && new Date(ms).toUTCString() === text ? ms : undefined;
}

/** The covered parameters by name, decoded; an empty value leaves the bare name, and the first of a name counts. */
function signedQuery(query: Query): string {
  const names = new Set(query.pairs.map(([name]) => name).filter(isSignedSubresource));
  const terms = [...names].sort().map((name) => {
    const value = query.get(name);
    return value ? `${name}=${value}` : name;
  });
  return terms.length === 0 ? '' : `?${terms.join('&')}`;
}

function malformed(message: string): DomainError {
  return new DomainError('AuthorizationMalformed', message);
}
