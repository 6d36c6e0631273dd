import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesWildcard, searchedCharacters } from './wildcard.ts';

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'a/b:c\nd', true],
  ['?', '', false],
  ['?', 'a', true],
  ['a*', 'a', true],
  ['a*c', 'abcbc', true],
  ['a*c', 'abcb', false],
  ['*.txt', 'a.txt.txt', true],
  ['a?c', 'ac', false],
  ['**', 'ab', true],
  ['a.c', 'abc', false],
  ['[ab]', 'a', false],
])('"%s" on "%s": %s', (pattern, text, fits) => {
  expect(matchesWildcard(pattern, text)).toBe(fits);
});

test('a question mark is one character, also outside the basic plane', () => {
  expect(matchesWildcard('?', '😀')).toBe(true);
  expect(matchesWildcard('??', '😀')).toBe(false);
  expect(matchesWildcard('*?b', '😀b')).toBe(true);
  expect(matchesWildcard('*??', '😀')).toBe(false);
});

test('a pattern fits what the same pattern as a regular expression fits', () => {
  const letters = (alphabet: string, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), maxLength });
  const cases = fc.property(letters('ab*?😀', 8), letters('ab😀', 10), (pattern, text) => {
    const source = Array.from(pattern, (unit) => ({ '*': '.*', '?': '.' })[unit] ?? unit).join('');
    expect(matchesWildcard(pattern, text)).toBe(new RegExp(`^(?:${source})$`, 'su').test(text));
  });
  fc.assert(cases, { numRuns: 5000 });
});

test.each([
  ['', 0],
  ['abc?', 0],
  ['ab*cd', 0],
  ['a*bc*d', 2],
  ['*b?*c**d*', 4],
])('in "%s" %i characters stand between two stars', (pattern, characters) => {
  expect(searchedCharacters(pattern)).toBe(characters);
});

test('a pattern of many stars comes to an end', () => {
  expect(matchesWildcard(`${'*a'.repeat(500)}*c`, `${'a'.repeat(2000)}b`)).toBe(false);
});
