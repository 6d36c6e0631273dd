/** The ports behind the wire, which answer as if whatever is asked for were there, and write down what would have changed. */

import type { RoleFacts } from '../src/access/directory-facts.ts';
import type { AttachedPolicy, Identity } from '../src/access/identity.ts';
import { SYSTEM_POLICIES } from '../src/access/system-policies.ts';
import type { Bucket, BucketTotals } from '../src/core/bucket.ts';
import { parsePolicy } from '../src/core/policy-document.ts';
import type { ObjectAcl } from '../src/core/record.ts';
import type { RuleStatus } from '../src/core/rule-status.ts';
import type { StoredObject, Upload, UploadedPart } from '../src/core/stored-object.ts';
import type { ObjectStorePort, RulePort, RunPort, Services, UploadPort } from '../src/protocol/oss/ports.ts';
import { bytesOf } from './any-request.ts';
import { anyRule } from './any-rule.ts';
import { OWNER } from './identities.ts';
import { plainRecord } from './plain-record.ts';
import { runView } from './run-view.ts';

export const NOW_MS = Date.UTC(2026, 10, 22, 15);
export const REGION = 'cn-hangzhou';
export const BUCKET = 'media';
export const KEY = 'dir/photo';
/** What copies are made of. */
export const SOURCE_KEY = 'dir/source';
/** Where reports go. */
export const DESTINATION = 'reports';
/** The role that writes them. */
export const ROLE_ARN = `acs:ram::${OWNER}:role/AliyunOSSRole`;
/** A version of the object; any other text of this form names one too. */
export const VERSION = 'CAEQARiBgID8rumR2hYiIGUyOTAyZGY2MzU5MjQ5ZjlhYzQzZjNlYTAyZDE3MDRk';

export interface World {
  readonly acl?: Bucket['acl'];
  /** The bucket policy as a document. */
  readonly policy?: object;
  readonly bucket?: Partial<Bucket>;
  /** Buckets besides. */
  readonly more?: readonly Partial<Bucket>[];
  /** What changing a bucket does. */
  readonly change?: ObjectStorePort['changeBucket'];
  /** The versions of every object, in place of the one. */
  readonly head?: ObjectStorePort['head'];
  readonly object?: Partial<StoredObject['record']> & { readonly tags?: StoredObject['tags']; readonly keyId?: string };
}

/** Writes down that something changed, and answers. */
type Done = <T>(name: string, result: T) => Promise<T>;

interface Observers {
  readonly done: Done;
  readonly audit: Services['audit'];
}

export function servicesOf(identity: Identity, world: World, { done, audit }: Observers): Services {
  return {
    settings: {
      accountId: OWNER,
      domain: 'localhost',
      regions: [REGION, 'cn-beijing'],
      inventory: true,
      allNeedsVersioning: false,
      maxDailyObjects: 1000,
      maxWeeklyObjects: 1000,
      latestFile: true,
    },
    now: () => NOW_MS,
    dataNow: () => NOW_MS,
    credentials: { find: () => ({ secret: 'secret', identity }) },
    store: storeOf(world, done),
    rules: rulesOf(done),
    ruleOptions: { get: async () => ({ latest: true }), put: (_, __, options) => done('putOptions', options) },
    runs: runsOf(done),
    roles: { findRole: (arn) => (arn === ROLE_ARN ? ROLE : undefined) },
    keys: { assertUsable: async () => undefined },
    audit,
  };
}

function storeOf(world: World, done: Done): ObjectStorePort {
  const object = objectOf(world);
  const bucket = bucketOf(world);
  const others = [{ name: DESTINATION }, ...(world.more ?? [])];
  const buckets = [bucket, ...others.map((other, index) => ({ ...bucket, id: `b${index + 2}`, ...other }))];
  const body = () => bytesOf('a photo');
  return {
    createBucket: (wanted) => done('createBucket', { ...bucket, ...wanted }),
    deleteBucket: () => done('deleteBucket', undefined),
    changeBucket: world.change ?? (() => done('changeBucket', bucket)),
    findBucket: (name) => buckets.find((each) => each.name === name),
    listBuckets: () => buckets,
    totals: () => TOTALS,
    put: () => done('put', object),
    head: world.head ?? (() => object),
    read: async (_address, chooseRange) => {
      chooseRange(object);
      return { ...object, body: body() };
    },
    change: () => done('change', object.record),
    deleteMany: (_bucket, objects) =>
      done(
        'deleteMany',
        objects.map(() => ({ isDeleteMarker: false })),
      ),
    list: async () => ({ objects: [], commonPrefixes: [], isTruncated: false }),
    listVersions: () => ({ versions: [], commonPrefixes: [], isTruncated: false }),
    uploads: uploadsOf(object, done),
  };
}

function uploadsOf(object: StoredObject, done: Done): UploadPort {
  return {
    initiate: () => done('initiate', UPLOAD),
    find: () => UPLOAD,
    putPart: () => done('putPart', PART),
    listParts: () => ({ parts: [PART] }),
    list: () => ({ uploads: [UPLOAD], commonPrefixes: [], isTruncated: false }),
    complete: () => done('complete', object),
    abort: () => done('abort', undefined),
  };
}

function rulesOf(done: Done): RulePort {
  return {
    assertPlace: async () => undefined,
    put: () => done('putRule', undefined),
    get: async () => anyRule(),
    list: async () => ({ rules: [anyRule()] }),
    delete: () => done('deleteRule', undefined),
    setEnabled: () => done('setEnabled', undefined),
    status: async () => STATUS,
  };
}

function runsOf(done: Done): RunPort {
  return {
    start: () => done('startRun', RUN),
    get: async () => RUN,
    list: async () => ({ runs: [RUN] }),
    cancel: () => done('cancelRun', RUN),
    watch: async () => ({ next: async () => undefined, leave: () => undefined }),
  };
}

function bucketOf({ acl = 'private', policy, bucket }: World): Bucket {
  return {
    id: 'b1',
    name: BUCKET,
    region: REGION,
    owner: OWNER,
    storageClass: 'Standard',
    redundancy: 'LRS',
    acl,
    createdAtMs: NOW_MS,
    versioning: 'Enabled',
    encryption: { algorithm: 'AES256' },
    policy: JSON.stringify(policy ?? ABOUT_NOBODY),
    ...bucket,
  };
}

function objectOf({ object: { tags = [], keyId, ...record } = {} }: World): StoredObject {
  return {
    record: { ...plainRecord, sizeBytes: 7, versionId: VERSION, ...record },
    metadata: { headers: {}, user: {} },
    tags,
    ...(keyId !== undefined && { keyId }),
  };
}

/** A bucket policy that says nothing of anybody here, so that there is one to be read and taken away. */
const ABOUT_NOBODY = {
  Version: '1',
  Statement: [
    { Effect: 'Allow', Principal: ['999'], Action: ['oss:GetObject'], Resource: [`acs:oss:*:*:${BUCKET}/*`] },
  ],
};

const ROLE: RoleFacts = {
  id: 'r1',
  accountId: OWNER,
  accountState: 'enabled',
  name: 'AliyunOSSRole',
  arn: ROLE_ARN,
  trust: parsePolicy(
    {
      Version: '1',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['oss.aliyuncs.com'] } }],
    },
    'trust',
  ),
  policies: [systemPolicy('AliyunOSSFullAccess')],
  maxSessionSeconds: 3600,
};

/** A policy that every account has, as it is attached. */
export function systemPolicy(name: string): AttachedPolicy {
  const found = SYSTEM_POLICIES.get(name);
  if (found === undefined) throw new Error(`there is no system policy ${name}`);
  return { name, policy: found.policy };
}

const TOTALS: BucketTotals = {
  objects: 2,
  bytes: 14,
  deleteMarkers: 0,
  uploads: 1,
  classes: {},
  lastModifiedMs: NOW_MS,
};

const UPLOAD: Upload = {
  uploadId: '0004B9894A22E5B1888A1E29F8236E2D',
  bucket: BUCKET,
  key: KEY,
  initiatedMs: NOW_MS,
  storageClass: 'Standard',
};

const PART: UploadedPart = { partNumber: 1, sizeBytes: 7, lastModifiedMs: NOW_MS, etag: plainRecord.etag, crc64: 1n };

const RUN = runView({ rule: anyRule().id, bucket: BUCKET, destination: DESTINATION });

const STATUS: RuleStatus = {
  bucket: BUCKET,
  rule: anyRule().id,
  isEnabled: true,
  frequency: 'Daily',
  nextDueAt: null,
  lastRun: RUN,
  lastReport: null,
  options: { latest: true },
  retentionFault: null,
};

/** The object of a plain world. */
export function anObject(acl: ObjectAcl = 'default'): StoredObject {
  return objectOf({ object: { acl } });
}
