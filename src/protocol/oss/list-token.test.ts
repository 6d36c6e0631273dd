import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectKey } from '../../../test/arbitraries.ts';
import { markerOf, tokenOf } from './list-token.ts';

test('a token brings back the entry it was made of, and needs no escaping in a URL or in XML', () => {
  fc.assert(
    fc.property(objectKey, (key) => {
      expect(tokenOf(key)).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(markerOf(tokenOf(key))).toBe(key);
    }),
  );
});

test.each(['', 'B', 'Bcm93', 'Zm9v', 'Acm93=', 'Acm9 3', 'Acm93\n', 'A_w', 'A7aCA', 'Acm9+'])(
  'the text %j is no token',
  (text) => {
    expect(markerOf(text)).toBeUndefined();
  },
);

test('no other text than the token itself is read as it', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const marker = markerOf(text);
      if (marker !== undefined) expect(tokenOf(marker)).toBe(text);
    }),
  );
});
