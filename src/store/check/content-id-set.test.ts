import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ContentIdSet } from './content-id-set.ts';

test('it holds what was added and nothing else, however large the ids', () => {
  const id = fc.oneof(
    fc.nat(100),
    fc.nat(2_000_000),
    fc.nat(2 ** 31 - 1).map((n) => n + 2 ** 40),
  );
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (added, asked) => {
      const set = new ContentIdSet();
      const model = new Set<number>();
      for (const each of added) {
        expect(set.add(each)).toBe(!model.has(each));
        model.add(each);
      }
      for (const each of [...added, ...asked]) expect(set.has(each)).toBe(model.has(each));
    }),
  );
});
