/** What the wire wants of the rooms behind it. `wire-ports.ts` fits the store to these, `rule-ports.ts` rules and runs. */

import type { Credentials } from '../../access/credentials.ts';
import type { Directory } from '../../access/directory-facts.ts';
import type { AuditTrail } from '../../core/audit.ts';
import type { Bucket, BucketChange, BucketTotals } from '../../core/bucket.ts';
import type { ObjectRecord } from '../../core/record.ts';
import type { Rule } from '../../core/rule.ts';
import type { RuleOptions } from '../../core/rule-options.ts';
import type { RuleStatus } from '../../core/rule-status.ts';
import type { RunView } from '../../core/run.ts';
import type {
  BodyPromise,
  ByteRange,
  Deleted,
  ListPage,
  ListRequest,
  NamedPart,
  NewObject,
  ObjectAddress,
  ObjectChange,
  PartPage,
  PutRequest,
  StoredObject,
  Upload,
  UploadAddress,
  UploadedPart,
  UploadListRequest,
  UploadPage,
  VersionListRequest,
  VersionPage,
} from '../../core/stored-object.ts';

export interface Services {
  readonly settings: WireSettings;
  /** The machine's time, which signatures and conditions of policies go by. */
  readonly now: () => number;
  /** The time of objects, rules and runs: another than `now` in test mode only. */
  readonly dataNow: () => number;
  readonly credentials: Credentials;
  readonly store: ObjectStorePort;
  readonly rules: RulePort;
  readonly ruleOptions: RuleOptionsPort;
  readonly runs: RunPort;
  readonly roles: RolePort;
  readonly keys: KeyPort;
  readonly audit: AuditTrail;
}

export interface WireSettings {
  /** The account that the server was started for: it holds the key service's keys. */
  readonly accountId: string;
  readonly domain: string;
  /** The first is where a bucket goes that names none. */
  readonly regions: readonly [string, ...string[]];
  /** Serve the inventory operations. */
  readonly inventory: boolean;
  /** Refuse `IncludedObjectVersions=All` on an unversioned bucket. */
  readonly allNeedsVersioning: boolean;
  /** Rules keep `latest.json` beside their reports. */
  readonly latestFile: boolean;
  readonly maxDailyObjects: number;
  readonly maxWeeklyObjects: number;
}

export type NewBucket = Pick<Bucket, 'name' | 'region' | 'owner' | 'storageClass' | 'redundancy' | 'acl'>;

/**
 * Methods that take a bucket's name throw `NoSuchBucket` when there is none of it. Those that take a version id throw
 * `VersionIdInvalid` for text that can't be one, and `NoSuchVersion` when the key has no version of it.
 */
export interface ObjectStorePort {
  createBucket(bucket: NewBucket): Promise<Bucket>;
  /**
   * Throws `BucketNotEmpty` while there are versions, delete markers or uploads, and as below `NoSuchBucket` also where
   * another has the name by now: who asked may have nothing to say about that one.
   */
  deleteBucket(bucket: Pick<Bucket, 'name' | 'id'>): Promise<void>;
  changeBucket(bucket: Pick<Bucket, 'name' | 'id'>, change: BucketChange): Promise<Bucket>;
  findBucket(name: string): Bucket | undefined;
  listBuckets(after: string, limit: number): readonly Bucket[];
  totals(bucket: Pick<Bucket, 'name' | 'id'>): BucketTotals;
  put(request: PutRequest, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<StoredObject>;
  /** Undefined when there is no such key; a delete marker is given as it is. */
  head(address: ObjectAddress): StoredObject | undefined;
  /** As `head`, with the bytes, or the part of them that `chooseRange` asks for; its errors are thrown on. */
  read(
    address: ObjectAddress,
    chooseRange: (object: StoredObject) => ByteRange | undefined,
  ): Promise<(StoredObject & { readonly body: AsyncIterable<Uint8Array> }) | undefined>;
  /** Changes a version in place; throws `NoSuchKey`, and `DeleteMarkerNotAllowed` on a delete marker. */
  change(address: ObjectAddress, change: ObjectChange): Promise<ObjectRecord>;
  /** One that is not there is no error. Very many files go in more than one commit. */
  deleteMany(bucket: string, objects: readonly Omit<ObjectAddress, 'bucket'>[]): Promise<readonly Deleted[]>;
  list(bucket: string, request: ListRequest): Promise<ListPage>;
  listVersions(bucket: string, request: VersionListRequest): VersionPage;
  readonly uploads: UploadPort;
}

/** Multipart uploads. Methods that take an upload id throw `NoSuchUpload` when the key has no such upload. */
export interface UploadPort {
  initiate(request: NewObject): Promise<Upload>;
  find(address: UploadAddress): Upload;
  putPart(
    address: UploadAddress,
    partNumber: number,
    body: AsyncIterable<Uint8Array>,
    promise: BodyPromise,
  ): Promise<UploadedPart>;
  listParts(address: UploadAddress, after: number, limit: number): PartPage;
  list(bucket: string, request: UploadListRequest): UploadPage;
  /**
   * Makes the object of the named parts, or of all of them. Throws `InvalidPart` (a part that was never uploaded, or
   * has another ETag), `InvalidPartOrder`, `EntityTooSmall` (a part but the last under 100 KiB), `FileAlreadyExists`.
   */
  complete(
    address: UploadAddress,
    parts: readonly NamedPart[] | 'all',
    options: { readonly forbidOverwrite: boolean },
  ): Promise<StoredObject>;
  abort(address: UploadAddress): Promise<void>;
}

export interface RulePage {
  readonly rules: readonly Rule[];
  readonly nextAfter?: string;
}

/** Rules of a bucket. */
export interface RulePort {
  /** Throws `RuleExists` when the id is taken and `replace` is not set, `RuleLimitReached` when the bucket is full. */
  assertPlace(bucket: Bucket, ruleId: string, options: { readonly replace: boolean }): Promise<void>;
  /** Throws the same, should it have come about since. */
  put(bucket: Bucket, rule: Rule, options: { readonly replace: boolean }): Promise<void>;
  /** The rule, or `NoSuchRule`. */
  get(bucket: Bucket, ruleId: string): Promise<Rule>;
  list(bucket: Bucket, after: string, limit: number): Promise<RulePage>;
  delete(bucket: Bucket, ruleId: string): Promise<void>;
  /** Throws `NoSuchRule`. One that is so already stays as it is. */
  setEnabled(bucket: Bucket, ruleId: string, isEnabled: boolean): Promise<void>;
  /** Throws `NoSuchRule`. */
  status(bucket: Bucket, ruleId: string): Promise<RuleStatus>;
}

/** What is kept beside a rule; both throw `NoSuchRule`. */
export interface RuleOptionsPort {
  get(bucket: Bucket, ruleId: string): Promise<RuleOptions>;
  /** In place of those before; throws `InvalidArgument` for what can't be kept to. */
  put(bucket: Bucket, ruleId: string, options: RuleOptions): Promise<RuleOptions>;
}

export interface RunPage {
  readonly runs: readonly RunView[];
  /** Where the next page begins, when there is one. */
  readonly nextBefore?: number;
}

/** Runs of a rule; each method throws `NoSuchRule` when there is no such rule. */
export interface RunPort {
  start(bucket: Bucket, ruleId: string): Promise<RunView>;
  get(bucket: Bucket, ruleId: string, runId: string): Promise<RunView>;
  list(bucket: Bucket, ruleId: string, before: number | undefined, limit: number): Promise<RunPage>;
  /** Throws `NoSuchRun`, and `RunNotCancellable` when it is too late. `by` names who asks for it. */
  cancel(bucket: Bucket, ruleId: string, runId: string, by: string): Promise<RunView>;
  /** Throws `NoSuchRun`, and `WatchUnavailable` when there are too many, or too many of `who` or of its account. */
  watch(bucket: Bucket, ruleId: string, runId: string, who: WatcherName): Promise<RunWatch>;
}

/** Whose places a watch takes one of. */
export interface WatcherName {
  readonly identity: string;
  readonly account: string;
}

/** One client's watch on a run. */
export interface RunWatch {
  /** The newest view that was not given yet; `quiet` when there is none for so long, undefined when there will be none. */
  next(quietMs: number): Promise<RunView | 'quiet' | undefined>;
  /** Ends it, and a `next` that is under way. */
  leave(): void;
}

/** Master keys for SSE-KMS. */
export interface KeyPort {
  /**
   * Throws `EncryptionKeyNotFound`, `EncryptionKeyDisabled`, `EncryptionKeyPendingDeletion`, `EncryptionKeyNotSymmetric`
   * or `KeyServiceOff` when the key, or without an id the account's default one, could not be used now.
   */
  assertUsable(keyId?: string): Promise<void>;
}

/** The roles that rules name, as they are now. */
export type RolePort = Pick<Directory, 'findRole'>;
