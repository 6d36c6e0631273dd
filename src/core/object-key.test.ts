import fc from 'fast-check';
import { expect, test } from 'vitest';
import { character, objectKey } from '../../test/arbitraries.ts';
import { afterKey, afterPrefix, objectKeyBytes, startsWith } from './object-key.ts';

const bytes = fc.array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { maxLength: 5 }).map((all) => Buffer.from(all));
const isBelow = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) < 0;

test('a legal key becomes its UTF-8 bytes and back', () => {
  fc.assert(
    fc.property(objectKey, (key) => {
      expect(objectKeyBytes(key).toString()).toBe(key);
    }),
  );
});

test.each([
  ['empty', ''],
  ['led by a slash', '/a'],
  ['led by a backslash', '\\a'],
  ['1,024 bytes long', 'k'.repeat(1024)],
  ['1,024 bytes long in 512 characters', 'é'.repeat(512)],
  ['half a surrogate pair', 'a\uD83D'],
])('a key that is %s is refused', (_, key) => {
  expect(() => objectKeyBytes(key)).toThrow(expect.objectContaining({ code: 'InvalidObjectName' }));
});

test('a refused key is shown in well-formed text, cut short', () => {
  const key = `${'k'.repeat(99)}${'😀'.repeat(400)}`;
  expect(() => objectKeyBytes(key)).toThrow(
    expect.objectContaining({ details: { ObjectName: `${'k'.repeat(99)}😀…` } }),
  );
});

test('a key begins with a prefix exactly when its text does', () => {
  fc.assert(
    fc.property(objectKey, fc.array(character, { maxLength: 3 }), fc.nat(4), (key, other, length) => {
      const characters = [...key].slice(0, length).join('');
      for (const prefix of [characters, other.join('')]) {
        expect(startsWith(Buffer.from(key), Buffer.from(prefix))).toBe(key.startsWith(prefix));
      }
    }),
  );
});

test('the bound after a prefix lies above all that begin with it and not above anything else', () => {
  fc.assert(
    fc.property(bytes, bytes, (prefix, key) => {
      const bound = afterPrefix(prefix);
      const isInside = !isBelow(key, prefix) && (bound === undefined || isBelow(key, bound));
      expect(isInside).toBe(startsWith(key, prefix));
    }),
  );
});

test('nothing lies between a key and the key after it', () => {
  fc.assert(
    fc.property(bytes, bytes, (key, other) => {
      expect(isBelow(key, afterKey(key))).toBe(true);
      expect(isBelow(key, other) && isBelow(other, afterKey(key))).toBe(false);
    }),
  );
});
