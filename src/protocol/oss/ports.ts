/** What the wire wants of the rooms behind it. `app.ts` fits the store, the rules and the runs to these. */

import type { Access } from '../../access/access.ts';
import type { Credentials } from '../../access/credentials.ts';
import type { Bucket, BucketTotals } from '../../core/bucket.ts';
import type { ObjectRecord } from '../../core/record.ts';
import type { Rule } from '../../core/rule.ts';
import type { RunView } from '../../core/run.ts';
import type {
  BodyPromise,
  ByteRange,
  ListPage,
  ListRequest,
  PutRequest,
  StoredObject,
} from '../../core/stored-object.ts';

export interface Services {
  readonly settings: WireSettings;
  readonly now: () => number;
  readonly credentials: Credentials;
  readonly access: Access;
  readonly store: ObjectStorePort;
  readonly rules: RulePort;
  readonly runs: RunPort;
  readonly roles: RolePort;
}

export interface WireSettings {
  /** The account that the server serves. */
  readonly accountId: string;
  readonly domain: string;
  /** The first is where a bucket goes that names none. */
  readonly regions: readonly [string, ...string[]];
  /** Refuse `IncludedObjectVersions=All` on an unversioned bucket. */
  readonly allNeedsVersioning: boolean;
  readonly maxDailyObjects: number;
  readonly maxWeeklyObjects: number;
}

export type NewBucket = Pick<Bucket, 'name' | 'region' | 'owner' | 'storageClass' | 'redundancy' | 'acl'>;

/** Methods that take a bucket's name throw `NoSuchBucket` when there is none of it. */
export interface ObjectStorePort {
  createBucket(bucket: NewBucket): Promise<Bucket>;
  deleteBucket(name: string): Promise<void>;
  findBucket(name: string): Bucket | undefined;
  listBuckets(after: string, limit: number): readonly Bucket[];
  totals(bucket: string): BucketTotals;
  put(request: PutRequest, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<ObjectRecord>;
  head(bucket: string, key: string): StoredObject | undefined;
  read(
    bucket: string,
    key: string,
    chooseRange: (record: ObjectRecord) => ByteRange | undefined,
  ): Promise<(StoredObject & { readonly body: AsyncIterable<Uint8Array> }) | undefined>;
  deleteMany(bucket: string, keys: readonly string[]): Promise<void>;
  list(bucket: string, request: ListRequest): ListPage;
}

export interface RulePage {
  readonly rules: readonly Rule[];
  readonly nextAfter?: string;
}

/** Rules of a bucket. */
export interface RulePort {
  put(bucket: Bucket, rule: Rule, options: { readonly replace: boolean }): Promise<void>;
  /** The rule, or `NoSuchRule`. */
  get(bucket: Bucket, ruleId: string): Promise<Rule>;
  list(bucket: Bucket, after: string, limit: number): Promise<RulePage>;
  delete(bucket: Bucket, ruleId: string): Promise<void>;
}

export interface RunPage {
  readonly runs: readonly RunView[];
  readonly nextBefore?: string;
}

/** Runs of a rule; each method throws `NoSuchRule` when there is no such rule. */
export interface RunPort {
  start(bucket: Bucket, ruleId: string): Promise<RunView>;
  get(bucket: Bucket, ruleId: string, runId: string): Promise<RunView>;
  list(bucket: Bucket, ruleId: string, before: string | undefined, limit: number): Promise<RunPage>;
}

export interface RolePort {
  /** Throws `RuleRoleArnInvalid`, naming what is missing, unless OSS can work with this role. */
  assertUsable(roleArn: string): Promise<void>;
}
