/**
 * Whose things a request is about, and what it needs its permission on. Within its own account an identity is held
 * against `acs:stocktake:*:<account>:user/anna`. Those of the server's account may administer others, and are held
 * against a resource of their own account for that: `acs:stocktake:*:<server's>:account/<other>/user/anna`. So a policy
 * about `user/*` gives power over the users of one account only.
 */

import type { Resource } from '../access/access.ts';
import type { Identity } from '../access/identity.ts';
import { adminResource } from '../access/resource.ts';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Query } from '../core/request-target.ts';
import type { Operation, Param } from './operation.ts';

export interface Scope {
  readonly account: string;
  /** Each of them has to be allowed. */
  readonly resources: readonly Resource[];
}

export interface ScopedRequest {
  readonly operation: Operation;
  readonly param: Param;
  readonly query: Query;
  readonly identity: Identity;
  readonly serverAccount: string;
}

export function scopeOf({ operation, param, query, identity, serverAccount }: ScopedRequest): Scope {
  const paths = [operation.resource, operation.also].flatMap((path) => path?.(param) ?? []);
  const named = accountIn(query);
  if (operation.of === 'server') {
    if (named === undefined) {
      return { account: serverAccount, resources: paths.map((path) => adminResource(serverAccount, path)) };
    }
    throw new DomainError(
      'InvalidArgument',
      'The query is not valid. This belongs to no account: leave "account" away.',
    );
  }
  const own = identity.kind === 'anonymous' ? undefined : identity.accountId;
  const account = named ?? own ?? serverAccount;
  const isAdministered = own === serverAccount && account !== serverAccount;
  const resources = paths.map((path) =>
    isAdministered ? adminResource(serverAccount, `account/${account}/${path}`) : adminResource(account, path),
  );
  return { account, resources };
}

/** The query without what `scopeOf` has read of it. */
export function withoutAccount(query: Query): Query {
  const pairs = query.pairs.filter(([name]) => name !== 'account');
  const find = (name: string) => (name === 'account' ? undefined : query.get(name));
  return { pairs, has: (name) => find(name) !== undefined, get: find };
}

function accountIn(query: Query): string | undefined {
  const account = query.get('account');
  if (account === undefined || /^\d{1,20}$/.test(account)) return account;
  const text = `The query is not valid. account is "${printable(account)}"; expected: the digits of an account's id.`;
  throw new DomainError('InvalidArgument', text);
}
