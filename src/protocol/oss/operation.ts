/** One operation of the wire: how it is recognised, what it needs, and what it does. */

import { type Bucket, noSuchBucket } from '../../core/bucket.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { Query } from '../../core/request-target.ts';
import { renderXml, type XmlNode } from '../../core/xml.ts';
import type { HttpRequest, HttpResponse } from '../../http/http-server.ts';
import type { Services } from './ports.ts';

/** In the order in which `Allow` names them. */
export const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];
export type Level = 'service' | 'bucket' | 'object';

export interface Operation {
  readonly name: string;
  readonly method: Method;
  readonly level: Level;
  /** The query key that selects it among those of its method and level. */
  readonly subresource?: string;
  /** Query keys that must be there besides, as `name` or `name=value`; the operation with the most of them wins. */
  readonly with?: readonly string[];
  /** A header that must be there. */
  readonly header?: string;
  /** The permission it needs, checked before it runs. */
  readonly action: string;
  /** Refused under V1, which would leave its query keys unsigned. */
  readonly needsV4?: true;
  /** An addition of ours, which the original doesn't have. */
  readonly isOurs?: true;
  /** Absent while the operation isn't served: it answers NotImplemented. */
  readonly handle?: (exchange: Exchange) => Promise<HttpResponse>;
}

/** A request that was authenticated, routed and allowed. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly query: Query;
  /** The region that the host names, when it names one. */
  readonly hostRegion: string | undefined;
  /** The host without the bucket. */
  readonly endpoint: string;
  /** Empty at service level. */
  readonly bucketName: string;
  /** Decoded; empty above object level. */
  readonly key: string;
  readonly services: Services;
  /** For what an operation does beyond its own action and address: throws `AccessDenied` unless that is allowed too. */
  assertAllowed(action: string, resource: ObjectName): void;
}

/** An object by name; of a bucket itself the key is empty. */
export type ObjectName = Pick<Exchange, 'bucketName' | 'key'>;

/** The bucket of the request, or `NoSuchBucket`. */
export function bucketOf({ services, bucketName }: Exchange): Bucket {
  const bucket = services.store.findBucket(bucketName);
  if (bucket !== undefined) return bucket;
  throw noSuchBucket(bucketName);
}

/** A success that answers with a document. */
export function xmlReply(root: XmlNode, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status: 200, headers: { 'Content-Type': 'application/xml', ...headers }, body: renderXml(root) };
}

/** A success without a body. */
export function emptyReply(status: 200 | 204, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  // A 204 has no Content-Length by RFC 9110; the original's other empty answers say 0.
  return { status, headers: status === 204 ? headers : { ...headers, 'Content-Length': '0' } };
}

/** A whole number in a query parameter. */
export function integerParameter(
  query: Query,
  name: string,
  { min, max, fallback }: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  const text = query.get(name);
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new DomainError(
    'InvalidArgument',
    `Argument ${name} must be an integer between ${min} and ${max}; it is "${printable(text)}".`,
    { ArgumentName: name, ArgumentValue: printable(text) },
  );
}
