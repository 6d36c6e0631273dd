/**
 * The unmodified ali-oss SDK, with types for the part of it that the tests use. Its own (`@types/ali-oss`) lack the
 * inventory calls, and say of some results what they are not.
 */

import type { Readable } from 'node:stream';
import OSS from 'ali-oss';
import { TEST_KEY } from '../server-process.ts';

export interface AliOss {
  useBucket(name: string): unknown;
  putBucket(name: string, options?: { readonly storageClass?: string }): Promise<Result & { bucket: string | null }>;
  deleteBucket(name: string): Promise<Result>;
  listBuckets(query?: Readonly<Record<string, string | number>>): Promise<ListedBuckets>;
  getBucketInfo(name: string): Promise<{ readonly bucket: Readonly<Record<string, unknown>> }>;
  getBucketLocation(name: string): Promise<{ readonly location: string }>;

  put(key: string, body: Buffer | Readable, options?: PutOptions): Promise<Result>;
  get(key: string, options?: { readonly headers?: Headers }): Promise<Result & { readonly content: Buffer }>;
  getStream(key: string): Promise<{ readonly stream: Readable }>;
  head(key: string): Promise<Result & { readonly meta: Headers | null }>;
  getObjectMeta(key: string): Promise<Result>;
  delete(key: string): Promise<Result>;
  deleteMulti(keys: readonly string[], options?: { readonly quiet?: boolean }): Promise<Deleted>;
  list(query: Query, options?: object): Promise<ObjectPage & { readonly nextMarker: string | null }>;
  listV2(
    query: Query,
  ): Promise<ObjectPage & { readonly nextContinuationToken: string | null; readonly keyCount: number }>;

  putBucketInventory(bucket: string, inventory: Inventory): Promise<Result>;
  getBucketInventory(bucket: string, id: string): Promise<Result & { readonly inventory: Inventory }>;
  listBucketInventory(bucket: string, options?: { readonly continuationToken?: string }): Promise<ListedInventories>;
  deleteBucketInventory(bucket: string, id: string): Promise<Result>;
}

type Headers = Readonly<Record<string, string>>;
type Query = Readonly<Record<string, string | number | boolean>>;

interface Result {
  readonly res: { readonly status: number; readonly headers: Headers };
}

interface PutOptions {
  readonly headers?: Headers;
  readonly meta?: Headers;
  readonly mime?: string;
}

interface ListedBuckets {
  readonly buckets: readonly { readonly name: string; readonly region: string; readonly storageClass: string }[] | null;
  readonly owner: { readonly id: string };
  readonly isTruncated: boolean;
  readonly nextMarker: string | null;
}

export interface ObjectPage {
  readonly objects: readonly {
    readonly name: string;
    readonly etag: string;
    readonly size: number;
    readonly type: string;
    readonly storageClass: string;
    readonly lastModified: string;
    readonly owner: { readonly id: string } | null;
  }[];
  readonly prefixes: readonly string[] | null;
  readonly isTruncated: boolean;
}

interface Deleted extends Result {
  readonly deleted: readonly { readonly Key: string }[];
}

export interface Inventory {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly prefix: string;
  readonly OSSBucketDestination: {
    readonly format: 'CSV';
    readonly accountId: string;
    readonly rolename: string;
    readonly bucket: string;
    readonly prefix?: string;
    readonly encryption?: { readonly 'SSE-OSS': '' } | { readonly 'SSE-KMS': { readonly keyId: string } };
  };
  readonly frequency: string;
  readonly includedObjectVersions: string;
  readonly optionalFields?: { readonly field: readonly string[] };
}

interface ListedInventories {
  readonly isTruncated: boolean;
  readonly nextContinuationToken: string | undefined;
  readonly inventoryList: readonly Inventory[];
}

/** What a call of ali-oss rejects with. */
export interface AliOssError {
  readonly name: string;
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  readonly message: string;
  readonly ecCode?: string;
}

export interface AliOssOptions {
  readonly endpoint: string;
  readonly isV4: boolean;
  readonly accessKeySecret?: string;
}

/** Its endpoint is an IP address: it connects there, and sends `Host: <bucket>.oss-cn-hangzhou.aliyuncs.com`. */
export function aliOss({ endpoint, isV4, accessKeySecret = TEST_KEY.accessKeySecret }: AliOssOptions): AliOss {
  const key = { accessKeyId: TEST_KEY.accessKeyId, accessKeySecret };
  return new OSS({ ...key, endpoint, region: 'oss-cn-hangzhou', authorizationV4: isV4 }) as unknown as AliOss;
}
