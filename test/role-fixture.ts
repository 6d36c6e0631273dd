/** Roles that write reports, and the policies that let them. */

import type { RoleFacts } from '../src/access/directory-facts.ts';
import { parsePolicy } from '../src/core/policy-document.ts';
import { parseRoleArn } from '../src/core/rule.ts';
import { serviceTrust } from '../src/core/service-trust.ts';

export interface PolicyStatement {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action?: string;
  readonly Resource?: string | readonly string[];
  readonly Condition?: object;
  readonly Principal?: readonly string[];
}

/** A policy document whose statements allow to put objects anywhere, unless they say otherwise. */
export function documentOf(...statements: readonly PolicyStatement[]): object {
  const whole = { Effect: 'Allow', Action: 'oss:PutObject', Resource: 'acs:oss:*:*:*' };
  return { Version: '1', Statement: statements.map((statement) => ({ ...whole, ...statement })) };
}

/** The policy of a bucket, as text, about everybody and all its objects unless its statements say otherwise. */
export function bucketPolicyText(bucket: string, ...statements: readonly PolicyStatement[]): string {
  const everybody = { Principal: ['*'], Resource: `acs:oss:*:*:${bucket}/*` };
  return JSON.stringify(documentOf(...statements.map((statement) => ({ ...everybody, ...statement }))));
}

/** A role that OSS may work with, with these policies attached as `policy-0`, `policy-1` and so on. */
export function roleOf(arn: string, documents: readonly object[], change: Partial<RoleFacts> = {}): RoleFacts {
  const { accountId = '', roleName = '' } = parseRoleArn(arn) ?? {};
  return {
    id: `id-of-${roleName}`,
    accountId,
    accountState: 'enabled',
    name: roleName,
    arn,
    trust: parsePolicy(serviceTrust('oss.aliyuncs.com'), 'trust'),
    policies: documents.map((document, n) => ({ name: `policy-${n}`, policy: parsePolicy(document, 'identity') })),
    maxSessionSeconds: 3600,
    ...change,
  };
}
