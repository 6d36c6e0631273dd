/** What a schema refuses, in our words: what stands there, and what may. */

import type { z } from 'zod';
import { printable, shown } from '../core/printable.ts';

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/** For zod's `error`; what a schema says of itself in words of its own stays. */
export function schemaFault(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') {
    return `${issue.keys.map((key) => `"${printable(key)}"`).join(', ')} is not known there`;
  }
  return `${shown(issue.input)}; expected: ${expectationOf(issue)}`;
}

function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return NAMES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => `"${String(value)}"`).join(' or ');
    case 'too_small':
      return `${issue.minimum} or more ${UNITS[issue.origin] ?? ''}`.trimEnd();
    case 'too_big':
      return `at most ${issue.maximum} ${UNITS[issue.origin] ?? ''}`.trimEnd();
    default:
      return 'something else';
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };
