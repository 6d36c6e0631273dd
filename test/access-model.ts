/** A slow, obvious account: plain maps that do what a change says, and refuse what can't be done. */

import { strict as assert } from 'node:assert';
import type { AccountAccess, PolicyAccess, RoleAccess, UserAccess } from '../src/access/account-access.ts';
import type { AccessChange } from '../src/core/access-change.ts';

/** The system policy that can be attached; all others have to be made. */
export const SYSTEM_POLICY = 'AliyunOSSFullAccess';

const NEW_USER = { state: 'enabled', policies: [], accessKeys: [] } as const;

export class AccessModel {
  readonly #account: string;
  readonly #limits: { readonly users: number; readonly roles: number; readonly policies: number };
  readonly #policies: Map<string, PolicyAccess>;
  readonly #users: Map<string, UserAccess>;
  readonly #roles: Map<string, RoleAccess>;

  constructor(start: AccountAccess, limits = { users: 9, roles: 9, policies: 9 }) {
    this.#account = start.account;
    this.#limits = limits;
    this.#policies = new Map(start.policies.map((policy) => [policy.name, policy]));
    this.#users = new Map(start.users.map((user) => [user.name, user]));
    this.#roles = new Map(start.roles.map((role) => [role.name, role]));
  }

  execute(changes: readonly AccessChange[]): this {
    for (const change of changes) {
      assert.equal(change.account, this.#account);
      this.#apply(change);
    }
    return this;
  }

  get state(): AccountAccess {
    return {
      account: this.#account,
      policies: [...this.#policies.values()],
      users: [...this.#users.values()],
      roles: [...this.#roles.values()],
    };
  }

  #apply(change: AccessChange): void {
    switch (change.kind) {
      case 'putPolicy': {
        const { name, description, document } = change;
        this.#policies.set(name, { name, description, document });
        assert(this.#policies.size <= this.#limits.policies, 'too many policies');
        break;
      }
      case 'deletePolicy':
        for (const { policies } of [...this.#users.values(), ...this.#roles.values()]) {
          assert(!policies.includes(change.name), 'a policy that is attached goes');
        }
        assert(this.#policies.delete(change.name));
        break;
      case 'createUser':
        assert(!this.#users.has(change.name));
        this.#users.set(change.name, { ...NEW_USER, name: change.name, description: change.description });
        assert(this.#users.size <= this.#limits.users, 'too many users');
        break;
      case 'describeUser':
        this.#changeUser(change.name, () => ({ description: change.description }));
        break;
      case 'setUserState':
        this.#changeUser(change.name, ({ state }) => {
          assert.notEqual(state, change.state);
          return { state: change.state };
        });
        break;
      case 'setAccessKeyState':
      case 'deleteAccessKey':
        this.#changeUser(change.user ?? '', ({ accessKeys }) => {
          const key = accessKeys.find(({ id }) => id === change.id);
          assert(key !== undefined, 'there is no such key');
          const others = accessKeys.filter((other) => other !== key);
          if (change.kind === 'deleteAccessKey') return { accessKeys: others };
          assert.notEqual(key.state, change.state);
          return { accessKeys: [...others, { ...key, state: change.state }] };
        });
        break;
      case 'deleteUser': {
        const user = this.#users.get(change.name);
        assert(user?.policies.length === 0 && user.accessKeys.length === 0, 'a user that holds something goes');
        assert(this.#users.delete(change.name));
        break;
      }
      case 'putRole': {
        const { name, description, trust, maxSessionSeconds } = change;
        const policies = this.#roles.get(name)?.policies ?? [];
        this.#roles.set(name, { name, description, trust, maxSessionSeconds, policies });
        assert(this.#roles.size <= this.#limits.roles, 'too many roles');
        break;
      }
      case 'deleteRole':
        assert.deepEqual(this.#roles.get(change.name)?.policies, [], 'a role that holds something goes');
        assert(this.#roles.delete(change.name));
        break;
      case 'attach':
      case 'detach':
        this.#changeAttachments(change);
        break;
      default:
        assert.fail(`${change.kind} is no change of a document`);
    }
  }

  #changeUser(name: string, change: (user: UserAccess) => Partial<UserAccess>): void {
    const user = this.#users.get(name);
    assert(user !== undefined, 'there is no such user');
    this.#users.set(name, { ...user, ...change(user) });
  }

  #changeAttachments({ kind, policy, to }: AccessChange & { kind: 'attach' | 'detach' }): void {
    const changed = <T extends { readonly policies: readonly string[] }>(all: Map<string, T>) => {
      const holder = all.get(to.name);
      assert(holder !== undefined, 'there is nothing to attach to');
      assert.equal(holder.policies.includes(policy), kind === 'detach');
      const others = holder.policies.filter((name) => name !== policy);
      all.set(to.name, { ...holder, policies: kind === 'detach' ? others : [...others, policy] });
    };
    assert(policy === SYSTEM_POLICY || this.#policies.has(policy), 'there is no such policy');
    if (to.kind === 'user') changed(this.#users);
    else changed(this.#roles);
  }
}
