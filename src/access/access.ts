/**
 * May this identity do this action to this resource? Actions are named as in RAM policies (`oss:GetObject`), resources
 * as `acs:oss:<region>:<owner>:<bucket>[/<key>]` (protocol sheet, section 4.1), so that policies fit in unchanged.
 */

import assert from 'node:assert/strict';
import type { Identity } from './identity.ts';

export interface Access {
  allows(identity: Identity, action: string, resource: string): Decision;
}

/** `reason` is a sentence for whoever asked. */
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** The account's own key may do everything to what the account owns; anonymous requests may do nothing. */
export class RootAccess implements Access {
  allows(identity: Identity, _action: string, resource: string): Decision {
    const { owner, level } = parseResource(resource);
    if (identity.kind === 'anonymous') return { allowed: false, reason: ANONYMOUS_REFUSED[level] };
    if (identity.accountId === owner) return { allowed: true };
    return { allowed: false, reason: 'The bucket you access does not belong to you.' };
  }
}

/** Where a resource lies and whose it is. */
export interface Place {
  /** The short form, as in `cn-hangzhou`. */
  readonly region: string;
  readonly owner: string;
}

/** All that the account has, for actions like ListBuckets that name no bucket. */
export function serviceResource(owner: string): string {
  return `acs:oss:*:${owner}:*`;
}

export function bucketResource(place: Place, bucket: string): string {
  return `acs:oss:${place.region}:${place.owner}:${bucket}`;
}

/** An object's resource. No key of the bucket is matched by the resource of the bucket, nor the reverse. */
export function objectResource(place: Place, bucket: string, key: string): string {
  return `${bucketResource(place, bucket)}/${key}`;
}

type Level = 'service' | 'bucket' | 'object';

/** The texts of section 2.5. */
const ANONYMOUS_REFUSED: Readonly<Record<Level, string>> = {
  service: 'Anonymous access is forbidden for this operation.',
  bucket: 'Anonymous user has no right to access this bucket.',
  object: 'Anonymous user has no right to access this object.',
};

function parseResource(resource: string): { readonly owner: string; readonly level: Level } {
  // A key may hold colons, so only the first four fields are split off.
  const match = /^acs:oss:[^:]*:(?<owner>[^:]+):(?<path>.+)$/s.exec(resource);
  assert(match?.groups, `"${resource}" is not of the form acs:oss:<region>:<owner>:<bucket>[/<key>]`);
  const { owner = '', path = '' } = match.groups;
  if (path === '*') return { owner, level: 'service' };
  return { owner, level: path.includes('/') ? 'object' : 'bucket' };
}
