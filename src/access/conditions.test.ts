import { expect, test } from 'vitest';
import { parsePolicy } from '../core/policy-document.ts';
import type { RequestContext, Resource } from './access.ts';
import { conditionsHold } from './conditions.ts';
import { ANONYMOUS, type Identity } from './identity.ts';

const CONTEXT: RequestContext = {
  nowMs: Date.parse('2026-03-01T12:00:00Z'),
  sourceIp: '192.168.1.2',
  isSecure: true,
  userAgent: 'ossutil/2.0 (Linux)',
  prefix: 'home/anna/',
  delimiter: '/',
  requestTags: [{ key: 'team', value: 'Dev' }],
};
const RESOURCE: Resource = {
  level: 'object',
  arn: 'acs:oss:cn-hangzhou:1000:b/k',
  owner: '1000',
  bucket: { acl: 'private', tags: [{ key: 'cost', value: '10' }] },
  object: () => ({ acl: 'default', tags: [{ key: 'a/b', value: 'x' }] }),
};
const ROOT: Identity = { kind: 'root', accountId: '1000', accessKeyId: 'ak' };

function holds(condition: object, context: RequestContext = CONTEXT, identity: Identity = ROOT): boolean {
  const statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition: condition };
  const [parsed] = parsePolicy({ Version: '1', Statement: [statement] }, 'identity').statements;
  return conditionsHold(parsed?.conditions ?? [], { identity, context, resource: RESOURCE });
}

test.each<[string, string, string | readonly string[], boolean]>([
  ['StringEquals', 'oss:Delimiter', '/', true],
  ['StringEquals', 'oss:Prefix', 'home/*', false],
  ['StringEquals', 'oss:RequestObjectTag/team', 'dev', false],
  ['StringEquals', 'oss:RequestObjectTag/team', ['Ops', 'Dev'], true],
  ['StringNotEquals', 'oss:RequestObjectTag/team', ['Ops', 'Dev'], false],
  ['StringNotEquals', 'oss:RequestObjectTag/team', ['Ops', 'dev'], true],
  ['StringEqualsIgnoreCase', 'oss:RequestObjectTag/team', 'DEV', true],
  ['StringNotEqualsIgnoreCase', 'oss:RequestObjectTag/team', 'DEV', false],
  ['StringLike', 'oss:Prefix', ['', 'home/an?a/*'], true],
  ['StringLike', 'acs:UserAgent', 'ossutil/*', true],
  ['StringNotLike', 'acs:UserAgent', 'ossutil/*', false],
  ['StringEquals', 'oss:ExistingObjectTag/a/b', 'x', true],
  ['StringEquals', 'acs:AccessId', 'ak', true],
  ['NumericEquals', 'oss:BucketTag/cost', '10.0', true],
  ['NumericNotEquals', 'oss:BucketTag/cost', ['10', '11'], false],
  ['NumericLessThan', 'oss:BucketTag/cost', '10', false],
  ['NumericLessThanEquals', 'oss:BucketTag/cost', '10', true],
  ['NumericGreaterThan', 'oss:BucketTag/cost', '9', true],
  ['NumericGreaterThan', 'oss:BucketTag/cost', '10', false],
  ['NumericGreaterThanEquals', 'oss:BucketTag/cost', '10.5', false],
  ['NumericLessThan', 'oss:RequestObjectTag/team', '10', false],
  ['NumericGreaterThanEquals', 'oss:RequestObjectTag/team', '10', false],
  ['NumericNotEquals', 'oss:RequestObjectTag/team', '10', true],
  ['DateEquals', 'acs:CurrentTime', '2026-03-01T20:00:00+08:00', true],
  ['DateNotEquals', 'acs:CurrentTime', '2026-03-01T20:00:00+08:00', false],
  ['DateLessThan', 'acs:CurrentTime', '2026-03-01T12:00:00Z', false],
  ['DateLessThan', 'acs:CurrentTime', '2026-03-01T12:00:01Z', true],
  ['DateLessThanEquals', 'acs:CurrentTime', '2026-03-01T12:00Z', true],
  ['DateGreaterThan', 'acs:CurrentTime', '2026-03-01T12:00:00Z', false],
  ['DateGreaterThanEquals', 'acs:CurrentTime', '2026-03-01T12:00:00Z', true],
  ['DateGreaterThan', 'acs:CurrentTime', '2026-03-01', true],
  ['DateLessThan', 'acs:CurrentTime', '2026-03-02', true],
  ['Bool', 'acs:SecureTransport', 'true', true],
  ['Bool', 'acs:SecureTransport', 'HTTP', false],
  ['StringEquals', 'acs:SecureTransport', 'HTTPS', true],
  ['Bool', 'acs:MFAPresent', 'true', false],
  ['Bool', 'acs:MFAPresent', 'false', true],
  ['IpAddress', 'acs:SourceIp', ['10.0.0.0/8', '192.168.0.0/16'], true],
  ['IpAddress', 'acs:SourceIp', '192.168.1.3', false],
  ['NotIpAddress', 'acs:SourceIp', ['10.0.0.0/8', '192.168.0.0/16'], false],
  ['NotIpAddress', 'acs:SourceIp', '10.0.0.0/8', true],
])('%s of %s with %j: %s', (operator, key, values, expected) => {
  expect(holds({ [operator]: { [key]: values } })).toBe(expected);
});

test('all conditions must hold', () => {
  const isSecure = { Bool: { 'acs:SecureTransport': 'true' } };
  expect(holds({ ...isSecure, StringEquals: { 'oss:Delimiter': '/', 'oss:Prefix': 'home/anna/' } })).toBe(true);
  expect(holds({ ...isSecure, StringEquals: { 'oss:Delimiter': '/', 'oss:Prefix': 'home/' } })).toBe(false);
});

test.each(['acs:SourceVpc', 'oss:Prefix', 'acs:UserAgent', 'oss:RequestObjectTag/team', 'oss:BucketTag/none'])(
  'where the request says nothing to %s, what is negated holds and nothing else does',
  (key) => {
    const silent = { nowMs: 0 };
    expect(holds({ StringEquals: { [key]: '' } }, silent)).toBe(false);
    expect(holds({ StringLike: { [key]: '*' } }, silent)).toBe(false);
    expect(holds({ StringNotEquals: { [key]: 'x' } }, silent)).toBe(true);
    expect(holds({ StringNotLike: { [key]: '*' } }, silent)).toBe(true);
  },
);

test('what comes from no address is in no range', () => {
  for (const context of [{ nowMs: 0 }, { nowMs: 0, sourceIp: '' }, { nowMs: 0, sourceIp: 'unix' }]) {
    expect(holds({ IpAddress: { 'acs:SourceIp': ['0.0.0.0/0', '::/0'] } }, context)).toBe(false);
    expect(holds({ NotIpAddress: { 'acs:SourceIp': '10.0.0.0/8' } }, context)).toBe(true);
  }
});

test('a pattern is held against the beginning of what is endless', () => {
  const context = { nowMs: 0, userAgent: `${'a'.repeat(2000)}b` };
  expect(holds({ StringLike: { 'acs:UserAgent': 'a*a' } }, context)).toBe(true);
  expect(holds({ StringLike: { 'acs:UserAgent': '*b' } }, context)).toBe(false);
  expect(holds({ StringEquals: { 'acs:UserAgent': context.userAgent } }, context)).toBe(true);
});

test('nobody without a key has an access id', () => {
  expect(holds({ StringLike: { 'acs:AccessId': '*' } }, CONTEXT, ANONYMOUS)).toBe(false);
});
