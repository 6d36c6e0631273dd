import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VARYING } from '../core/report.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import { overlap } from './pattern-overlap.ts';

const form = (text: string) => text.replaceAll('#', VARYING);

test.each([
  ['data/##.gz', '*', 'data/00.gz'],
  ['data/##.gz', 'data/##.gz', undefined],
  ['data/##.gz', 'data/a*', 'data/a0.gz'],
  ['data/##.gz', '*/?a.gz', 'data/0a.gz'],
  ['data/##.gz', 'data/??.gz', 'data/00.gz'],
  ['data/##.gz', 'data/?.gz', undefined],
  ['data/##.gz', 'data/g*', undefined],
  ['data/##.gz', 'data/A*', undefined],
  ['data/##.gz', 'data/ab.gz', 'data/ab.gz'],
  ['data/##.gz', 'data/ab.g', undefined],
  ['##-##', '*a-b*', '0a-b0'],
  ['##-##', '*b*a*', 'ba-00'],
  ['😀/##', '?/f*', '😀/f0'],
  ['ab', 'ab*b', undefined],
])('of the form %s, the pattern %s meets %s', (text, pattern, met) => {
  expect(overlap(form(text), pattern)).toBe(met);
});

test('a pattern meets a form when it matches one of its texts, and no other time', () => {
  const anyForm = fc.string({ unit: fc.constantFrom('a', 'g', '#'), maxLength: 4 });
  const anyPattern = fc.string({ unit: fc.constantFrom('a', 'b', 'g', '?', '*'), maxLength: 5 });
  fc.assert(
    fc.property(anyForm, anyPattern, (text, pattern) => {
      const met = overlap(form(text), pattern);
      expect(met !== undefined).toBe(textsOf(text).some((each) => matchesWildcard(pattern, each)));
      if (met === undefined) return;
      expect(matchesWildcard(pattern, met)).toBe(true);
      expect(met).toMatch(new RegExp(`^${text.replaceAll('#', '[0-9a-f]')}$`));
    }),
    { numRuns: 2000 },
  );
});

/** All texts of a form over the digits that make a difference to the patterns. */
function textsOf(text: string): string[] {
  const [head, ...rest] = text.split('#');
  return rest.reduce(
    (made, part) => made.flatMap((before) => ['a', 'b', '0'].map((digit) => before + digit + part)),
    [head ?? ''],
  );
}
