/** What the wire wants of the rooms behind it. `wire-ports.ts` fits the store, the rules and the runs to these. */

import type { Credentials } from '../../access/credentials.ts';
import type { Directory } from '../../access/directory-facts.ts';
import type { AuditTrail } from '../../core/audit.ts';
import type { Bucket, BucketChange, BucketTotals } from '../../core/bucket.ts';
import type { ObjectRecord } from '../../core/record.ts';
import type { Rule } from '../../core/rule.ts';
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
  readonly now: () => number;
  readonly credentials: Credentials;
  readonly store: ObjectStorePort;
  readonly rules: RulePort;
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
