/** Who may do what in one account, as documents have it: in the order of names, so that the same is told the same. */

import type { RoleRecord, UserRecord } from '../../core/access-record.ts';
import type { AccountAccess } from '../account-access.ts';
import type { AccountState } from './access-state.ts';
import { roleView, userView } from './access-views.ts';

export function accountAccessView(found: AccountState): AccountAccess {
  return {
    account: found.account.id,
    policies: inOrder(found.policies).map(({ name, description, document }) => {
      return { name, description, document: JSON.parse(document) as unknown };
    }),
    users: inOrder(found.users).map((user) => userAccess(found, user)),
    roles: inOrder(found.roles).map((role) => roleAccess(found, role)),
  };
}

function userAccess(found: AccountState, user: UserRecord): AccountAccess['users'][number] {
  const { name, description, state, policies, accessKeys } = userView(found, user);
  return { name, description, state, policies, accessKeys: accessKeys.map(({ id, state }) => ({ id, state })) };
}

function roleAccess(found: AccountState, role: RoleRecord): AccountAccess['roles'][number] {
  const { name, description, trust, maxSessionSeconds, policies } = roleView(found, role);
  return { name, description, trust, maxSessionSeconds, policies };
}

function inOrder<T>(named: ReadonlyMap<string, T>): T[] {
  return [...named].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, thing]) => thing);
}
