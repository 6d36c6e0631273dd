/**
 * All accounts with what they have, in memory. A state that is in use never changes: changes are tried on a copy,
 * which takes its place when they are on disk.
 */

import assert from 'node:assert/strict';
import type {
  AccessKeyRecord,
  AccessRecord,
  AccessWrite,
  AccountRecord,
  PolicyRecord,
  RemovableRecord,
  RoleRecord,
  UserRecord,
} from '../../core/access-record.ts';

export interface AccountState {
  readonly account: AccountRecord;
  /** By name. */
  readonly users: ReadonlyMap<string, UserRecord>;
  readonly roles: ReadonlyMap<string, RoleRecord>;
  readonly policies: ReadonlyMap<string, PolicyRecord>;
  /** By the id of their user; those of the account itself by its own id. */
  readonly accessKeys: ReadonlyMap<string, readonly AccessKeyRecord[]>;
  /** Names of policies, in the order of names, by the id of the user or role that has them. */
  readonly attachments: ReadonlyMap<string, readonly string[]>;
}

/** As `AccessState` alone may change it. */
interface Draft extends AccountState {
  account: AccountRecord;
  readonly users: Map<string, UserRecord>;
  readonly roles: Map<string, RoleRecord>;
  readonly policies: Map<string, PolicyRecord>;
  readonly accessKeys: Map<string, readonly AccessKeyRecord[]>;
  readonly attachments: Map<string, readonly string[]>;
}

export class AccessState {
  readonly #accounts = new Map<string, Draft>();
  /** The accounts that only this state has; the others are those of the state it was copied from, and never changed. */
  readonly #own = new Set<string>();
  readonly #accessKeys = new Map<string, AccessKeyRecord>();
  readonly #users = new Map<string, UserRecord>();
  readonly #roles = new Map<string, RoleRecord>();

  /** Each of the records comes after those that it belongs to. */
  static of(records: readonly AccessRecord[]): AccessState {
    const state = new AccessState();
    for (const record of records) state.#put(record);
    return state;
  }

  /** Accounts by id, deleted ones too. */
  get accounts(): ReadonlyMap<string, AccountState> {
    return this.#accounts;
  }

  /** By id, whatever the account. */
  get accessKeys(): ReadonlyMap<string, AccessKeyRecord> {
    return this.#accessKeys;
  }

  get users(): ReadonlyMap<string, UserRecord> {
    return this.#users;
  }

  get roles(): ReadonlyMap<string, RoleRecord> {
    return this.#roles;
  }

  copy(): AccessState {
    const copy = new AccessState();
    for (const [id, account] of this.#accounts) copy.#accounts.set(id, account);
    for (const [id, record] of this.#accessKeys) copy.#accessKeys.set(id, record);
    for (const [id, record] of this.#users) copy.#users.set(id, record);
    for (const [id, record] of this.#roles) copy.#roles.set(id, record);
    return copy;
  }

  /** For a copy that nobody uses yet. */
  apply(write: AccessWrite): void {
    if (write.act === 'put') this.#put(write.record);
    else this.#remove(write.record);
  }

  #put(record: AccessRecord): void {
    switch (record.kind) {
      case 'account':
        this.#putAccount(record);
        return;
      case 'user':
        this.#of(record).users.set(record.name, record);
        this.#users.set(record.id, record);
        return;
      case 'accessKey': {
        const { accessKeys } = this.#of(record);
        const kept = accessKeys.get(holderOf(record)) ?? [];
        // In the order in which they were made.
        const at = kept.findIndex(({ id }) => id === record.id);
        accessKeys.set(holderOf(record), at < 0 ? [...kept, record] : kept.with(at, record));
        this.#accessKeys.set(record.id, record);
        return;
      }
      case 'role':
        this.#of(record).roles.set(record.name, record);
        this.#roles.set(record.id, record);
        return;
      case 'policy':
        this.#of(record).policies.set(record.name, record);
        return;
      case 'attachment': {
        const { attachments } = this.#of(record);
        const names = new Set(attachments.get(record.holderId)).add(record.policy);
        attachments.set(record.holderId, [...names].sort());
      }
    }
  }

  #remove(record: RemovableRecord): void {
    const { users, roles, policies, accessKeys, attachments } = this.#of(record);
    switch (record.kind) {
      case 'user':
        users.delete(record.name);
        this.#users.delete(record.id);
        return;
      case 'accessKey': {
        const kept = accessKeys.get(holderOf(record)) ?? [];
        setOrDelete(
          accessKeys,
          holderOf(record),
          kept.filter(({ id }) => id !== record.id),
        );
        this.#accessKeys.delete(record.id);
        return;
      }
      case 'role':
        roles.delete(record.name);
        this.#roles.delete(record.id);
        return;
      case 'policy':
        policies.delete(record.name);
        return;
      case 'attachment': {
        const kept = attachments.get(record.holderId) ?? [];
        setOrDelete(
          attachments,
          record.holderId,
          kept.filter((name) => name !== record.policy),
        );
      }
    }
  }

  #putAccount(account: AccountRecord): void {
    if (this.#accounts.has(account.id)) {
      this.#of({ accountId: account.id }).account = account;
      return;
    }
    this.#own.add(account.id);
    this.#accounts.set(account.id, {
      account,
      users: new Map(),
      roles: new Map(),
      policies: new Map(),
      accessKeys: new Map(),
      attachments: new Map(),
    });
  }

  /** The account to be changed, which is copied first unless it is this state's own. */
  #of({ accountId }: { readonly accountId: string }): Draft {
    const account = this.#accounts.get(accountId);
    assert(account !== undefined, `a record belongs to the account ${accountId}, which is not there`);
    if (this.#own.has(accountId)) return account;
    const { users, roles, policies, accessKeys, attachments } = account;
    const own: Draft = {
      account: account.account,
      users: new Map(users),
      roles: new Map(roles),
      policies: new Map(policies),
      accessKeys: new Map(accessKeys),
      attachments: new Map(attachments),
    };
    this.#own.add(accountId);
    this.#accounts.set(accountId, own);
    return own;
  }
}

function holderOf({ accountId, userId }: AccessKeyRecord): string {
  return userId ?? accountId;
}

function setOrDelete<T>(map: Map<string, readonly T[]>, name: string, values: readonly T[]): void {
  if (values.length > 0) map.set(name, values);
  else map.delete(name);
}
