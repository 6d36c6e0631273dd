import { expect, test } from 'vitest';
import type { AccountAccess, WantedAccess } from './account-access.ts';
import { describeChange } from './describe-change.ts';
import { planAccess } from './plan-access.ts';

const ACCOUNT = '1000000000000000';

const document = (Effect: string) => ({ Version: '1', Statement: [{ Effect, Action: 'oss:*', Resource: '*' }] });

const BEFORE: AccountAccess = {
  account: ACCOUNT,
  policies: [
    { name: 'p', description: 'old', document: document('Allow') },
    { name: 'gone', description: '', document: document('Allow') },
  ],
  users: [
    {
      name: 'anna',
      description: '',
      state: 'enabled',
      policies: ['gone'],
      accessKeys: [{ id: 'K1', state: 'enabled' }],
    },
    { name: 'bert', description: '', state: 'enabled', policies: [], accessKeys: [{ id: 'K2', state: 'disabled' }] },
  ],
  roles: [
    { name: 'r', description: '', trust: {}, maxSessionSeconds: 3600, policies: [] },
    { name: 'gone', description: '', trust: {}, maxSessionSeconds: 3600, policies: [] },
  ],
};

const WANTED: WantedAccess = {
  policies: [
    { name: 'p', description: 'new', document: document('Deny') },
    { name: 'made', description: '', document: document('Allow') },
  ],
  users: [
    {
      name: 'anna',
      description: 'of the lab',
      state: 'disabled',
      policies: ['p'],
      accessKeys: [{ id: 'K1', state: 'disabled' }],
    },
    { name: 'carl', description: 'new here', policies: [] },
  ],
  roles: [
    { name: 'r', description: '', trust: {}, maxSessionSeconds: 7200, policies: ['made'] },
    { name: 'made', description: '', trust: { Version: '1' }, maxSessionSeconds: 3600, policies: [] },
  ],
};

test('every change of a plan is told in words, with what was and what is to be', () => {
  const described = planAccess(BEFORE, WANTED, { prune: true }).map((change) => describeChange(change, BEFORE));
  expect(described.map(({ words, name, fields }) => [words, name, fields])).toEqual([
    ['detach policy "gone" from user "anna"', 'anna', {}],
    ['delete access key K2 of user "bert"', 'bert', {}],
    ['delete user "bert"', 'bert', {}],
    ['delete role "gone"', 'gone', {}],
    ['delete policy "gone"', 'gone', {}],
    [
      'change policy "p"',
      'p',
      {
        description: { before: 'old', after: 'new' },
        document: { before: document('Allow'), after: document('Deny') },
      },
    ],
    [
      'make policy "made"',
      'made',
      { description: { before: null, after: '' }, document: { before: null, after: document('Allow') } },
    ],
    ['change user "anna"', 'anna', { description: { before: '', after: 'of the lab' } }],
    ['make user "carl"', 'carl', { description: { before: null, after: 'new here' } }],
    ['change role "r"', 'r', { maxSessionSeconds: { before: 3600, after: 7200 } }],
    [
      'make role "made"',
      'made',
      {
        description: { before: null, after: '' },
        trust: { before: null, after: { Version: '1' } },
        maxSessionSeconds: { before: null, after: 3600 },
      },
    ],
    ['attach policy "p" to user "anna"', 'anna', {}],
    ['attach policy "made" to role "r"', 'r', {}],
    ['disable user "anna"', 'anna', { state: { before: 'enabled', after: 'disabled' } }],
    ['disable access key K1 of user "anna"', 'anna', { state: { before: 'enabled', after: 'disabled' } }],
  ]);
});
