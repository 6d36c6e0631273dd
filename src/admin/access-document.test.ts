import { describe, expect, test } from 'vitest';
import { DomainError } from '../core/errors.ts';
import { readAccessDocument } from './access-document.ts';

const ACCOUNT = '1000000000000000';

const allow = (Action: string) => ({ Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

const TRUST = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['oss.aliyuncs.com'] } }],
};

const read = (document: unknown, prune = false) => readAccessDocument(document, { account: ACCOUNT, prune });

function refusalOf(document: unknown, prune = false): string {
  try {
    read(document, prune);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'InvalidArgument') return error.message;
    throw error;
  }
  throw new Error('was accepted');
}

test('a whole document is read as it says', () => {
  const document = {
    policies: [{ name: 'p', description: 'of photos', document: allow('oss:GetObject') }],
    users: [
      {
        name: 'anna',
        description: 'of the lab',
        state: 'disabled',
        policies: ['p', 'AliyunOSSFullAccess'],
        accessKeys: [{ id: 'K1', state: 'enabled' }],
      },
    ],
    roles: [{ name: 'r', description: '', trust: TRUST, maxSessionSeconds: 7200, policies: ['p'] }],
  };
  expect(read(document)).toEqual(document);
  expect(read({ account: ACCOUNT, ...document }, true)).toEqual(document);
});

test('what is not said is as in a new user, role or policy; a state is left open', () => {
  expect(read({})).toEqual({ policies: [], users: [], roles: [] });
  expect(
    read({
      policies: [{ name: 'p', document: allow('oss:GetObject') }],
      users: [{ name: 'anna' }],
      roles: [{ name: 'r', trust: TRUST }],
    }),
  ).toEqual({
    policies: [{ name: 'p', description: '', document: allow('oss:GetObject') }],
    users: [{ name: 'anna', description: '', policies: [] }],
    roles: [{ name: 'r', description: '', trust: TRUST, maxSessionSeconds: 3600, policies: [] }],
  });
});

test('a service stands for the policy that trusts it', () => {
  expect(read({ roles: [{ name: 'r', trust: 'oss.aliyuncs.com' }] }).roles).toMatchObject([{ trust: TRUST }]);
});

describe('a document is refused, and the place named,', () => {
  const user = (more: object) => ({ users: [{ name: 'anna', ...more }] });
  const policy = (document: unknown) => ({ policies: [{ name: 'p', document }] });
  const role = (more: object) => ({ roles: [{ name: 'r', trust: TRUST, ...more }] });

  test.each<[string, unknown, string, string]>([
    ['when it is no object', [], 'the document: ', 'an empty list; expected: an object'],
    ['for a name that is unknown', { usrs: [] }, 'the document: ', '"usrs"'],
    ['for a member that is unknown', user({ policy: [] }), 'users[0]: ', '"policy"'],
    ['for a name that can be none', { users: [{ name: 'a' }, { name: 'a/b' }] }, 'users[1].name: ', '"a/b"'],
    [
      'for a user that stands in it twice',
      { users: [{ name: 'a' }, { name: 'a' }] },
      'users: ',
      '"a" stands in it twice',
    ],
    ['for a policy attached twice', user({ policies: ['p', 'p'] }), 'users[0].policies: ', '"p" stands in it twice'],
    ['for a policy name that can be none', user({ policies: ['p q'] }), 'users[0].policies[0]: ', '"p q"'],
    ['for too many policies', user({ policies: Array(26).fill('p') }), 'users[0].policies: ', 'at most 25 entries'],
    ['for what is no user', { users: [5, null, {}] }, 'users[1]: ', 'users[2].name: '],
    [
      'for a state that is none',
      user({ state: 'off' }),
      'users[0].state: ',
      '"off"; expected: "enabled" or "disabled"',
    ],
    [
      'for a secret',
      user({ accessKeys: [{ id: 'K', state: 'enabled', secret: 's' }] }),
      'users[0].accessKeys[0]: ',
      '"secret"',
    ],
    [
      'for a description with a control character',
      user({ description: 'a\u0000' }),
      'users[0].description: ',
      'control',
    ],
    ['for a policy that is none', policy({ Version: '1' }), 'policies[0].document: ', 'Statement is missing'],
    ['for a policy that is missing', { policies: [{ name: 'p' }] }, 'policies[0].document: ', 'missing'],
    [
      'for an action that is none',
      policy(allow('GetObject')),
      'policies[0].document: ',
      'Statement[0].Action is "GetObject"',
    ],
    ['for a trust policy that is none', role({ trust: allow('oss:*') }), 'roles[0].trust: ', 'Resource'],
    ['for a trusted service that is none', role({ trust: 'trust.json ' }), 'roles[0].trust: ', '"trust.json "'],
    ['for a session that is too long', role({ maxSessionSeconds: 43_201 }), 'roles[0].maxSessionSeconds: ', '43201'],
    ['for another account', { account: '2000000000000000' }, 'of the account 2000000000000000', ACCOUNT],
  ])('%s', (_what, document, place, named) => {
    const message = refusalOf(document);
    expect(message).toMatch(/^The access document is /);
    expect(message).toContain(place);
    expect(message).toContain(named);
  });
});

test('to prune, every list has to be there', () => {
  expect(refusalOf({ policies: [], users: [] }, true)).toMatch(/roles: .* all have to be there, if only as \[\]/);
  expect(read({ policies: [], users: [], roles: [] }, true)).toEqual({ policies: [], users: [], roles: [] });
});

test('of many faults the first are told, each cut to a line', () => {
  const users = Array.from({ length: 900 }, (_, index) => ({ name: '\n'.repeat(500) + index }));
  const message = refusalOf({ users });
  expect(message).toContain('users[4].name');
  expect(message).toContain('; and 895 more.');
  expect(message).not.toContain('users[5]');
  expect(message).not.toContain('\n');
  expect(message.length).toBeLessThan(2000);
});
