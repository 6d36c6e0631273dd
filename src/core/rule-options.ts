/** What a rule's owner wants of its reports that the OSS document has no words for; kept beside the rule. */

import { DomainError } from './errors.ts';
import { shown } from './printable.ts';

export interface RuleOptions {
  /** Which reports stay; all of them when absent. The newest good one always stays. */
  readonly retention?: Retention;
  /** Keep `latest.json` beside the reports. */
  readonly latest: boolean;
}

/** With both, a report goes when either says so. */
export interface Retention {
  /** So many of the newest reports. */
  readonly keepReports?: number;
  /** Those of the last so many days, by their point in time. */
  readonly keepDays?: number;
}

export const DEFAULT_RULE_OPTIONS: RuleOptions = { latest: true };

/** A report of a thousand days ago, and of a thousand runs ago, is as far as a rule's history reaches. */
export const MAX_KEPT = 1000;

/** The options with nothing in them that says nothing. Throws `InvalidArgument` for numbers that can't be. */
export function checkRuleOptions({ latest, retention = {} }: RuleOptions): RuleOptions {
  const { keepReports, keepDays } = retention;
  if (keepReports === undefined && keepDays === undefined) return { latest };
  const kept = {
    ...(keepReports !== undefined && { keepReports: checkKept('keepReports', keepReports) }),
    ...(keepDays !== undefined && { keepDays: checkKept('keepDays', keepDays) }),
  };
  return { latest, retention: kept };
}

function checkKept(name: keyof Retention, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= MAX_KEPT) return value;
  throw new DomainError(
    'InvalidArgument',
    `retention.${name} is ${shown(value)} where a whole number from 1 to ${MAX_KEPT} is accepted. Leave retention out to keep all reports.`,
    { ArgumentName: `retention.${name}`, ArgumentValue: shown(value) },
  );
}
