import { expect, test } from 'vitest';
import { checkRuleOptions, MAX_KEPT } from './rule-options.ts';

test.each([1, 7, MAX_KEPT])('%s reports, or days, may be kept', (value) => {
  for (const retention of [{ keepReports: value }, { keepDays: value }, { keepReports: value, keepDays: value }]) {
    expect(checkRuleOptions({ latest: false, retention })).toEqual({ latest: false, retention });
  }
});

test.each([0, -1, 1.5, MAX_KEPT + 1, Number.NaN, Number.POSITIVE_INFINITY])('%s is refused in words', (value) => {
  for (const name of ['keepReports', 'keepDays']) {
    expect(() => checkRuleOptions({ latest: true, retention: { [name]: value } })).toThrow(
      expect.objectContaining({
        code: 'InvalidArgument',
        message: `retention.${name} is ${value} where a whole number from 1 to 1000 is accepted. Leave retention out to keep all reports.`,
      }),
    );
  }
});

test('retention that says nothing is none', () => {
  expect(checkRuleOptions({ latest: true, retention: {} })).toEqual({ latest: true });
});
