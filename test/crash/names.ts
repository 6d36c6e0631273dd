/** The buckets and rules of the crash suites. */

/** Without versioning, and the one that rules list. */
export const SOURCE = 'photos';
/** With versioning. */
export const VERSIONED = 'archive';
/** Encrypts what comes in. */
export const ENCRYPTED = 'vault';
export const DESTINATION = 'reports';
export const BASE_PREFIX = 'base/';
export const LOAD_PREFIX = 'load/';

/** `empty` matches nothing, and no report of `unfit` can be delivered. */
export const RULES = ['rule-0', 'rule-1', 'rule-2', 'rule-3', 'rule-4', 'empty', 'unfit'] as const;

/** One rule lists the whole bucket, the others the keys of the load alone. */
export function isOfLoadAlone(rule: string): boolean {
  return rule !== 'rule-0';
}
