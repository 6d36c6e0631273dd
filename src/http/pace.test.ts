import { expect, test } from 'vitest';
import { hasCode } from '../core/errors.ts';
import { HTTP_BOUNDS } from './bounds.ts';
import { Pace } from './pace.ts';

const pace = () => new Pace({ ...HTTP_BOUNDS, paceMs: 1000, paceBytes: 100 });

function refusalOf(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a body that dribbles is given up after the time of the bound, and not before', () => {
  const slow = pace();
  slow.assertKept(999, 1);
  const refusal = refusalOf(() => slow.assertKept(1, 98));
  expect(hasCode(refusal, 'RequestTimeout')).toBe(true);
  expect(String(refusal)).toContain('99 bytes in 1 seconds, where 100 are the least in 1.');
});

test('what came fast at first does not pay for what dribbles later', () => {
  const tiring = pace();
  tiring.assertKept(1000, 1_000_000);
  tiring.assertKept(900, 1);
  expect(
    hasCode(
      refusalOf(() => tiring.assertKept(100, 1)),
      'RequestTimeout',
    ),
  ).toBe(true);
});

test('time in which nobody waits for the body is not the client’s', () => {
  const idle = pace();
  for (let chunk = 0; chunk < 1000; chunk++) idle.assertKept(0, 1);
});
