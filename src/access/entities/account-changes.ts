/** Accounts come to be, are disabled and enabled, and go when nothing is left of them. */

import { ACCESS_LIMITS } from '../../core/access-entities.ts';
import type { AccessWrite } from '../../core/access-record.ts';
import { DomainError } from '../../core/errors.ts';
import type { AccessState } from './access-state.ts';
import type { ChangeContext, ChangeOf } from './change-context.ts';
import { assertLegalAccountId, assertLegalName } from './entity-names.ts';
import { assertBelow, assertUnused, entityExists, useOf } from './entity-refusals.ts';
import { accessKeysOf, accountOf } from './lookups.ts';

export function createAccount(
  state: AccessState,
  { account: id, name }: ChangeOf<'createAccount'>,
  { nowMs }: ChangeContext,
): AccessWrite[] {
  assertLegalAccountId(id);
  assertLegalName('account', name);
  if (state.accounts.get(id)?.account.state === 'deleted') {
    const text = `There was an account ${id}, which was deleted; its id is not given again.`;
    throw new DomainError('EntityExists', text);
  }
  if (state.accounts.has(id)) throw entityExists(`an account ${id}`);
  const present = [...state.accounts.values()].filter(({ account }) => account.state !== 'deleted');
  const namesake = present.find(({ account }) => account.name === name);
  if (namesake !== undefined) throw entityExists(`an account "${name}" (${namesake.account.id})`);
  assertBelow(ACCESS_LIMITS.accounts, present.length, 'Accounts');
  return [{ act: 'put', record: { kind: 'account', id, name, state: 'enabled', createdAtMs: nowMs } }];
}

export function setAccountState(
  state: AccessState,
  { account: id, state: to }: ChangeOf<'setAccountState'>,
  context: ChangeContext,
): AccessWrite[] {
  const { account } = accountOf(state, id);
  if (account.state === to) return [];
  if (to === 'disabled') assertNotTheServers(id, context);
  return [{ act: 'put', record: { ...account, state: to } }];
}

export function deleteAccount(
  state: AccessState,
  { account: id }: ChangeOf<'deleteAccount'>,
  context: ChangeContext,
): AccessWrite[] {
  const found = accountOf(state, id);
  assertNotTheServers(id, context);
  assertUnused(`account ${id}`, [
    ...useOf('has the users', [...found.users.keys()]),
    ...useOf('has the roles', [...found.roles.keys()]),
    ...useOf('has the policies', [...found.policies.keys()]),
    ...useOf(
      'has the access keys',
      accessKeysOf(found).map((key) => key.id),
    ),
    ...(context.ownsBuckets(id) ? ['owns buckets'] : []),
  ]);
  return [{ act: 'put', record: { ...found.account, state: 'deleted' } }];
}

/** Nobody would be left to administer the others, or to take it back. */
function assertNotTheServers(id: string, { serverAccount }: ChangeContext): void {
  if (id !== serverAccount) return;
  const text = `The account ${id} is the one that the server was started for; it can be neither disabled nor deleted.`;
  throw new DomainError('EntityInUse', text);
}
