/** Accounts, users, access keys, roles and policies as they are shown. */

import {
  type AccessKeyView,
  type AccountView,
  type PolicyView,
  type RoleView,
  roleArn,
  type UserView,
  userArn,
} from '../../core/access-entities.ts';
import type { AccessKeyRecord, RoleRecord, UserRecord } from '../../core/access-record.ts';
import { SYSTEM_POLICIES } from '../system-policies.ts';
import type { AccountState } from './access-state.ts';
import { noSuchPolicy } from './entity-refusals.ts';
import { accessKeysOf, type PolicyHolders, policiesOf } from './lookups.ts';

/** Of an account that is not deleted. */
export function accountView(found: AccountState, serverAccount: string): AccountView {
  const { id, name, state, createdAtMs } = found.account;
  return {
    id,
    name,
    state: state === 'enabled' ? 'enabled' : 'disabled',
    isServerAccount: id === serverAccount,
    accessKeys: accessKeysOf(found).map(accessKeyView),
    createdAt: iso(createdAtMs),
  };
}

export function userView(account: AccountState, user: UserRecord): UserView {
  const { id, accountId, name, description, state, createdAtMs } = user;
  return {
    id,
    accountId,
    name,
    arn: userArn(accountId, name),
    description,
    state,
    policies: policiesOf(account, user),
    accessKeys: accessKeysOf(account, user).map(accessKeyView),
    createdAt: iso(createdAtMs),
  };
}

export function accessKeyView({ id, state, createdAtMs }: AccessKeyRecord): AccessKeyView {
  return { id, state, createdAt: iso(createdAtMs) };
}

export function roleView(account: AccountState, role: RoleRecord): RoleView {
  const { id, accountId, name, description, trust, maxSessionSeconds, createdAtMs } = role;
  return {
    id,
    accountId,
    name,
    arn: roleArn(accountId, name),
    description,
    trust: JSON.parse(trust) as unknown,
    policies: policiesOf(account, role),
    maxSessionSeconds,
    createdAt: iso(createdAtMs),
  };
}

/** A policy of the account or of the system, with those who have it; throws `NoSuchPolicy`. */
export function policyView(account: AccountState, name: string, attachedTo: PolicyHolders): PolicyView {
  const custom = account.policies.get(name);
  if (custom !== undefined) {
    return {
      name,
      kind: 'custom',
      description: custom.description,
      document: JSON.parse(custom.document) as unknown,
      attachedTo,
      createdAt: iso(custom.createdAtMs),
      updatedAt: iso(custom.updatedAtMs),
    };
  }
  const system = SYSTEM_POLICIES.get(name);
  if (system === undefined) throw noSuchPolicy(account.account.id, name);
  const { description, document } = system;
  return {
    name,
    kind: 'system',
    description,
    document,
    attachedTo,
    createdAt: null,
    updatedAt: null,
  };
}

/** Names of all policies that users and roles of the account may have. */
export function policyNames({ policies }: AccountState): string[] {
  return [...SYSTEM_POLICIES.keys(), ...policies.keys()];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
