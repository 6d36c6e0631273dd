import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACCESS_LIMITS } from './access-entities.ts';
import { CONDITION_OPERATORS } from './policy.ts';
import {
  assertPolicyAboutBucket,
  MAX_POLICY_TEXT_BYTES,
  type PolicyKind,
  parsePolicy,
  parsePolicyText,
} from './policy-document.ts';
import { POLICY_BOUNDS } from './policy-nodes.ts';

const READ = { Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:photos/*' };
const TRUST = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['oss.aliyuncs.com'] } };

function parse(statement: object, kind: PolicyKind = 'identity') {
  return parsePolicy({ Version: '1', Statement: [statement] }, kind).statements[0];
}

/** The words of the refusal. */
function faultOf(statement: object, kind: PolicyKind = 'identity'): string {
  return refusalOf(() => parse(statement, kind));
}

function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toMatchObject({ code: 'PolicyMalformed' });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

test('a statement is read with lists or single texts', () => {
  const lists = { ...READ, Action: ['oss:GetObject'], Resource: ['acs:oss:*:*:photos/*'] };
  expect(parse(READ)).toEqual(parse(lists));
  expect(parse(READ)).toEqual({
    effect: 'Allow',
    actions: { isNot: false, patterns: ['oss:GetObject'] },
    resources: ['acs:oss:*:*:photos/*'],
    conditions: [],
  });
  expect(parsePolicy({ Version: '1', Statement: READ }, 'session').statements).toHaveLength(1);
});

test('NotAction is about all other actions', () => {
  const { Action, ...rest } = READ;
  expect(parse({ ...rest, NotAction: [Action, 'oss:Put*'] })?.actions).toEqual({
    isNot: true,
    patterns: ['oss:GetObject', 'oss:Put*'],
  });
});

test('conditions are read operator by operator, key by key, and scalars as their text', () => {
  const Condition = {
    StringLike: { 'oss:Prefix': ['', 'a/*'] },
    Bool: { 'acs:SecureTransport': true, 'acs:MFAPresent': 'False' },
    NumericLessThan: { 'oss:RequestObjectTag/size': 10 },
    StringEquals: { 'acs:SecureTransport': 'HTTPS' },
  };
  expect(parse({ ...READ, Condition })?.conditions).toEqual([
    { operator: 'StringLike', key: 'oss:Prefix', values: ['', 'a/*'] },
    { operator: 'Bool', key: 'acs:SecureTransport', values: ['true'] },
    { operator: 'Bool', key: 'acs:MFAPresent', values: ['false'] },
    { operator: 'NumericLessThan', key: 'oss:RequestObjectTag/size', values: ['10'] },
    { operator: 'StringEquals', key: 'acs:SecureTransport', values: ['true'] },
  ]);
});

test('a bucket policy names whom it is about; everybody is "*", also in a list, or an empty list', () => {
  const principalsOf = (Principal: unknown) => parse({ ...READ, Principal }, 'bucket')?.principals;
  const session = 'arn:sts::1000:assumed-role/reader/*';
  expect(principalsOf(['1000', session])).toEqual({ isEveryone: false, names: ['1000', session], services: [] });
  for (const everyone of ['*', ['*'], []]) {
    expect(principalsOf(everyone)).toEqual({ isEveryone: true, names: [], services: [] });
  }
  expect(principalsOf(['1000', '*'])).toEqual({ isEveryone: true, names: ['1000'], services: [] });
});

test('a trust policy names services, accounts, users and roles, and has no resource', () => {
  const RAM = ['acs:ram::1000:root', 'acs:ram::1000:user/anna', 'acs:ram::1000:role/writer'];
  const statement = parse({ ...TRUST, Principal: { Service: 'oss.aliyuncs.com', RAM } }, 'trust');
  expect(statement?.principals).toEqual({ isEveryone: false, names: RAM, services: ['oss.aliyuncs.com'] });
  expect(statement).not.toHaveProperty('resources');
});

test.each<[string, object, string]>([
  ['an effect in other letters', { ...READ, Effect: 'allow' }, 'Statement[0].Effect is "allow"; "Allow" or "Deny"'],
  ['no effect', { ...READ, Effect: undefined }, 'Statement[0].Effect is missing'],
  ['a misspelt key', { ...READ, Conditon: {} }, 'a key of Statement[0] is "Conditon"; accepted are Effect, Action'],
  ['a principal', { ...READ, Principal: '*' }, 'a key of Statement[0] is "Principal"'],
  ['NotResource', { ...READ, NotResource: '*' }, 'a key of Statement[0] is "NotResource"'],
  ['both kinds of actions', { ...READ, NotAction: 'oss:*' }, 'either Action or NotAction'],
  ['no action', { ...READ, Action: undefined }, 'Statement[0].Action is missing'],
  ['an empty list', { ...READ, Action: [] }, 'Statement[0].Action is an empty list'],
  ['an action without service', { ...READ, Action: 'GetObject' }, 'Statement[0].Action is "GetObject"'],
  ['wildcards for the service', { ...READ, Action: '*:*' }, 'Statement[0].Action is "*:*"'],
  ['a number in a list', { ...READ, Action: ['oss:*', 1] }, 'Statement[0].Action[1] is 1'],
  ['no resource', { ...READ, Resource: undefined }, 'Statement[0].Resource is missing'],
  ['the form of rules', { ...READ, Resource: 'acs:oss:::photos' }, 'Statement[0].Resource is "acs:oss:::photos"'],
  ['a bare bucket', { ...READ, Resource: 'photos/*' }, 'Statement[0].Resource is "photos/*"'],
  ['a long resource', { ...READ, Resource: `acs:oss:*:*:${'a'.repeat(2048)}` }, 'at most 2048 characters'],
  ['half a character', { ...READ, Resource: 'acs:oss:*:*:\ud83d' }, 'characters of Unicode'],
  ['a statement that is none', [], 'Statement[0] is an empty list; an object'],
])('%s is refused', (_, statement, words) => {
  expect(faultOf(statement)).toContain(words);
});

test.each<[string, unknown, string]>([
  ['an unknown operator', { StringMatches: { 'acs:SourceIp': '1' } }, '"StringMatches"; accepted are StringEquals, '],
  ['an unknown key', { StringNotEquals: { 'acs:SourceIP': '1' } }, '"acs:SourceIP"; accepted are acs:SourceIp, '],
  ['a tag without key', { StringEquals: { 'oss:BucketTag/': '1' } }, '"oss:BucketTag/"'],
  ['no operator', {}, 'Statement[0].Condition is an object; one with members'],
  ['an operator without key', { StringEquals: {} }, 'Statement[0].Condition.StringEquals is an object'],
  ['no value', { StringEquals: { 'acs:UserAgent': [] } }, 'StringEquals.acs:UserAgent is an empty list'],
  ['null', { StringEquals: { 'acs:UserAgent': null } }, 'StringEquals.acs:UserAgent is null'],
  ['a nested list', { StringEquals: { 'acs:UserAgent': [['a']] } }, 'acs:UserAgent[0] is a list'],
  ['a word for a number', { NumericEquals: { 'acs:UserAgent': '1e3' } }, '"1e3"; a decimal number'],
  ['a day that is none', { DateLessThan: { 'acs:CurrentTime': '2026-02-30T00:00:00Z' } }, '"2026-02-30T00:00:00Z"'],
  ['a day alone that is none', { DateLessThan: { 'acs:CurrentTime': '2026-02-30' } }, '"2026-02-30"'],
  ['a time of no zone', { DateLessThan: { 'acs:CurrentTime': '2026-02-03T00:00:00' } }, 'a date as in'],
  ['neither true nor false', { Bool: { 'acs:SecureTransport': 'yes' } }, '"yes"; true or false'],
  ['a range that is none', { NotIpAddress: { 'acs:SourceIp': '10.0.0.0/33' } }, '"10.0.0.0/33"; an IPv4 or IPv6'],
])('in a condition, %s is refused', (_, Condition, words) => {
  expect(faultOf({ ...READ, Condition })).toContain(words);
});

test.each([
  undefined,
  'anna',
  '1*',
  'acs:ram::1000:user/anna',
  'arn:sts::*:assumed-role/a/b',
  'arn:sts::1:assumed-role/a/b/c',
])('a bucket policy about %s is refused', (Principal) => {
  expect(faultOf({ ...READ, Principal }, 'bucket')).toContain('Statement[0].Principal');
});

test.each([
  undefined,
  '*',
  { RAM: '*' },
  { RAM: ['acs:ram::*:root'] },
  { RAM: 'acs:ram::1000:user/*' },
  { Service: '*' },
  { Federated: 'acs:ram::1000:saml-provider/x' },
])('a role that trusts %j is refused', (Principal) => {
  expect(faultOf({ ...TRUST, Principal }, 'trust')).toContain('Statement[0].Principal');
});

test.each<[unknown, string]>([
  [1, 'Version is 1; the text "1"'],
  ['2012-10-17', 'Version is "2012-10-17"'],
  [undefined, 'Version is missing'],
])('version %s is refused', (Version, words) => {
  expect(refusalOf(() => parsePolicy({ Version, Statement: [READ] }, 'identity'))).toContain(words);
});

test.each<[unknown, string]>([
  [null, 'the policy is null'],
  ['{}', 'the policy is "{}"'],
  [{ Version: '1', Statement: [] }, 'Statement is an empty list; 1 to 100'],
  [{ Version: '1', Statement: Array.from({ length: 101 }, () => READ) }, 'Statement is a list; 1 to 100'],
  [{ Version: '1', Statement: [READ], Id: 'x' }, 'a key of the policy is "Id"; accepted are Version, Statement'],
])('%j is no policy', (document, words) => {
  expect(refusalOf(() => parsePolicy(document, 'identity'))).toContain(words);
});

test('text is refused that is no JSON, is too long, is nested without end or names a key twice', () => {
  expect(refusalOf(() => parsePolicyText('{', 'identity'))).toContain('it is not JSON');
  const long = JSON.stringify({ Version: '1' }).padEnd(MAX_POLICY_TEXT_BYTES + 1);
  expect(refusalOf(() => parsePolicyText(long, 'bucket'))).toContain('16385 bytes');
  const deep = `{"Version":"1","Statement":${'['.repeat(8000)}${']'.repeat(8000)}}`;
  expect(refusalOf(() => parsePolicyText(deep, 'bucket'))).toContain('Statement[0] is a list');
  const twice = `{"Version":"1","Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}`;
  expect(refusalOf(() => parsePolicyText(twice, 'identity'))).toContain('"Effect"; each may stand once');
});

test('what a policy lets between two stars is bounded over all that takes wildcards: it is looked for all over a text', () => {
  const Principal = ['arn:sts::1:assumed-role/*r*/s'];
  const Condition = { StringLike: { 'oss:Prefix': ['*ccc*'] }, StringEquals: { 'acs:UserAgent': ['*nothing*'] } };
  const fits = (characters: number) => ({
    ...{ Effect: 'Deny', Principal, Action: ['oss:*aa*', 'oss:Get*'], Condition },
    Resource: ['*', `acs:oss:*:*:${'b'.repeat(500)}*`, `acs:oss:*:*:b/*${'x'.repeat(characters - 6)}*end`],
  });
  const most = POLICY_BOUNDS.searchedCharacters;
  expect(parse(fits(most), 'bucket')).toMatchObject({ effect: 'Deny' });
  expect(faultOf(fits(most + 1), 'bucket')).toContain(`${most + 1} characters that stand between two "*"`);
  const halves = [fits(most / 2), fits(most / 2 + 1)];
  expect(refusalOf(() => parsePolicy({ Version: '1', Statement: halves }, 'bucket'))).toContain(
    `${most + 1} characters`,
  );
});

test('each kind of policy has its own length, counted as compact JSON', () => {
  const ofLength = (characters: number) => {
    const document = { Version: '1', Statement: [{ ...READ, Resource: Array.from({ length: 8 }, () => '') }] };
    const filler = characters - JSON.stringify(document).length;
    const texts = Array.from({ length: 8 }, (_, n) => 'acs:oss:*:*:'.padEnd(Math.floor((filler + n) / 8), 'a'));
    return { Version: '1', Statement: [{ ...READ, Resource: texts }] };
  };
  for (const [kind, limit] of [
    ['identity', ACCESS_LIMITS.policyCharacters],
    ['session', 2048],
  ] as const) {
    expect(JSON.stringify(ofLength(limit))).toHaveLength(limit);
    expect(() => parsePolicyText(JSON.stringify(ofLength(limit), null, 4), kind)).not.toThrow();
    expect(refusalOf(() => parsePolicy(ofLength(limit + 1), kind))).toContain(`${limit + 1} characters`);
  }
});

test('values of clients are shown in bounds, without what could forge a line', () => {
  const fault = faultOf({ ...READ, Effect: `Allow\n${'x'.repeat(5000)}` });
  expect(fault).not.toContain('\n');
  expect(fault.length).toBeLessThan(300);
});

const PHOTOS = { name: 'photos', region: 'cn-hangzhou', owner: '1000' };

function aboutPhotos(Resource: string): void {
  const document = { Version: '1', Statement: [{ ...READ, Principal: '*', Resource }] };
  assertPolicyAboutBucket(parsePolicy(document, 'bucket'), PHOTOS);
}

test.each([
  'acs:oss:*:1000:photos',
  'acs:oss:*:1000:photos/*',
  'acs:oss:*:*:photos/a?b',
  'acs:oss:cn-hangzhou:1000:photos/',
])('%s is the own resource of the bucket', (resource) => {
  expect(() => aboutPhotos(resource)).not.toThrow();
});

test.each([
  '*',
  'acs:oss:*:1000:*',
  'acs:oss:*:1000:photos*',
  'acs:oss:*:1000:other/photos/',
  'acs:oss:*:2000:photos',
  'acs:oss:cn-beijing:1000:photos',
  'acs:kms:*:1000:photos',
])('%s is not', (resource) => {
  expect(refusalOf(() => aboutPhotos(resource))).toContain(`Statement[0].Resource is "${resource}"`);
});

test('every operator takes values', () => {
  const value = (operator: string) => {
    if (operator.startsWith('Numeric')) return '-1.5';
    if (operator.startsWith('Date')) return '2026-01-31T08:00:00+08:00';
    return operator.endsWith('IpAddress') ? '2001:db8::/32' : 'true';
  };
  for (const operator of CONDITION_OPERATORS) {
    const Condition = { [operator]: { 'acs:UserAgent': [value(operator)] } };
    expect(parse({ ...READ, Condition })?.conditions).toEqual([
      { operator, key: 'acs:UserAgent', values: [value(operator)] },
    ]);
  }
});

test('whatever stands anywhere in a policy, it is read or refused in words', () => {
  const whole = { Version: '1', Statement: [{ ...READ, Condition: { Bool: { 'acs:SecureTransport': ['true'] } } }] };
  const node = fc.oneof(fc.jsonValue(), fc.constantFrom('', '*', [], {}, { '': '' }, '__proto__'));
  const places = ['Version', 'Statement', 'Effect', 'Action', 'Resource', 'Condition', 'Bool', 'acs:SecureTransport'];
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      node,
      fc.constantFrom<PolicyKind>('identity', 'trust'),
      (at, value, kind) => {
        const text = JSON.stringify(whole, (key, original) => (key === at ? value : original));
        try {
          parsePolicyText(text, kind);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PolicyMalformed' });
        }
      },
    ),
    { numRuns: 1000 },
  );
});
