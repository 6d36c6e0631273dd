/**
 * The table of operations. It routes requests, names the permission each needs, and is what the compatibility
 * reference is printed from. An operation without a handler is known and not served: it answers NotImplemented.
 */

import type { Level, Method, Operation } from './operation.ts';
import { deleteBucket } from './operations/delete-bucket.ts';
import { deleteBucketInventory } from './operations/delete-bucket-inventory.ts';
import { deleteMultipleObjects } from './operations/delete-multiple-objects.ts';
import { deleteObject } from './operations/delete-object.ts';
import { getBucketInfo } from './operations/get-bucket-info.ts';
import { getBucketInventory } from './operations/get-bucket-inventory.ts';
import { getBucketLocation } from './operations/get-bucket-location.ts';
import { getObject } from './operations/get-object.ts';
import { getObjectMeta, headObject } from './operations/head-object.ts';
import {
  cancelInventoryRun,
  getInventoryRun,
  listInventoryRuns,
  startInventoryRun,
} from './operations/inventory-runs.ts';
import { listBucketInventory } from './operations/list-bucket-inventory.ts';
import { listBuckets } from './operations/list-buckets.ts';
import { listObjects, listObjectsV2 } from './operations/list-objects.ts';
import { putBucket } from './operations/put-bucket.ts';
import { putBucketInventory } from './operations/put-bucket-inventory.ts';
import { putObject } from './operations/put-object.ts';

const SERVED: readonly Operation[] = [
  listBuckets,
  putBucket,
  getBucketInfo,
  getBucketLocation,
  deleteBucket,
  listObjects,
  listObjectsV2,
  deleteMultipleObjects,
  putObject,
  getObject,
  headObject,
  getObjectMeta,
  deleteObject,
  putBucketInventory,
  getBucketInventory,
  listBucketInventory,
  deleteBucketInventory,
  startInventoryRun,
  listInventoryRuns,
  getInventoryRun,
  cancelInventoryRun,
];

const unserved = (name: string, method: Method, level: Level, subresource?: string): Operation => ({
  name,
  method,
  level,
  action: `oss:${name}`,
  ...(subresource !== undefined && { subresource }),
});

/** Put, get and delete of a bucket's setting of one name. */
const setting = (name: string, subresource: string): Operation[] => [
  unserved(`PutBucket${name}`, 'PUT', 'bucket', subresource),
  unserved(`GetBucket${name}`, 'GET', 'bucket', subresource),
  unserved(`DeleteBucket${name}`, 'DELETE', 'bucket', subresource),
];

const UNSERVED: readonly Operation[] = [
  unserved('DescribeRegions', 'GET', 'service', 'regions'),
  unserved('PutBucketAcl', 'PUT', 'bucket', 'acl'),
  unserved('GetBucketAcl', 'GET', 'bucket', 'acl'),
  unserved('PutBucketVersioning', 'PUT', 'bucket', 'versioning'),
  unserved('GetBucketVersioning', 'GET', 'bucket', 'versioning'),
  unserved('ListObjectVersions', 'GET', 'bucket', 'versions'),
  unserved('GetBucketStat', 'GET', 'bucket', 'stat'),
  unserved('ListMultipartUploads', 'GET', 'bucket', 'uploads'),
  ...setting('Encryption', 'encryption'),
  ...setting('Policy', 'policy'),
  ...setting('Tagging', 'tagging'),
  ...setting('Lifecycle', 'lifecycle'),
  ...setting('Cors', 'cors'),
  ...setting('Logging', 'logging'),
  ...setting('Website', 'website'),
  ...setting('Referer', 'referer'),
  ...setting('Replication', 'replication'),
  ...setting('Worm', 'worm'),
  ...setting('RequestPayment', 'requestPayment'),
  ...setting('TransferAcceleration', 'transferAcceleration'),
  ...setting('AccessMonitor', 'accessmonitor'),
  ...setting('PublicAccessBlock', 'publicAccessBlock'),
  ...setting('ResourceGroup', 'resourceGroup'),
  ...setting('HttpsConfig', 'httpsConfig'),
  ...setting('ArchiveDirectRead', 'bucketArchiveDirectRead'),
  ...setting('OverwriteConfig', 'overwriteConfig'),
  unserved('GetMetaQueryStatus', 'GET', 'bucket', 'metaQuery'),
  unserved('DoMetaQuery', 'POST', 'bucket', 'metaQuery'),
  unserved('ListAccessPoints', 'GET', 'bucket', 'accessPoint'),
  unserved('ListLiveChannel', 'GET', 'bucket', 'live'),
  unserved('ListCname', 'GET', 'bucket', 'cname'),
  unserved('PostObject', 'POST', 'bucket'),
  { ...unserved('CopyObject', 'PUT', 'object'), action: 'oss:PutObject', header: 'x-oss-copy-source' },
  { ...unserved('GetObjectVersion', 'GET', 'object'), with: ['versionId'] },
  { ...unserved('HeadObjectVersion', 'HEAD', 'object'), action: 'oss:GetObjectVersion', with: ['versionId'] },
  { ...unserved('DeleteObjectVersion', 'DELETE', 'object'), with: ['versionId'] },
  { ...unserved('ProcessImage', 'GET', 'object', 'x-oss-process'), action: 'oss:GetObject' },
  unserved('PutObjectAcl', 'PUT', 'object', 'acl'),
  unserved('GetObjectAcl', 'GET', 'object', 'acl'),
  unserved('PutObjectTagging', 'PUT', 'object', 'tagging'),
  unserved('GetObjectTagging', 'GET', 'object', 'tagging'),
  unserved('DeleteObjectTagging', 'DELETE', 'object', 'tagging'),
  { ...unserved('PutSymlink', 'PUT', 'object', 'symlink'), action: 'oss:PutObject' },
  { ...unserved('GetSymlink', 'GET', 'object', 'symlink'), action: 'oss:GetObject' },
  { ...unserved('InitiateMultipartUpload', 'POST', 'object', 'uploads'), action: 'oss:PutObject' },
  { ...unserved('UploadPart', 'PUT', 'object', 'uploadId'), action: 'oss:PutObject' },
  unserved('ListParts', 'GET', 'object', 'uploadId'),
  { ...unserved('CompleteMultipartUpload', 'POST', 'object', 'uploadId'), action: 'oss:PutObject' },
  unserved('AbortMultipartUpload', 'DELETE', 'object', 'uploadId'),
  { ...unserved('AppendObject', 'POST', 'object', 'append'), action: 'oss:PutObject' },
  unserved('RestoreObject', 'POST', 'object', 'restore'),
  { ...unserved('SelectObject', 'POST', 'object', 'x-oss-process'), action: 'oss:GetObject' },
];

export const OPERATIONS: readonly Operation[] = [...SERVED, ...UNSERVED];
