/** The `Authorization` header: its forms in V1 and V4, and what is wrong with any other (protocol sheet, 2.1, 2.2). */

import { DomainError } from '../../core/errors.ts';
import { parseHttpDate, parseV1Authorization, V1_SCHEME } from '../../core/oss-signature-v1.ts';
import { formatIsoBasic, parseIsoBasic, V4_SCHEME } from '../../core/oss-signature-v4.ts';
import { parseV4Authorization } from '../../core/oss-signature-v4-claim.ts';
import { type HeaderFields, headerValue, type SignedRequest } from '../../core/signed-request.ts';
import {
  argument,
  assertSigningRegion,
  assertUnsignedPayload,
  type Claim,
  dateMissing,
  MAX_SKEW_MS,
  requestTimeTooSkewed,
  type SigningRegions,
  v1Claim,
  v4Claim,
} from './claim.ts';

/** Schemes that we know and do not serve, so that their clients learn what to change. */
const UNSERVED_SCHEMES: ReadonlySet<string> = new Set(['OSS2', 'AWS', 'AWS4-HMAC-SHA256']);

/** The claim of an `Authorization` header; throws when it is malformed, or when another header that it needs is. */
export function readHeaderClaim(authorization: string, request: SignedRequest, regions: SigningRegions): Claim {
  if (authorization === '') throw malformed('Authorization header value is empty.');
  const [scheme = ''] = authorization.split(' ', 1);
  if (UNSERVED_SCHEMES.has(scheme)) {
    const message = `Signatures of the scheme ${scheme} are not served: sign with ${V4_SCHEME} or ${V1_SCHEME}.`;
    throw new DomainError('NotImplemented', message, { Header: 'Authorization' });
  }
  if (authorization.startsWith(`${V4_SCHEME} `)) return readV4(authorization, request, regions);
  if (authorization.startsWith(`${V1_SCHEME} `)) return readV1(authorization, request);
  throw malformed('Authorization header is invalid.');
}

function readV1(text: string, request: SignedRequest): Claim {
  const authorization = parseV1Authorization(text);
  const dateLine = headerValue(request.headers, 'x-oss-date') ?? headerValue(request.headers, 'date') ?? '';
  const signedAtMs = parseHttpDate(dateLine);
  if (signedAtMs === undefined) throw dateMissing();
  return v1Claim(request, authorization, { dateLine, assertTimely: within(signedAtMs) });
}

function readV4(text: string, request: SignedRequest, regions: SigningRegions): Claim {
  const authorization = parseV4Authorization(text);
  assertUnsignedPayload(headerValue(request.headers, 'x-oss-content-sha256') ?? '');
  if (authorization.product !== 'oss') throw invalidCredential('CredentialScopeInvalid', 'product', authorization);
  const signedAtMs = readDate(request.headers);
  if (signedAtMs === undefined) throw dateMissing();
  if (!formatIsoBasic(signedAtMs).startsWith(`${authorization.date}T`)) {
    throw invalidCredential('CredentialDateInvalid', 'date', authorization);
  }
  assertSigningRegion(authorization.region, regions, {
    code: 'SigningRegionInvalid',
    message: 'Invalid signing region in Authorization header.',
  });
  return v4Claim(request, authorization, { signedAtMs, assertTimely: within(signedAtMs) });
}

function readDate(headers: HeaderFields): number | undefined {
  const ossDate = headerValue(headers, 'x-oss-date');
  return ossDate === undefined ? parseHttpDate(headerValue(headers, 'date') ?? '') : parseIsoBasic(ossDate);
}

function within(signedAtMs: number): (nowMs: number) => void {
  return (nowMs) => {
    if (Math.abs(signedAtMs - nowMs) > MAX_SKEW_MS) throw requestTimeTooSkewed(signedAtMs, nowMs);
  };
}

function invalidCredential<Part extends string>(
  code: 'CredentialScopeInvalid' | 'CredentialDateInvalid',
  part: Part,
  credential: Readonly<Record<Part, string>>,
): DomainError {
  return new DomainError(code, 'Invalid credential in Authorization header.', argument(part, credential[part]));
}

function malformed(message: string): DomainError {
  return new DomainError('AuthorizationMalformed', message);
}
