/** Finds the operation that a request means (protocol sheet, section 1.2). */

import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { Query } from '../../core/request-target.ts';
import type { HeaderFields } from '../../core/signed-request.ts';
import { type Level, METHODS, type Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { WireError } from './wire-error.ts';

export interface Routed {
  readonly method: string;
  readonly level: Level;
  readonly query: Query;
  readonly headers: HeaderFields;
}

/**
 * A sub-resource is selected by the presence of its key. The original doesn't document which of two wins, so two are
 * refused; keys that select nothing at the level are parameters, or nobody's.
 */
export function route({ method, level, query, headers }: Routed): Operation {
  const bySubresource = CANDIDATES[level];
  const [subresource, second] = new Set(query.pairs.map(([name]) => name).filter((name) => bySubresource.has(name)));
  if (second !== undefined) {
    throw new DomainError(
      'InvalidArgument',
      `The query selects more than one sub-resource, "${subresource}" and "${second}"; one is accepted.`,
      { ArgumentName: second },
    );
  }
  const selected = bySubresource.get(subresource) ?? [];
  const asked = selected.filter((candidate) => isAsked(candidate, query, headers));
  const best = asked.find(({ operation }) => operation.method === method);
  if (best !== undefined) return best.operation;
  throw methodNotAllowed(method, level, asked);
}

/** An operation, and the query keys that it needs beside its sub-resource, with their value where that matters. */
interface Candidate {
  readonly operation: Operation;
  readonly needed: readonly (readonly [name: string, value?: string])[];
}

/** By level and sub-resource, the more specific first: of those that are asked for, the first is meant. */
const CANDIDATES: Readonly<Record<Level, ReadonlyMap<string | undefined, readonly Candidate[]>>> = {
  service: candidatesOf('service'),
  bucket: candidatesOf('bucket'),
  object: candidatesOf('object'),
};

function candidatesOf(level: Level): Map<string | undefined, Candidate[]> {
  const candidates = OPERATIONS.filter((operation) => operation.level === level)
    .map((operation) => ({ operation, needed: (operation.with ?? []).map(neededPair) }))
    .sort((a, b) => specificity(b) - specificity(a));
  return Map.groupBy(candidates, ({ operation }) => operation.subresource);
}

function neededPair(text: string): readonly [name: string, value?: string] {
  const [name = '', value] = text.split('=');
  return value === undefined ? [name] : [name, value];
}

function specificity({ operation, needed }: Candidate): number {
  return needed.length + (operation.header === undefined ? 0 : 1);
}

function isAsked({ operation: { header }, needed }: Candidate, query: Query, headers: HeaderFields): boolean {
  if (header !== undefined && headers[header] === undefined) return false;
  return needed.every(([name, value]) => (value === undefined ? query.has(name) : query.get(name) === value));
}

function methodNotAllowed(method: string, level: Level, asked: readonly Candidate[]): WireError {
  const allowed = METHODS.filter((each) => asked.some(({ operation }) => operation.method === each)).join(', ');
  return new WireError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    details: { Method: printable(method, 32), ResourceType: level.toUpperCase() },
    headers: { Allow: allowed },
  });
}
