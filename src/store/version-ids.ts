/**
 * Versions have an order and an id. The order is a number that rises with each version the store takes in, given out
 * inside the commit, so that what was acknowledged later is newer also within one millisecond. The id holds the number
 * and is opaque to clients: a version is found by its id without a search, and one that is restored from a backup and
 * goes on from there never gets an id that was given out before.
 */

import { randomFillSync } from 'node:crypto';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { NULL_VERSION } from '../core/stored-object.ts';
import type { IndexDatabase } from './index-database.ts';

/** The mark in the index. */
export const NEXT_SEQUENCE = 'nextSequence';
const FIRST_SEQUENCE = 1;
/** What the original's ids begin with. */
const START = 'CAEQ';
const SEQUENCE_BYTES = 6;
const RANDOM_BYTES = 12;
const ID = new RegExp(`^${START}[A-Za-z0-9_-]{${((SEQUENCE_BYTES + RANDOM_BYTES) * 4) / 3}}$`);
/** Ids of the original's form, which no version here ever had. */
const FOREIGN_ID = new RegExp(`^${START}[A-Za-z0-9_*.-]{8,1020}$`);

export class VersionSequence {
  readonly #meta: IndexDatabase['meta'];
  #next: number;

  constructor(meta: IndexDatabase['meta']) {
    this.#meta = meta;
    this.#next = meta.get(NEXT_SEQUENCE) ?? FIRST_SEQUENCE;
  }

  /** In a commit. A number that is taken by a commit that fails is left out. */
  take(): number {
    return this.#next++;
  }

  /** Goes into every commit. */
  writeMark(): void {
    this.#meta.putSync(NEXT_SEQUENCE, this.#next);
  }
}

/** A fresh id for the version of this number. */
export function newVersionId(sequence: number): string {
  const bytes = Buffer.allocUnsafe(SEQUENCE_BYTES + RANDOM_BYTES);
  bytes.writeUIntBE(sequence, 0, SEQUENCE_BYTES);
  randomFillSync(bytes, SEQUENCE_BYTES);
  return START + bytes.toString('base64url');
}

/** What an id from outside names: the null version, the version of a number, or certainly none of this store. */
export type NamedVersion =
  | { readonly kind: 'null' }
  | { readonly kind: 'id'; readonly sequence: number; readonly id: string }
  | { readonly kind: 'unknown' };

/** Reads an id as the wire shows it; throws `VersionIdInvalid` for what can't be one (protocol sheet, section 3.3). */
export function readVersionId(text: string): NamedVersion {
  if (text === NULL_VERSION) return { kind: 'null' };
  if (ID.test(text)) {
    const sequence = Buffer.from(text.slice(START.length), 'base64url').readUIntBE(0, SEQUENCE_BYTES);
    return sequence < FIRST_SEQUENCE ? { kind: 'unknown' } : { kind: 'id', sequence, id: text };
  }
  if (FOREIGN_ID.test(text)) return { kind: 'unknown' };
  const shown = printable(text);
  throw new DomainError(
    'VersionIdInvalid',
    text === ''
      ? 'Version id can not be the empty string.'
      : `Invalid version id specified: "${shown}" is neither "${NULL_VERSION}" nor an id that a version was given.`,
    { ArgumentName: 'versionId', ArgumentValue: shown },
  );
}
