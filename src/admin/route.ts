/** Finds the operation that a request means. */

import assert from 'node:assert/strict';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Operation, Param } from './operation.ts';
import { OPERATIONS } from './operations.ts';

export interface Routed {
  readonly operation: Operation;
  readonly param: Param;
}

const PATTERNS = OPERATIONS.map((operation) => ({ operation, pattern: patternOf(operation.path) }));

/**
 * `path` is what follows `/-/api/v1/`, decoded. The id of a key may hold slashes and even end like the name of an
 * operation; what is meant is clear all the same, since only a POST has a name behind such an id.
 */
export function route(method: string, path: string): Routed {
  const found = PATTERNS.flatMap(({ operation, pattern }) => {
    const match = pattern.exec(path);
    return match === null ? [] : [{ operation, param: paramOf(match.groups) }];
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
  return new RegExp(`^${path.replace(/\{\+(\w+)\}/g, '(?<$1>.+)').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`, 's');
}

function paramOf(groups: Readonly<Record<string, string>> = {}): Param {
  return (name) => {
    const text = groups[name];
    assert(text !== undefined, `the path has no {${name}}`);
    return text;
  };
}
