/**
 * OSS signature V4: HMAC-SHA256 over a canonical form of the request, with a key derived for one day, region and
 * product (protocol sheet, section 2.2). Pure, so that the server verifies with the very functions a client signs
 * with. Nothing is cached: deriving a key is four short hashes, and a cache would be one more place for a secret.
 */

import { createHash, createHmac } from 'node:crypto';
import { DomainError } from './errors.ts';
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
const SCOPE_END = 'aliyun_v4_request';

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
  const dateTime = formatIsoBasic(signer.signedAtMs);
  const added = { 'x-oss-date': dateTime, 'x-oss-content-sha256': UNSIGNED_PAYLOAD };
  const headers = { ...request.headers, ...added };
  const scope = { date: dateTime.slice(0, 8), region: signer.region, product: signer.product ?? 'oss' };
  const additional = additionalHeaderNames(signer.additionalHeaders ?? [], headers);

  const stringToSign = stringToSignV4(canonicalRequestV4({ ...request, headers }, additional), dateTime, scope);
  const parameters = [
    `Credential=${signer.accessKeyId}/${scopeText(scope)}`,
    ...(additional.length === 0 ? [] : [`AdditionalHeaders=${additional.join(';')}`]),
    `Signature=${signatureV4(signer.secret, scope, stringToSign)}`,
  ];
  return { authorization: `${V4_SCHEME} ${parameters.join(',')}`, ...added };
}

/** The canonical request: six parts joined by LF. Names in `additionalHeaders` that do not count are passed over. */
export function canonicalRequestV4(request: SignedRequest, additionalHeaders: readonly string[]): Buffer {
  const { headers } = request;
  const additional = additionalHeaderNames(additionalHeaders, headers);
  const signedNames = headerNames(headers, (name) => isAlwaysSigned(name) || additional.includes(name));
  const leading = [request.method.toUpperCase(), encodeKey(resourcePath(request)), canonicalQuery(request.query)];
  return Buffer.concat([
    Buffer.from(`${leading.join('\n')}\n`),
    headerBlock(headers, signedNames),
    Buffer.from(`\n${additional.join(';')}\n${UNSIGNED_PAYLOAD}`, 'latin1'),
  ]);
}

/** The string to sign; `dateTime` is in ISO 8601 basic form. */
export function stringToSignV4(canonicalRequest: Buffer, dateTime: string, scope: V4Scope): string {
  const digest = createHash('sha256').update(canonicalRequest).digest('hex');
  return [V4_SCHEME, dateTime, scopeText(scope), digest].join('\n');
}

/** Lower-case hex of the HMAC-SHA256 of the string to sign, with the key of the scope. */
export function signatureV4(secret: string, scope: V4Scope, stringToSign: string): string {
  const steps = [scope.date, scope.region, scope.product, SCOPE_END];
  const signingKey = steps.reduce<string | Buffer>(
    (key, step) => createHmac('sha256', key).update(step).digest(),
    `aliyun_v4${secret}`,
  );
  return createHmac('sha256', signingKey).update(stringToSign).digest('hex');
}

export interface V4Authorization extends V4Scope {
  readonly accessKeyId: string;
  /** Lower-case, as listed by the client. */
  readonly additionalHeaders: readonly string[];
  readonly signature: string;
}

/** Parses the `Authorization` header of V4; a blank after a comma is tolerated. The messages are those of section 2.5. */
export function parseV4Authorization(value: string): V4Authorization {
  if (!value.startsWith(`${V4_SCHEME} `)) throw malformed('Authorization header is invalid.');
  const parameters = parseParameters(value.slice(V4_SCHEME.length));
  const credential = parameters.get('Credential');
  const signature = parameters.get('Signature');
  if (!credential || !signature) {
    throw malformed('AccessKeyId or Signature is missing in Authorization header value.');
  }
  return {
    ...parseCredential(credential),
    additionalHeaders: parseAdditionalHeaders(parameters.get('AdditionalHeaders')),
    signature,
  };
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

/** Every parameter but the signature itself, sorted by encoded name and then value; an empty value drops the `=`. */
function canonicalQuery(query: Query): string {
  return query.pairs
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) => ({ name: encodeComponent(name), value: encodeComponent(value) }))
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.value, b.value))
    .map(({ name, value }) => (value === '' ? name : `${name}=${value}`))
    .join('&');
}

/** The names that count as additional: present, signed only because they are listed, each once, in order. */
function additionalHeaderNames(listed: readonly string[], headers: HeaderFields): string[] {
  const names = new Set(listed.map((name) => name.toLowerCase()));
  return [...names].filter((name) => !isAlwaysSigned(name) && headerValue(headers, name) !== undefined).sort();
}

function isAlwaysSigned(name: string): boolean {
  return name === 'content-type' || name === 'content-md5' || name.startsWith('x-oss-');
}

function scopeText(scope: V4Scope): string {
  return [scope.date, scope.region, scope.product, SCOPE_END].join('/');
}

const PARAMETER_NAMES: ReadonlySet<string> = new Set(['Credential', 'AdditionalHeaders', 'Signature']);

function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const item of text.split(',')) {
    const [name = '', ...value] = item.trim().split('=');
    if (!PARAMETER_NAMES.has(name)) throw malformed('Unknown parameter in Authorization header.');
    if (parameters.has(name)) throw malformed(`Authorization header is invalid: ${name} appears twice.`);
    parameters.set(name, value.join('='));
  }
  return parameters;
}

function parseCredential(credential: string): V4Scope & { readonly accessKeyId: string } {
  const [accessKeyId, date, region, product, end, ...rest] = credential.split('/');
  if (!accessKeyId || !date || !region || !product || end !== SCOPE_END || rest.length > 0) {
    throw new DomainError('CredentialScopeInvalid', 'Invalid credential in Authorization header.', {
      ArgumentName: 'Credential',
      ArgumentValue: credential,
    });
  }
  return { accessKeyId, date, region, product };
}

function parseAdditionalHeaders(list: string | undefined): readonly string[] {
  if (list === undefined) return [];
  const names = list.split(';').map((name) => name.trim().toLowerCase());
  if (names.includes('')) {
    throw new DomainError('AdditionalHeadersEmpty', 'AdditionalHeaders in Authorization header has an empty name.');
  }
  return names;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function malformed(message: string): DomainError {
  return new DomainError('AuthorizationMalformed', message);
}
