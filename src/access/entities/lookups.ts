/** What a state holds, by name; each throws what says that it isn't there. */

import type { AccessKeyRecord, RoleRecord, UserRecord } from '../../core/access-record.ts';
import { SYSTEM_POLICIES } from '../system-policies.ts';
import type { AccessState, AccountState } from './access-state.ts';
import { noSuchAccessKey, noSuchAccount, noSuchPolicy, noSuchRole, noSuchUser } from './entity-refusals.ts';

/** An account that is not deleted. */
export function accountOf(state: AccessState, id: string): AccountState {
  const found = state.accounts.get(id);
  if (found === undefined || found.account.state === 'deleted') throw noSuchAccount(id);
  return found;
}

export function userOf(account: AccountState, name: string): UserRecord {
  const user = account.users.get(name);
  if (user === undefined) throw noSuchUser(account.account.id, name);
  return user;
}

export function roleOf(account: AccountState, name: string): RoleRecord {
  const role = account.roles.get(name);
  if (role === undefined) throw noSuchRole(account.account.id, name);
  return role;
}

/** The access keys of a user, or of the account itself, in the order in which they were made. */
export function accessKeysOf(account: AccountState, user?: UserRecord): readonly AccessKeyRecord[] {
  return account.accessKeys.get(user?.id ?? account.account.id) ?? [];
}

export function accessKeyOf(account: AccountState, user: UserRecord | undefined, id: string): AccessKeyRecord {
  const key = accessKeysOf(account, user).find((each) => each.id === id);
  if (key === undefined) throw noSuchAccessKey(account.account.id, user?.name, id);
  return key;
}

/** Names of the policies that a user or role has. */
export function policiesOf(account: AccountState, { id }: UserRecord | RoleRecord): readonly string[] {
  return account.attachments.get(id) ?? [];
}

/** Throws unless a custom or system policy has this name. */
export function assertPolicy(account: AccountState, name: string): void {
  if (!account.policies.has(name) && !SYSTEM_POLICIES.has(name)) throw noSuchPolicy(account.account.id, name);
}

/** The users and roles that a policy is attached to, in the order of their names. */
export interface PolicyHolders {
  readonly users: readonly string[];
  readonly roles: readonly string[];
}

/** Of one policy after another: who has which is gone through once. */
export function policyHolders(account: AccountState): (policy: string) => PolicyHolders {
  const users = namesByPolicy(account, account.users);
  const roles = namesByPolicy(account, account.roles);
  return (policy) => ({ users: users.get(policy) ?? [], roles: roles.get(policy) ?? [] });
}

function namesByPolicy(
  account: AccountState,
  holders: ReadonlyMap<string, UserRecord | RoleRecord>,
): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  const inOrder = [...holders.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const holder of inOrder) {
    for (const policy of policiesOf(account, holder)) {
      const known = names.get(policy) ?? [];
      known.push(holder.name);
      names.set(policy, known);
    }
  }
  return names;
}
