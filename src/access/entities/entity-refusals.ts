/** Why something can't be found, made or removed, in words. */

import type { Principal } from '../../core/access-change.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

export function noSuchAccount(account: string): DomainError {
  return new DomainError('NoSuchAccount', `There is no account "${printable(account)}".`);
}

export function noSuchUser(account: string, name: string): DomainError {
  return new DomainError('NoSuchUser', `The account ${account} has no user "${printable(name)}".`);
}

export function noSuchRole(account: string, name: string): DomainError {
  return new DomainError('NoSuchRole', `The account ${account} has no role "${printable(name)}".`);
}

export function noSuchPolicy(account: string, name: string): DomainError {
  const text = `The account ${account} has no policy "${printable(name)}", and no system policy has that name.`;
  return new DomainError('NoSuchPolicy', text);
}

export function noSuchAccessKey(account: string, user: string | undefined, id: string): DomainError {
  const holder = user === undefined ? `account ${account} itself` : `user "${user}"`;
  return new DomainError('NoSuchAccessKey', `The ${holder} has no access key "${printable(id)}".`);
}

export function notAttached(policy: string, { kind, name }: Principal): DomainError {
  const text = `The policy "${printable(policy)}" is not attached to the ${kind} "${name}".`;
  return new DomainError('NoSuchPolicy', text);
}

/** `what` as in `a user "anna"`. */
export function entityExists(what: string): DomainError {
  return new DomainError('EntityExists', `There is ${what} already.`);
}

/** Refuses to delete a thing while it is used; a use is as in `has the policies a, b`. */
export function assertUnused(thing: string, uses: readonly string[]): void {
  if (uses.length === 0) return;
  throw new DomainError('EntityInUse', `The ${thing} can't be deleted while it ${uses.join(' and ')}.`);
}

/** A use by name, if there are any names. */
export function useOf(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${what} ${listed(names)}`];
}

export function assertBelow(limit: number, count: number, what: string): void {
  if (count < limit) return;
  throw new DomainError('EntityLimitReached', `${what}: ${count} of at most ${limit} are there. Delete one first.`);
}

/** Names that are told of many. */
const MAX_NAMES = 5;

function listed(names: readonly string[]): string {
  const told = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${told} and ${names.length - MAX_NAMES} more` : told;
}
