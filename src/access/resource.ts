/** The things that are guarded, as a decision needs them. */

import type { Bucket } from '../core/bucket.ts';
import type { ObjectFacts, Resource } from './access.ts';
import { bucketPolicyOf } from './bucket-policy.ts';

/** All that the account has, for actions like ListBuckets that name no bucket. */
export function serviceResource(account: string): Resource {
  return { level: 'service', arn: `acs:oss:*:${account}:*`, owner: account };
}

export function bucketResource(bucket: Bucket): Resource {
  const { name, region, owner } = bucket;
  return { level: 'bucket', arn: `acs:oss:${region}:${owner}:${name}`, owner, bucket: guardOf(bucket) };
}

/** An object's resource. No key of the bucket is matched by the resource of the bucket, nor the reverse. */
export function objectResource(bucket: Bucket, key: string, object?: () => ObjectFacts | undefined): Resource {
  const { name, region, owner } = bucket;
  return {
    level: 'object',
    arn: `acs:oss:${region}:${owner}:${name}/${key}`,
    owner,
    bucket: guardOf(bucket),
    ...(object !== undefined && { object }),
  };
}

/** A key of the key service; without an id, the account's default one. */
export function keyResource(account: string, keyId: string | undefined): Resource {
  return { level: 'other', arn: `acs:kms:*:${account}:key/${keyId ?? 'default'}`, owner: account };
}

/** What the admin API administers, as in `user/anna`. */
export function adminResource(account: string, path: string): Resource {
  return { level: 'other', arn: `acs:stocktake:*:${account}:${path}`, owner: account };
}

function guardOf(bucket: Bucket): NonNullable<Resource['bucket']> {
  const policy = bucketPolicyOf(bucket);
  return { acl: bucket.acl, tags: bucket.tags ?? [], ...(policy !== undefined && { policy }) };
}
