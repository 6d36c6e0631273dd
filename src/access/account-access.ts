/** Who may do what in one account, as one value: what is exported, compared with a document, and brought into line. */

import type { AccessChange } from '../core/access-change.ts';
import type { EntityState } from '../core/access-entities.ts';

export interface AccountAccess {
  readonly account: string;
  /** Those of the account's own making; system policies are everywhere and the same. */
  readonly policies: readonly PolicyAccess[];
  readonly users: readonly UserAccess[];
  readonly roles: readonly RoleAccess[];
}

export interface PolicyAccess {
  readonly name: string;
  readonly description: string;
  readonly document: unknown;
}

export interface UserAccess {
  readonly name: string;
  readonly description: string;
  readonly state: EntityState;
  /** Names of the policies attached to it. */
  readonly policies: readonly string[];
  /** By id and state: a secret is shown when its key is made, and never again. */
  readonly accessKeys: readonly AccessKeyAccess[];
}

export interface AccessKeyAccess {
  readonly id: string;
  readonly state: EntityState;
}

export interface RoleAccess {
  readonly name: string;
  readonly description: string;
  readonly trust: unknown;
  readonly maxSessionSeconds: number;
  readonly policies: readonly string[];
}

/** How it is to become. What is switched on and off is left alone where a document is silent about it. */
export interface WantedAccess extends Pick<AccountAccess, 'policies' | 'roles'> {
  readonly users: readonly WantedUser[];
}

export interface WantedUser extends Omit<UserAccess, 'state' | 'accessKeys'> {
  readonly state?: EntityState | undefined;
  readonly accessKeys?: readonly AccessKeyAccess[] | undefined;
}

export interface ApplyOptions {
  /** What the document doesn't name goes. */
  readonly prune: boolean;
  readonly isDryRun: boolean;
}

export interface AppliedAccess {
  readonly changes: readonly DescribedChange[];
  /** Access keys that the document names and nobody has. */
  readonly absentKeys: readonly { readonly user: string; readonly id: string }[];
}

export interface DescribedChange {
  readonly kind: AccessChange['kind'];
  /** Of the user, role or policy that changes. */
  readonly name: string;
  /** As in `attach policy "p" to user "anna"`. */
  readonly words: string;
  /** The values that change, by their names; `before` is null where there was none. */
  readonly fields: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>;
}
