import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instantMs } from '../../test/arbitraries.ts';
import { timestamp } from '../../test/reference-encoder.ts';
import { writeTimestamp } from './timestamp.ts';

function written(ms: number): string {
  const out = new Uint8Array(30);
  const end = writeTimestamp(out, 5, ms);
  return Buffer.from(out.subarray(5, end)).toString();
}

test('an instant is written as its second in UTC', () => {
  expect(written(Date.UTC(2026, 8, 30, 2, 14, 9, 999))).toBe('2026-09-30T02-14-09Z');
});

test('instants from 1970 to 9999 are written as the calendar has them', () => {
  fc.assert(
    fc.property(instantMs, (ms) => {
      expect(written(ms)).toBe(timestamp(ms));
    }),
    { numRuns: 5000 },
  );
});

test('the days around every turn of a month are right for four hundred years', () => {
  for (let month = 0; month < 12 * 400; month++) {
    const first = Date.UTC(1970, month, 1);
    expect(written(first)).toBe(timestamp(first));
    expect(written(first - 1 + 86_400_000)).toBe(timestamp(first - 1 + 86_400_000));
    if (month > 0) expect(written(first - 1)).toBe(timestamp(first - 1));
  }
});
