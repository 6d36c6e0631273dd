/** Finds the operation that a request means (protocol sheet, section 1.2). */

import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { Query } from '../../core/request-target.ts';
import type { HeaderFields } from '../../core/signed-request.ts';
import type { Level, Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

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
  const atLevel = OPERATIONS.filter((operation) => operation.level === level);
  const subresources = new Set(atLevel.flatMap(({ subresource }) => subresource ?? []));
  const [subresource, second] = new Set(query.pairs.map(([name]) => name).filter((name) => subresources.has(name)));
  if (second !== undefined) {
    throw new DomainError(
      'InvalidArgument',
      `The query selects more than one sub-resource, "${subresource}" and "${second}"; one is accepted.`,
      { ArgumentName: second },
    );
  }
  const selected = atLevel.filter((operation) => operation.subresource === subresource);
  const asked = selected.filter((operation) => isAsked(operation, query, headers));
  const [best] = asked
    .filter((operation) => operation.method === method)
    .sort((a, b) => specificity(b) - specificity(a));
  if (best !== undefined) return best;
  throw methodNotAllowed(method, level, asked);
}

function isAsked({ with: needed = [], header }: Operation, query: Query, headers: HeaderFields): boolean {
  if (header !== undefined && headers[header] === undefined) return false;
  return needed.every((text) => {
    const [name = '', value] = text.split('=');
    return value === undefined ? query.has(name) : query.get(name) === value;
  });
}

function specificity({ with: needed = [], header }: Operation): number {
  return needed.length + (header === undefined ? 0 : 1);
}

function methodNotAllowed(method: string, level: Level, asked: readonly Operation[]): DomainError {
  const allowed = [...new Set(asked.map((operation) => operation.method))].join(', ');
  return new DomainError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    Method: printable(method, 32),
    ResourceType: level.toUpperCase(),
    Allow: allowed,
  });
}
