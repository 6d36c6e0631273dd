/**
 * Who signed this request? The checks run in the order of the protocol sheet, section 2: the form of the claim (400),
 * then the clock, the access key, the signature and the token (403). Authorisation comes after, elsewhere.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Credentials } from '../../access/credentials.ts';
import { ANONYMOUS, type Identity } from '../../access/identity.ts';
import { DomainError } from '../../core/errors.ts';
import {
  parseHttpDate,
  parseV1Authorization,
  signatureV1,
  stringToSignV1,
  V1_SCHEME,
} from '../../core/oss-signature-v1.ts';
import {
  canonicalRequestV4,
  formatIsoBasic,
  parseIsoBasic,
  parseV4Authorization,
  signatureV4,
  stringToSignV4,
  UNSIGNED_PAYLOAD,
  V4_SCHEME,
  type V4Authorization,
} from '../../core/oss-signature-v4.ts';
import type { Query } from '../../core/request-target.ts';
import { type HeaderFields, headerValue, type SignedRequest } from '../../core/signed-request.ts';

/** How far a request's date may lie from our clock, either way (protocol sheet, section 2.4). */
export const MAX_SKEW_MS = 15 * 60 * 1000;

export interface AuthenticationContext {
  readonly credentials: Credentials;
  readonly nowMs: number;
  readonly servedRegions: readonly string[];
  /** The region that the host names, when it names one. */
  readonly hostRegion?: string | undefined;
}

/** `signature` tells how far the request can be trusted: V1 leaves most of the query unsigned. */
export interface Authenticated {
  readonly identity: Identity;
  readonly signature: 'none' | 'v1' | 'v4';
}

/** The identity behind a request; throws the `DomainError` of the first check that fails. */
export function authenticate(request: SignedRequest, context: AuthenticationContext): Authenticated {
  const authorization = headerValue(request.headers, 'authorization');
  if (isSignedUrl(request.query)) throw signedUrlRefusal(authorization);
  if (authorization === undefined) return { identity: ANONYMOUS, signature: 'none' };

  const claim = readClaim(authorization, request, context);
  checkClock(claim.signedAtMs, context.nowMs);
  const credential = context.credentials.find(claim.accessKeyId);
  if (credential === undefined) throw unknownAccessKey(claim.accessKeyId);
  if (!claim.isWhole || !isEqual(claim.sign(credential.secret), claim.signature)) throw signatureMismatch(claim);
  // There are no temporary credentials yet, so no token can be one of ours.
  if (headerValue(request.headers, 'x-oss-security-token') !== undefined) {
    throw new DomainError('AccessDenied', 'The security token you provided is invalid.');
  }
  return { identity: credential.identity, signature: claim.version };
}

/** What an `Authorization` header claims, and how to prove it, in a form common to the versions. */
interface Claim {
  readonly version: 'v1' | 'v4';
  readonly accessKeyId: string;
  readonly signature: string;
  readonly signedAtMs: number;
  /** False when the client says it signed a header that the request does not have. */
  readonly isWhole: boolean;
  readonly stringToSign: Buffer;
  readonly canonicalRequest?: Buffer;
  sign(secret: string): string;
}

function readClaim(authorization: string, request: SignedRequest, context: AuthenticationContext): Claim {
  if (authorization === '') throw malformed('Authorization header value is empty.');
  if (authorization.startsWith(`${V4_SCHEME} `)) return readV4Claim(authorization, request, context);
  if (authorization.startsWith(`${V1_SCHEME} `)) return readV1Claim(authorization, request);
  throw malformed('Authorization header is invalid.');
}

function readV1Claim(authorization: string, request: SignedRequest): Claim {
  const { accessKeyId, signature } = parseV1Authorization(authorization);
  const dateLine = headerValue(request.headers, 'x-oss-date') ?? headerValue(request.headers, 'date') ?? '';
  const stringToSign = stringToSignV1(request, dateLine);
  return {
    version: 'v1',
    accessKeyId,
    signature,
    signedAtMs: parseHttpDate(dateLine) ?? refuseDate(),
    isWhole: true,
    stringToSign,
    sign: (secret) => signatureV1(secret, stringToSign),
  };
}

function readV4Claim(authorization: string, request: SignedRequest, context: AuthenticationContext): Claim {
  const parsed = parseV4Authorization(authorization);
  const { headers } = request;
  checkPayloadHash(headers);
  if (parsed.product !== 'oss') throw invalidCredential('CredentialScopeInvalid', 'product', parsed.product);
  const signedAtMs = readV4Date(headers);
  const dateTime = formatIsoBasic(signedAtMs);
  if (!dateTime.startsWith(`${parsed.date}T`)) throw invalidCredential('CredentialDateInvalid', 'date', parsed.date);
  checkRegion(parsed, context);

  const canonicalRequest = canonicalRequestV4(request, parsed.additionalHeaders);
  const stringToSign = stringToSignV4(canonicalRequest, dateTime, parsed);
  return {
    version: 'v4',
    accessKeyId: parsed.accessKeyId,
    signature: parsed.signature,
    signedAtMs,
    isWhole: parsed.additionalHeaders.every((name) => headerValue(headers, name) !== undefined),
    stringToSign: Buffer.from(stringToSign),
    canonicalRequest,
    sign: (secret) => signatureV4(secret, parsed, stringToSign),
  };
}

function readV4Date(headers: HeaderFields): number {
  const ossDate = headerValue(headers, 'x-oss-date');
  const signedAtMs = ossDate === undefined ? parseHttpDate(headerValue(headers, 'date') ?? '') : parseIsoBasic(ossDate);
  return signedAtMs ?? refuseDate();
}

function checkPayloadHash(headers: HeaderFields): void {
  const hash = headerValue(headers, 'x-oss-content-sha256');
  if (hash === UNSIGNED_PAYLOAD) return;
  throw new DomainError('ContentSha256Invalid', `The header x-oss-content-sha256 must be ${UNSIGNED_PAYLOAD}.`, {
    ArgumentName: 'x-oss-content-sha256',
    ArgumentValue: hash ?? '',
  });
}

function checkRegion({ region }: V4Authorization, { servedRegions, hostRegion }: AuthenticationContext): void {
  if (servedRegions.includes(region) && (hostRegion === undefined || hostRegion === region)) return;
  throw new DomainError('SigningRegionInvalid', 'Invalid signing region in Authorization header.', {
    ArgumentName: 'region',
    ArgumentValue: region,
  });
}

function checkClock(signedAtMs: number, nowMs: number): void {
  if (Math.abs(signedAtMs - nowMs) <= MAX_SKEW_MS) return;
  const message = 'The difference between the request time and the current time is too large.';
  throw new DomainError('RequestTimeTooSkewed', message, {
    MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
    RequestTime: new Date(signedAtMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

function isSignedUrl(query: Query): boolean {
  return (query.has('OSSAccessKeyId') && query.has('Signature')) || query.has('x-oss-signature-version');
}

function signedUrlRefusal(authorization: string | undefined): DomainError {
  return authorization === undefined
    ? new DomainError('NotImplemented', 'Signed URLs are not supported yet: sign in the Authorization header.')
    : new DomainError('InvalidArgument', 'Sign either in the Authorization header or in the URL, not in both.');
}

/** Hashing first gives both sides one length, which `timingSafeEqual` asks for. */
function isEqual(ours: string, theirs: string): boolean {
  return timingSafeEqual(sha256(ours), sha256(theirs));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Shows the client what we signed, never what the signature would have been (protocol sheet, section 2.5). */
function signatureMismatch(claim: Claim): DomainError {
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  return new DomainError('SignatureDoesNotMatch', message, {
    OSSAccessKeyId: claim.accessKeyId,
    SignatureProvided: claim.signature,
    StringToSign: claim.stringToSign.toString(),
    StringToSignBytes: claim.stringToSign.toString('hex').toUpperCase().replace(/../g, '$& '),
    ...(claim.canonicalRequest && { CanonicalRequest: claim.canonicalRequest.toString() }),
  });
}

function unknownAccessKey(accessKeyId: string): DomainError {
  const message = 'The OSS Access Key Id you provided does not exist in our records.';
  return new DomainError('InvalidAccessKeyId', message, { OSSAccessKeyId: accessKeyId });
}

function invalidCredential(
  code: 'CredentialScopeInvalid' | 'CredentialDateInvalid',
  part: string,
  value: string,
): DomainError {
  const message = 'Invalid credential in Authorization header.';
  return new DomainError(code, message, { ArgumentName: part, ArgumentValue: value });
}

function refuseDate(): never {
  throw new DomainError('DateMissing', 'OSS authentication requires a valid Date.');
}

function malformed(message: string): DomainError {
  return new DomainError('AuthorizationMalformed', message);
}
