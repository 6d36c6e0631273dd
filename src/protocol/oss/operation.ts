/** One operation of the wire: how it is recognised, what it needs, and what it does. */

import type { Resource } from '../../access/access.ts';
import type { Identity } from '../../access/identity.ts';
import { type Bucket, noSuchBucket } from '../../core/bucket.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { Query } from '../../core/request-target.ts';
import type { HeaderFields } from '../../core/signed-request.ts';
import type { ObjectAddress, Tag } from '../../core/stored-object.ts';
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
  /** What the permission is needed on: something that the address names, or the objects that the body names. */
  readonly resource: Level | 'objects';
  /** What it may need besides; its handler asks for that. */
  readonly also?: readonly FurtherPermission[];
  /** `itself`: it asks when it has read the body, which says what it is about; until then it must look nothing up. */
  readonly asks?: 'itself';
  /** The tags that its headers give the object: conditions see them, and tagging is a permission of its own. */
  readonly requestTags?: (headers: HeaderFields) => readonly Tag[] | undefined;
  /** Conditions see the prefix and the delimiter that it is given. */
  readonly isListing?: true;
  /** Whether it only tells what it would come to: then there is nothing of it in the audit log. */
  readonly isDryRun?: (headers: HeaderFields) => boolean;
  /** Refused under V1, which would leave its query keys unsigned. */
  readonly needsV4?: true;
  /** An addition of ours, which the original doesn't have. */
  readonly isOurs?: true;
  /** Absent while the operation isn't served: it answers NotImplemented. */
  readonly handle?: (exchange: Exchange) => Promise<HttpResponse>;
}

export interface FurtherPermission {
  readonly action: string;
  /** What it is needed on, and when, in words. */
  readonly on: string;
}

/** A request that was authenticated and routed, and allowed unless its operation asks itself. */
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
  readonly identity: Identity;
  /** Those of the operation's headers. */
  readonly requestTags: readonly Tag[] | undefined;
  readonly services: Services;
  /** For what an operation does beyond its own action and address: throws unless that is allowed too. */
  assertAllowed(action: string, on: Named | Resource, facts?: { readonly requestTags: readonly Tag[] }): void;
}

/** A bucket by name; with a key an object in it, of which a version may be meant. */
export type Named = Pick<ObjectAddress, 'bucket' | 'versionId'> & { readonly key?: string };

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
