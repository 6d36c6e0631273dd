/** Who signed an RPC request? As for OSS: the form of the claim, the clock, the access key, the signature, the token. */

import assert from 'node:assert/strict';
import type { Credentials } from '../../access/credentials.ts';
import type { Identity } from '../../access/identity.ts';
import { invalidSecurityToken } from '../../access/sessions.ts';
import { SESSION_KEY_PREFIX } from '../../core/access-entities.ts';
import { printable } from '../../core/printable.ts';
import { type Parameters, rpcSignature, rpcStringToSign } from '../../core/rpc-signature.ts';
import { isSameText } from '../../core/same-text.ts';
import { MAX_SKEW_MS } from '../oss/claim.ts';
import type { SeenNonces } from './seen-nonces.ts';
import { missingParameter, StsError } from './sts-error.ts';

const SIGNATURE = { SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0' } as const;

/** Somebody who has an access key. */
export type Caller = Exclude<Identity, { readonly kind: 'anonymous' }>;

export interface RpcContext {
  readonly credentials: Credentials;
  readonly nonces: SeenNonces;
  readonly nowMs: number;
}

/** The identity behind a request, of which a second one like it gets nothing. Throws the error of the first check that
 *  fails. */
export function authenticateRpc(
  { method, parameters }: { readonly method: string; readonly parameters: Parameters },
  { credentials, nonces, nowMs }: RpcContext,
): Caller {
  const accessKeyId = required(parameters, 'AccessKeyId');
  const signature = required(parameters, 'Signature');
  const nonce = required(parameters, 'SignatureNonce');
  for (const [name, value] of Object.entries(SIGNATURE)) assertServed(name, required(parameters, name), value);
  const signedAtMs = parseTimestamp(required(parameters, 'Timestamp'));
  if (Math.abs(signedAtMs - nowMs) > MAX_SKEW_MS) {
    throw new StsError(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
  }

  const token = parameters.get('SecurityToken');
  if (token === undefined && accessKeyId.startsWith(SESSION_KEY_PREFIX)) throw missingParameter('SecurityToken');
  const { secret, identity } = credentials.find(accessKeyId, token, nowMs);
  const stringToSign = rpcStringToSign(method, parameters);
  if (!isSameText(rpcSignature(secret, stringToSign), signature)) {
    const message = 'Specified signature is not matched with our calculation.';
    throw new StsError(400, 'SignatureDoesNotMatch', message, ` server string to sign is:${stringToSign}`);
  }
  // A lasting key has no token, and a session has one.
  if ((token !== undefined) !== (identity.kind === 'session')) throw invalidSecurityToken();
  assert(identity.kind !== 'anonymous', 'an access key belongs to nobody');
  nonces.add({ accountId: identity.accountId, accessKeyId, nonce, staleAtMs: signedAtMs + MAX_SKEW_MS }, nowMs);
  return identity;
}

/** The value of a parameter that has to be there. */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value) return value;
  throw missingParameter(name);
}

function assertServed(name: string, given: string, served: string): void {
  if (given === served) return;
  const message = `The parameter ${name} is "${printable(given)}", and ${served} is served.`;
  throw new StsError(400, 'InvalidSignatureMethod', message);
}

/** ISO 8601 in UTC; ali-oss writes milliseconds, all others whole seconds. */
function parseTimestamp(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  // Printing the instant again refuses days like 30 February.
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 19))) return ms;
  const message = `The parameter Timestamp is "${printable(text)}"; expected: UTC as in 2026-11-22T20:33:00Z.`;
  throw new StsError(400, 'InvalidTimeStamp.Format', message);
}
