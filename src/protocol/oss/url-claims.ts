/**
 * Signed URLs: a signature among the query parameters, so that whoever holds the URL may make its request until it
 * expires. V1 names the end of that time, V4 its start and its length (protocol sheet, sections 2.1 and 2.2).
 */

import { DomainError, type ErrorCode } from '../../core/errors.ts';
import { V1_URL_KEYS } from '../../core/oss-signature-v1.ts';
import { formatIsoBasic, parseIsoBasic, V4_SCHEME } from '../../core/oss-signature-v4.ts';
import { parseAdditionalHeaders, parseV4Credential, type V4Credential } from '../../core/oss-signature-v4-claim.ts';
import type { Query } from '../../core/request-target.ts';
import { headerValue, type SignedRequest } from '../../core/signed-request.ts';
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

/** A week. */
const MAX_LIFETIME_SECONDS = 604_800;

/** One of these is enough to tell that the URL is meant to be a signed one. */
const KEYS = {
  v1: V1_URL_KEYS,
  v4: ['x-oss-signature-version', 'x-oss-credential', 'x-oss-signature'],
  aws: ['AWSAccessKeyId', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature'],
} as const;

/** True when the query holds a part of a signature, whether it is whole or not. */
export function isSignedUrl(query: Query): boolean {
  return Object.values(KEYS).some((keys) => hasAny(query, keys));
}

function hasAny(query: Query, keys: readonly string[]): boolean {
  return keys.some((key) => query.has(key));
}

/** The claim of a signed URL; throws when a part of it is missing or malformed. */
export function readUrlClaim(request: SignedRequest, regions: SigningRegions): Claim {
  const { query, headers } = request;
  if (hasAny(query, KEYS.aws)) throw unserved('AWS');
  const isV4 = hasAny(query, KEYS.v4);
  if (isV4 && hasAny(query, KEYS.v1)) {
    throw new DomainError('SignedTwice', 'The URL has parameters of two signatures, V1 and V4: sign it once.');
  }
  if (headerValue(headers, 'x-oss-security-token') !== undefined) {
    throw new DomainError('SecurityTokenInHeader', 'Security-token must be provided by query string parameter.');
  }
  return isV4 ? readV4(request, regions) : readV1(request);
}

const V1_MISSING = {
  OSSAccessKeyId: 'UrlKeyIdMissing',
  Expires: 'UrlExpiresMissing',
  Signature: 'UrlSignatureMissing',
} as const satisfies Record<(typeof V1_URL_KEYS)[number], ErrorCode>;

function readV1(request: SignedRequest): Claim {
  const required = (key: keyof typeof V1_MISSING): string => {
    const value = request.query.get(key);
    if (value) return value;
    const message = 'Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters';
    throw new DomainError(V1_MISSING[key], message, argument(key, ''));
  };
  const authorization = { accessKeyId: required('OSSAccessKeyId'), signature: required('Signature') };
  const expires = required('Expires');
  // Fifteen digits are exact as a number and reach far beyond any date.
  if (!/^\d{1,15}$/.test(expires)) {
    const message = 'Invalid date (should be seconds since epoch).';
    throw new DomainError('UrlExpiresInvalid', message, argument('Expires', expires));
  }
  const expiresAtMs = Number(expires) * 1000;
  return v1Claim(request, authorization, {
    dateLine: expires,
    assertTimely: (nowMs) => {
      if (nowMs > expiresAtMs) throw expired('UrlExpired', expiresAtMs, nowMs);
    },
  });
}

function readV4(request: SignedRequest, regions: SigningRegions): Claim {
  const { query, headers } = request;
  assertVersion(query.get('x-oss-signature-version') ?? '');
  const hash = headerValue(headers, 'x-oss-content-sha256');
  if (hash !== undefined) assertUnsignedPayload(hash);
  const credential = readCredential(query);
  const signedAtMs = parseIsoBasic(query.get('x-oss-date') ?? '');
  if (signedAtMs === undefined) throw dateMissing();
  if (!formatIsoBasic(signedAtMs).startsWith(`${credential.date}T`)) {
    const message = 'The date in x-oss-credential is invalid: it must be the day of x-oss-date, as YYYYMMDD.';
    throw new DomainError('UrlV4CredentialDateInvalid', message, argument('date', credential.date));
  }
  assertSigningRegion(credential.region, regions, {
    code: 'UrlV4RegionInvalid',
    message: 'The signing region in credential is invalid.',
  });
  const expiresAtMs = signedAtMs + readLifetimeSeconds(query) * 1000;
  const signature = required(query, 'x-oss-signature', 'UrlV4SignatureMissing');
  const list = query.get('x-oss-additional-headers');
  const additionalHeaders = list === undefined ? [] : parseAdditionalHeaders(list);
  return v4Claim(
    request,
    { ...credential, additionalHeaders, signature },
    {
      signedAtMs,
      assertTimely: (nowMs) => {
        if (signedAtMs - nowMs > MAX_SKEW_MS) throw requestTimeTooSkewed(signedAtMs, nowMs);
        if (nowMs > expiresAtMs) throw expired('UrlV4Expired', expiresAtMs, nowMs);
      },
    },
  );
}

function assertVersion(version: string): void {
  if (version === V4_SCHEME) return;
  if (version === 'OSS2') throw unserved('OSS2');
  const message = `The parameter x-oss-signature-version of a signed URL is missing or invalid: it must be ${V4_SCHEME}.`;
  throw new DomainError('UrlVersionInvalid', message, argument('x-oss-signature-version', version));
}

function readCredential(query: Query): V4Credential {
  const text = required(query, 'x-oss-credential', 'UrlV4CredentialMissing');
  const credential = parseV4Credential(text);
  if (credential?.product === 'oss') return credential;
  const message =
    'The parameter x-oss-credential is invalid: it must be <AccessKeyId>/<YYYYMMDD>/<region>/oss/aliyun_v4_request.';
  throw new DomainError('UrlV4CredentialInvalid', message, argument('x-oss-credential', text));
}

function readLifetimeSeconds(query: Query): number {
  const text = required(query, 'x-oss-expires', 'UrlV4ExpiresMissing');
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_LIFETIME_SECONDS) return seconds;
  const message = `The parameter x-oss-expires is invalid: it must be a number of seconds from 1 to ${MAX_LIFETIME_SECONDS}.`;
  throw new DomainError('UrlV4ExpiresInvalid', message, argument('x-oss-expires', text));
}

function required(
  query: Query,
  key: string,
  code: 'UrlV4CredentialMissing' | 'UrlV4ExpiresMissing' | 'UrlV4SignatureMissing',
): string {
  const value = query.get(key);
  if (value) return value;
  throw new DomainError(code, `The parameter ${key} of a signed URL is missing or empty.`, argument(key, ''));
}

function expired(code: 'UrlExpired' | 'UrlV4Expired', expiresAtMs: number, nowMs: number): DomainError {
  return new DomainError(code, 'Request has expired.', {
    Expires: new Date(expiresAtMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

function unserved(scheme: string): DomainError {
  const message = `URLs signed in the form of ${scheme} are not served: sign them with ${V4_SCHEME} or V1.`;
  return new DomainError('NotImplemented', message);
}
