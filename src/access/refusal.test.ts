import { expect, test } from 'vitest';
import { attached, OTHER_ROOT, OWNER, ROOT, USER_ID, userWith } from '../../test/identities.ts';
import type { DomainError } from '../core/errors.ts';
import { parsePolicy } from '../core/policy-document.ts';
import type { AccessRequest, Resource } from './access.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import { assertAllowed } from './refusal.ts';
import { adminResource, keyResource, serviceResource } from './resource.ts';

const DENY_PUT = { Effect: 'Deny', Action: 'oss:Put*', Resource: 'acs:oss:*:*:secret-project*' };
const ALLOW_GETS = { Effect: 'Allow', Action: 'oss:Get*', Resource: '*' };

const anna = userWith([{ ...attached(DENY_PUT), name: 'no-puts' }]);
const job: Identity = {
  kind: 'session',
  accountId: OWNER,
  roleId: '9',
  roleName: 'writer',
  sessionName: 'job',
  policies: [],
  sessionPolicy: attached(ALLOW_GETS).policy,
};

function bucketOf(owner: string, name = 'logs'): Resource {
  return { level: 'bucket', arn: `acs:oss:cn-hangzhou:${owner}:${name}`, owner, bucket: { acl: 'private', tags: [] } };
}

function objectOf(owner: string): Resource {
  const arn = `acs:oss:cn-hangzhou:${owner}:logs/a:b/c`;
  return { ...bucketOf(owner), level: 'object', arn, object: () => undefined };
}

function refusalOf(identity: Identity, action: string, resource: Resource): DomainError {
  const request: AccessRequest = { identity, action, resource, context: { nowMs: 0 } };
  try {
    assertAllowed(request);
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('it was allowed');
}

test('what is allowed passes', () => {
  assertAllowed({ identity: ROOT, action: 'oss:PutBucket', resource: bucketOf(OWNER), context: { nowMs: 0 } });
});

test('a user is told which action on what no policy allows', () => {
  const refusal = refusalOf(anna, 'oss:PutBucketInventory', bucketOf(OWNER));
  expect(refusal).toMatchObject({
    code: 'PermissionMissing',
    message: 'You have no right to access this bucket. Nothing allows oss:PutBucketInventory on acs:oss:*:*:logs.',
  });
  expect(refusal.details).toEqual({
    AccessDeniedDetail: {
      PolicyType: 'AccountLevelIdentityBasedPolicy',
      AuthPrincipalOwnerId: OWNER,
      AuthPrincipalType: 'SubUser',
      AuthPrincipalDisplayName: USER_ID,
      NoPermissionType: 'ImplicitDeny',
      AuthAction: 'oss:PutBucketInventory',
    },
    Bucket: 'logs',
    User: USER_ID,
  });
});

test('a Deny is told as one, without the policy that it stands in', () => {
  const refusal = refusalOf(anna, 'oss:PutBucketAcl', bucketOf(OWNER, 'secret-project-x'));
  expect(refusal).toMatchObject({
    code: 'DeniedByPolicy',
    message:
      'Access denied by bucket policy. A policy of the user denies oss:PutBucketAcl on acs:oss:*:*:secret-project-x.',
    details: { AccessDeniedDetail: { NoPermissionType: 'ExplicitDeny' } },
  });
  expect(JSON.stringify([refusal.message, refusal.details])).not.toMatch(/no-puts|secret-project\*/);
});

test('a session is told that its own policy is silent', () => {
  expect(refusalOf(job, 'oss:PutObject', objectOf(OWNER))).toMatchObject({
    code: 'AccessDenied',
    message: "Access denied by authorizer's policy. Nothing allows oss:PutObject on acs:oss:*:*:logs/a:b/c.",
    details: {
      AccessDeniedDetail: {
        PolicyType: 'SessionPolicy',
        AuthPrincipalType: 'AssumedRoleUser',
        AuthPrincipalDisplayName: 'writer:job',
      },
      Bucket: 'logs',
    },
  });
});

test('nobody else is told more than the text', () => {
  expect(refusalOf(OTHER_ROOT, 'oss:PutBucketAcl', bucketOf(OWNER))).toMatchObject({
    code: 'AccessDenied',
    message: 'The bucket you access does not belong to you.',
    details: {},
  });
  expect(refusalOf(ANONYMOUS, 'oss:GetObject', objectOf(OWNER))).toMatchObject({
    code: 'AccessDenied',
    message: 'Anonymous user has no right to access this object.',
    details: {},
  });
});

test('a session is told whether the Deny stands in a policy of its role or in its own', () => {
  const { sessionPolicy: _, ...whole } = job;
  const [inRole, inSession] = [
    { ...whole, policies: [attached(DENY_PUT)] },
    { ...whole, sessionPolicy: attached(DENY_PUT).policy },
  ].map((identity) => refusalOf(identity, 'oss:PutBucketAcl', bucketOf(OWNER, 'secret-project-x')).message);
  expect(inRole).toMatch(/ A policy of the role denies oss:PutBucketAcl on acs:oss:\*:\*:secret-project-x\.$/);
  expect(inSession).toMatch(/ The policy of the session denies oss:PutBucketAcl on /);
});

test('a bucket policy that denies is told to the account that owns the bucket, and what stands in it is not', () => {
  const statement = { Effect: 'Deny', Action: 'oss:*', Resource: `acs:oss:*:${OWNER}:logs`, Principal: [OWNER] };
  const guard = parsePolicy({ Version: '1', Statement: statement }, 'bucket');
  const resource: Resource = { ...bucketOf(OWNER), bucket: { acl: 'private', tags: [], policy: guard } };
  for (const identity of [anna, ROOT]) {
    const message = 'Access denied by bucket policy. The policy of the bucket denies it.';
    expect(refusalOf(identity, 'oss:ListObjects', resource)).toMatchObject({ code: 'AccessDenied', message });
  }
});

test('to others a bucket policy that denies tells nothing of itself, nor whose the bucket is', () => {
  const statement = { Effect: 'Deny', Action: 'oss:*', Resource: 'acs:oss:*:3000:logs', Principal: [OWNER] };
  const guard = parsePolicy({ Version: '1', Statement: statement }, 'bucket');
  const resource: Resource = { ...bucketOf('3000'), bucket: { acl: 'private', tags: [], policy: guard } };
  for (const identity of [anna, ROOT]) {
    const refusal = refusalOf(identity, 'oss:ListObjects', resource);
    expect(refusal).toMatchObject({ code: 'AccessDenied', message: 'Access denied by bucket policy.', details: {} });
  }
  const { message, details } = refusalOf(anna, 'oss:ListObjects', bucketOf('3000'));
  expect(JSON.stringify([message, details])).not.toContain('3000');
});

test.each<[string, Identity, string, Resource, string, string]>([
  ['a key', anna, 'kms:Decrypt', keyResource(OWNER, 'k'), 'KeyUseDenied', 'This request is forbidden by kms.'],
  ['the service', ANONYMOUS, 'oss:ListBuckets', serviceResource(OWNER), 'AnonymousForbidden', 'Anonymous access is'],
  ['the server', anna, 'stocktake:GetUser', adminResource(OWNER, 'user/x'), 'PermissionMissing', 'You are not'],
  ['an object', anna, 'oss:GetObject', objectOf(OWNER), 'ObjectForbidden', 'You have no right to access this object'],
  ['an ACL', anna, 'oss:GetObjectAcl', objectOf(OWNER), 'AclDenied', 'You do not have read acl permission on this'],
  ['an ACL', ANONYMOUS, 'oss:PutObjectVersionAcl', objectOf(OWNER), 'AclDenied', 'You do not have write acl'],
])('what keeps from %s has a code of its own', (_, identity, action, resource, code, text) => {
  const refusal = refusalOf(identity, action, resource);
  expect(refusal.code).toBe(code);
  expect(refusal.message).toContain(text);
});

test('a key that could forge a line is shown printably and cut', () => {
  const resource = { ...objectOf(OWNER), arn: `acs:oss:cn-hangzhou:${OWNER}:logs/a\n${'x'.repeat(1000)}` };
  const { message } = refusalOf(anna, 'oss:GetObject', resource);
  expect(message).toContain('acs:oss:*:*:logs/a\uFFFDx');
  expect(message.length).toBeLessThan(450);
});
