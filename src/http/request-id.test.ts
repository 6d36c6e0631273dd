import { expect, test } from 'vitest';
import { newRequestId } from './request-id.ts';

test('a name begins with the seconds and has 24 upper-case hex digits', () => {
  expect(newRequestId(0x6b0331ab * 1000 + 999)).toMatch(/^6B0331AB[0-9A-F]{16}$/);
  expect(newRequestId(1000)).toMatch(/^00000001[0-9A-F]{16}$/);
});

test('no name is given twice, over many draws of random bytes', () => {
  const names = Array.from({ length: 5000 }, () => newRequestId(0));
  expect(new Set(names).size).toBe(5000);
});
