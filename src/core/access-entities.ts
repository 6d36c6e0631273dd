/** Accounts, users, access keys, roles and policies, as they are administered: what is asked for, and what is shown. */

/** `disabled`: its keys sign nothing until it is enabled again. */
export type EntityState = 'enabled' | 'disabled';

export interface AccountView {
  /** Digits, as in policies and ARNs. */
  readonly id: string;
  readonly name: string;
  readonly state: EntityState;
  /** The account that the server was started for: it administers the others, and can't be disabled or deleted. */
  readonly isServerAccount: boolean;
  /** Of the account itself, with every right over what it owns. The key of the server's own account is not among them. */
  readonly accessKeys: readonly AccessKeyView[];
  readonly createdAt: string;
}

export interface UserView {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly state: EntityState;
  /** Names of the policies attached to it. */
  readonly policies: readonly string[];
  readonly accessKeys: readonly AccessKeyView[];
  readonly createdAt: string;
}

export interface AccessKeyView {
  readonly id: string;
  readonly state: EntityState;
  readonly createdAt: string;
}

/** What the access key ids of sessions begin with, and no lasting one does. */
export const SESSION_KEY_PREFIX = 'STS.';

/** Shown once, when the key is made. */
export interface NewAccessKeyView extends AccessKeyView {
  readonly secret: string;
}

export interface RoleView {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  /** The trust policy: who may assume the role. */
  readonly trust: unknown;
  readonly policies: readonly string[];
  /** The longest that a session may last. */
  readonly maxSessionSeconds: number;
  readonly createdAt: string;
}

export interface PolicyView {
  /** Unique in the account; no custom policy can have the name of a system policy. */
  readonly name: string;
  readonly kind: 'system' | 'custom';
  readonly description: string;
  readonly document: unknown;
  readonly attachedTo: { readonly users: readonly string[]; readonly roles: readonly string[] };
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
}

/** A page of things in the order of their names (accounts: ids); `nextAfter` is null on the last. */
export interface EntityPage<T> {
  readonly items: readonly T[];
  readonly nextAfter: string | null;
}

export const MAX_ENTITIES_PAGE = 1000;

/** Bounds, most of them those of RAM. */
export const ACCESS_LIMITS = {
  accounts: 1000,
  usersPerAccount: 1000,
  rolesPerAccount: 1000,
  policiesPerAccount: 1500,
  accessKeysPerUser: 2,
  policiesPerPrincipal: 25,
  /** Characters of a policy document as compact JSON. */
  policyCharacters: 6144,
  trustCharacters: 4096,
  descriptionCharacters: 1024,
} as const;

export function userArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:user/${name}`;
}

export function roleArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:role/${name}`;
}
