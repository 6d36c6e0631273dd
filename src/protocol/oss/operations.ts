/**
 * The table of operations. It routes requests, names the permission each needs, and is what the compatibility
 * reference is printed from. An operation without a handler is known and not served: it answers NotImplemented.
 */

import type { Level, Method, Operation } from './operation.ts';
import { abortMultipartUpload } from './operations/abort-multipart-upload.ts';
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts';
import { copyObject } from './operations/copy-object.ts';
import { deleteBucket } from './operations/delete-bucket.ts';
import { deleteBucketEncryption } from './operations/delete-bucket-encryption.ts';
import { deleteBucketInventory } from './operations/delete-bucket-inventory.ts';
import { deleteBucketPolicy } from './operations/delete-bucket-policy.ts';
import { deleteBucketTagging } from './operations/delete-bucket-tagging.ts';
import { deleteMultipleObjects } from './operations/delete-multiple-objects.ts';
import { deleteObject, deleteObjectVersion } from './operations/delete-object.ts';
import { deleteObjectTagging, deleteObjectVersionTagging } from './operations/delete-object-tagging.ts';
import { getBucketAcl } from './operations/get-bucket-acl.ts';
import { getBucketEncryption } from './operations/get-bucket-encryption.ts';
import { getBucketInfo } from './operations/get-bucket-info.ts';
import { getBucketInventory } from './operations/get-bucket-inventory.ts';
import { getBucketLocation } from './operations/get-bucket-location.ts';
import { getBucketPolicy } from './operations/get-bucket-policy.ts';
import { getBucketPolicyStatus } from './operations/get-bucket-policy-status.ts';
import { getBucketStat } from './operations/get-bucket-stat.ts';
import { getBucketTagging } from './operations/get-bucket-tagging.ts';
import { getBucketVersioning } from './operations/get-bucket-versioning.ts';
import { getObject, getObjectVersion } from './operations/get-object.ts';
import { getObjectAcl, getObjectVersionAcl } from './operations/get-object-acl.ts';
import { getObjectTagging, getObjectVersionTagging } from './operations/get-object-tagging.ts';
import { getObjectMeta, getObjectMetaVersion, headObject, headObjectVersion } from './operations/head-object.ts';
import { initiateMultipartUpload } from './operations/initiate-multipart-upload.ts';
import { getInventoryOptions, putInventoryOptions } from './operations/inventory-options.ts';
import { disableInventory, enableInventory, getInventoryStatus } from './operations/inventory-rule-state.ts';
import {
  cancelInventoryRun,
  getInventoryRun,
  listInventoryRuns,
  startInventoryRun,
} from './operations/inventory-runs.ts';
import { listBucketInventory } from './operations/list-bucket-inventory.ts';
import { listBuckets } from './operations/list-buckets.ts';
import { listMultipartUploads } from './operations/list-multipart-uploads.ts';
import { listObjectVersions } from './operations/list-object-versions.ts';
import { listObjects, listObjectsV2 } from './operations/list-objects.ts';
import { listParts } from './operations/list-parts.ts';
import { putBucket } from './operations/put-bucket.ts';
import { putBucketAcl } from './operations/put-bucket-acl.ts';
import { putBucketEncryption } from './operations/put-bucket-encryption.ts';
import { putBucketInventory } from './operations/put-bucket-inventory.ts';
import { putBucketPolicy } from './operations/put-bucket-policy.ts';
import { putBucketTagging } from './operations/put-bucket-tagging.ts';
import { putBucketVersioning } from './operations/put-bucket-versioning.ts';
import { putObject } from './operations/put-object.ts';
import { putObjectAcl, putObjectVersionAcl } from './operations/put-object-acl.ts';
import { putObjectTagging, putObjectVersionTagging } from './operations/put-object-tagging.ts';
import { uploadPart } from './operations/upload-part.ts';
import { uploadPartCopy } from './operations/upload-part-copy.ts';
import { watchInventoryRun } from './operations/watch-inventory-run.ts';

const SERVED: readonly Operation[] = [
  // The account, and buckets
  listBuckets,
  putBucket,
  getBucketInfo,
  getBucketLocation,
  deleteBucket,
  putBucketAcl,
  getBucketAcl,
  putBucketVersioning,
  getBucketVersioning,
  putBucketEncryption,
  getBucketEncryption,
  deleteBucketEncryption,
  putBucketTagging,
  getBucketTagging,
  deleteBucketTagging,
  putBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  deleteBucketPolicy,
  getBucketStat,
  // Listings and batches
  listObjects,
  listObjectsV2,
  listObjectVersions,
  deleteMultipleObjects,
  // Objects
  putObject,
  copyObject,
  getObject,
  getObjectVersion,
  headObject,
  headObjectVersion,
  getObjectMeta,
  getObjectMetaVersion,
  deleteObject,
  deleteObjectVersion,
  putObjectTagging,
  putObjectVersionTagging,
  getObjectTagging,
  getObjectVersionTagging,
  deleteObjectTagging,
  deleteObjectVersionTagging,
  putObjectAcl,
  putObjectVersionAcl,
  getObjectAcl,
  getObjectVersionAcl,
  // Multipart uploads
  initiateMultipartUpload,
  uploadPart,
  uploadPartCopy,
  completeMultipartUpload,
  abortMultipartUpload,
  listParts,
  listMultipartUploads,
  // Inventory rules, and their runs
  putBucketInventory,
  getBucketInventory,
  listBucketInventory,
  deleteBucketInventory,
  getInventoryStatus,
  enableInventory,
  disableInventory,
  putInventoryOptions,
  getInventoryOptions,
  startInventoryRun,
  listInventoryRuns,
  getInventoryRun,
  watchInventoryRun,
  cancelInventoryRun,
];

const unserved = (name: string, method: Method, level: Level, subresource?: string): Operation => ({
  name,
  method,
  level,
  action: `oss:${name}`,
  resource: level,
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
  { ...unserved('PostObject', 'POST', 'bucket'), action: 'oss:PutObject', resource: 'objects' },
  { ...unserved('ProcessImage', 'GET', 'object', 'x-oss-process'), action: 'oss:GetObject' },
  { ...unserved('PutSymlink', 'PUT', 'object', 'symlink'), action: 'oss:PutObject' },
  { ...unserved('GetSymlink', 'GET', 'object', 'symlink'), action: 'oss:GetObject' },
  { ...unserved('AppendObject', 'POST', 'object', 'append'), action: 'oss:PutObject' },
  unserved('RestoreObject', 'POST', 'object', 'restore'),
  { ...unserved('SelectObject', 'POST', 'object', 'x-oss-process'), action: 'oss:GetObject' },
];

export const OPERATIONS: readonly Operation[] = [...SERVED, ...UNSERVED];
