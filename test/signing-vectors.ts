/**
 * The published signing vectors (protocol sheet, section 10) as the tests of several rooms use them: what a signer is
 * given, and the request that reaches a server.
 */

import { formatIsoBasic, UNSIGNED_PAYLOAD } from '../src/core/oss-signature-v4.ts';
import { decodePath, formatQuery, parseQuery } from '../src/core/request-target.ts';
import type { SignedRequest } from '../src/core/signed-request.ts';
import v1 from './vectors/signing/v1.json' with { type: 'json' };
import v2 from './vectors/signing/v2.json' with { type: 'json' };
import v4 from './vectors/signing/v4.json' with { type: 'json' };

export interface SigningVector {
  readonly id: string;
  readonly kind: 'header' | 'query' | 'header-string-to-sign' | 'canonical-request';
  readonly input: {
    readonly method: string;
    readonly bucket: string;
    readonly key?: string;
    readonly rawQuery: string;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly date?: string;
    readonly expires?: number;
    readonly expiresIn?: number;
    readonly region?: string;
    readonly product?: string;
    readonly signTime?: number;
    readonly additionalHeaders?: readonly string[];
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken?: string;
  };
  readonly expect: {
    readonly canonicalRequest?: string;
    readonly stringToSign?: string;
    readonly authorization?: string;
    readonly signature?: string;
  };
  readonly wire?: {
    readonly method: string;
    readonly target: string;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly verdict: string;
  };
}

export const v1Vectors: readonly SigningVector[] = v1.vectors as unknown as SigningVector[];
/** A form of the signature that isn't served: the vectors have no request for a server. */
export const v2Vectors: readonly SigningVector[] = v2.vectors as unknown as SigningVector[];
export const v4Vectors: readonly SigningVector[] = v4.vectors as unknown as SigningVector[];

export function ofKind(vectors: readonly SigningVector[], kind: SigningVector['kind']): SigningVector[] {
  return vectors.filter((vector) => vector.kind === kind);
}

/** The request as a signer is given it. A token goes where the form of the signature has it. */
export function inputRequest({ kind, id, input }: SigningVector): SignedRequest {
  const { securityToken: token } = input;
  const isUrl = kind === 'query';
  const headers = token === undefined || isUrl ? {} : { 'x-oss-security-token': token };
  const tokenKey = id.startsWith('v1') ? 'security-token' : 'x-oss-security-token';
  const parameter = token === undefined || !isUrl ? '' : `&${formatQuery([[tokenKey, token]])}`;
  return {
    method: input.method,
    bucket: input.bucket,
    key: input.key,
    query: parseQuery(input.rawQuery + parameter),
    headers: { ...lowerCased(input.headers), ...headers },
  };
}

/** The request as a server sees it, its bucket taken from the host. */
export function wireRequest({ id, input, wire }: SigningVector): SignedRequest {
  if (wire === undefined) throw new Error(`vector ${id} has no wire request`);
  const mark = wire.target.indexOf('?');
  const rawPath = mark < 0 ? wire.target : wire.target.slice(0, mark);
  return {
    method: wire.method,
    bucket: input.bucket,
    key: decodePath(rawPath).slice(1) || undefined,
    query: parseQuery(mark < 0 ? '' : wire.target.slice(mark + 1)),
    headers: lowerCased(wire.headers),
  };
}

/** The instant of signing, at which a test stops the clock; for a URL of V1 the one of its expiry, which is all it tells. */
export function signedAtMs({ input }: SigningVector): number {
  const seconds = input.signTime ?? input.expires;
  if (seconds !== undefined) return seconds * 1000;
  return Date.parse(input.date ?? input.headers.Date ?? '');
}

/** The headers that a V4 signer adds before it canonicalises. */
export function withV4Headers(request: SignedRequest, ms: number): SignedRequest {
  const added = { 'x-oss-date': formatIsoBasic(ms), 'x-oss-content-sha256': UNSIGNED_PAYLOAD };
  return { ...request, headers: { ...request.headers, ...added } };
}

function lowerCased(headers: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
