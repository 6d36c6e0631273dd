/** What a policy says to no effect, held against the operations that are really served. */

import { expect, test } from 'vitest';
import { SYSTEM_POLICIES } from '../src/access/system-policies.ts';
import { policyWarnings } from '../src/admin/policy-warnings.ts';
import { OPERATIONS } from '../src/protocol/oss/operations.ts';
import { neededPermissions } from '../src/wire-ports.ts';

const statement = (Action: string, Resource: string | string[], more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});

const warningsOf = (...statements: readonly object[]) =>
  policyWarnings({ Version: '1', Statement: statements }, neededPermissions());

test.each([
  ['oss:Foo', 'acs:oss:*:*:photos', 'nothing on this server needs such a permission'],
  ['oss:DeletObject', '*', 'nothing on this server needs such a permission'],
  ['oss:Fetch*', '*', 'nothing on this server needs such a permission'],
  ['oss:PutBucketLifecycle', '*', 'nothing on this server needs such a permission'],
  ['oss:GetObject', 'acs:oss:*:*:photos', 'it is needed on objects, as in acs:oss:*:*:photos/*'],
  ['oss:ListObjects', 'acs:oss:*:*:photos/*', 'it is needed on a bucket, as in acs:oss:*:*:photos'],
  ['oss:ListBuckets', 'acs:oss:*:*:photos', 'it is needed on all buckets together'],
  ['oss:GetObject', 'acs:kms:*:*:*', 'it is needed on objects'],
  ['oss:GetBucket*', 'acs:oss:*:*:photos/*', 'it is needed on a bucket'],
  ['kms:Decrypt', 'acs:oss:*:*:photos', 'it is needed on a master key'],
  ['sts:AssumeRole', 'acs:oss:*:*:photos', 'it is needed on a role'],
  ['stocktake:CreateUser', 'acs:oss:*:*:photos', 'it is needed on what is administered'],
])('%s on %s does nothing, and that is told', (action, resource, words) => {
  expect(warningsOf(statement(action, resource))).toEqual([
    expect.stringContaining(`Statement[0]: "${action}" allows nothing: ${words}`),
  ]);
});

test.each([
  ['oss:GetObject', 'acs:oss:*:*:photos/*'],
  ['OSS:getobject', 'acs:oss:*:*:photos*'],
  ['oss:GetObject', 'acs:oss:cn-hangzhou:1000000000000000:photos/a'],
  ['oss:*BucketInventory', 'acs:oss:*:*:photos'],
  ['oss:ListBuckets', 'acs:oss:*:*:*'],
  ['oss:Get*', 'acs:oss:*:*:photos'],
  ['oss:*', 'acs:oss:*:*:photos/*'],
  ['kms:GenerateDataKey', 'acs:kms:*:*:key/mine'],
  ['sts:AssumeRole', 'acs:ram::1000000000000000:role/reader'],
  ['stocktake:CreateUser', 'acs:stocktake:*:*:user/*'],
  ['*', '*'],
])('%s on %s may do something', (action, resource) => {
  expect(warningsOf(statement(action, resource))).toEqual([]);
});

test('one resource that fits is enough, and each statement is looked at by itself', () => {
  const both = ['acs:oss:*:*:photos', 'acs:oss:*:*:photos/*'];
  expect(warningsOf(statement('oss:GetObject', both), statement('oss:ListObjects', both))).toEqual([]);
  const idle = [statement('oss:GetObject', both), statement('oss:Foo', both, { Effect: 'Deny' })];
  expect(warningsOf(...idle)).toEqual([expect.stringMatching(/^Statement\[1\]: "oss:Foo" denies nothing: /)]);
  expect(warningsOf({ Effect: 'Allow', NotAction: 'oss:Foo', Resource: '*' })).toEqual([]);
});

test('whatever an operation of the wire may ask for is known', () => {
  const known = new Set(neededPermissions().map(({ action }) => action));
  const asked = OPERATIONS.filter(({ handle }) => handle !== undefined).flatMap(({ action, also = [] }) => [
    action,
    ...also.map((further) => further.action),
  ]);
  expect(asked.filter((action) => !known.has(action))).toEqual([]);
});

test.each([...SYSTEM_POLICIES].filter(([name]) => name !== 'AliyunKMSCryptoUserAccess'))(
  'the system policy %s does all that it says',
  (_name, { document }) => {
    expect(policyWarnings(document, neededPermissions())).toEqual([]);
  },
);
