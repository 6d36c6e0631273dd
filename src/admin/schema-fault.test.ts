import { expect, test } from 'vitest';
import { z } from 'zod';
import { schemaFault } from './schema-fault.ts';

test.each<[z.ZodType, unknown, string]>([
  [z.object({}), undefined, 'missing; expected: an object'],
  [z.object({}), null, 'null; expected: an object'],
  [z.array(z.string()), { length: 1 }, 'an object; expected: a list'],
  [z.string(), 5, '5; expected: a text'],
  [z.number(), '5', '"5"; expected: a number'],
  [z.int(), 1.5, '1.5; expected: a whole number'],
  [z.boolean(), 'yes\u001b', '"yes\ufffd"; expected: true or false'],
  [z.enum(['enabled', 'disabled']), 'off', '"off"; expected: "enabled" or "disabled"'],
  [z.string().min(1), '', '""; expected: 1 or more characters'],
  [z.string().max(2), 'abc', '"abc"; expected: at most 2 characters'],
  [z.array(z.string()).max(1), ['a', 'b'], 'a list; expected: at most 1 entries'],
  [z.number().min(1), 0, '0; expected: 1 or more'],
  [z.number().max(7), 8, '8; expected: at most 7'],
  [z.strictObject({}), { polices: [] }, '"polices" is not known there'],
  [z.string().regex(/^\d$/, { error: 'must be a digit' }), 'x', 'must be a digit'],
])('what is refused is named with what may stand there: %#', (schema, value, words) => {
  const result = schema.safeParse(value, { error: schemaFault });
  expect(result.error?.issues.map(({ message }) => message)).toEqual([words]);
});
