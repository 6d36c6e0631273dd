import { DomainError } from './errors.ts';
import { shown } from './printable.ts';

/** A policy that can't be accepted, and why. */
export function invalidPolicy(reason: string, options?: ErrorOptions): DomainError {
  return new DomainError('PolicyMalformed', `Invalid policy document: ${reason}.`, {}, options);
}

/** A policy that says something else than accepted; `path` is where, as in `Statement[1].Action`. */
export function malformedPolicy(path: string, value: unknown, accepted: string): DomainError {
  return invalidPolicy(`${path} is ${shown(value)}; ${accepted}`);
}
