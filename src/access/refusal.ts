/** A refusal as an error: its code, its words, and for users and sessions what their policies lack. */

import { DomainError, type ErrorCode, type ErrorDetails } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { AccessRequest, Refusal, Resource } from './access.ts';
import { decide } from './decide.ts';
import type { Identity, SessionIdentity, UserIdentity } from './identity.ts';
import { objectAclSide } from './refusal-text.ts';

/** Throws `accessDenied` unless the decision is yes. */
export function assertAllowed(request: AccessRequest): void {
  const decision = decide(request);
  if (!decision.allowed) throw accessDenied(request, decision.refusal);
}

/**
 * The error of a refusal. Users and sessions are told which action on what was not granted, in the form in which a policy
 * would grant it, and where a Deny stands. No policy is named, nor what stands in one.
 */
function accessDenied(request: AccessRequest, refusal: Refusal): DomainError {
  const { identity, resource } = request;
  const code = codeOf(request, refusal);
  const text = isKey(resource) ? 'This request is forbidden by kms.' : refusal.message;
  if (refusal.by === 'bucket') return new DomainError(code, `${text}${bucketHint(request)}`);
  if (!isRamIdentity(identity)) return new DomainError(code, text);
  return new DomainError(code, `${text} ${lackOf(request, refusal)}`, detailsOf(request, identity, refusal));
}

function codeOf(request: AccessRequest, { kind, by }: Refusal): ErrorCode {
  const { level } = request.resource;
  if (isKey(request.resource)) return 'KeyUseDenied';
  if (by === 'session') return 'AccessDenied';
  if (kind === 'ExplicitDeny') return by === 'identity' ? 'DeniedByPolicy' : 'AccessDenied';
  if (objectAclSide(request) !== undefined) return 'AclDenied';
  if (by === 'anonymous') return level === 'bucket' || level === 'object' ? 'AccessDenied' : 'AnonymousForbidden';
  if (by === 'identity') return 'PermissionMissing';
  return level === 'object' ? 'ObjectForbidden' : 'AccessDenied';
}

function isKey({ arn }: Resource): boolean {
  return arn.startsWith('acs:kms:');
}

function isRamIdentity(identity: Identity): identity is UserIdentity | SessionIdentity {
  return identity.kind === 'user' || identity.kind === 'session';
}

function lackOf({ identity, action, resource }: AccessRequest, { kind, by }: Refusal): string {
  const ofIdentity = identity.kind === 'session' ? 'A policy of the role' : 'A policy of the user';
  const place = by === 'session' ? 'The policy of the session' : ofIdentity;
  return `${kind === 'ExplicitDeny' ? `${place} denies` : 'Nothing allows'} ${action} on ${grantableArn(resource)}.`;
}

/** The original's text is the same for the policies of users, so that its own account is told where to look. */
function bucketHint({ identity, resource }: AccessRequest): string {
  const isOwners = identity.kind !== 'anonymous' && identity.accountId === resource.owner;
  return isOwners ? ' The policy of the bucket denies it.' : '';
}

const MAX_ARN_CHARACTERS = 300;

/** Policies mostly leave region and account open; so it need not be told whose the bucket is. */
function grantableArn({ arn }: Resource): string {
  return printable(arn.replace(/^acs:oss:[^:]*:[^:]*:/, 'acs:oss:*:*:'), MAX_ARN_CHARACTERS);
}

/** The elements of the original's answer (the page of EC 0003-00000201). */
function detailsOf(
  { action, resource }: AccessRequest,
  identity: UserIdentity | SessionIdentity,
  { kind, by }: Refusal,
): ErrorDetails {
  const isUser = identity.kind === 'user';
  const bucket = bucketName(resource);
  return {
    AccessDeniedDetail: {
      PolicyType: by === 'session' ? 'SessionPolicy' : 'AccountLevelIdentityBasedPolicy',
      AuthPrincipalOwnerId: identity.accountId,
      AuthPrincipalType: isUser ? 'SubUser' : 'AssumedRoleUser',
      AuthPrincipalDisplayName: isUser ? identity.userId : `${identity.roleName}:${identity.sessionName}`,
      NoPermissionType: kind,
      AuthAction: action,
    },
    ...(bucket !== undefined && { Bucket: bucket }),
    ...(isUser && { User: identity.userId }),
  };
}

function bucketName({ level, arn }: Resource): string | undefined {
  if (level !== 'bucket' && level !== 'object') return undefined;
  return /^acs:oss:[^:]*:[^:]*:(?<name>[^/]+)/.exec(arn)?.groups?.name;
}
