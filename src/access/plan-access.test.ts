import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AccessModel, SYSTEM_POLICY } from '../../test/access-model.ts';
import { anyAccess, anyWanted, expectedAccess, sortedAccess } from '../../test/any-access.ts';
import type { AccountAccess, PolicyAccess, RoleAccess, UserAccess, WantedAccess } from './account-access.ts';
import { absentKeys, planAccess } from './plan-access.ts';

const ACCOUNT = '1000000000000000';

const EMPTY: AccountAccess = { account: ACCOUNT, policies: [], users: [], roles: [] };
const POLICY: PolicyAccess = { name: 'p', description: '', document: { Version: '1', Statement: [] } };
const USER: UserAccess = { name: 'anna', description: '', state: 'enabled', policies: [], accessKeys: [] };
const ROLE: RoleAccess = { name: 'r', description: '', trust: {}, maxSessionSeconds: 3600, policies: [] };

describe.each([true, false])('with prune %s', (prune) => {
  test('executing a plan brings any account to any document, and leaves nothing to plan', () => {
    const states = anyAccess(ACCOUNT).chain((current) =>
      fc.tuple(fc.constant(current), anyWanted(prune ? [] : current.policies.map((policy) => policy.name))),
    );
    fc.assert(
      fc.property(states, ([current, wanted]) => {
        const goal = expectedAccess(current, wanted, prune);
        // No more room than the fuller of the two ends takes: what goes has to go first.
        const limits = {
          users: Math.max(current.users.length, goal.users.length),
          roles: Math.max(current.roles.length, goal.roles.length),
          policies: Math.max(current.policies.length, goal.policies.length),
        };
        const model = new AccessModel(current, limits).execute(planAccess(current, wanted, { prune }));
        expect(sortedAccess(model.state)).toEqual(sortedAccess(goal));
        expect(planAccess(model.state, wanted, { prune })).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

test('a user is made, described and switched off, and given what the document attaches', () => {
  const wanted: WantedAccess = {
    policies: [POLICY],
    users: [{ ...USER, description: 'on leave', state: 'disabled', policies: ['p', SYSTEM_POLICY] }],
    roles: [],
  };
  const to = { kind: 'user', name: 'anna' };
  expect(planAccess(EMPTY, wanted, { prune: false })).toEqual([
    { account: ACCOUNT, kind: 'putPolicy', ...POLICY },
    { account: ACCOUNT, kind: 'createUser', name: 'anna', description: 'on leave' },
    { account: ACCOUNT, kind: 'attach', policy: 'p', to },
    { account: ACCOUNT, kind: 'attach', policy: SYSTEM_POLICY, to },
    { account: ACCOUNT, kind: 'setUserState', name: 'anna', state: 'disabled' },
  ]);
});

test('the order of names in a document, and of the members of a policy, changes nothing', () => {
  const current = { ...EMPTY, policies: [POLICY], users: [{ ...USER, policies: ['p', SYSTEM_POLICY] }] };
  const wanted = {
    ...current,
    policies: [{ ...POLICY, document: { Statement: [], Version: '1' } }],
    users: [{ ...USER, policies: [SYSTEM_POLICY, 'p'] }],
  };
  expect(planAccess(current, wanted, { prune: true })).toEqual([]);
});

test('what a document does not name stays unless it is pruned; then its keys go with a user', () => {
  const accessKeys = [{ id: 'K1', state: 'disabled' as const }];
  const current = { ...EMPTY, policies: [POLICY], users: [{ ...USER, policies: ['p'], accessKeys }], roles: [ROLE] };
  const nothing: WantedAccess = { policies: [], users: [], roles: [] };
  expect(planAccess(current, nothing, { prune: false })).toEqual([]);
  expect(planAccess(current, nothing, { prune: true })).toEqual([
    { account: ACCOUNT, kind: 'detach', policy: 'p', to: { kind: 'user', name: 'anna' } },
    { account: ACCOUNT, kind: 'deleteAccessKey', user: 'anna', id: 'K1' },
    { account: ACCOUNT, kind: 'deleteUser', name: 'anna' },
    { account: ACCOUNT, kind: 'deleteRole', name: 'r' },
    { account: ACCOUNT, kind: 'deletePolicy', name: 'p' },
  ]);
});

test('a key that a document names is switched, never made, and told of when it is not there', () => {
  const current = { ...EMPTY, users: [{ ...USER, accessKeys: [{ id: 'K1', state: 'enabled' as const }] }] };
  const disabled = ['K1', 'K2'].map((id) => ({ id, state: 'disabled' as const }));
  const wanted = { ...EMPTY, users: [{ ...USER, accessKeys: disabled }] };
  expect(planAccess(current, wanted, { prune: true })).toEqual([
    { account: ACCOUNT, kind: 'setAccessKeyState', user: 'anna', id: 'K1', state: 'disabled' },
  ]);
  expect(absentKeys(current, wanted)).toEqual([{ user: 'anna', id: 'K2' }]);
});
