/** A state as requests look things up in it: keys with whoever holds them, roles, policies read and ready to decide. */

import assert from 'node:assert/strict';
import { type EntityState, roleArn } from '../../core/access-entities.ts';
import type { AccessKeyRecord, PolicyRecord, RoleRecord, UserRecord } from '../../core/access-record.ts';
import type { Policy } from '../../core/policy.ts';
import { parsePolicy } from '../../core/policy-document.ts';
import type { AccessKeyHolder, Directory, RoleFacts } from '../directory-facts.ts';
import type { AttachedPolicy, Identity } from '../identity.ts';
import { SYSTEM_POLICIES } from '../system-policies.ts';
import type { AccessState, AccountState } from './access-state.ts';
import { policiesOf } from './lookups.ts';

/** Of one state, which must not change any more: what was looked up once is kept. */
export class AccessDirectory implements Directory {
  readonly #state: AccessState;
  readonly #secretOf: (key: AccessKeyRecord) => string;
  readonly #holders = new Map<string, AccessKeyHolder>();
  readonly #roles = new Map<string, RoleFacts>();
  readonly #policies = new Map<PolicyRecord, Policy>();

  constructor(state: AccessState, secretOf: (key: AccessKeyRecord) => string) {
    this.#state = state;
    this.#secretOf = secretOf;
  }

  findAccessKey(accessKeyId: string): AccessKeyHolder | undefined {
    const known = this.#holders.get(accessKeyId);
    if (known !== undefined) return known;
    const key = this.#state.accessKeys.get(accessKeyId);
    if (key === undefined) return undefined;
    const holder = this.#holder(key);
    this.#holders.set(accessKeyId, holder);
    return holder;
  }

  findRole(arn: string): RoleFacts | undefined {
    const { account = '', name = '' } = /^acs:ram::(?<account>\d+):role\/(?<name>.+)$/.exec(arn)?.groups ?? {};
    const role = this.#state.accounts.get(account)?.roles.get(name);
    return role && this.findRoleById(role.id);
  }

  findRoleById(id: string): RoleFacts | undefined {
    const known = this.#roles.get(id);
    if (known !== undefined) return known;
    const role = this.#state.roles.get(id);
    if (role === undefined) return undefined;
    const facts = this.#facts(role);
    this.#roles.set(id, facts);
    return facts;
  }

  #holder(key: AccessKeyRecord): AccessKeyHolder {
    const account = this.#account(key.accountId);
    const secret = this.#secretOf(key);
    const { id: accessKeyId, accountId, userId, state: keyState } = key;
    if (userId === undefined) {
      const identity: Identity = { kind: 'root', accountId, accessKeyId };
      return { secret, identity, keyState, holderState: stateOf(account) };
    }
    const user = this.#state.users.get(userId);
    assert(user !== undefined, `the access key ${accessKeyId} is of a user ${userId}, who is not there`);
    const policies = this.#attached(account, user);
    const identity: Identity = { kind: 'user', accountId, accessKeyId, userId, name: user.name, policies };
    const isEnabled = user.state === 'enabled' && stateOf(account) === 'enabled';
    return { secret, identity, keyState, holderState: isEnabled ? 'enabled' : 'disabled' };
  }

  #facts(role: RoleRecord): RoleFacts {
    const { id, accountId, name, maxSessionSeconds } = role;
    const account = this.#account(accountId);
    return {
      id,
      accountId,
      accountState: stateOf(account),
      name,
      arn: roleArn(accountId, name),
      trust: parsePolicy(JSON.parse(role.trust), 'trust'),
      policies: this.#attached(account, role),
      maxSessionSeconds,
    };
  }

  #attached(account: AccountState, holder: UserRecord | RoleRecord): AttachedPolicy[] {
    return policiesOf(account, holder).map((name) => ({ name, policy: this.#policy(account, name) }));
  }

  #policy(account: AccountState, name: string): Policy {
    const custom = account.policies.get(name);
    const policy = custom === undefined ? SYSTEM_POLICIES.get(name)?.policy : this.#custom(custom);
    assert(policy !== undefined, `the attached policy "${name}" is not there`);
    return policy;
  }

  /** Many may have it; it is read once. */
  #custom(record: PolicyRecord): Policy {
    const known = this.#policies.get(record);
    if (known !== undefined) return known;
    const policy = parsePolicy(JSON.parse(record.document), 'identity');
    this.#policies.set(record, policy);
    return policy;
  }

  #account(id: string): AccountState {
    const account = this.#state.accounts.get(id);
    assert(account !== undefined, `the account ${id} is not there`);
    return account;
  }
}

function stateOf({ account }: AccountState): EntityState {
  return account.state === 'enabled' ? 'enabled' : 'disabled';
}
