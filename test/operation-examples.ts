/** The smallest request of each operation that is served, for tests that walk the table of operations. */

import { createHash } from 'node:crypto';
import type { Grant } from '../src/access/granting-policy.ts';
import type { Operation } from '../src/protocol/oss/operation.ts';
import { OPERATIONS } from '../src/protocol/oss/operations.ts';
import { OWNER } from './identities.ts';
import { BUCKET, DESTINATION, KEY, REGION, ROLE_ARN, SOURCE_KEY, VERSION } from './wire-ports.ts';
import type { Sent } from './wire-world.ts';

/** What a request says besides what selects its operation. */
interface Example {
  /** Values of the keys that select it, and keys of its own; those not given are bare. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A bucket other than the one that there is. */
  readonly bucket?: string;
}

/** The bucket that PutBucket makes. */
export const NEW_BUCKET = 'fresh';

const TAGGING = '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>';
const DELETE = `<Delete><Object><Key>${KEY}</Key></Object></Delete>`;
const RULE = `<InventoryConfiguration><Id>r</Id><IsEnabled>true</IsEnabled><Destination><OSSBucketDestination>
<Format>CSV</Format><AccountId>${OWNER}</AccountId><RoleArn>${ROLE_ARN}</RoleArn><Bucket>acs:oss:::${DESTINATION}</Bucket>
</OSSBucketDestination></Destination><Schedule><Frequency>Daily</Frequency></Schedule>
<IncludedObjectVersions>Current</IncludedObjectVersions></InventoryConfiguration>`;
const POLICY = {
  Version: '1',
  Statement: [{ Effect: 'Deny', Principal: ['1'], Action: ['oss:*'], Resource: [`acs:oss:*:*:${BUCKET}`] }],
};

const OF_RULE = { query: { inventoryId: 'r' } };
const OF_RUN = { query: { inventoryId: 'r', run: 'run1' } };
const OF_VERSION = { query: { versionId: VERSION } };
const OF_UPLOAD = { query: { uploadId: '0004B9894A22E5B1888A1E29F8236E2D' } };
const NO_BYTES = { 'content-length': '0' };
const COPY = { headers: { 'x-oss-copy-source': `/${BUCKET}/${SOURCE_KEY}` } };

/** By the operation's name. One without an example fails the tests: it would be served without anybody having looked. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  ListBuckets: {},
  PutBucket: { bucket: NEW_BUCKET },
  GetBucketInfo: {},
  GetBucketLocation: {},
  DeleteBucket: {},
  PutBucketAcl: { headers: { 'x-oss-acl': 'private' } },
  GetBucketAcl: {},
  PutBucketVersioning: { body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' },
  GetBucketVersioning: {},
  PutBucketEncryption: {
    body: '<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>',
  },
  GetBucketEncryption: {},
  DeleteBucketEncryption: {},
  PutBucketTagging: { body: TAGGING },
  GetBucketTagging: {},
  DeleteBucketTagging: {},
  PutBucketPolicy: { body: JSON.stringify(POLICY) },
  GetBucketPolicy: {},
  GetBucketPolicyStatus: {},
  DeleteBucketPolicy: {},
  GetBucketStat: {},
  ListObjects: {},
  ListObjectsV2: {},
  ListObjectVersions: {},
  DeleteMultipleObjects: {
    headers: { 'content-md5': createHash('md5').update(DELETE).digest('base64') },
    body: DELETE,
  },
  PutObject: { headers: NO_BYTES },
  CopyObject: COPY,
  GetObject: {},
  GetObjectVersion: OF_VERSION,
  HeadObject: {},
  HeadObjectVersion: OF_VERSION,
  GetObjectMeta: {},
  GetObjectMetaVersion: OF_VERSION,
  DeleteObject: {},
  DeleteObjectVersion: OF_VERSION,
  PutObjectTagging: { body: TAGGING },
  PutObjectVersionTagging: { ...OF_VERSION, body: TAGGING },
  GetObjectTagging: {},
  GetObjectVersionTagging: OF_VERSION,
  DeleteObjectTagging: {},
  DeleteObjectVersionTagging: OF_VERSION,
  PutObjectAcl: { headers: { 'x-oss-object-acl': 'private' } },
  PutObjectVersionAcl: { ...OF_VERSION, headers: { 'x-oss-object-acl': 'private' } },
  GetObjectAcl: {},
  GetObjectVersionAcl: OF_VERSION,
  InitiateMultipartUpload: {},
  UploadPart: { query: { ...OF_UPLOAD.query, partNumber: '1' }, headers: NO_BYTES },
  UploadPartCopy: { ...COPY, query: { ...OF_UPLOAD.query, partNumber: '1' } },
  CompleteMultipartUpload: { ...OF_UPLOAD, headers: { 'x-oss-complete-all': 'yes' } },
  AbortMultipartUpload: OF_UPLOAD,
  ListParts: OF_UPLOAD,
  ListMultipartUploads: {},
  PutBucketInventory: { ...OF_RULE, body: RULE },
  GetBucketInventory: OF_RULE,
  ListBucketInventory: {},
  DeleteBucketInventory: OF_RULE,
  GetInventoryStatus: OF_RULE,
  EnableInventory: OF_RULE,
  DisableInventory: OF_RULE,
  PutInventoryOptions: { ...OF_RULE, body: '{"retention":{"keepReports":3}}' },
  GetInventoryOptions: OF_RULE,
  StartInventoryRun: OF_RULE,
  ListInventoryRuns: OF_RULE,
  GetInventoryRun: OF_RUN,
  WatchInventoryRun: OF_RUN,
  CancelInventoryRun: OF_RUN,
};

/** A request of the operation on the bucket and the object that there are. What isn't served is asked for as it is. */
export function exampleOf({ name, method, level, subresource, with: needed = [], header, handle }: Operation): Sent {
  const example = EXAMPLES[name] ?? (handle === undefined ? {} : undefined);
  if (example === undefined) throw new Error(`${name} has no example in test/operation-examples.ts`);
  const values = {
    ...Object.fromEntries([subresource, ...needed].filter((key) => key !== undefined).map(pairOf)),
    ...example.query,
  };
  return {
    method,
    ...(level !== 'service' && { bucket: example.bucket ?? BUCKET }),
    ...(level === 'object' && { key: KEY }),
    query: Object.entries(values)
      .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
      .join('&'),
    headers: { ...(header !== undefined && { [header]: 'value' }), ...example.headers },
    ...(example.body !== undefined && { body: example.body }),
  };
}

function pairOf(text: string): readonly [name: string, value: string] {
  const [name = '', value = ''] = text.split('=');
  return [name, value];
}

export function operationNamed(name: string): Operation {
  const operation = OPERATIONS.find((each) => each.name === name);
  if (operation === undefined) throw new Error(`there is no operation ${name}`);
  return operation;
}

/** The operation's example with more headers, or another body. */
export function requestOf(name: string, more: Pick<Sent, 'headers' | 'body'> = {}): Sent {
  const example = exampleOf(operationNamed(name));
  return { ...example, ...more, headers: { ...example.headers, ...more.headers } };
}

/** Exactly what the table says that the example needs, its own permission first. */
export function grantsFor(operation: Operation): [Grant, ...Grant[]] {
  const own = { action: operation.action, resource: resourceOf(operation) };
  const isCopy = operation.header === 'x-oss-copy-source';
  return isCopy ? [own, { action: 'oss:GetObject', resource: arnOf(BUCKET, SOURCE_KEY) }] : [own];
}

function resourceOf(operation: Operation): string {
  const { bucket = '', key } = exampleOf(operation);
  switch (operation.resource) {
    case 'service':
      return `acs:oss:*:${OWNER}:*`;
    case 'objects':
      // What isn't served is asked for before anybody looks into a body.
      return operation.handle === undefined ? arnOf(bucket) : arnOf(bucket, KEY);
    default:
      return arnOf(bucket, key);
  }
}

/** As policies name the bucket, or an object in it. */
export function arnOf(bucket: string, key?: string): string {
  return `acs:oss:${REGION}:${OWNER}:${bucket}${key === undefined ? '' : `/${key}`}`;
}
