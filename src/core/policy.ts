/**
 * Policies as they are evaluated: the language of RAM and of bucket policies (protocol sheet, section 4), read and
 * checked once. `policy-document.ts` makes them of JSON.
 */

/** `Allow` grants, `Deny` forbids whatever else grants. */
export type Effect = 'Allow' | 'Deny';

export interface Policy {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: Effect;
  /** Patterns with `*` and `?`. With `isNot` (`NotAction`) the statement is about every action that none of them matches. */
  readonly actions: { readonly isNot: boolean; readonly patterns: readonly string[] };
  /** Patterns of resources, as in `acs:oss:*:*:photos/*`; absent in the trust policy of a role, which is about itself. */
  readonly resources?: readonly string[];
  /** Whom it is about; absent in the policy of an identity, which is about whoever it is attached to. */
  readonly principals?: Principals;
  /** All of them must hold. */
  readonly conditions: readonly Condition[];
}

export interface Principals {
  /** Everybody (`*`, or an empty list in a bucket policy). */
  readonly isEveryone: boolean;
  /** Ids of accounts and users, and ARNs of roles' sessions (bucket policy), or of accounts, users and roles (trust policy). */
  readonly names: readonly string[];
  /** Services, as in `oss.aliyuncs.com`; only in trust policies. */
  readonly services: readonly string[];
}

/** One operator on one key: it holds when one of the values fits, a negated one when none does. */
export interface Condition {
  readonly operator: ConditionOperator;
  /** As in `acs:SourceIp`. */
  readonly key: string;
  readonly values: readonly string[];
}

export const CONDITION_OPERATORS = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'NumericEquals',
  'NumericNotEquals',
  'NumericLessThan',
  'NumericLessThanEquals',
  'NumericGreaterThan',
  'NumericGreaterThanEquals',
  'DateEquals',
  'DateNotEquals',
  'DateLessThan',
  'DateLessThanEquals',
  'DateGreaterThan',
  'DateGreaterThanEquals',
  'Bool',
  'IpAddress',
  'NotIpAddress',
] as const;
export type ConditionOperator = (typeof CONDITION_OPERATORS)[number];
