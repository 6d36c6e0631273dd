/**
 * A rule: what of a bucket to list, how, how often, and where to. Plain data that survives JSON, because rules are
 * stored that way; every `Rule` has been through `checkRule` (rule-check.ts), so its readers need not doubt it.
 * Optional properties are absent rather than empty.
 */

import { DomainError } from './errors.ts';

/** An inventory configuration (the inventory sheet, section 1.2). */
export interface Rule {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly filter: RuleFilter;
  readonly destination: RuleDestination;
  readonly schedule: RuleSchedule;
  readonly includedObjectVersions: ObjectVersions;
  /** As asked for, each once, in our spelling (rule-fields.ts); which of them are columns says report-columns.ts. */
  readonly optionalFields: readonly string[];
}

/** Which objects the report covers: those that pass every condition given. */
export interface RuleFilter {
  readonly prefix?: string;
  /** Unix seconds. */
  readonly lastModifiedBegin?: number;
  /** Unix seconds. */
  readonly lastModifiedEnd?: number;
  readonly lowerSizeBytes?: number;
  readonly upperSizeBytes?: number;
  /** In byte order, each once; `['All']` when all classes were asked for in so many words. */
  readonly storageClasses?: readonly string[];
}

/** Where the report goes, and on whose behalf it is written. */
export interface RuleDestination {
  readonly format: 'CSV';
  readonly accountId: string;
  readonly roleArn: string;
  /** The bare name, without `acs:oss:::`. */
  readonly bucket: string;
  readonly prefix?: string;
  readonly encryption?: RuleEncryption;
}

/** How the report's files are encrypted; SSE-KMS without a key id means the account's default key. */
export type RuleEncryption = { readonly method: 'SSE-OSS' } | { readonly method: 'SSE-KMS'; readonly keyId?: string };

/** How often; `dayOfMonth` occurs only with Monthly and `autoDelete` only with Once. */
export interface RuleSchedule {
  readonly frequency: Frequency;
  readonly dayOfMonth?: number;
  readonly autoDelete?: boolean;
}

export const FREQUENCIES = ['Daily', 'Weekly', 'Monthly', 'Once'] as const;
export type Frequency = (typeof FREQUENCIES)[number];

export const OBJECT_VERSIONS = ['All', 'Current'] as const;
export type ObjectVersions = (typeof OBJECT_VERSIONS)[number];

/** The class filter that excludes nothing; beside it a filter may name any class an object can have (record.ts). */
export const ALL_STORAGE_CLASSES = 'All';

/** The bounds of the inventory sheet, section 1.5. Characters are code points. */
export const MAX_RULE_ID_CHARACTERS = 192;
export const MAX_RULE_PREFIX_CHARACTERS = 1_023;
/** 2010-01-01 00:00:00 and 9999-12-31 23:59:59, both at UTC+8. */
export const MIN_FILTER_TIME_SECONDS = 1_262_275_200;
export const MAX_FILTER_TIME_SECONDS = 253_402_271_999;
/** 50 TiB, which the documentation rounds to "48.8 TB". */
export const MAX_FILTER_SIZE_BYTES = 54_975_581_388_800;
export const MAX_DAY_OF_MONTH = 31;

/** What stands before a bucket's name on the wire. */
export const BUCKET_ARN_PREFIX = 'acs:oss:::';

/** The two names inside a role's ARN. */
export interface RoleArn {
  readonly accountId: string;
  readonly roleName: string;
}

/** Reads `acs:ram::<account>:role/<name>`; undefined when the text is anything else. */
export function parseRoleArn(text: string): RoleArn | undefined {
  const [, accountId, roleName] = /^acs:ram::(\d+):role\/([A-Za-z0-9._-]{1,64})$/.exec(text) ?? [];
  return accountId === undefined || roleName === undefined ? undefined : { accountId, roleName };
}

/** There is no rule of this id, or none on the bucket (the inventory sheet, sections 2.1 and 2.2). */
export function noSuchRule(): DomainError {
  return new DomainError('NoSuchRule', 'No Row found in Inventory Table.');
}
