/**
 * May who asks do this to that? In the order of the protocol sheet, section 4.4:
 *
 * 1. the policy of a session must allow it;
 * 2. what denies it, in the policies of who asks or in that of the bucket, is final;
 * 3. the account that owns it may; its users and sessions may if one of those policies allows it. Those of other accounts
 *    need both: the bucket's policy lets them in, and their own policies let them out;
 * 4. where the bucket's policy says nothing, the ACLs of object and bucket may let in.
 */

import assert from 'node:assert/strict';
import type { Effect } from '../core/policy.ts';
import { resourceFields } from '../core/resource-pattern.ts';
import type { AccessRequest, Decision, Refusal } from './access.ts';
import { type AclAnswer, askAcl } from './acl.ts';
import type { AttachedPolicy, Identity } from './identity.ts';
import { isAboutIdentity } from './principals.ts';
import { DENIED_BY_POLICY, DENIED_BY_SESSION, silenceText } from './refusal-text.ts';
import { type Question, verdictOf } from './statement.ts';

/** Decides by the facts of the request alone. */
export function decide(request: AccessRequest): Decision {
  const { identity, resource } = request;
  const question = questionOf(request);
  const refusal = sessionRefusal(identity, question);
  if (refusal !== undefined) return { allowed: false, refusal };

  const own = ownVerdict(identity, question);
  if (own.effect === 'Deny') return denied('identity', own.policy);
  const ofBucket = bucketVerdict(request, question);
  if (ofBucket === 'Deny') return denied('bucket');

  const isOwners = identity.kind !== 'anonymous' && identity.accountId === resource.owner;
  // Nobody stands above a root or an anonymous user who would have to let them out.
  const isLetOut = own.effect === 'Allow' || identity.kind === 'root' || identity.kind === 'anonymous';
  if (isOwners ? isLetOut || ofBucket === 'Allow' : isLetOut && ofBucket === 'Allow') return ALLOWED;

  const acl = askAcl(question.action, resource);
  if (acl?.isGranted && (isOwners || isLetOut)) return ALLOWED;
  return silence(request, { isOwners, isLetOut, acl });
}

const ALLOWED: Decision = { allowed: true };

function questionOf({ identity, action, resource, context }: AccessRequest): Question {
  const fields = resourceFields(resource.arn);
  assert(fields, `"${resource.arn}" is not of the form acs:<service>:<region>:<account>:<name>`);
  return { identity, context, resource, action: action.toLowerCase(), fields };
}

function sessionRefusal(identity: Identity, question: Question): Refusal | undefined {
  if (identity.kind !== 'session' || identity.sessionPolicy === undefined) return undefined;
  const verdict = verdictOf(identity.sessionPolicy, question);
  if (verdict === 'Allow') return undefined;
  const kind = verdict === 'Deny' ? 'ExplicitDeny' : 'ImplicitDeny';
  return { kind, by: 'session', message: DENIED_BY_SESSION };
}

/** What the policies say that are attached to who asks, and which of them denied. */
function ownVerdict(identity: Identity, question: Question): { readonly effect?: Effect; readonly policy?: string } {
  if (identity.kind !== 'user' && identity.kind !== 'session') return {};
  const verdicts = identity.policies.map(({ policy }) => verdictOf(policy, question));
  const denying: AttachedPolicy | undefined = identity.policies[verdicts.indexOf('Deny')];
  if (denying !== undefined) return { effect: 'Deny', policy: denying.name };
  return verdicts.includes('Allow') ? { effect: 'Allow' } : {};
}

/** With these the owner gets out of a policy that denies everything to everybody. */
const WAYS_OUT: ReadonlySet<string> = new Set(['oss:getbucketpolicy', 'oss:putbucketpolicy', 'oss:deletebucketpolicy']);

function bucketVerdict({ identity, resource }: AccessRequest, question: Question): Effect | undefined {
  const { bucket, owner } = resource;
  if (bucket?.policy === undefined) return undefined;
  const isOwner = identity.kind === 'root' && identity.accountId === owner;
  if (isOwner && WAYS_OUT.has(question.action)) return undefined;
  return verdictOf(bucket.policy, question, (statement) => isAboutIdentity(statement, identity, owner));
}

function denied(by: Refusal['by'], policy?: string): Decision {
  const message = DENIED_BY_POLICY;
  return { allowed: false, refusal: { kind: 'ExplicitDeny', by, message, ...(policy !== undefined && { policy }) } };
}

interface Standing {
  readonly isOwners: boolean;
  readonly isLetOut: boolean;
  readonly acl: AclAnswer | undefined;
}

function silence(request: AccessRequest, standing: Standing): Decision {
  const isByBucketAcl = standing.acl?.from === 'bucket' && !standing.acl.isGranted;
  const message = silenceText(request, isByBucketAcl);
  return { allowed: false, refusal: { kind: 'ImplicitDeny', by: silentPart(request.identity, standing), message } };
}

/** Whose word would have been needed. */
function silentPart(identity: Identity, { isOwners, isLetOut, acl }: Standing): Refusal['by'] {
  if (identity.kind === 'anonymous') return 'anonymous';
  if (!isOwners && !isLetOut) return 'identity';
  if (acl !== undefined) return 'acl';
  return isOwners ? 'identity' : 'account';
}
