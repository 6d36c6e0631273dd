/** Master keys for SSE-KMS, in the words that the outside sees (docs/guide/encryption.md). */

import { DomainError } from './errors.ts';
import { printable } from './printable.ts';

/** A symmetric key encrypts objects; of an asymmetric one only the name is kept, since objects can't be encrypted
 *  under it (EC 0005-00000203). */
export const KEY_SPECS = ['SYMMETRIC', 'RSA_2048'] as const;
export type KeySpec = (typeof KEY_SPECS)[number];

export type KeyState = 'enabled' | 'disabled' | 'pendingDeletion';

/** How long a key waits for its deletion, in days: the bounds of the original's key service. */
export const DELETION_DAYS = { min: 7, max: 366, default: 30 } as const;

const MAX_KEY_DESCRIPTION_CHARACTERS = 1024;

/** The most keys on one page of a list. */
export const MAX_KEYS_PAGE = 1000;

/** A key as it is told to the outside; times are ISO 8601 UTC. */
export interface KeyView {
  readonly id: string;
  readonly description: string;
  readonly spec: KeySpec;
  readonly state: KeyState;
  /** The account's default: what SSE-KMS uses when no key is named. */
  readonly isDefault: boolean;
  readonly createdAt: string;
  /** When it is destroyed; null unless its deletion is scheduled. */
  readonly deletionAt: string | null;
}

export interface KeyPage {
  readonly keys: readonly KeyView[];
  /** What to ask for as `after` to get the next page; null on the last. */
  readonly nextAfter: string | null;
}

export interface NewKey {
  /** One is made when absent. */
  readonly id?: string | undefined;
  readonly description?: string | undefined;
  readonly spec?: KeySpec | undefined;
}

/** Refuses an id that a key can't be created under; those that begin with `service` are the server's own. */
export function assertLegalKeyId(id: string): void {
  if (/^(?!service)[A-Za-z0-9_/-]{1,64}$/.test(id)) return;
  refuse('id', id, '1 to 64 of A-Z a-z 0-9 - _ / that do not begin with "service"');
}

export function assertLegalKeyDescription(description: string): void {
  if (description.length <= MAX_KEY_DESCRIPTION_CHARACTERS && !/\p{C}/u.test(description)) return;
  refuse('description', description, `at most ${MAX_KEY_DESCRIPTION_CHARACTERS} characters without control characters`);
}

export function assertLegalDeletionDays(days: number): void {
  const { min, max } = DELETION_DAYS;
  if (Number.isInteger(days) && days >= min && days <= max) return;
  refuse('days', String(days), `a whole number from ${min} to ${max}`);
}

function refuse(name: string, value: string, expected: string): never {
  throw new DomainError('InvalidArgument', `The key's ${name} is "${printable(value)}"; expected: ${expected}.`, {
    ArgumentName: name,
    ArgumentValue: printable(value),
  });
}
