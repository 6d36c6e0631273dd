import fc from 'fast-check';
import { expect, test } from 'vitest';
import { character, objectKey } from '../../test/arbitraries.ts';
import { coverFault, cutRange, type KeyRange, prefixRange } from './key-range.ts';

const holds = ({ start, end }: KeyRange, key: Uint8Array) =>
  Buffer.compare(key, start) >= 0 && (end === undefined || Buffer.compare(key, end) < 0);

test('the range of a prefix holds exactly the keys that begin with it', () => {
  const prefix = fc.array(character, { maxLength: 3 }).map((characters) => characters.join(''));
  fc.assert(
    fc.property(prefix, objectKey, (prefix, key) => {
      const range = prefixRange(prefix);
      expect(holds(range, Buffer.from(key))).toBe(key.startsWith(prefix));
      expect(holds(range, Buffer.from(prefix + key))).toBe(true);
    }),
  );
});

test('the range of no prefix has no end', () => {
  expect(prefixRange('')).toStrictEqual({ start: Buffer.alloc(0) });
});

test('a key that lies in a range lies in exactly one of its parts', () => {
  const keys = fc.uniqueArray(objectKey, { maxLength: 6 });
  fc.assert(
    fc.property(keys, objectKey, fc.boolean(), (cuts, key, isOpen) => {
      const sorted = cuts.map((cut) => Buffer.from(cut)).sort(Buffer.compare);
      const end = isOpen ? undefined : sorted.pop();
      const range: KeyRange = { start: sorted.shift() ?? Buffer.alloc(0), ...(end && { end }) };
      const parts = cutRange(range, sorted);
      expect(parts).toHaveLength(sorted.length + 1);
      for (const probe of [Buffer.from(key), ...sorted, range.start]) {
        expect(parts.filter((part) => holds(part, probe))).toHaveLength(holds(range, probe) ? 1 : 0);
      }
    }),
  );
});

test('a range that is cut nowhere is itself', () => {
  const range = prefixRange('photos/');
  expect(cutRange(range, [])).toStrictEqual([range]);
});

test('the parts of a range cover it; with one of them taken out, moved or cut short they do not', () => {
  const cuts = fc.uniqueArray(objectKey, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(cuts, fc.nat(), fc.constantFrom('', 'prefix'), (keys, place, prefix) => {
      const whole = prefixRange(prefix);
      const sorted = keys.map((key) => Buffer.from(prefix + key)).sort(Buffer.compare);
      const parts = cutRange(whole, sorted);
      expect(coverFault(whole, parts)).toBeUndefined();

      const spoilt = parts[place % parts.length];
      if (spoilt === undefined) return;
      const without = parts.filter((part) => part !== spoilt);
      expect(coverFault(whole, without)).toBeDefined();
      const swap = (part: KeyRange) => parts.map((each) => (each === spoilt ? part : each));
      expect(coverFault(whole, swap({ ...spoilt, start: Buffer.concat([spoilt.start, Buffer.of(0)]) }))).toBeDefined();
      expect(
        coverFault(whole, swap({ ...spoilt, end: Buffer.concat([spoilt.end ?? spoilt.start, Buffer.of(0)]) })),
      ).toBeDefined();
    }),
  );
});

test('no ranges cover nothing', () => {
  expect(coverFault(prefixRange(''), [])).toEqual({
    part: 0,
    text: 'the last range ends at "", where the keys to cover end at the end of all keys',
  });
});
