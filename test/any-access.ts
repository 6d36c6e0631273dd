/** Accounts and documents as a property test draws them, small enough to meet each other, and what is to come of them. */

import fc from 'fast-check';
import type { AccountAccess, UserAccess, WantedAccess, WantedUser } from '../src/access/account-access.ts';
import { serviceTrust } from '../src/core/service-trust.ts';
import { SYSTEM_POLICY } from './access-model.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const description = fc.constantFrom('', 'x');
const state = fc.constantFrom('enabled' as const, 'disabled' as const);
const document = fc.constantFrom('oss:GetObject', 'oss:PutObject').map((Action): unknown => {
  return { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
});
const trust = fc.constantFrom('oss.aliyuncs.com', 'kms.aliyuncs.com').map((service): unknown => serviceTrust(service));
const maxSessionSeconds = fc.constantFrom(3600, 7200);
const accessKeys = fc.uniqueArray(fc.record({ id: fc.constantFrom('1', '2'), state }), { selector: ({ id }) => id });

const named = <T extends { name: string }>(each: fc.Arbitrary<T>) =>
  fc.uniqueArray(each, { maxLength: 4, selector: (thing) => thing.name });
const policies = named(fc.record({ name, description, document }));

/** An account with whatever it may have. */
export function anyAccess(account: string): fc.Arbitrary<AccountAccess> {
  return policies.chain((made) => {
    const attached = fc.subarray([SYSTEM_POLICY, ...made.map((policy) => policy.name)]);
    return fc.record({
      account: fc.constant(account),
      policies: fc.constant(made),
      users: named(fc.record({ name, description, state, policies: attached, accessKeys })),
      roles: named(fc.record({ name, description, trust, maxSessionSeconds, policies: attached })),
    });
  });
}

/** A document; its attachments name policies that are there in the end: its own, and those that are `attachable`. */
export function anyWanted(attachable: readonly string[]): fc.Arbitrary<WantedAccess> {
  return policies.chain((made) => {
    const all = new Set([SYSTEM_POLICY, ...attachable, ...made.map((policy) => policy.name)]);
    const attached = fc.shuffledSubarray([...all]);
    return fc.record({
      policies: fc.constant(made),
      users: named(
        fc.record(
          { name, description, policies: attached, state, accessKeys },
          { requiredKeys: ['name', 'description', 'policies'] },
        ),
      ),
      roles: named(fc.record({ name, description, trust, maxSessionSeconds, policies: attached })),
    });
  });
}

const NEW_USER: Pick<UserAccess, 'state' | 'accessKeys'> = { state: 'enabled', accessKeys: [] };

/** What an account is to be when a document is applied, said without any change. */
export function expectedAccess(current: AccountAccess, wanted: WantedAccess, prune: boolean): AccountAccess {
  const kept = <T extends { name: string }>(before: readonly T[], after: readonly { name: string }[]) =>
    prune ? [] : before.filter((old) => !after.some((thing) => thing.name === old.name));
  const become = ({ name, description, policies, ...silent }: WantedUser): UserAccess => {
    const before = current.users.find((user) => user.name === name) ?? NEW_USER;
    const stateOf = (id: string) => silent.accessKeys?.find((key) => key.id === id)?.state;
    return {
      name,
      description,
      policies,
      state: silent.state ?? before.state,
      accessKeys: before.accessKeys.map((key) => ({ id: key.id, state: stateOf(key.id) ?? key.state })),
    };
  };
  return {
    account: current.account,
    policies: [...kept(current.policies, wanted.policies), ...wanted.policies],
    users: [...kept(current.users, wanted.users), ...wanted.users.map(become)],
    roles: [...kept(current.roles, wanted.roles), ...wanted.roles],
  };
}

/** The same with everything in the order of names. */
export function sortedAccess({ account, policies, users, roles }: AccountAccess): AccountAccess {
  const order = <T>(things: readonly T[], by: (thing: T) => string) =>
    things.toSorted((one, other) => (by(one) < by(other) ? -1 : 1));
  const holder = <T extends { policies: readonly string[] }>(thing: T) => ({
    ...thing,
    policies: order(thing.policies, String),
  });
  return {
    account,
    policies: order(policies, (policy) => policy.name),
    users: order(users, (user) => user.name).map((user) => ({
      ...holder(user),
      accessKeys: order(user.accessKeys, ({ id }) => id),
    })),
    roles: order(roles, (role) => role.name).map(holder),
  };
}
