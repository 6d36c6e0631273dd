/** The part of ali-oss that the demo uses, unmodified; its published types leave the inventory calls out. */

import OSS from 'ali-oss';

export interface InventoryRule {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly frequency: 'Daily' | 'Weekly';
  readonly includedObjectVersions: 'All' | 'Current';
  readonly optionalFields: { readonly field: readonly string[] };
  readonly OSSBucketDestination: {
    readonly format: 'CSV';
    readonly accountId: string;
    readonly rolename: string;
    readonly bucket: string;
    readonly prefix?: string;
  };
}

export interface OssClient {
  putBucket(name: string): Promise<unknown>;
  useBucket(name: string): void;
  putBucketInventory(bucket: string, rule: InventoryRule): Promise<unknown>;
  listV2(query: Readonly<Record<string, string>>): Promise<{ readonly objects?: readonly { readonly name: string }[] }>;
  get(key: string, file: string): Promise<unknown>;
}

export function createOssClient(endpoint: string, key: { accessKeyId: string; accessKeySecret: string }): OssClient {
  const options = { endpoint, region: 'oss-cn-hangzhou', authorizationV4: true, timeout: 60_000, ...key };
  return new OSS(options as OSS.Options) as unknown as OssClient;
}
