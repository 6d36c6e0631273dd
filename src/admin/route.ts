/** Finds the operation that a request means. */

import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

export interface Routed {
  readonly operation: Operation;
  readonly id: string;
}

const PATTERNS = OPERATIONS.map((operation) => ({ operation, pattern: patternOf(operation.path) }));

/**
 * `path` is what follows `/-/api/v1/`, decoded. An id may hold slashes and even end like the name of an operation;
 * what is meant is clear all the same, since only a POST has a name behind its id.
 */
export function route(method: string, path: string): Routed {
  const found = PATTERNS.flatMap(({ operation, pattern }) => {
    const match = pattern.exec(path);
    return match === null ? [] : [{ operation, id: match.groups?.id ?? '' }];
  });
  if (found.length === 0) throw noSuchPath();
  const meant = found.find(({ operation }) => operation.method === method);
  if (meant !== undefined) return meant;
  throw new DomainError('MethodNotAllowed', `${printable(method, 32)} is not allowed here.`, {
    Allow: [...new Set(found.map(({ operation }) => operation.method))].join(', '),
  });
}

/** The refusal of a path that nothing lies at. */
export function noSuchPath(): DomainError {
  return new DomainError('NoSuchPath', 'There is nothing at this path. The admin API lies below /-/api/v1/.');
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace('{id}', '(?<id>.+)')}$`, 's');
}
