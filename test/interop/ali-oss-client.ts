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

  putBucketVersioning(name: string, status: 'Enabled' | 'Suspended'): Promise<Result>;

  put(key: string, body: Buffer | Readable, options?: PutOptions): Promise<Result>;
  get(key: string, options?: ReadOptions): Promise<Result & { readonly content: Buffer }>;
  getStream(key: string): Promise<{ readonly stream: Readable }>;
  head(key: string, options?: ReadOptions): Promise<Result & { readonly meta: Headers | null }>;
  getObjectMeta(key: string, options?: ReadOptions): Promise<Result>;
  /** A source that begins with a slash names its bucket too. */
  copy(key: string, source: string, options?: ReadOptions & { readonly meta?: Headers }): Promise<Copied>;
  putMeta(key: string, meta: Headers, options?: object): Promise<Copied>;
  delete(key: string, options?: { readonly versionId?: string }): Promise<Result>;
  deleteMulti(names: readonly DeleteName[], options?: { readonly quiet?: boolean }): Promise<Deleted>;
  list(query: Query, options?: object): Promise<ObjectPage & { readonly nextMarker: string | null }>;
  listV2(
    query: Query,
  ): Promise<ObjectPage & { readonly nextContinuationToken: string | null; readonly keyCount: number }>;

  /** V1; the options are also the headers that are signed. */
  signatureUrl(key: string, options?: SignatureUrlOptions): string;
  /** `expires` is a number of seconds. */
  signatureUrlV4(
    method: string,
    expires: number,
    request: { readonly headers?: Headers; readonly queries?: Readonly<Record<string, string | null>> },
    key: string,
    additionalHeaders?: readonly string[],
  ): Promise<string>;
  /** Parameters in camel case. */
  getBucketVersions(query: Query): Promise<VersionPage>;

  initMultipartUpload(key: string, options?: PutOptions): Promise<Result & { readonly uploadId: string }>;
  /** Bytes `start` to `end` of the file of that name. */
  uploadPart(...args: [...PartName, file: string, start: number, end: number]): Promise<Uploaded>;
  /** The range as in `0-99`; undefined for the whole. */
  uploadPartCopy(
    ...args: [...PartName, range: string | undefined, source: CopySource, options?: ReadOptions]
  ): Promise<Uploaded>;
  completeMultipartUpload(
    key: string,
    uploadId: string,
    parts: readonly { readonly number: number; readonly etag: string }[],
    options?: PutOptions,
  ): Promise<Uploaded>;
  abortMultipartUpload(key: string, uploadId: string): Promise<Result>;
  /** All of it, from a file or a buffer. */
  multipartUpload(key: string, file: string | Buffer, options?: MultipartOptions): Promise<Uploaded>;
  multipartUploadCopy(key: string, source: CopySource, options?: MultipartOptions): Promise<Uploaded>;
  listParts(key: string, uploadId: string, query?: Query): Promise<PartPage>;
  listUploads(query: Query): Promise<UploadPage>;

  putObjectTagging(key: string, tags: Headers, options?: VersionOptions): Promise<Result>;
  getObjectTagging(key: string, options?: VersionOptions): Promise<Result & { readonly tag: Headers }>;
  deleteObjectTagging(key: string, options?: VersionOptions): Promise<Result>;
  putACL(key: string, acl: string, options?: VersionOptions): Promise<Result>;
  getACL(key: string, options?: VersionOptions): Promise<Acl>;

  putBucketACL(name: string, acl: string): Promise<Result>;
  getBucketACL(name: string): Promise<Acl>;
  getBucketVersioning(name: string): Promise<Result & { readonly versionStatus: string | undefined }>;
  putBucketEncryption(
    name: string,
    options: { readonly SSEAlgorithm: string; readonly KMSMasterKeyID?: string },
  ): Promise<Result>;
  getBucketEncryption(name: string): Promise<Result & { readonly encryption: Headers }>;
  deleteBucketEncryption(name: string): Promise<Result>;
  putBucketTags(name: string, tags: Headers): Promise<Result>;
  getBucketTags(name: string): Promise<Result & { readonly tag: Headers }>;
  deleteBucketTags(name: string): Promise<Result>;
  putBucketPolicy(name: string, policy: object): Promise<Result>;
  getBucketPolicy(name: string): Promise<Result & { readonly policy: unknown }>;
  deleteBucketPolicy(name: string): Promise<Result>;
  getBucketStat(name: string): Promise<Result & { readonly stat: Headers }>;

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

interface ReadOptions {
  readonly headers?: Headers;
  readonly versionId?: string;
}

interface Copied extends Result {
  readonly data: { readonly etag: string; readonly lastModified: string } | null;
}

interface PutOptions {
  readonly headers?: Headers;
  readonly meta?: Headers;
  readonly mime?: string;
}

interface SignatureUrlOptions {
  readonly method?: string;
  readonly expires?: number;
  readonly 'Content-Type'?: string;
  readonly response?: Headers;
}

interface VersionOptions {
  readonly versionId?: string;
}

interface Acl extends Result {
  readonly acl: string;
  readonly owner: { readonly id: string };
}

type PartName = [key: string, uploadId: string, partNumber: number];

interface CopySource {
  readonly sourceKey: string;
  readonly sourceBucketName: string;
}

interface MultipartOptions extends PutOptions {
  readonly partSize?: number;
}

/** A part, or an object made of parts. */
interface Uploaded extends Result {
  readonly etag: string;
}

interface ListedPart {
  readonly PartNumber: string;
  readonly ETag: string;
  readonly Size: string;
  readonly HashCrc64ecma: string;
  readonly LastModified: string;
}

interface PartPage extends Result {
  readonly bucket: string;
  readonly name: string;
  readonly uploadId: string;
  readonly partNumberMarker: string;
  readonly nextPartNumberMarker: string;
  readonly maxParts: string;
  readonly isTruncated: string;
  /** Of a single one no list is made. */
  readonly parts: readonly ListedPart[] | ListedPart;
}

interface UploadPage extends Result {
  readonly uploads: readonly { readonly name: string; readonly uploadId: string; readonly initiated: string }[];
  readonly nextKeyMarker: string | undefined;
  readonly nextUploadIdMarker: string | undefined;
  readonly isTruncated: boolean;
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

type DeleteName = string | { readonly key: string; readonly versionId?: string };

interface Deleted extends Result {
  readonly deleted: readonly {
    readonly Key: string;
    readonly VersionId?: string;
    readonly DeleteMarker?: string;
    readonly DeleteMarkerVersionId?: string;
  }[];
}

interface ListedMarker {
  readonly name: string;
  readonly versionId: string;
  readonly lastModified: string;
  readonly owner: { readonly id: string };
}

export interface VersionPage extends Result {
  readonly objects: readonly (ListedMarker & {
    readonly isLatest: boolean;
    readonly etag: string;
    readonly size: number;
    readonly type: string;
    readonly storageClass: string;
  })[];
  readonly deleteMarker: readonly ListedMarker[];
  readonly prefixes: readonly string[] | null;
  readonly isTruncated: boolean;
  readonly nextKeyMarker: string | null;
  readonly nextVersionIdMarker: string | null;
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
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly stsToken?: string;
}

/** Its endpoint is an IP address: it connects there, and sends `Host: <bucket>.oss-cn-hangzhou.aliyuncs.com`. */
export function aliOss({ isV4, ...options }: AliOssOptions): AliOss {
  // It warns, each time, that a token without a refresh will expire.
  const refresh = options.stsToken === undefined ? {} : { refreshSTSTokenInterval: Number.MAX_SAFE_INTEGER };
  const common = { ...TEST_KEY, ...refresh, region: 'oss-cn-hangzhou', authorizationV4: isV4 };
  return new OSS({ ...common, ...options }) as unknown as AliOss;
}
