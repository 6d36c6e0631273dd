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
  ['HEAD', 'object', 'objectMeta', 'GetObjectMeta'],
  ['PUT', 'object', 'partNumber=1&uploadId=2', 'UploadPart'],
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
  ['PATCH', 'object', '', 'PUT, GET, HEAD, DELETE'],
  ['put', 'object', '', 'PUT, GET, HEAD, DELETE'],
  ['PUT', 'bucket', 'location', 'GET'],
  ['POST', 'bucket', 'inventory', 'PUT, GET, DELETE'],
])('%s at %s level with ?%s is not allowed, where %s are', (method, level, rawQuery, allowed) => {
  expect(refusalOf(method, level, rawQuery)).toMatchObject({
    code: 'MethodNotAllowed',
    details: { Method: method, ResourceType: level.toUpperCase(), Allow: allowed },
  });
});

test('a method of any length is shown in a bounded one', () => {
  expect(refusalOf('X'.repeat(1000), 'object').details.Method).toBe(`${'X'.repeat(32)}…`);
});
