import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNestedBeyond } from './json-depth.ts';

test.each([
  ['1', 0],
  ['[]', 1],
  ['[{"a":[]},[]]', 3],
  ['["[[[", "\\"[[[", "\\\\", {"{{{":1}]', 2],
])('%s is nested %i deep', (text, depth) => {
  expect([isNestedBeyond(depth, text), isNestedBeyond(depth - 1, text)]).toEqual([false, true]);
});

test('whatever JSON.stringify writes, it is as deep as its value', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const [depth, text] = [depthOf(value), JSON.stringify(value)];
      expect([isNestedBeyond(depth, text), isNestedBeyond(depth - 1, text)]).toEqual([false, true]);
    }),
  );
});
