import type { ServerRequest } from './server-client.ts';

/** Names what a server did not find, where the original's words for that name nothing; empty for all other codes. */
export function missingThing(code: string, { bucket, query = {} }: Pick<ServerRequest, 'bucket' | 'query'>): string {
  // The admin API lies where a bucket `-` would, and takes the bucket's name as a parameter.
  const name = bucket === '-' ? query.bucket : bucket;
  if (code === 'NoSuchBucket' && name !== undefined) return ` There is no bucket "${name}".`;
  const rule = query.inventoryId;
  return code === 'NoSuchInventory' && rule !== undefined ? ` The bucket "${name}" has no rule "${rule}".` : '';
}
