/**
 * What a request claims about who signed it, in a form common to the versions of the signature and to the two places
 * it may stand in. That a claim is well formed is known when there is one; that it is true is not.
 */

import { DomainError, type ErrorCode } from '../../core/errors.ts';
import { signatureV1, stringToSignV1, type V1Authorization } from '../../core/oss-signature-v1.ts';
import {
  canonicalRequestV4,
  EMPTY_VALUE_FORMS,
  formatIsoBasic,
  type KeepsEquals,
  signatureV4,
  stringToSignV4,
  UNSIGNED_PAYLOAD,
} from '../../core/oss-signature-v4.ts';
import type { V4Authorization } from '../../core/oss-signature-v4-claim.ts';
import { printable } from '../../core/printable.ts';
import type { Query } from '../../core/request-target.ts';
import { headerValue, type SignedRequest } from '../../core/signed-request.ts';

/** How far a request's date may lie from our clock (protocol sheet, section 2.4). */
export const MAX_SKEW_MS = 15 * 60 * 1000;

export interface Claim {
  readonly version: 'v1' | 'v4';
  readonly accessKeyId: string;
  readonly signature: string;
  /** False when the client says it signed a header that the request does not have. */
  readonly isWhole: boolean;
  /** Throws when the request comes too early or too late. */
  assertTimely(nowMs: number): void;
  /** What the documentation lets a client sign. */
  readonly documented: Proof;
  /** What known clients sign instead; computed when it is asked for. */
  others(): Iterable<Proof>;
}

/** A text that a client may have signed, and how to sign it. */
export interface Proof {
  readonly stringToSign: Buffer;
  readonly canonicalRequest?: Buffer;
  sign(secret: string): string;
}

/** The regions that a V4 signature may name. */
export interface SigningRegions {
  readonly servedRegions: readonly string[];
  /** The region that the host names, when it names one. */
  readonly hostRegion?: string | undefined;
}

type Timely = Claim['assertTimely'];

/** A claim of V1; `dateLine` is what stands in the date's line of the text that is signed. */
export function v1Claim(
  request: SignedRequest,
  { accessKeyId, signature }: V1Authorization,
  { dateLine, assertTimely }: { readonly dateLine: string; readonly assertTimely: Timely },
): Claim {
  const stringToSign = stringToSignV1(request, dateLine);
  return {
    version: 'v1',
    accessKeyId,
    signature,
    isWhole: true,
    assertTimely,
    documented: { stringToSign, sign: (secret) => signatureV1(secret, stringToSign) },
    others: () => [],
  };
}

/** A claim of V4, of a request signed at `signedAtMs`. */
export function v4Claim(
  request: SignedRequest,
  authorization: V4Authorization,
  { signedAtMs, assertTimely }: { readonly signedAtMs: number; readonly assertTimely: Timely },
): Claim {
  assertUnambiguous(request.query);
  const proof = (keepsEquals: KeepsEquals): Proof => {
    const canonicalRequest = canonicalRequestV4(request, authorization.additionalHeaders, keepsEquals);
    const stringToSign = stringToSignV4(canonicalRequest, formatIsoBasic(signedAtMs), authorization);
    return {
      stringToSign: Buffer.from(stringToSign),
      canonicalRequest,
      sign: (secret) => signatureV4(secret, authorization, stringToSign),
    };
  };
  const [documented, ...others] = EMPTY_VALUE_FORMS;
  const hasEmptyValue = request.query.pairs.some(([, value]) => value === '');
  return {
    version: 'v4',
    accessKeyId: authorization.accessKeyId,
    signature: authorization.signature,
    isWhole: authorization.additionalHeaders.every((name) => headerValue(request.headers, name) !== undefined),
    assertTimely,
    documented: proof(documented),
    *others() {
      if (hasEmptyValue) for (const form of others) yield proof(form);
    },
  };
}

/** V4 signs parameters in the order of their values, so of two values it leaves open which comes first and counts. */
function assertUnambiguous({ pairs, get }: Query): void {
  const second = pairs.find(([name, value]) => value !== get(name));
  if (second === undefined) return;
  const message = `The query parameter ${printable(second[0])} comes twice with different values: V4 signs no order of them.`;
  throw new DomainError('InvalidArgument', message, { ArgumentName: printable(second[0]) });
}

/** Throws unless the region is served and, where the host names one, the host's. */
export function assertSigningRegion(
  region: string,
  { servedRegions, hostRegion }: SigningRegions,
  refusal: { readonly code: ErrorCode; readonly message: string },
): void {
  if (servedRegions.includes(region) && (hostRegion === undefined || hostRegion === region)) return;
  throw new DomainError(refusal.code, refusal.message, argument('region', region));
}

/** Throws when the header that tells the hash of the body says anything but that the body is not signed. */
export function assertUnsignedPayload(hash: string): void {
  if (hash === UNSIGNED_PAYLOAD) return;
  const message = `The header x-oss-content-sha256 must be ${UNSIGNED_PAYLOAD}.`;
  throw new DomainError('ContentSha256Invalid', message, argument('x-oss-content-sha256', hash));
}

/** The refusal of a date too far from our clock; SDKs set theirs by it and try again. */
export function requestTimeTooSkewed(signedAtMs: number, nowMs: number): DomainError {
  const message = 'The difference between the request time and the current time is too large.';
  return new DomainError('RequestTimeTooSkewed', message, {
    MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
    RequestTime: new Date(signedAtMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

/** The refusal of a date that is missing or not in the form that the version of the signature asks for. */
export function dateMissing(): DomainError {
  return new DomainError('DateMissing', 'OSS authentication requires a valid Date.');
}

/** The elements of an error that show the faulty argument. */
export function argument(name: string, value: string): { ArgumentName: string; ArgumentValue: string } {
  return { ArgumentName: name, ArgumentValue: printable(value) };
}
