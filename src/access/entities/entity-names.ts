/** What accounts, users, roles and policies may be called and hold: the rules of RAM, except for accounts. */

import { ACCESS_LIMITS } from '../../core/access-entities.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

export type NamedKind = 'account' | 'user' | 'role' | 'policy';

/** What each kind of thing may be called; `expected` says it in words. */
export const NAMES: Readonly<Record<NamedKind, { readonly pattern: RegExp; readonly expected: string }>> = {
  // The server's own account is called by its id, which nobody else may be called.
  account: {
    pattern: /^(?!\d+$)[A-Za-z0-9.@_-]{1,64}$/,
    expected: '1 to 64 of A-Z a-z 0-9 . @ _ - that are not digits alone',
  },
  // Names stand in paths of the admin API, and many clients make another path of one with . or .. in it.
  user: {
    pattern: /^(?!\.\.?$)[A-Za-z0-9.@_-]{1,64}$/,
    expected: '1 to 64 of A-Z a-z 0-9 . @ _ - that are not . or .. alone',
  },
  role: {
    pattern: /^(?!\.\.?$)[A-Za-z0-9.-]{1,64}$/,
    expected: '1 to 64 of A-Z a-z 0-9 . - that are not . or .. alone',
  },
  policy: { pattern: /^[A-Za-z0-9-]{1,128}$/, expected: '1 to 128 of A-Z a-z 0-9 -' },
};

const ACCOUNT_ID = /^[1-9]\d{15}$/;

/** How long a session of a role may last at most, in seconds: the bounds and the default of RAM. */
export const MAX_SESSION_SECONDS = { min: 3600, max: 43_200, default: 3600 } as const;

export function assertLegalName(kind: NamedKind, name: string): void {
  const { pattern, expected } = NAMES[kind];
  if (!pattern.test(name)) refuse(`name of the ${kind}`, name, expected);
}

export function assertLegalAccountId(id: string): void {
  if (!ACCOUNT_ID.test(id)) refuse('id of the account', id, '16 digits, the first of them not 0');
}

export function assertLegalDescription(kind: NamedKind, description: string): void {
  const { descriptionCharacters } = ACCESS_LIMITS;
  if (description.length <= descriptionCharacters && !/\p{C}/u.test(description)) return;
  const expected = `at most ${descriptionCharacters} characters without control characters`;
  refuse(`description of the ${kind}`, description, expected);
}

export function assertLegalSessionSeconds(seconds: number): void {
  const { min, max } = MAX_SESSION_SECONDS;
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return;
  refuse('longest session of the role', String(seconds), `a whole number of seconds from ${min} to ${max}`);
}

function refuse(name: string, value: string, expected: string): never {
  throw new DomainError('InvalidArgument', `The ${name} is "${printable(value)}"; expected: ${expected}.`, {
    ArgumentName: name,
    ArgumentValue: printable(value),
  });
}
