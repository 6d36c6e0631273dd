import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test('a text that fits is shown whole, a longer one is cut and says so', () => {
  expect(printable('a'.repeat(100))).toBe('a'.repeat(100));
  expect(printable('a'.repeat(101))).toBe(`${'a'.repeat(100)}…`);
  expect(printable('abc', 2)).toBe('ab…');
});

test('characters count, not their units, and none is cut in two', () => {
  const faces = '😀'.repeat(100);
  expect(printable(faces)).toBe(faces);
  expect(printable(`${faces}!`)).toBe(`${faces}…`);
  expect(printable(`a${'😀'.repeat(3)}`, 2)).toBe('a😀…');
});

test('what could forge a line or turn its direction shows as U+FFFD', () => {
  expect(printable('a\nb\u2028c\u202ed\u0000\ud800')).toBe('a\ufffdb\ufffdc\ufffdd\ufffd\ufffd');
});
