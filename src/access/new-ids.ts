/** Ids and secrets, made by chance that nobody can guess. */

import { randomInt } from 'node:crypto';
import { SESSION_KEY_PREFIX } from '../core/access-entities.ts';
import type { AccessState } from './entities/access-state.ts';

const DIGITS = '0123456789';
const ALPHANUMERICS = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz${DIGITS}`;

/** What the access key ids of the original begin with. */
const ACCESS_KEY_PREFIX = 'LTAI5t';

/** The id of a new account: 16 digits. */
export function newAccountId(): string {
  return randomNumber(16);
}

/** The id of a new user or role: 18 digits, so that none is taken for an account's. */
export function newEntityId(state: AccessState): string {
  return unused(
    () => randomNumber(18),
    (id) => state.users.has(id) || state.roles.has(id),
  );
}

export function newAccessKeyId(state: AccessState): string {
  return unused(
    () => ACCESS_KEY_PREFIX + randomText(ALPHANUMERICS, 18),
    (id) => state.accessKeys.has(id),
  );
}

export function newSessionKeyId(): string {
  return SESSION_KEY_PREFIX + randomText(ALPHANUMERICS, 24);
}

export function newSecret(): string {
  return randomText(ALPHANUMERICS, 30);
}

/** Chance would have to repeat itself; then it is asked again. */
function unused(make: () => string, isUsed: (id: string) => boolean): string {
  let id = make();
  while (isUsed(id)) id = make();
  return id;
}

/** A number of so many digits, the first of them not 0. */
function randomNumber(digits: number): string {
  return randomText(DIGITS.slice(1), 1) + randomText(DIGITS, digits - 1);
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
