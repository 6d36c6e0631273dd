import { expect, test } from 'vitest';
import { OWNER, ROOT, userWith } from '../../test/identities.ts';
import { parsePolicy } from '../core/policy-document.ts';
import type { RequestContext } from './access.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import { trustsIdentity, trustsService } from './trust.ts';

const CONTEXT: RequestContext = { nowMs: 0, sourceIp: '10.0.0.1' };
const anna = userWith([]);
const job: Identity = {
  kind: 'session',
  accountId: OWNER,
  roleId: '9',
  roleName: 'writer',
  sessionName: 'job',
  policies: [],
};

function trust(...statements: readonly object[]) {
  const whole = statements.map((statement) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', ...statement }));
  return parsePolicy({ Version: '1', Statement: whole }, 'trust');
}

test('a role trusts the services that it names', () => {
  const policy = trust({ Principal: { Service: ['oss.aliyuncs.com'] } });
  expect(trustsService(policy, 'oss.aliyuncs.com')).toBe(true);
  expect(trustsService(policy, 'ecs.aliyuncs.com')).toBe(false);
  expect(trustsIdentity(policy, ROOT, CONTEXT)).toBe(false);
});

test('a Deny, another action and a condition on a request keep a service out', () => {
  const Principal = { Service: ['oss.aliyuncs.com'] };
  const Condition = { IpAddress: { 'acs:SourceIp': '0.0.0.0/0' } };
  expect(trustsService(trust({ Principal }, { Principal, Effect: 'Deny' }), 'oss.aliyuncs.com')).toBe(false);
  expect(trustsService(trust({ Principal, Action: 'sts:SetContext' }), 'oss.aliyuncs.com')).toBe(false);
  expect(trustsService(trust({ Principal, Condition }), 'oss.aliyuncs.com')).toBe(false);
  expect(trustsService(trust({ Principal, Action: 'sts:assume*' }), 'oss.aliyuncs.com')).toBe(true);
});

test.each([
  [`acs:ram::${OWNER}:root`, [true, true, true]],
  [`acs:ram::${OWNER}:user/anna`, [false, true, false]],
  [`acs:ram::${OWNER}:user/ann`, [false, false, false]],
  [`acs:ram::${OWNER}:role/writer`, [false, false, true]],
  ['acs:ram::2000:root', [false, false, false]],
  ['acs:ram::2000:user/anna', [false, false, false]],
])('%s means the root, the user anna, the role writer: %j', (name, expected) => {
  const policy = trust({ Principal: { RAM: name } });
  expect([ROOT, anna, job].map((identity) => trustsIdentity(policy, identity, CONTEXT))).toEqual(expected);
  expect(trustsIdentity(policy, ANONYMOUS, CONTEXT)).toBe(false);
  expect(trustsService(policy, 'oss.aliyuncs.com')).toBe(false);
});

test('conditions ask the request that would assume the role', () => {
  const Condition = { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } };
  const policy = trust({ Principal: { RAM: `acs:ram::${OWNER}:root` }, Condition });
  expect(trustsIdentity(policy, anna, CONTEXT)).toBe(true);
  expect(trustsIdentity(policy, anna, { nowMs: 0, sourceIp: '11.0.0.1' })).toBe(false);
});
