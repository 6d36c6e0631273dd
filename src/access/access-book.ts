/**
 * Who may do what: all accounts with their users, access keys, roles and policies. They lie in tables and, whole, in
 * memory, where requests look them up. A change is tried on a copy, written in one transaction, and then the copy takes
 * the place of what it was made of: no request sees half a change, or one that is not on disk.
 */

import type { AccessChange } from '../core/access-change.ts';
import type {
  AccountView,
  EntityPage,
  NewAccessKeyView,
  PolicyView,
  RoleView,
  UserView,
} from '../core/access-entities.ts';
import type { AccessWrite } from '../core/access-record.ts';
import type { Clock } from '../core/clock.ts';
import type { AccessRecords } from './access-records.ts';
import type { AccountAccess, AppliedAccess, ApplyOptions, WantedAccess } from './account-access.ts';
import { describeChange } from './describe-change.ts';
import type { AccessKeyHolder, Directory, RoleFacts } from './directory-facts.ts';
import { AccessDirectory } from './entities/access-directory.ts';
import { AccessState } from './entities/access-state.ts';
import { accountView, policyNames, policyView, roleView, userView } from './entities/access-views.ts';
import { accountAccessView } from './entities/account-access-view.ts';
import { accountOf, policyHolders, roleOf, userOf } from './entities/lookups.ts';
import { OpenSecrets } from './entities/open-secrets.ts';
import { planChange } from './entities/plan-change.ts';
import { ensureServerAccount } from './entities/server-account.ts';
import { absentKeys, planAccess } from './plan-access.ts';
import type { SecretSealer } from './secret-sealer.ts';

export interface AccessBookOptions {
  readonly records: AccessRecords;
  readonly sealer: SecretSealer;
  readonly clock: Clock;
  readonly serverAccount: ServerAccount;
  /** Whether buckets belong to an account; such a one can't be deleted. */
  readonly ownsBuckets: (account: string) => boolean;
}

/** The account that the server was started for, with its root key, which is kept elsewhere. */
export interface ServerAccount {
  readonly id: string;
  readonly rootKey: { readonly accessKeyId: string; readonly accessKeySecret: string };
}

export class AccessBook implements Directory {
  readonly #options: AccessBookOptions;
  readonly #secrets: OpenSecrets;
  readonly #rootKey: AccessKeyHolder;
  #state: AccessState;
  #directory: AccessDirectory;
  /** Settles when the changes before are over. As many wait as requests are under way, which the server bounds. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: AccessBookOptions, secrets: OpenSecrets, state: AccessState) {
    const { id: accountId, rootKey } = options.serverAccount;
    this.#options = options;
    this.#secrets = secrets;
    this.#rootKey = {
      secret: rootKey.accessKeySecret,
      identity: { kind: 'root', accountId, accessKeyId: rootKey.accessKeyId },
      keyState: 'enabled',
      holderState: 'enabled',
    };
    this.#state = state;
    this.#directory = this.#directoryOf(state);
  }

  /** Makes the server's account at its first start. Throws, in words, when a secret can't be opened. */
  static async open(options: AccessBookOptions): Promise<AccessBook> {
    const { records, sealer, clock, serverAccount } = options;
    const state = AccessState.of(await records.load());
    const secrets = new OpenSecrets(sealer);
    for (const key of state.accessKeys.values()) secrets.of(key);
    if (state.accessKeys.has(serverAccount.rootKey.accessKeyId)) {
      const text = `The root key's id "${serverAccount.rootKey.accessKeyId}" is that of another access key of this server. Name another as accessKeyId.`;
      throw new Error(text);
    }
    const writes = ensureServerAccount(state, serverAccount.id, clock.now());
    if (writes.length > 0) await records.write(writes);
    for (const write of writes) state.apply(write);
    return new AccessBook(options, secrets, state);
  }

  /**
   * Makes the changes in their order, all of them or, when it rejects, none; on disk when it resolves. For each that
   * made an access key, the key with its secret, which is shown this once.
   */
  execute(changes: readonly AccessChange[]): Promise<readonly (NewAccessKeyView | undefined)[]> {
    return this.#inTurn(() => this.#execute(changes));
  }

  /** Who may do what in an account, as documents have it. Throws `NoSuchAccount`. */
  accountAccess(account: string): AccountAccess {
    return accountAccessView(accountOf(this.#state, account));
  }

  /**
   * Brings an account to what a document says, by changes that are planned on the very state that they change. A dry
   * run tries them, so that it fails as they would, and makes none.
   */
  apply(account: string, wanted: WantedAccess, { prune, isDryRun }: ApplyOptions): Promise<AppliedAccess> {
    return this.#inTurn(async () => {
      const current = this.accountAccess(account);
      const changes = planAccess(current, wanted, { prune });
      if (isDryRun) this.#try(changes);
      else await this.#execute(changes);
      return {
        changes: changes.map((change) => describeChange(change, current)),
        absentKeys: absentKeys(current, wanted),
      };
    });
  }

  findAccessKey(accessKeyId: string): AccessKeyHolder | undefined {
    const isRootKey = accessKeyId === this.#options.serverAccount.rootKey.accessKeyId;
    return isRootKey ? this.#rootKey : this.#directory.findAccessKey(accessKeyId);
  }

  findRole(arn: string): RoleFacts | undefined {
    return this.#directory.findRole(arn);
  }

  findRoleById(id: string): RoleFacts | undefined {
    return this.#directory.findRoleById(id);
  }

  accounts(after: string, limit: number): EntityPage<AccountView> {
    const present = [...this.#state.accounts].flatMap(([id, { account }]) => (account.state === 'deleted' ? [] : [id]));
    return page(present, after, limit, (id) => this.account(id));
  }

  /** Throws `NoSuchAccount`. */
  account(id: string): AccountView {
    return accountView(accountOf(this.#state, id), this.#options.serverAccount.id);
  }

  /** Throws `NoSuchAccount`, as all that follow. */
  users(account: string, after: string, limit: number): EntityPage<UserView> {
    const { users } = accountOf(this.#state, account);
    return page(users.keys(), after, limit, (name) => this.user(account, name));
  }

  /** Throws `NoSuchUser`. */
  user(account: string, name: string): UserView {
    const found = accountOf(this.#state, account);
    return userView(found, userOf(found, name));
  }

  roles(account: string, after: string, limit: number): EntityPage<RoleView> {
    const { roles } = accountOf(this.#state, account);
    return page(roles.keys(), after, limit, (name) => this.role(account, name));
  }

  /** Throws `NoSuchRole`. */
  role(account: string, name: string): RoleView {
    const found = accountOf(this.#state, account);
    return roleView(found, roleOf(found, name));
  }

  /** The account's own and those of the system. */
  policies(account: string, after: string, limit: number): EntityPage<PolicyView> {
    const found = accountOf(this.#state, account);
    const holders = policyHolders(found);
    return page(policyNames(found), after, limit, (name) => policyView(found, name, holders(name)));
  }

  /** Throws `NoSuchPolicy`. */
  policy(account: string, name: string): PolicyView {
    const found = accountOf(this.#state, account);
    return policyView(found, name, policyHolders(found)(name));
  }

  /** One call waits for the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #execute(changes: readonly AccessChange[]): Promise<readonly (NewAccessKeyView | undefined)[]> {
    const { next, writes, newKeys } = this.#try(changes);
    if (writes.length > 0) await this.#options.records.write(writes);
    this.#state = next;
    this.#directory = this.#directoryOf(next);
    for (const { act, record } of writes) {
      if (act === 'remove' && record.kind === 'accessKey') this.#secrets.forget(record.id);
    }
    return newKeys;
  }

  /** What the changes make of the state, which stays as it is. */
  #try(changes: readonly AccessChange[]) {
    const { sealer, clock, serverAccount, ownsBuckets } = this.#options;
    const context = { nowMs: clock.now(), serverAccount: serverAccount.id, sealer, ownsBuckets };
    const next = this.#state.copy();
    const writes: AccessWrite[] = [];
    const newKeys = changes.map((change) => {
      const planned = planChange(next, change, context);
      for (const write of planned.writes) next.apply(write);
      writes.push(...planned.writes);
      return planned.newKey;
    });
    return { next, writes, newKeys };
  }

  #directoryOf(state: AccessState): AccessDirectory {
    return new AccessDirectory(state, (key) => this.#secrets.of(key));
  }
}

/** The things behind `after` in the order of their names, at most `limit` of them. */
function page<T>(names: Iterable<string>, after: string, limit: number, view: (name: string) => T): EntityPage<T> {
  const behind = [...names].filter((name) => name > after).sort();
  const told = behind.slice(0, limit);
  return { items: told.map(view), nextAfter: behind.length > limit ? (told.at(-1) ?? null) : null };
}
