/** The sentences of refusals (protocol sheet, section 2.5). */

import type { AccessRequest } from './access.ts';

/** The original says so of the policies of users too (the page of EC 0003-00000201). */
export const DENIED_BY_POLICY = 'Access denied by bucket policy.';
export const DENIED_BY_SESSION = "Access denied by authorizer's policy.";

const ANONYMOUS_MANAGEMENT = 'Anonymous access is forbidden for this operation.';
const ANONYMOUS = {
  service: ANONYMOUS_MANAGEMENT,
  other: ANONYMOUS_MANAGEMENT,
  bucket: 'Anonymous user has no right to access this bucket.',
  object: 'Anonymous user has no right to access this object.',
} as const;

/** Whether the action is about the ACL of an object, and which side of it. */
export function objectAclSide({ action, resource }: AccessRequest): 'read' | 'write' | undefined {
  if (resource.level !== 'object') return undefined;
  const side = /^oss:(?<verb>get|put)object(?:version)?acl$/i.exec(action)?.groups?.verb?.toLowerCase();
  if (side === undefined) return undefined;
  return side === 'get' ? 'read' : 'write';
}

/** What is said when nothing allowed it; `isByBucketAcl` when that of the bucket had the last word. */
export function silenceText(request: AccessRequest, isByBucketAcl: boolean): string {
  const { identity, resource } = request;
  const side = objectAclSide(request);
  if (side !== undefined) return `You do not have ${side} acl permission on this object.`;
  if (identity.kind === 'anonymous') return ANONYMOUS[resource.level];
  if (resource.level === 'object')
    return `You have no right to access this object${isByBucketAcl ? ' because of bucket acl' : ''}.`;
  if (resource.level !== 'bucket') return 'You are not authorized to do this action.';
  if (identity.accountId !== resource.owner) return 'The bucket you access does not belong to you.';
  return 'You have no right to access this bucket.';
}
