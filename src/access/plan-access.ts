/**
 * The changes that bring an account's users, roles and policies to what a document says. What the document names
 * becomes as it says, attachments too; what it doesn't name stays, or goes when it is to be pruned. Access keys are
 * switched on and off as the document says, but none is made (nobody would see its secret), and one is deleted only
 * together with its user.
 */

import { isDeepStrictEqual } from 'node:util';
import type { AccessChange, Principal } from '../core/access-change.ts';
import type { AccountAccess, UserAccess, WantedAccess, WantedUser } from './account-access.ts';

/** What documents change, and how: accounts and the making of keys are not theirs, nor the keys of the account itself. */
export type DocumentChange =
  | Exclude<
      AccessChange,
      { readonly kind: 'createAccount' | 'setAccountState' | 'deleteAccount' | 'createAccessKey' | KeyChange }
    >
  | (Extract<AccessChange, { readonly kind: KeyChange }> & { readonly user: string });
type KeyChange = 'setAccessKeyState' | 'deleteAccessKey';

/**
 * In an order that can be executed: room is made before it is taken, so that no limit is in the way of what ends
 * below it; a policy is there before it is attached, and detached before it goes.
 */
export function planAccess(
  current: AccountAccess,
  wanted: WantedAccess,
  { prune }: { readonly prune: boolean },
): DocumentChange[] {
  const extra: AccountAccess = {
    account: current.account,
    policies: prune ? notNamed(current.policies, wanted.policies) : [],
    users: prune ? notNamed(current.users, wanted.users) : [],
    roles: prune ? notNamed(current.roles, wanted.roles) : [],
  };
  return [
    ...detachments(current, wanted, extra),
    ...removals(extra),
    ...policyChanges(current, wanted),
    ...userChanges(current, wanted),
    ...roleChanges(current, wanted),
    ...attachments(current, wanted),
    ...stateChanges(current, wanted),
  ];
}

function detachments(current: AccountAccess, wanted: WantedAccess, extra: AccountAccess): DocumentChange[] {
  const { account } = current;
  const asWanted = principalsOf(wanted);
  const pruned = principalsOf(extra);
  return [...principalsOf(current)].flatMap(([key, { to, policies }]) => {
    const kept = pruned.has(key) ? [] : (asWanted.get(key)?.policies ?? policies);
    return without(policies, kept).map((policy): DocumentChange => ({ account, kind: 'detach', policy, to }));
  });
}

function attachments(current: AccountAccess, wanted: WantedAccess): DocumentChange[] {
  const { account } = current;
  const before = principalsOf(current);
  return [...principalsOf(wanted)].flatMap(([key, { to, policies }]) =>
    without(policies, before.get(key)?.policies ?? []).map(
      (policy): DocumentChange => ({ account, kind: 'attach', policy, to }),
    ),
  );
}

/** All that was attached to them, and all that they were attached to, is detached by now. */
function removals({ account, users, roles, policies }: AccountAccess): DocumentChange[] {
  return [
    ...users.flatMap(({ name, accessKeys }): DocumentChange[] => [
      ...accessKeys.map(({ id }): DocumentChange => ({ account, kind: 'deleteAccessKey', user: name, id })),
      { account, kind: 'deleteUser', name },
    ]),
    ...roles.map(({ name }): DocumentChange => ({ account, kind: 'deleteRole', name })),
    ...policies.map(({ name }): DocumentChange => ({ account, kind: 'deletePolicy', name })),
  ];
}

function policyChanges({ account, policies }: AccountAccess, wanted: WantedAccess): DocumentChange[] {
  const before = byName(policies);
  return wanted.policies
    .filter((policy) => !hasAll(before.get(policy.name), policy))
    .map((policy) => ({ account, kind: 'putPolicy', ...policy }));
}

function userChanges({ account, users }: AccountAccess, wanted: WantedAccess): DocumentChange[] {
  const before = byName(users);
  return wanted.users
    .filter(({ name, description }) => before.get(name)?.description !== description)
    .map(({ name, description }) => {
      return { account, kind: before.has(name) ? 'describeUser' : 'createUser', name, description };
    });
}

function roleChanges({ account, roles }: AccountAccess, wanted: WantedAccess): DocumentChange[] {
  const before = byName(roles);
  return wanted.roles
    .map(({ name, description, trust, maxSessionSeconds }) => ({ name, description, trust, maxSessionSeconds }))
    .filter((role) => !hasAll(before.get(role.name), role))
    .map((role) => ({ account, kind: 'putRole', ...role }));
}

function stateChanges({ account, users }: AccountAccess, wanted: WantedAccess): DocumentChange[] {
  const before = byName(users);
  return wanted.users.flatMap((user) => [
    ...userStateChange(account, user, before.get(user.name)),
    ...keyStateChanges(account, user, before.get(user.name)),
  ]);
}

/** A new user is enabled. */
function userStateChange(account: string, { name, state }: WantedUser, before?: UserAccess): DocumentChange[] {
  const isAsWanted = state === undefined || state === (before?.state ?? 'enabled');
  return isAsWanted ? [] : [{ account, kind: 'setUserState', name, state }];
}

/** Keys that the user doesn't have are passed over; `absentKeys` tells of them. */
function keyStateChanges(
  account: string,
  { name, accessKeys = [] }: WantedUser,
  before?: UserAccess,
): DocumentChange[] {
  const states = new Map(before?.accessKeys.map(({ id, state }) => [id, state]));
  return accessKeys
    .filter(({ id, state }) => states.has(id) && states.get(id) !== state)
    .map(({ id, state }) => ({ account, kind: 'setAccessKeyState', user: name, id, state }));
}

/** The access keys that a document names and its user doesn't have: no document can bring them back. */
export function absentKeys(current: AccountAccess, wanted: WantedAccess): { user: string; id: string }[] {
  const users = byName(current.users);
  return wanted.users.flatMap(({ name, accessKeys = [] }) => {
    const present = users.get(name)?.accessKeys.map(({ id }) => id) ?? [];
    const named = accessKeys.map(({ id }) => id);
    return without(named, present).map((id) => ({ user: name, id }));
  });
}

interface Attached {
  readonly to: Principal;
  readonly policies: readonly string[];
}

function principalsOf({ users, roles }: Pick<WantedAccess, 'users' | 'roles'>): ReadonlyMap<string, Attached> {
  const attached = (kind: Principal['kind']) => {
    return ({ name, policies }: { name: string; policies: readonly string[] }): [string, Attached] => [
      `${kind}/${name}`,
      { to: { kind, name }, policies },
    ];
  };
  return new Map([...users.map(attached('user')), ...roles.map(attached('role'))]);
}

interface Named {
  readonly name: string;
}

function byName<T extends Named>(things: readonly T[]): ReadonlyMap<string, T> {
  return new Map(things.map((thing) => [thing.name, thing]));
}

function notNamed<T extends Named>(things: readonly T[], named: readonly Named[]): T[] {
  const names = new Set(named.map(({ name }) => name));
  return things.filter(({ name }) => !names.has(name));
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((each) => !some.includes(each));
}

/** Whether a thing is there and has all of these values. */
function hasAll<T extends object>(thing: T | undefined, values: T): boolean {
  return thing !== undefined && isDeepStrictEqual({ ...thing, ...values }, thing);
}
