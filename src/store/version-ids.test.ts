import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { openIndex } from './index-database.ts';
import { newVersionId, readVersionId, VersionSequence } from './version-ids.ts';

test('an id names the number it was made for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), (sequence) => {
      const id = newVersionId(sequence);
      expect(id).toMatch(/^CAEQ[A-Za-z0-9_-]{24}$/);
      expect(readVersionId(id)).toEqual({ kind: 'id', sequence, id });
    }),
  );
});

test('two ids of one number are two', () => {
  expect(newVersionId(1)).not.toBe(newVersionId(1));
});

test('the null version has a name', () => {
  expect(readVersionId('null')).toEqual({ kind: 'null' });
});

test.each([
  ['of the original', 'CAEQNhiBgMDJgZCA0BYiIDc4MGZjZGI2OTBjOTRmNTE5NmU5NmFhZjhjYmY0'],
  ['with a number before the first', `CAEQ${'A'.repeat(24)}`],
])('an id %s is none of this store, but no nonsense', (_, id) => {
  expect(readVersionId(id)).toEqual({ kind: 'unknown' });
});

test.each(['', 'NULL', 'x', 'CAEQ', `CAEQ${'A'.repeat(1021)}`, 'CAEQ1234567 ', '\u0000'])(
  'what cannot be an id is refused: %j',
  (text) => {
    expect(() => readVersionId(text)).toThrow(expect.objectContaining({ code: 'VersionIdInvalid' }));
  },
);

test('numbers rise and go on behind the last mark', () => {
  const { meta, root } = openIndex(temporaryFolder());
  onTestFinished(() => root.close());
  const sequence = new VersionSequence(meta);
  expect([sequence.take(), sequence.take()]).toEqual([1, 2]);
  sequence.writeMark();
  sequence.take();
  expect(new VersionSequence(meta).take()).toBe(3); // The third went down with its commit.
});
