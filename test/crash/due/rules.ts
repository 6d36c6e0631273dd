/** The rules of this suite: many that fall due together and that nobody touches, and a few that are steered all the time. */

import type { RuleSchedule } from '../../../src/core/rule.ts';
import type { RuleOptions } from '../../../src/core/rule-options.ts';
import { node, renderXml, type XmlNode } from '../../../src/core/xml.ts';
import { DESTINATION } from '../names.ts';

export interface DueRule {
  readonly id: string;
  readonly schedule: RuleSchedule;
  readonly options?: RuleOptions;
  /** What each of its runs that is not missed comes to. */
  readonly ends: 'published' | 'empty' | 'failed';
}

const DAILY = { frequency: 'Daily' } as const;

/** Of all these rules, but for the unfit one. */
export const DESTINATION_PREFIX = 'inventory';

/** Rules that the load leaves alone, so that it is plain when they are due. */
export const DUE_RULES: readonly DueRule[] = [
  ...numbered('daily', 8, DAILY, { latest: true, retention: { keepReports: 3 } }),
  ...numbered('by-days', 3, DAILY, { latest: true, retention: { keepDays: 4 } }),
  ...numbered('bare', 1, DAILY, { latest: false, retention: { keepReports: 2, keepDays: 30 } }),
  ...numbered('weekly', 2, { frequency: 'Weekly' }),
  ...numbered('month-end', 2, { frequency: 'Monthly', dayOfMonth: 31 }),
  ...numbered('thirty-days', 2, { frequency: 'Monthly' }),
  { id: 'nothing', schedule: DAILY, ends: 'empty' },
  { id: 'unfit', schedule: DAILY, ends: 'failed' },
];

/** Rules that are started, cancelled, switched and replaced in mid-run. */
export const STEERED_RULES = ['steered-0', 'steered-1', 'steered-2'] as const;

/** A prefix of this length makes keys that no bucket can hold. */
const UNFIT_PREFIX = 'unfit/'.padEnd(1000, 'x');

function numbered(name: string, count: number, schedule: RuleSchedule, options?: RuleOptions): DueRule[] {
  const facts = { schedule, ends: 'published', ...(options && { options }) } as const;
  return Array.from({ length: count }, (_, index) => ({ id: `${name}-${index}`, ...facts }));
}

/** The document of a rule. */
export function dueRuleDocument(id: string, schedule: RuleSchedule, isEnabled = true): string {
  const field = (name: string, value: string | number | undefined): XmlNode[] =>
    value === undefined ? [] : [node(name, String(value))];
  return renderXml(
    node('InventoryConfiguration', [
      node('Id', id),
      node('IsEnabled', String(isEnabled)),
      ...(id === 'nothing' ? [node('Filter', [node('Prefix', 'no such key')])] : []),
      node('Destination', [
        node('OSSBucketDestination', [
          node('Format', 'CSV'),
          node('AccountId', '1000000000000000'),
          node('RoleArn', 'acs:ram::1000000000000000:role/AliyunOSSRole'),
          node('Bucket', `acs:oss:::${DESTINATION}`),
          node('Prefix', id === 'unfit' ? UNFIT_PREFIX : DESTINATION_PREFIX),
        ]),
      ]),
      node('Schedule', [node('Frequency', schedule.frequency), ...field('DayOfMonth', schedule.dayOfMonth)]),
      node('IncludedObjectVersions', 'Current'),
      node('OptionalFields', [node('Field', 'Size'), node('Field', 'ETag')]),
    ]),
  );
}
