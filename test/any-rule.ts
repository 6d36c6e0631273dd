import type { Rule } from '../src/core/rule.ts';

/** A rule that asks for nothing in particular, with what a test is about put over it. */
export function anyRule(change: Partial<Rule> = {}): Rule {
  return {
    id: 'nightly-all',
    isEnabled: true,
    filter: {},
    destination: {
      format: 'CSV',
      accountId: '1000000000000000',
      roleArn: 'acs:ram::1000000000000000:role/inventory-writer',
      bucket: 'acme-reports',
      prefix: 'inv',
    },
    schedule: { frequency: 'Daily' },
    includedObjectVersions: 'Current',
    optionalFields: [],
    ...change,
  };
}
