import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findRepeatedKey } from './json-keys.ts';

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":{"b":1,"b":2}}', 'b'],
  ['[{"a":1},{"b":[],"b":{}}]', 'b'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"a":"x","b":[1,2],"a":3}', 'a'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
])('%s repeats %s', (text, key) => {
  expect(findRepeatedKey(text)).toBe(key);
});

test.each([
  '{}',
  '"a"',
  '{"a":{"a":{"a":1}}}',
  '[{"a":1},{"a":1}]',
  '{"a":"a","b":["a","a"]}',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
])('%s repeats none', (text) => {
  expect(findRepeatedKey(text)).toBeUndefined();
});

test('what JSON.stringify writes repeats no key', () => {
  const written = fc.property(fc.jsonValue(), (value) => {
    expect(findRepeatedKey(JSON.stringify(value))).toBeUndefined();
  });
  fc.assert(written);
});
