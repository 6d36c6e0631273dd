import { describe, expect, test } from 'vitest';
import type { Bucket } from '../core/bucket.ts';
import { parsePolicy } from '../core/policy-document.ts';
import type { ObjectAcl } from '../core/record.ts';
import type { Decision, Resource } from './access.ts';
import { decide } from './decide.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import { adminResource, bucketResource, keyResource, objectResource, serviceResource } from './resource.ts';

const OWNER = '1000';
const OTHER = '2000';
const root: Identity = { kind: 'root', accountId: OWNER, accessKeyId: 'ak' };
const foreignRoot: Identity = { ...root, accountId: OTHER };

function bucket(change: Partial<Bucket> = {}): Bucket {
  const plain = { storageClass: 'Standard', redundancy: 'LRS', acl: 'private', createdAtMs: 0 } as const;
  return { id: '1', name: 'photos', region: 'cn-hangzhou', owner: OWNER, ...plain, ...change };
}

interface Words {
  readonly effect?: 'Allow' | 'Deny';
  readonly actions?: readonly string[];
  readonly resources?: readonly string[];
  readonly principals?: readonly string[];
  readonly condition?: object;
}

function statement({ effect = 'Allow', actions = ['oss:*'], resources = ['*'], principals, condition }: Words) {
  const Principal = principals && { Principal: principals };
  return {
    Effect: effect,
    Action: actions,
    Resource: resources,
    ...Principal,
    ...(condition && { Condition: condition }),
  };
}

function policyOf(...statements: readonly Words[]) {
  return { Version: '1', Statement: statements.map(statement) };
}

/** A bucket policy about everything in the bucket. */
function guardedBy(...statements: readonly Words[]): Partial<Bucket> {
  const resources = ['acs:oss:*:*:photos', 'acs:oss:*:*:photos/*'];
  return { policy: JSON.stringify(policyOf(...statements.map((words) => ({ resources, ...words })))) };
}

function user(accountId: string, ...statements: readonly Words[]): Identity {
  const policies = statements.map((words, n) => ({ name: `p${n}`, policy: parsePolicy(policyOf(words), 'identity') }));
  return { kind: 'user', accountId, accessKeyId: 'ak', userId: `${accountId}7`, name: 'anna', policies };
}

function session(sessionPolicy: Words | undefined, ...statements: readonly Words[]): Identity {
  const policies = statements.map((words) => ({ name: 'r', policy: parsePolicy(policyOf(words), 'identity') }));
  const limit = sessionPolicy && { sessionPolicy: parsePolicy(policyOf(sessionPolicy), 'session') };
  return { kind: 'session', accountId: OWNER, roleId: '9', roleName: 'writer', sessionName: 'job', policies, ...limit };
}

function object(acl: ObjectAcl | undefined, change: Partial<Bucket> = {}): Resource {
  return objectResource(bucket(change), 'a/b', () => (acl === undefined ? undefined : { acl, tags: [] }));
}

function ask(identity: Identity, action: string, resource: Resource): Decision {
  return decide({ identity, action, resource, context: { nowMs: 0, sourceIp: '10.0.0.1' } });
}

const YES = { allowed: true };
const no = (by: string, message?: string) => ({
  allowed: false,
  refusal: expect.objectContaining({ by, ...(message !== undefined && { message }) }),
});

test('resources have the form that policies name', () => {
  expect(serviceResource(OWNER).arn).toBe('acs:oss:*:1000:*');
  expect(bucketResource(bucket()).arn).toBe('acs:oss:cn-hangzhou:1000:photos');
  expect(objectResource(bucket(), 'a/b:c\nd').arn).toBe('acs:oss:cn-hangzhou:1000:photos/a/b:c\nd');
});

test('a resource of another form breaks our own promise', () => {
  const resource: Resource = { level: 'bucket', arn: 'acs:oss:logs', owner: OWNER };
  expect(() => ask(root, 'oss:GetObject', resource)).toThrow(/not of the form/);
});

describe('the root of an account', () => {
  const own = [
    serviceResource(OWNER),
    bucketResource(bucket()),
    objectResource(bucket(), ':\n/k'),
    keyResource(OWNER, undefined),
    adminResource(OWNER, 'user/anna'),
  ];
  const foreign = [
    serviceResource(OWNER),
    bucketResource(bucket()),
    objectResource(bucket(), 'acs:oss:x:2000:b'),
    keyResource(OWNER, 'k'),
    adminResource(OWNER, 'user/anna'),
  ];

  test('may do everything to what the account owns', () => {
    for (const resource of own) expect(ask(root, 'oss:Anything', resource)).toEqual(YES);
  });

  test('may do nothing to what another account owns', () => {
    for (const resource of foreign) expect(ask(foreignRoot, 'oss:Anything', resource)).toEqual(no('account'));
    expect(ask(foreignRoot, 'oss:PutBucketAcl', bucketResource(bucket()))).toEqual(
      no('account', 'The bucket you access does not belong to you.'),
    );
  });

  test('is stopped in its own bucket by a Deny that names it, or everybody on a condition', () => {
    const condition = { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } };
    for (const words of [{ principals: [OWNER] }, { principals: ['*'], condition }]) {
      const resource = bucketResource(bucket(guardedBy({ effect: 'Deny', ...words })));
      expect(ask(root, 'oss:ListObjects', resource)).toEqual(no('bucket', 'Access denied by bucket policy.'));
    }
  });

  test('is not stopped by a Deny to everybody without a condition', () => {
    const resource = bucketResource(bucket(guardedBy({ effect: 'Deny', principals: ['*'] })));
    expect(ask(root, 'oss:ListObjects', resource)).toEqual(YES);
    expect(ask(user(OWNER, {}), 'oss:ListObjects', resource)).toEqual(no('bucket'));
  });

  test('can always see, replace and delete the policy of its own bucket', () => {
    const resource = bucketResource(bucket(guardedBy({ effect: 'Deny', principals: [OWNER] })));
    for (const verb of ['Get', 'Put', 'Delete']) expect(ask(root, `oss:${verb}BucketPolicy`, resource)).toEqual(YES);
  });

  test('of another account needs the bucket policy and nothing else', () => {
    const resource = object('private', guardedBy({ principals: [OTHER] }));
    expect(ask(foreignRoot, 'oss:GetObject', resource)).toEqual(YES);
    expect(ask(user(OTHER), 'oss:GetObject', resource)).toEqual(no('identity'));
  });
});

describe('anonymous', () => {
  test('may do nothing, and is told at which level', () => {
    const reasons = [
      [serviceResource(OWNER), 'Anonymous access is forbidden for this operation.'],
      [adminResource(OWNER, 'user/anna'), 'Anonymous access is forbidden for this operation.'],
      [bucketResource(bucket()), 'Anonymous user has no right to access this bucket.'],
      [object('private'), 'Anonymous user has no right to access this object.'],
    ] as const;
    for (const [resource, message] of reasons) {
      expect(ask(ANONYMOUS, 'oss:GetObject', resource)).toEqual(no('anonymous', message));
    }
  });

  test('is let in by a bucket policy about everybody, and by nothing that names somebody', () => {
    expect(ask(ANONYMOUS, 'oss:ListObjects', bucketResource(bucket(guardedBy({ principals: [] }))))).toEqual(YES);
    const named = bucketResource(bucket(guardedBy({ principals: [OWNER, OTHER] })));
    expect(ask(ANONYMOUS, 'oss:ListObjects', named)).toEqual(no('anonymous'));
  });
});

describe('a user', () => {
  test('may what a policy allows, whatever the case of the action', () => {
    const anna = user(OWNER, { actions: ['OSS:putbucketINVENTORY'], resources: ['acs:oss:*:*:photos'] });
    expect(ask(anna, 'oss:PutBucketInventory', bucketResource(bucket()))).toEqual(YES);
    expect(ask(anna, 'oss:GetBucketInventory', bucketResource(bucket()))).toEqual(
      no('identity', 'You have no right to access this bucket.'),
    );
  });

  test('who may use a bucket may not use its objects by that, nor the reverse', () => {
    const ofBucket = user(OWNER, { resources: ['acs:oss:*:*:photos'] });
    const ofObjects = user(OWNER, { resources: ['acs:oss:*:*:photos/*'] });
    expect(ask(ofBucket, 'oss:GetObject', object('private'))).toEqual(no('acl'));
    expect(ask(ofObjects, 'oss:ListObjects', bucketResource(bucket()))).toEqual(no('identity'));
    expect(ask(ofObjects, 'oss:GetObject', object('private'))).toEqual(YES);
  });

  test('is denied by one policy whatever another allows, and the refusal knows which', () => {
    const anna = user(OWNER, {}, { effect: 'Deny', actions: ['oss:Put*'] });
    expect(ask(anna, 'oss:GetObject', object('private'))).toEqual(YES);
    expect(ask(anna, 'oss:PutObject', object('public-read-write'))).toEqual({
      allowed: false,
      refusal: { kind: 'ExplicitDeny', by: 'identity', policy: 'p1', message: 'Access denied by bucket policy.' },
    });
  });

  test("of the owner's account is let in by the bucket policy alone, when it names the user", () => {
    const named = bucketResource(bucket(guardedBy({ principals: ['10007'] })));
    const account = bucketResource(bucket(guardedBy({ principals: [OWNER] })));
    expect(ask(user(OWNER), 'oss:ListObjects', named)).toEqual(YES);
    expect(ask(user(OWNER), 'oss:ListObjects', account)).toEqual(no('identity'));
  });

  test('of another account needs both, the bucket policy and one of its own', () => {
    const open = bucketResource(bucket(guardedBy({ principals: [OTHER] })));
    expect(ask(user(OTHER, {}), 'oss:ListObjects', open)).toEqual(YES);
    expect(ask(user(OTHER), 'oss:ListObjects', open)).toEqual(no('identity'));
    expect(ask(user(OTHER, {}), 'oss:ListObjects', bucketResource(bucket()))).toEqual(no('account'));
  });

  test('is meant by a Deny to its account', () => {
    const resource = bucketResource(bucket(guardedBy({ effect: 'Deny', principals: [OWNER] })));
    expect(ask(user(OWNER, {}), 'oss:ListObjects', resource)).toEqual(no('bucket'));
  });

  test('may use keys and administer as its policies say', () => {
    const anna = user(OWNER, { actions: ['kms:Decrypt'], resources: ['acs:kms:*:*:key/k'] });
    expect(ask(anna, 'kms:Decrypt', keyResource(OWNER, 'k'))).toEqual(YES);
    expect(ask(anna, 'kms:Decrypt', keyResource(OWNER, 'other'))).toEqual(no('identity'));
    expect(ask(anna, 'stocktake:CreateUser', adminResource(OWNER, 'user/x'))).toEqual(
      no('identity', 'You are not authorized to do this action.'),
    );
    expect(ask(user(OTHER, { actions: ['*'] }), 'kms:Decrypt', keyResource(OWNER, 'k'))).toEqual(no('account'));
  });
});

describe('a session', () => {
  const list = (identity: Identity, change: Partial<Bucket> = {}) =>
    ask(identity, 'oss:ListObjects', bucketResource(bucket(change)));

  test('may what its role may', () => {
    expect(list(session(undefined, {}))).toEqual(YES);
    expect(list(session(undefined))).toEqual(no('identity'));
  });

  test('may what its own policy allows besides, and neither without the other', () => {
    const message = "Access denied by authorizer's policy.";
    expect(list(session({}, {}))).toEqual(YES);
    expect(list(session({ actions: ['oss:Get*'] }, {}))).toEqual(no('session', message));
    expect(list(session({ effect: 'Deny' }, {}))).toEqual(no('session', message));
    expect(list(session({}))).toEqual(no('identity'));
  });

  test('is named by an ARN with wildcards, in a bucket policy that its own policy narrows', () => {
    const named = guardedBy({ principals: ['arn:sts::1000:assumed-role/writer/*'] });
    const otherRole = guardedBy({ principals: ['arn:sts::1000:assumed-role/reader/*'] });
    expect(list(session(undefined), named)).toEqual(YES);
    expect(list(session(undefined), otherRole)).toEqual(no('identity'));
    expect(list(session({ actions: ['oss:Get*'] }), named)).toEqual(no('session'));
  });
});

describe('ACLs', () => {
  const publicly = (acl: Bucket['acl']) => ({ acl });

  test.each([
    ['private', 'oss:GetObject', false],
    ['public-read', 'oss:GetObject', true],
    ['public-read', 'oss:GetObjectVersion', true],
    ['public-read', 'oss:PutObject', false],
    ['public-read-write', 'oss:PutObject', true],
    ['public-read-write', 'oss:DeleteObject', true],
    ['public-read-write', 'oss:AbortMultipartUpload', true],
    ['public-read-write', 'oss:ListParts', true],
    ['public-read-write', 'oss:DeleteObjectVersion', false],
    ['public-read-write', 'oss:GetObjectAcl', false],
    ['public-read-write', 'oss:PutObjectAcl', false],
    ['public-read-write', 'oss:PutObjectTagging', false],
  ] as const)('%s, %s: %s', (acl, action, allowed) => {
    expect(ask(ANONYMOUS, action, object('default', publicly(acl)))).toMatchObject({ allowed });
    expect(ask(ANONYMOUS, action, object(acl, publicly('private')))).toMatchObject({ allowed });
    expect(ask(foreignRoot, action, object(acl))).toMatchObject({ allowed });
    expect(ask(user(OWNER), action, object(acl))).toMatchObject({ allowed });
    expect(ask(user(OTHER), action, object(acl))).toMatchObject({ allowed: false });
    expect(ask(user(OTHER, {}), action, object(acl))).toMatchObject({ allowed });
  });

  test('that of an object goes before that of its bucket', () => {
    const message = 'Anonymous user has no right to access this object.';
    const hidden = object('private', publicly('public-read'));
    expect(ask(ANONYMOUS, 'oss:GetObject', hidden)).toEqual(no('anonymous', message));
    expect(ask(foreignRoot, 'oss:GetObject', hidden)).toEqual(no('acl', 'You have no right to access this object.'));
  });

  test('that of the bucket decides where there is no object', () => {
    expect(ask(ANONYMOUS, 'oss:GetObject', object(undefined, publicly('public-read')))).toEqual(YES);
    expect(ask(foreignRoot, 'oss:GetObject', object(undefined))).toEqual(
      no('acl', 'You have no right to access this object because of bucket acl.'),
    );
  });

  test('grant nothing for an object that was not looked up', () => {
    const resource = objectResource(bucket(publicly('public-read-write')), 'k');
    expect(ask(ANONYMOUS, 'oss:GetObject', resource)).toEqual(no('anonymous'));
  });

  test('never let anybody list', () => {
    const resource = bucketResource(bucket(publicly('public-read-write')));
    expect(ask(ANONYMOUS, 'oss:ListObjects', resource)).toEqual(no('anonymous'));
  });

  test('grant nothing that the bucket policy denies', () => {
    const change = { ...publicly('public-read'), ...guardedBy({ effect: 'Deny', principals: ['*'] }) };
    expect(ask(ANONYMOUS, 'oss:GetObject', object('public-read', change))).toEqual(no('bucket'));
  });
});

test('an object is looked up only when a decision needs it', () => {
  const resource = objectResource(bucket(), 'k', () => {
    throw new Error('looked up');
  });
  expect(ask(root, 'oss:GetObject', resource)).toEqual(YES);
  expect(ask(user(OWNER, {}), 'oss:GetObject', resource)).toEqual(YES);
  expect(() => ask(user(OWNER), 'oss:GetObject', resource)).toThrow('looked up');
});
