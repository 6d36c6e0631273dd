/** Good requests of every kind, for the fuzzer to spoil. They name few things, so that the store stays small. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Random } from '../test/crash/random.ts';
import type { WireRequest } from '../test/wire-client.ts';
import { ROLE_ARN } from './identities.ts';

export const BUCKETS = ['fuzz-one', 'fuzz-two'] as const;
const KEYS = ['a', 'a/b', 'b', 'Grüße', '..', 'nul\0', '😀'];
const VECTORS = new URL('../test/vectors/inventory/', import.meta.url);
const RULES = readdirSync(VECTORS)
  .filter((name) => name.endsWith('.request.xml'))
  .map((name) => readFileSync(new URL(name, VECTORS), 'utf8'));

const ACCOUNT = '1000000000000000';
const OBJECTS = [`acs:oss:*:*:${BUCKETS[0]}`, `acs:oss:*:*:${BUCKETS[0]}/*`];

/** What the four kinds of policies have in common; each adds what it needs. */
const STATEMENTS: readonly object[] = [
  {
    Effect: 'Allow',
    Action: ['oss:GetObject', 'oss:List*'],
    Condition: { IpAddress: { 'acs:SourceIp': ['10.0.0.0/8', '::1'] }, StringLike: { 'oss:Prefix': ['a*', '?'] } },
  },
  {
    Effect: 'Deny',
    NotAction: 'oss:Get*',
    Condition: {
      DateLessThan: { 'acs:CurrentTime': '2026-01-31T00:00:00+08:00' },
      Bool: { 'acs:SecureTransport': 'false' },
      StringNotEqualsIgnoreCase: { 'oss:ExistingObjectTag/a': ['1', 'b'], 'acs:UserAgent': 'fuzz' },
    },
  },
  { Effect: 'Allow', Action: ['oss:**', '*?*:*'] },
];

const policyOf = (extra: object) => (random: Random) => ({
  Version: '1',
  Statement: Array.from({ length: random.between(1, 4) }, () => ({ ...random.pick(STATEMENTS), ...extra })),
});
const identityPolicy = policyOf({ Resource: OBJECTS });
const bucketPolicy = (random: Random) =>
  policyOf({
    Resource: OBJECTS,
    Principal: random.pick([['*'], [ACCOUNT, '2000000000000000'], [`arn:sts::${ACCOUNT}:assumed-role/reader/*`]]),
  })(random);
const trustPolicy = (random: Random) => ({
  Version: '1',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: random.pick([
        { Service: ['oss.aliyuncs.com'] },
        { RAM: [`acs:ram::${ACCOUNT}:root`, `acs:ram::${ACCOUNT}:user/anna`] },
      ]),
      Condition: { NotIpAddress: { 'acs:SourceIp': '10.0.0.0/8' } },
    },
  ],
});

export const FORM = 'application/x-www-form-urlencoded';

type Make = (random: Random) => WireRequest;

/** The admin API lies, and is signed, where a bucket "-" would. */
const admin = (method: string, path: string, document?: unknown): WireRequest => {
  const [key = '', query = ''] = `api/v1/${path}`.split('?');
  const body = document === undefined ? {} : { body: JSON.stringify(document) };
  return { method, bucket: '-', key, query, ...body };
};

const bucketDocument =
  (subresource: string, body: string): Make =>
  (random) => ({
    method: 'PUT',
    bucket: random.pick(BUCKETS),
    query: subresource,
    body,
  });

const read =
  (method: string, query = '', headers: Record<string, string> = {}): Make =>
  (random) => ({
    method,
    bucket: random.pick(BUCKETS),
    key: random.pick(KEYS),
    query,
    headers,
  });

const list =
  (query: string): Make =>
  (random) => ({ bucket: random.pick(BUCKETS), query });

/** How often each is taken is how often it stands here. */
const SEEDS: readonly Make[] = [
  () => ({}),
  (random) => ({ method: 'PUT', bucket: random.pick(BUCKETS) }),
  put,
  put,
  put,
  read('GET'),
  read('GET', '', { range: 'bytes=1-3' }),
  read('GET', 'response-content-type=text%2Fplain&versionId=null'),
  read('GET', 'tagging'),
  read('GET', 'acl'),
  read('HEAD', '', { 'if-none-match': '"x"', 'if-modified-since': 'Sun, 22 Nov 2026 15:00:00 GMT' }),
  read('DELETE'),
  read('POST', 'uploads'),
  read('GET', 'uploadId=0004B9894A22E5B1888A1E29F8236E2D'),
  (random) => ({ ...put(random), query: 'partNumber=1&uploadId=0004B9894A22E5B1888A1E29F8236E2D' }),
  (random) => ({ ...put(random), query: 'acl', headers: { 'x-oss-object-acl': 'private' } }),
  (random) => ({ ...put(random), headers: { 'x-oss-copy-source': `/${BUCKETS[0]}/a` }, body: '' }),
  (random) => ({ ...put(random), headers: { 'x-oss-tagging': 'a=1&b=2', 'x-oss-meta-a': 'b' } }),
  (random) => ({ ...put(random), headers: { 'x-oss-server-side-encryption': random.pick(['AES256', 'KMS']) } }),
  (random) => complete(random),
  (random) =>
    document(
      read('PUT', 'tagging')(random),
      '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>',
    ),
  list('list-type=2&prefix=a&delimiter=%2F&max-keys=10&start-after=a&encoding-type=url'),
  list('prefix=a&marker=a&max-keys=2'),
  list('versions&key-marker=a&version-id-marker=null'),
  list('uploads&prefix=a'),
  list('acl'),
  list('bucketInfo'),
  list('stat'),
  list('policy'),
  list('inventory&continuation-token=a'),
  list('inventory&inventoryId=report1'),
  list('inventory&inventoryId=report1&runs'),
  (random) => ({ ...list('inventory&inventoryId=report1&run')(random), method: 'POST' }),
  (random) => ({ ...list('inventory&inventoryId=report1&run=none&cancel')(random), method: 'POST' }),
  (random) => ({
    ...list(`inventory&inventoryId=report1&${random.pick(['enable', 'disable'])}`)(random),
    method: 'POST',
  }),
  (random) => ({
    ...list('inventory&inventoryId=report1&options')(random),
    method: 'PUT',
    body: JSON.stringify({ latest: random.pick([true, false]), retention: { keepReports: 3, keepDays: 1000 } }),
  }),
  list('inventory&inventoryId=report1&run=none&watch'),
  list('inventory&inventoryId=report1&status'),
  list('inventory&inventoryId=report1&options'),
  (random) => ({ ...list('inventory&inventoryId=report1')(random), method: 'DELETE' }),
  (random) => ({ ...list('inventory&inventoryId=report1')(random), method: 'PUT', body: random.pick(RULES) }),
  (random) => ({ ...list('inventory&inventoryId=report1')(random), method: 'PUT', body: random.pick(RULES) }),
  bucketDocument('versioning', '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>'),
  bucketDocument(
    'encryption',
    '<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>',
  ),
  bucketDocument('tagging', '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>'),
  (random) => bucketDocument('policy', JSON.stringify(bucketPolicy(random)))(random),
  (random) => bucketDocument('policy', JSON.stringify(bucketPolicy(random)))(random),
  bucketDocument('', '<CreateBucketConfiguration><StorageClass>Standard</StorageClass></CreateBucketConfiguration>'),
  (random) => ({ method: 'PUT', bucket: random.pick(BUCKETS), query: 'acl', headers: { 'x-oss-acl': 'public-read' } }),
  (random) =>
    document(
      { method: 'POST', bucket: random.pick(BUCKETS), query: 'delete' },
      `<Delete><Quiet>false</Quiet><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>null</VersionId></Object></Delete>`,
    ),
  (random) => ({
    bucket: '-',
    key: random.pick(['health', 'ready', 'metrics']),
    signature: 'none',
    headers: { 'x-forwarded-for': '203.0.113.9, 127.0.0.1', authorization: 'Bearer fuzz' },
  }),
  () => admin('GET', 'keys'),
  () => admin('GET', 'runs?bucket=fuzz-one&state=failed&after=1&limit=10'),
  () => admin('POST', 'keys', { id: 'fuzz-key', description: 'for the fuzzer' }),
  () => admin('GET', 'access/users?after=a&limit=10'),
  () => admin('POST', 'access/users', { name: 'anna', description: 'reads' }),
  () => admin('DELETE', 'access/users/anna'),
  (random) => admin('PUT', 'access/policies/reading', { document: identityPolicy(random), description: 'reads' }),
  (random) => admin('PUT', 'access/policies/reading', { document: identityPolicy(random), description: 'reads' }),
  () => admin('PUT', 'access/users/anna/policies/reading'),
  (random) => admin('PUT', 'access/roles/reader', { trust: trustPolicy(random), maxSessionSeconds: 3600 }),
  (random) => admin('PUT', 'access/roles/reader', { trust: trustPolicy(random), maxSessionSeconds: 3600 }),
  () => admin('GET', 'access/export'),
  () =>
    admin('POST', 'access/apply', {
      document: { users: [{ name: 'anna', policies: ['reading'] }] },
      prune: false,
      dryRun: true,
    }),
  () => form({ Action: 'AssumeRole', RoleArn: ROLE_ARN, RoleSessionName: 'fuzz', DurationSeconds: '900' }),
  (random) =>
    form({
      Action: 'AssumeRole',
      RoleArn: ROLE_ARN,
      RoleSessionName: 'fuzz',
      Policy: JSON.stringify(identityPolicy(random)),
    }),
  () => form({ Action: 'GetCallerIdentity', Format: 'XML' }),
  (random) => ({ ...put(random), headers: { 'x-oss-security-token': Buffer.alloc(200, 7).toString('base64') } }),
  (random) => ({
    ...read('GET')(random),
    signature: 'none',
    query: `OSSAccessKeyId=test-key&Expires=4102444800&Signature=c2ln`,
  }),
];

export function seed(random: Random): WireRequest {
  return random.pick(SEEDS)(random);
}

function put(random: Random): WireRequest {
  const body = Buffer.alloc(random.pick([0, 1, 100, 70_000]), 'x');
  return { method: 'PUT', bucket: random.pick(BUCKETS), key: random.pick(KEYS), body };
}

function complete(random: Random): WireRequest {
  const part = '<Part><PartNumber>1</PartNumber><ETag>"D41D8CD98F00B204E9800998ECF8427E"</ETag></Part>';
  const request = { ...read('POST', 'uploadId=0004B9894A22E5B1888A1E29F8236E2D')(random) };
  return document(request, `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`);
}

function document(request: WireRequest, body: string): WireRequest {
  return { ...request, body, headers: { ...request.headers, 'content-md5': md5Of(body) } };
}

/** The parameters of a request to STS, which are signed once they are spoilt. */
function form(parameters: Record<string, string>): WireRequest {
  const body = new URLSearchParams(parameters).toString();
  return { method: 'POST', signature: 'none', headers: { 'content-type': FORM }, body };
}

export function md5Of(body: string | Uint8Array): string {
  return createHash('md5').update(body).digest('base64');
}
