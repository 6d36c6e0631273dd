/** Users come to be, are described, disabled and enabled, and go when they have neither keys nor policies. */

import { ACCESS_LIMITS } from '../../core/access-entities.ts';
import type { AccessWrite } from '../../core/access-record.ts';
import { newEntityId } from '../new-ids.ts';
import type { AccessState } from './access-state.ts';
import type { ChangeContext, ChangeOf } from './change-context.ts';
import { assertLegalDescription, assertLegalName } from './entity-names.ts';
import { assertBelow, assertUnused, entityExists, useOf } from './entity-refusals.ts';
import { accessKeysOf, accountOf, policiesOf, userOf } from './lookups.ts';

export function createUser(
  state: AccessState,
  { account: accountId, name, description }: ChangeOf<'createUser'>,
  { nowMs }: ChangeContext,
): AccessWrite[] {
  const { users } = accountOf(state, accountId);
  assertLegalName('user', name);
  assertLegalDescription('user', description);
  if (users.has(name)) throw entityExists(`a user "${name}"`);
  assertBelow(ACCESS_LIMITS.usersPerAccount, users.size, `Users of the account ${accountId}`);
  const id = newEntityId(state);
  const facts = { id, accountId, name, description, createdAtMs: nowMs } as const;
  return [{ act: 'put', record: { kind: 'user', ...facts, state: 'enabled' } }];
}

export function describeUser(
  state: AccessState,
  { account, name, description }: ChangeOf<'describeUser'>,
): AccessWrite[] {
  assertLegalDescription('user', description);
  return [{ act: 'put', record: { ...userOf(accountOf(state, account), name), description } }];
}

export function setUserState(state: AccessState, change: ChangeOf<'setUserState'>): AccessWrite[] {
  const user = userOf(accountOf(state, change.account), change.name);
  return user.state === change.state ? [] : [{ act: 'put', record: { ...user, state: change.state } }];
}

export function deleteUser(state: AccessState, { account: id, name }: ChangeOf<'deleteUser'>): AccessWrite[] {
  const account = accountOf(state, id);
  const user = userOf(account, name);
  assertUnused(`user "${name}"`, [
    ...useOf(
      'has the access keys',
      accessKeysOf(account, user).map((key) => key.id),
    ),
    ...useOf('has the policies', policiesOf(account, user)),
  ]);
  return [{ act: 'remove', record: user }];
}
