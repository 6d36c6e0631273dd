import { expect, test } from 'vitest';
import { OWNER, userWith } from '../../test/identities.ts';
import { parsePolicy } from '../core/policy-document.ts';
import { decide } from './decide.ts';
import { grantingPolicy } from './granting-policy.ts';
import { adminResource, keyResource, serviceResource } from './resource.ts';
import { SYSTEM_POLICIES } from './system-policies.ts';

const REPORTS = 'acs:oss:*:*:reports/*';

test('a policy grants what is asked and no more, actions on one resource together', () => {
  const grants = [
    { action: 'oss:PutObject', resource: REPORTS },
    { action: 'kms:GenerateDataKey', resource: 'acs:kms:*:*:key/k' },
    { action: 'oss:AbortMultipartUpload', resource: REPORTS },
    { action: 'oss:PutObject', resource: REPORTS },
  ];
  const document = grantingPolicy(grants);
  expect(document).toEqual({
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: ['oss:PutObject', 'oss:AbortMultipartUpload'], Resource: [REPORTS] },
      { Effect: 'Allow', Action: ['kms:GenerateDataKey'], Resource: ['acs:kms:*:*:key/k'] },
    ],
  });
  expect(parsePolicy(document, 'identity').statements).toHaveLength(2);
});

function mayWith(name: string, action: string): boolean {
  const policy = SYSTEM_POLICIES.get(name)?.policy;
  if (policy === undefined) throw new Error(`there is no policy ${name}`);
  const identity = userWith([{ name, policy }]);
  const service = action.split(':')[0];
  const admin = service === 'oss' ? serviceResource(OWNER) : adminResource(OWNER, 'user/x');
  const resource = service === 'kms' ? keyResource(OWNER, 'k') : admin;
  return decide({ identity, action, resource, context: { nowMs: 0 } }).allowed;
}

test.each([
  ['AliyunOSSFullAccess', ['oss:PutObject', 'oss:ListBuckets'], ['kms:Decrypt', 'stocktake:GetUser']],
  ['AliyunOSSReadOnlyAccess', ['oss:GetObject', 'oss:ListBuckets'], ['oss:PutObject', 'oss:DeleteBucket']],
  ['AliyunKMSCryptoUserAccess', ['kms:Decrypt', 'kms:GenerateDataKey'], ['kms:CreateKey', 'oss:GetObject']],
  ['AliyunSTSAssumeRoleAccess', ['sts:AssumeRole'], ['oss:GetObject', 'stocktake:GetUser']],
  ['StocktakeFullAccess', ['oss:PutObject', 'kms:CreateKey', 'stocktake:ApplyAccess', 'sts:AssumeRole'], ['ram:X']],
  [
    'StocktakeReadOnlyAccess',
    ['oss:GetObject', 'stocktake:ListUsers', 'stocktake:ExportAccess'],
    ['oss:PutObject', 'stocktake:CreateUser', 'kms:Decrypt'],
  ],
])('%s grants %j and none of %j', (name, granted, refused) => {
  expect(granted.filter((action) => !mayWith(name, action))).toEqual([]);
  expect(refused.filter((action) => mayWith(name, action))).toEqual([]);
});
