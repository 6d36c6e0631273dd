/** The policies that every account has without making them. */

import type { Policy } from '../core/policy.ts';
import { parsePolicy } from '../core/policy-document.ts';
import { policyDocument } from './granting-policy.ts';

export interface SystemPolicy {
  readonly description: string;
  readonly document: unknown;
  readonly policy: Policy;
}

/** By name. Those of RAM have its names; their actions are the ones that this service knows of. */
export const SYSTEM_POLICIES: ReadonlyMap<string, SystemPolicy> = new Map([
  systemPolicy('AliyunOSSFullAccess', 'Everything in OSS.', ['oss:*']),
  systemPolicy('AliyunOSSReadOnlyAccess', 'Reading and listing in OSS.', ['oss:Get*', 'oss:List*']),
  systemPolicy('AliyunKMSCryptoUserAccess', 'The use of keys, without their administration.', [
    'kms:Encrypt',
    'kms:Decrypt',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyWithoutPlaintext',
    'kms:DescribeKey',
  ]),
  systemPolicy('AliyunSTSAssumeRoleAccess', 'Assuming roles that allow it.', ['sts:AssumeRole']),
  systemPolicy('StocktakeFullAccess', 'Everything that this service offers.', [
    'oss:*',
    'kms:*',
    'sts:*',
    'stocktake:*',
  ]),
  systemPolicy('StocktakeReadOnlyAccess', 'Reading and listing everything that this service offers.', [
    'oss:Get*',
    'oss:List*',
    'stocktake:Get*',
    'stocktake:List*',
    'stocktake:Export*',
  ]),
]);

function systemPolicy(name: string, description: string, actions: readonly string[]): [string, SystemPolicy] {
  const document = policyDocument([{ Effect: 'Allow', Action: actions, Resource: ['*'] }]);
  return [name, { description, document, policy: parsePolicy(document, 'identity') }];
}
