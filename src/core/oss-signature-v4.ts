/**
 * OSS signature V4: HMAC-SHA256 over a canonical form of the request, with a key derived for one day, region and
 * product (protocol sheet, section 2.2). Pure, so that the server verifies with the very functions a client signs
 * with.
 */

import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { isSignedSubresource } from './oss-signed-subresources.ts';
import { encodeComponent, encodeKey, type Query } from './request-target.ts';
import {
  type HeaderFields,
  headerBlock,
  headerNames,
  headerValue,
  resourcePath,
  type SignedRequest,
} from './signed-request.ts';

export const V4_SCHEME = 'OSS4-HMAC-SHA256';
/** The only payload hash there is: bodies are not signed. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
/** What the scope of every signing key ends in. */
export const SCOPE_END = 'aliyun_v4_request';

/** What a signing key is good for. `date` is `YYYYMMDD`; `region` is the short form, without `oss-`. */
export interface V4Scope {
  readonly date: string;
  readonly region: string;
  readonly product: string;
}

export interface V4Signer {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly region: string;
  /** `oss` unless given. */
  readonly product?: string;
  /** Names to sign beyond those that are always signed; absent ones are dropped. */
  readonly additionalHeaders?: readonly string[];
  readonly signedAtMs: number;
}

/** The headers that make a request a signed one. */
export interface V4SignatureHeaders {
  readonly authorization: string;
  readonly 'x-oss-date': string;
  readonly 'x-oss-content-sha256': string;
}

/** Signs `request` for a client and returns the headers to add; all its `x-oss-*` headers must be there already. */
export function signV4(request: SignedRequest, signer: V4Signer): V4SignatureHeaders {
  const { dateTime, scope } = scopeOf(signer);
  const added = { 'x-oss-date': dateTime, 'x-oss-content-sha256': UNSIGNED_PAYLOAD };
  const headers = { ...request.headers, ...added };
  const additional = additionalHeaderNames(signer.additionalHeaders ?? [], headers);

  const stringToSign = stringToSignV4(canonicalRequestV4({ ...request, headers }, additional), dateTime, scope);
  const parameters = [
    `Credential=${signer.accessKeyId}/${scopeText(scope)}`,
    ...(additional.length === 0 ? [] : [`AdditionalHeaders=${additional.join(';')}`]),
    `Signature=${signatureV4(signer.secret, scope, stringToSign)}`,
  ];
  return { authorization: `${V4_SCHEME} ${parameters.join(',')}`, ...added };
}

/** Says of a query parameter without a value that it is signed as `name=`, not as `name`. */
export type KeepsEquals = (name: string) => boolean;

/**
 * The forms in which clients sign parameters without a value. The first is the documented one. ali-oss writes `name=`
 * for what it was handed as a parameter (`list({ marker: '' })`) and the bare name for a sub-resource (`versions`)
 * unless that was handed to it as a parameter too (`signatureUrlV4`). All mean the same request to us, and each proves
 * that the client knows the secret.
 */
export const EMPTY_VALUE_FORMS: readonly [documented: KeepsEquals, ...others: KeepsEquals[]] = [
  () => false,
  (name) => !isSignedSubresource(name),
  () => true,
];

/** The canonical request: six parts joined by LF. Names in `additionalHeaders` that do not count are passed over. */
export function canonicalRequestV4(
  request: SignedRequest,
  additionalHeaders: readonly string[],
  keepsEquals: KeepsEquals = () => false,
): Buffer {
  const { headers } = request;
  const additional = additionalHeaderNames(additionalHeaders, headers);
  // A set, because a client may list thousands before anyone knows who it is.
  const listed = new Set(additional);
  const signedNames = headerNames(headers, (name) => isAlwaysSigned(name) || listed.has(name));
  const query = canonicalQuery(request.query, keepsEquals);
  const leading = [request.method.toUpperCase(), encodeKey(resourcePath(request)), query];
  return Buffer.concat([
    Buffer.from(`${leading.join('\n')}\n`),
    headerBlock(headers, signedNames),
    Buffer.from(`\n${additional.join(';')}\n${UNSIGNED_PAYLOAD}`, 'latin1'),
  ]);
}

/** The string to sign; `dateTime` is in ISO 8601 basic form. */
export function stringToSignV4(canonicalRequest: Buffer, dateTime: string, scope: V4Scope): string {
  const digest = hash('sha256', canonicalRequest, 'hex');
  return [V4_SCHEME, dateTime, scopeText(scope), digest].join('\n');
}

/** Lower-case hex of the HMAC-SHA256 of the string to sign, with the key of the scope. */
export function signatureV4(secret: string, scope: V4Scope, stringToSign: string): string {
  return createHmac('sha256', signingKey(secret, scope)).update(stringToSign).digest('hex');
}

/** More than a server's access keys need on one day; the oldest makes way. */
const MAX_SIGNING_KEYS = 128;
const signingKeys = new Map<string, KeyObject>();

/** The key of the scope. It is the same for all requests of a day, so it is derived once; like the secrets that it
 *  comes from it stays in memory. */
function signingKey(secret: string, scope: V4Scope): KeyObject {
  // No part of a scope that was parsed or is served holds a slash, so what comes last is the secret, whatever it holds.
  const name = `${scopeText(scope)} ${secret}`;
  const kept = signingKeys.get(name);
  if (kept !== undefined) return kept;
  const key = deriveSigningKey(secret, scope);
  const oldest = signingKeys.keys().next();
  if (signingKeys.size === MAX_SIGNING_KEYS && !oldest.done) signingKeys.delete(oldest.value);
  signingKeys.set(name, key);
  return key;
}

function deriveSigningKey(secret: string, { date, region, product }: V4Scope): KeyObject {
  const first = createSecretKey(`aliyun_v4${secret}`, 'utf8');
  return [date, region, product, SCOPE_END].reduce(
    // As key objects, because node takes its time to find out what a key of bytes is.
    (key, step) => createSecretKey(createHmac('sha256', key).update(step).digest()),
    first,
  );
}

/** `20231216T162057Z` for an instant. */
export function formatIsoBasic(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** The instant of an ISO 8601 basic date and time in UTC; undefined for any other text. */
export function parseIsoBasic(text: string): number | undefined {
  const ms = Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  // Printing the instant again refuses every other form, and days like 30 February.
  return !Number.isNaN(ms) && formatIsoBasic(ms) === text ? ms : undefined;
}

/** Every parameter but the signature itself, sorted by encoded name and then value. */
function canonicalQuery(query: Query, keepsEquals: KeepsEquals): string {
  return query.pairs
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) => ({
      name: encodeComponent(name),
      value: encodeComponent(value),
      isBare: value === '' && !keepsEquals(name),
    }))
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.value, b.value))
    .map(({ name, value, isBare }) => (isBare ? name : `${name}=${value}`))
    .join('&');
}

/** The names that count as additional: present, signed only because they are listed, each once, in order. */
export function additionalHeaderNames(listed: readonly string[], headers: HeaderFields): string[] {
  const names = new Set(listed.map((name) => name.toLowerCase()));
  return [...names].filter((name) => !isAlwaysSigned(name) && headerValue(headers, name) !== undefined).sort();
}

function isAlwaysSigned(name: string): boolean {
  return name === 'content-type' || name === 'content-md5' || name.startsWith('x-oss-');
}

function scopeOf(signer: V4Signer): { readonly dateTime: string; readonly scope: V4Scope } {
  const dateTime = formatIsoBasic(signer.signedAtMs);
  const { region, product = 'oss' } = signer;
  return { dateTime, scope: { date: dateTime.slice(0, 8), region, product } };
}

/** The scope as a credential and the string to sign have it. */
export function scopeText(scope: V4Scope): string {
  return [scope.date, scope.region, scope.product, SCOPE_END].join('/');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
