import { expect, test } from 'vitest';
import { DomainError } from '../../core/errors.ts';
import { parseQuery } from '../../core/request-target.ts';
import type { Level } from './operation.ts';
import { route } from './route.ts';

type Headers = Readonly<Record<string, string>>;

const routed = (method: string, level: Level, rawQuery = '', headers: Headers = {}) =>
  route({ method, level, query: parseQuery(rawQuery), headers });

function refusalOf(method: string, level: Level, rawQuery = ''): DomainError {
  try {
    routed(method, level, rawQuery);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was routed');
}

test.each<[string, Level, string, string]>([
  ['GET', 'service', '', 'ListBuckets'],
  ['GET', 'service', 'acl', 'ListBuckets'],
  ['PUT', 'bucket', '', 'PutBucket'],
  ['GET', 'bucket', '', 'ListObjects'],
  ['GET', 'bucket', 'list-type=1', 'ListObjects'],
  ['GET', 'bucket', 'list-type=2', 'ListObjectsV2'],
  ['GET', 'bucket', 'prefix=inventory', 'ListObjects'],
  ['GET', 'bucket', 'location', 'GetBucketLocation'],
  ['GET', 'bucket', 'location=', 'GetBucketLocation'],
  ['GET', 'bucket', 'location=anything', 'GetBucketLocation'],
  ['POST', 'bucket', 'delete', 'DeleteMultipleObjects'],
  ['POST', 'bucket', '', 'PostObject'],
  ['GET', 'object', '', 'GetObject'],
  ['GET', 'object', 'inventory', 'GetObject'],
  ['GET', 'object', 'response-content-type=a', 'GetObject'],
  ['GET', 'object', 'versionId=1', 'GetObjectVersion'],
  ['GET', 'object', 'versionId', 'GetObjectVersion'],
  ['HEAD', 'object', 'versionId=1', 'HeadObjectVersion'],
  ['HEAD', 'object', 'objectMeta', 'GetObjectMeta'],
  ['HEAD', 'object', 'objectMeta&versionId=1', 'GetObjectMetaVersion'],
  ['DELETE', 'object', 'versionId=1', 'DeleteObjectVersion'],
  ['GET', 'bucket', 'versions&key-marker&version-id-marker', 'ListObjectVersions'],
  ['PUT', 'object', 'partNumber=1&uploadId=2', 'UploadPart'],
  ['POST', 'object', 'uploads', 'InitiateMultipartUpload'],
  ['GET', 'object', 'uploadId=2', 'ListParts'],
  ['POST', 'object', 'uploadId=2', 'CompleteMultipartUpload'],
  ['DELETE', 'object', 'uploadId=2', 'AbortMultipartUpload'],
  ['GET', 'bucket', 'uploads&prefix=p', 'ListMultipartUploads'],
  ['GET', 'object', 'tagging', 'GetObjectTagging'],
  ['GET', 'bucket', 'tagging', 'GetBucketTagging'],
  ['PUT', 'object', 'tagging&versionId=1', 'PutObjectVersionTagging'],
  ['DELETE', 'object', 'versionId=&tagging=', 'DeleteObjectVersionTagging'],
  ['PUT', 'object', 'acl', 'PutObjectAcl'],
  ['GET', 'object', 'versionId=1&acl', 'GetObjectVersionAcl'],
])('%s at %s level with ?%s is %s', (method, level, rawQuery, name) => {
  expect(routed(method, level, rawQuery).name).toBe(name);
});

test.each<[string, string, string]>([
  ['PUT', 'inventory&inventoryId=r', 'PutBucketInventory'],
  ['PUT', 'inventoryId=r&inventory=', 'PutBucketInventory'],
  ['PUT', 'inventory', 'PutBucketInventory'],
  ['GET', 'inventory', 'ListBucketInventory'],
  ['GET', 'inventory&continuation-token', 'ListBucketInventory'],
  ['GET', 'inventory&inventoryId=r', 'GetBucketInventory'],
  ['GET', 'inventory&inventoryId=', 'GetBucketInventory'],
  ['GET', 'inventory&inventoryId=r&runs', 'ListInventoryRuns'],
  ['GET', 'inventory&inventoryId=r&run=1', 'GetInventoryRun'],
  ['POST', 'inventory&inventoryId=r&run', 'StartInventoryRun'],
  ['POST', 'inventory&inventoryId=r&run=1&cancel', 'CancelInventoryRun'],
  ['DELETE', 'inventory&inventoryId=r', 'DeleteBucketInventory'],
  ['DELETE', 'inventory&inventoryId=r&runs', 'DeleteBucketInventory'],
  ['GET', 'inventoryId=r', 'ListObjects'],
])('%s ?%s is %s', (method, rawQuery, name) => {
  expect(routed(method, 'bucket', rawQuery).name).toBe(name);
});

test('a header can make another operation of a request', () => {
  expect(routed('PUT', 'object').name).toBe('PutObject');
  expect(routed('PUT', 'object', '', { 'x-oss-copy-source': '/b/k' }).name).toBe('CopyObject');
  const part = 'partNumber=1&uploadId=2';
  expect(routed('PUT', 'object', part, { 'x-oss-copy-source': '/b/k' }).name).toBe('UploadPartCopy');
});

test('two sub-resources are refused, by name and in any order', () => {
  for (const rawQuery of ['acl&inventory', 'inventory&inventoryId=r&acl', 'acl=&location=']) {
    expect(refusalOf('GET', 'bucket', rawQuery).code).toBe('InvalidArgument');
  }
  expect(refusalOf('GET', 'bucket', 'acl&inventory').message).toContain('"acl" and "inventory"');
});

test('one sub-resource that is named twice is one', () => {
  expect(routed('GET', 'bucket', 'acl&acl=').name).toBe('GetBucketAcl');
});

test.each<[string, Level, string, string]>([
  ['POST', 'service', '', 'GET'],
  ['PATCH', 'object', '', 'GET, HEAD, PUT, DELETE'],
  ['put', 'object', '', 'GET, HEAD, PUT, DELETE'],
  ['PUT', 'bucket', 'location', 'GET'],
  ['POST', 'bucket', 'inventory', 'GET, PUT, DELETE'],
])('%s at %s level with ?%s is not allowed, where %s are', (method, level, rawQuery, allowed) => {
  expect(refusalOf(method, level, rawQuery)).toMatchObject({
    code: 'MethodNotAllowed',
    details: { Method: method, ResourceType: level.toUpperCase() },
    headers: { Allow: allowed },
  });
});

test('a method of any length is shown in a bounded one', () => {
  expect(refusalOf('X'.repeat(1000), 'object').details.Method).toBe(`${'X'.repeat(32)}…`);
});

test.each([
  ['GET', 'tagging', 'oss:GetObjectTagging', 'oss:GetObjectVersionTagging'],
  ['PUT', 'tagging', 'oss:PutObjectTagging', 'oss:PutObjectVersionTagging'],
  ['DELETE', 'tagging', 'oss:DeleteObjectTagging', 'oss:DeleteObjectVersionTagging'],
  ['GET', 'acl', 'oss:GetObjectAcl', 'oss:GetObjectVersionAcl'],
  ['PUT', 'acl', 'oss:PutObjectAcl', 'oss:PutObjectVersionAcl'],
])('%s ?%s needs %s, and a permission of its own when it names a version', (method, subresource, plain, versioned) => {
  expect(routed(method, 'object', subresource).action).toBe(plain);
  expect(routed(method, 'object', `${subresource}&versionId=1`).action).toBe(versioned);
});
