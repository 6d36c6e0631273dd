/**
 * Who signed this request? The checks run in the order of the protocol sheet, section 2: the form of the claim (400),
 * then the clock or the expiry, the access key, the signature and the token (403). Authorisation comes after,
 * elsewhere.
 */

import { timingSafeEqual } from 'node:crypto';
import type { Credentials } from '../../access/credentials.ts';
import { ANONYMOUS, type Identity } from '../../access/identity.ts';
import { DomainError } from '../../core/errors.ts';
import { headerValue, type SignedRequest } from '../../core/signed-request.ts';
import type { Claim, SigningRegions } from './claim.ts';
import { readHeaderClaim } from './header-claims.ts';
import { isSignedUrl, readUrlClaim } from './url-claims.ts';

export interface AuthenticationContext extends SigningRegions {
  readonly credentials: Credentials;
  readonly nowMs: number;
}

/** `signature` tells how far the request can be trusted: V1 leaves most of the query unsigned. */
export interface Authenticated {
  readonly identity: Identity;
  readonly signature: 'none' | 'v1' | 'v4';
}

/** The identity behind a request; throws the `DomainError` of the first check that fails. */
export function authenticate(request: SignedRequest, context: AuthenticationContext): Authenticated {
  const claim = readClaim(request, context);
  if (claim === undefined) return { identity: ANONYMOUS, signature: 'none' };
  claim.assertTimely(context.nowMs);
  const credential = context.credentials.find(claim.accessKeyId);
  if (credential === undefined) throw unknownAccessKey(claim.accessKeyId);
  if (!isProven(claim, credential.secret)) throw signatureMismatch(claim);
  // There are no temporary credentials yet, so no token can be one of ours.
  if (hasSecurityToken(request)) {
    throw new DomainError('InvalidSecurityToken', 'The security token you provided is invalid.');
  }
  return { identity: credential.identity, signature: claim.version };
}

function readClaim(request: SignedRequest, regions: SigningRegions): Claim | undefined {
  const authorization = headerValue(request.headers, 'authorization');
  const isUrl = isSignedUrl(request.query);
  if (authorization === undefined) return isUrl ? readUrlClaim(request, regions) : undefined;
  if (!isUrl) return readHeaderClaim(authorization, request, regions);
  throw new DomainError('SignedTwice', 'Sign either in the Authorization header or in the URL, not in both.');
}

function isProven(claim: Claim, secret: string): boolean {
  if (!claim.isWhole) return false;
  if (isEqual(claim.documented.sign(secret), claim.signature)) return true;
  for (const proof of claim.others()) {
    if (isEqual(proof.sign(secret), claim.signature)) return true;
  }
  return false;
}

/** The length of a signature is no secret. */
function isEqual(ours: string, theirs: string): boolean {
  const [a, b] = [Buffer.from(ours), Buffer.from(theirs)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function hasSecurityToken({ headers, query }: SignedRequest): boolean {
  const inHeader = headerValue(headers, 'x-oss-security-token') !== undefined;
  return inHeader || query.has('security-token') || query.has('x-oss-security-token');
}

/** Shows the client what we signed, never what the signature would have been (protocol sheet, section 2.5). */
function signatureMismatch({ accessKeyId, signature, documented }: Claim): DomainError {
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  const { stringToSign, canonicalRequest } = documented;
  return new DomainError('SignatureDoesNotMatch', message, {
    OSSAccessKeyId: accessKeyId,
    SignatureProvided: signature,
    StringToSign: stringToSign.toString(),
    StringToSignBytes: stringToSign.toString('hex').toUpperCase().replace(/../g, '$& '),
    ...(canonicalRequest && { CanonicalRequest: canonicalRequest.toString() }),
  });
}

function unknownAccessKey(accessKeyId: string): DomainError {
  const message = 'The OSS Access Key Id you provided does not exist in our records.';
  return new DomainError('InvalidAccessKeyId', message, { OSSAccessKeyId: accessKeyId });
}
