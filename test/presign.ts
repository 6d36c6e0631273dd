/** Signs URLs as a client does, with the functions that the server verifies them with. */

import { signatureV1, stringToSignV1, V1_URL_KEYS } from '../src/core/oss-signature-v1.ts';
import {
  additionalHeaderNames,
  canonicalRequestV4,
  formatIsoBasic,
  scopeText,
  signatureV4,
  stringToSignV4,
  V4_SCHEME,
  type V4Signer,
} from '../src/core/oss-signature-v4.ts';
import { formatQuery, parseQuery } from '../src/core/request-target.ts';
import type { SignedRequest } from '../src/core/signed-request.ts';

export interface V1UrlSigner {
  readonly accessKeyId: string;
  readonly secret: string;
  /** Unix time from which the URL is no longer good. */
  readonly expiresAtSeconds: number;
}

/** The raw query of a URL that makes this request for whoever holds it. The request's Content-MD5, Content-Type and
 *  `x-oss-*` headers are signed too, so they must be sent as they are here. */
export function presignV1(request: SignedRequest, signer: V1UrlSigner): string {
  const expires = String(signer.expiresAtSeconds);
  const signature = signatureV1(signer.secret, stringToSignV1(request, expires));
  const [idKey, expiresKey, signatureKey] = V1_URL_KEYS;
  return formatQuery([
    ...request.query.pairs,
    [idKey, signer.accessKeyId],
    [expiresKey, expires],
    [signatureKey, signature],
  ]);
}

export interface V4UrlSigner extends V4Signer {
  /** How long the URL is good for, from `signedAtMs` on: 1 to 604,800, a week. */
  readonly lifetimeSeconds: number;
}

/** The raw query of a URL that makes this request for whoever holds it. The headers that V4 signs are signed here too,
 *  so they must be sent as they are in the request; `x-oss-date` and the payload's hash are not among them. */
export function presignV4(request: SignedRequest, signer: V4UrlSigner): string {
  const { region, product = 'oss' } = signer;
  const dateTime = formatIsoBasic(signer.signedAtMs);
  const scope = { date: dateTime.slice(0, 8), region, product };
  const additional = additionalHeaderNames(signer.additionalHeaders ?? [], request.headers);
  const unsigned = formatQuery([
    ...request.query.pairs,
    ['x-oss-signature-version', V4_SCHEME],
    ['x-oss-credential', `${signer.accessKeyId}/${scopeText(scope)}`],
    ['x-oss-date', dateTime],
    ['x-oss-expires', String(signer.lifetimeSeconds)],
    ...(additional.length === 0 ? [] : [['x-oss-additional-headers', additional.join(';')] as const]),
  ]);
  const canonicalRequest = canonicalRequestV4({ ...request, query: parseQuery(unsigned) }, additional);
  const signature = signatureV4(signer.secret, scope, stringToSignV4(canonicalRequest, dateTime, scope));
  return `${unsigned}&${formatQuery([['x-oss-signature', signature]])}`;
}
