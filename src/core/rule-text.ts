/**
 * How the values of a rule are read from text, and how a fault in one is put into words. Kept apart from the rules
 * about rules, so that "what is a boolean" has one answer for all of them.
 */
import { DomainError, type ErrorCode } from './errors.ts';
import { printable } from './printable.ts';

/** Without the ASCII blanks that indentation leaves around a value. A loop, because the obvious regular expression
 *  takes quadratic time on a long run of inner blanks. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** `true` or `false` in any case (oss2 sends `True`); undefined when it is neither. */
export function readBoolean(text: string): boolean | undefined {
  const word = trimBlanks(text).toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** A whole number; undefined when it is none. One too large to be exact is still a number, and as such out of
 *  every range we check. */
export function readInteger(text: string): number | undefined {
  const digits = trimBlanks(text);
  return /^-?\d+$/.test(digits) ? Number(digits) + 0 : undefined; // + 0 makes one zero of the two
}

/** Code points, which is what a user counts as characters (nearly). */
export function countCharacters(text: string): number {
  return Array.from(text).length;
}

/** True when every character can be stored and echoed: no control characters, no lone surrogates, and neither of
 *  the two code points beside them that XML 1.0 excludes. */
export function isPlainText(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text);
}

/** A required element that is not there. */
export function missingElement(code: ErrorCode, element: string): DomainError {
  return new DomainError(code, `${element} is missing; a rule must have it`);
}

/** An element whose value can't be accepted; `expected` finishes the sentence "it must ...". */
export function wrongValue(code: ErrorCode, { element, value, expected }: WrongValue): DomainError {
  const shown = printable(value);
  const details = { ArgumentName: element, ArgumentValue: shown };
  return new DomainError(code, `${element} is "${shown}"; it must ${expected}`, details);
}

export interface WrongValue {
  readonly element: string;
  readonly value: string;
  readonly expected: string;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
