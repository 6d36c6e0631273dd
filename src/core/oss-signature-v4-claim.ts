/**
 * What a V4 signature says of itself: who signed, for which scope, and which headers beyond those that always count
 * (protocol sheet, section 2.2). Read from the `Authorization` header here, and piece by piece from a URL's parameters
 * by the server; whether it is true is not asked here.
 */

import { DomainError } from './errors.ts';
import { SCOPE_END, V4_SCHEME, type V4Scope } from './oss-signature-v4.ts';
import { printable } from './printable.ts';

export interface V4Credential extends V4Scope {
  readonly accessKeyId: string;
}

export interface V4Authorization extends V4Credential {
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
  const parsed = parseV4Credential(credential);
  if (parsed === undefined) {
    throw new DomainError('CredentialScopeInvalid', 'Invalid credential in Authorization header.', {
      ArgumentName: 'Credential',
      ArgumentValue: printable(credential),
    });
  }
  const list = parameters.get('AdditionalHeaders');
  return { ...parsed, additionalHeaders: list === undefined ? [] : parseAdditionalHeaders(list), signature };
}

/** Parses `<AccessKeyId>/<date>/<region>/<product>/aliyun_v4_request`; undefined for any other shape. */
export function parseV4Credential(text: string): V4Credential | undefined {
  const [accessKeyId, date, region, product, end, ...rest] = text.split('/');
  if (!accessKeyId || !date || !region || !product || end !== SCOPE_END || rest.length > 0) return undefined;
  return { accessKeyId, date, region, product };
}

/** Parses a list of header names joined by `;`, which is left out when it would be empty. */
export function parseAdditionalHeaders(list: string): readonly string[] {
  if (list === '') {
    throw new DomainError('AdditionalHeadersEmpty', 'The list of additional headers is empty: leave it out instead.');
  }
  const names = list.split(';').map((name) => name.trim().toLowerCase());
  if (names.includes('')) {
    const message = `The list of additional headers, "${printable(list)}", has an empty name.`;
    throw new DomainError('AdditionalHeaderNameEmpty', message);
  }
  return names;
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

function malformed(message: string): DomainError {
  return new DomainError('AuthorizationMalformed', message);
}
