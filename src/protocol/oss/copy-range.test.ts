import { expect, test } from 'vitest';
import { MAX_PUT_BYTES } from '../../core/limits.ts';
import { copyRange } from './copy-range.ts';

const rangeOf = (header: string, sizeBytes = 100) => copyRange({ 'x-oss-copy-source-range': header }, sizeBytes);

test.each([
  ['bytes=0-99', 0, 100],
  ['bytes=0-0', 0, 1],
  ['bytes=10-19', 10, 20],
  ['bytes=90-', 90, 100],
  [' bytes=99-99 ', 99, 100],
])('"%s" of 100 bytes is from %i to %i', (header, start, end) => {
  expect(rangeOf(header)).toEqual({ start, end });
});

test('without the header it is the whole object, an empty one too', () => {
  expect(copyRange({}, 100)).toBeUndefined();
  expect(copyRange({}, 0)).toBeUndefined();
});

test.each([
  ['bytes=', 'InvalidArgument'],
  ['bytes=-5', 'InvalidArgument'],
  ['0-9', 'InvalidArgument'],
  ['bytes=9-0', 'InvalidArgument'],
  ['bytes=0-9,20-29', 'InvalidArgument'],
  ['bytes=a-b', 'InvalidArgument'],
  ['', 'InvalidArgument'],
  [`bytes=0-${'9'.repeat(30)}`, 'InvalidArgument'],
  ['bytes=0-100', 'InvalidRange'],
  ['bytes=100-', 'InvalidRange'],
  ['bytes=200-300', 'InvalidRange'],
])('"%s" of 100 bytes is %s', (header, code) => {
  expect(() => rangeOf(header)).toThrow(expect.objectContaining({ code }));
});

test('a part is at most 5 GiB, of a range as of a whole object', () => {
  expect(copyRange({}, MAX_PUT_BYTES)).toBeUndefined();
  expect(() => copyRange({}, MAX_PUT_BYTES + 1)).toThrow(expect.objectContaining({ code: 'EntityTooLarge' }));
  expect(rangeOf(`bytes=1-${MAX_PUT_BYTES}`, MAX_PUT_BYTES + 2)).toEqual({ start: 1, end: MAX_PUT_BYTES + 1 });
  expect(() => rangeOf('bytes=1-', MAX_PUT_BYTES + 2)).toThrow(expect.objectContaining({ code: 'EntityTooLarge' }));
});
