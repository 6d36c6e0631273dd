/**
 * Who signed this request? The checks run in the order of the protocol sheet, section 2: the form of the claim (400),
 * then the clock or the expiry, the access key, the signature and the token (403). Authorisation comes after,
 * elsewhere.
 */

import type { Credentials } from '../../access/credentials.ts';
import { ANONYMOUS, type Identity } from '../../access/identity.ts';
import { invalidSecurityToken } from '../../access/sessions.ts';
import { DomainError } from '../../core/errors.ts';
import { isSameText } from '../../core/same-text.ts';
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
  /** The URL is signed, and so good for whoever was handed it. */
  readonly isUrl: boolean;
}

/** The identity behind a request; throws the `DomainError` of the first check that fails. */
export function authenticate(request: SignedRequest, context: AuthenticationContext): Authenticated {
  const isUrl = isSignedUrl(request.query);
  const claim = readClaim(request, isUrl, context);
  if (claim === undefined) return { identity: ANONYMOUS, signature: 'none', isUrl };
  claim.assertTimely(context.nowMs);
  const tokens = securityTokens(request);
  const { secret, identity } = context.credentials.find(claim.accessKeyId, tokens[0], context.nowMs);
  if (!isProven(claim, secret)) throw signatureMismatch(claim);
  // A lasting key has no token, and a session has one.
  if (tokens.length !== (identity.kind === 'session' ? 1 : 0)) throw invalidSecurityToken();
  return { identity, signature: claim.version, isUrl };
}

function readClaim(request: SignedRequest, isUrl: boolean, regions: SigningRegions): Claim | undefined {
  const authorization = headerValue(request.headers, 'authorization');
  if (authorization === undefined) return isUrl ? readUrlClaim(request, regions) : undefined;
  if (!isUrl) return readHeaderClaim(authorization, request, regions);
  throw new DomainError('SignedTwice', 'Sign either in the Authorization header or in the URL, not in both.');
}

function isProven(claim: Claim, secret: string): boolean {
  if (!claim.isWhole) return false;
  if (isSameText(claim.documented.sign(secret), claim.signature)) return true;
  for (const proof of claim.others()) {
    if (isSameText(proof.sign(secret), claim.signature)) return true;
  }
  return false;
}

/** From each place that may hold one; all of them are covered by either signature. */
function securityTokens({ headers, query }: SignedRequest): string[] {
  const places = [
    headerValue(headers, 'x-oss-security-token'),
    query.get('security-token'),
    query.get('x-oss-security-token'),
  ];
  return places.filter((token) => token !== undefined);
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
