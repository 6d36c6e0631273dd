/** What a rule's owner wants of its reports that the OSS document has no words for; kept beside the rule. */

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
