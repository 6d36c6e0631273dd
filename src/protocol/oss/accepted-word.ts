/** Values that have to be one of a few words, in a header or an element. */

import { DomainError, type ErrorCode } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

export interface WordPlace {
  /** Of the header or element. */
  readonly name: string;
  /** `InvalidArgument` when absent. */
  readonly code?: ErrorCode;
  readonly ignoresCase?: boolean;
}

/** The value as the word that it is; throws, naming the place and all that is accepted, for any other. */
export function acceptedWord<T extends string>(
  accepted: readonly T[],
  value: string,
  { name, code = 'InvalidArgument', ignoresCase = false }: WordPlace,
): T {
  const found = accepted.find((word) => word === value || (ignoresCase && word.toLowerCase() === value.toLowerCase()));
  if (found !== undefined) return found;
  const shown = printable(value);
  const choice = accepted.length === 1 ? `${accepted[0]} is` : `${accepted.join(', ')} are`;
  throw new DomainError(code, `${name} is "${shown}" where ${choice} accepted.`, {
    ArgumentName: name,
    ArgumentValue: shown,
  });
}
