/** What a bucket's end means for its rules: they go after it, and at the latest at the next start. */

import type { RuleBook } from './control/rule-book.ts';
import type { Bucket } from './core/bucket.ts';
import type { Executor } from './jobs/executor.ts';
import type { ObjectStore } from './store/object-store.ts';

/** Ends all rules of a bucket that is gone, and their runs under way. */
export async function endRules(bucketId: string, rules: RuleBook, executor: Executor): Promise<void> {
  for (const uid of await rules.deleteBucket(bucketId)) executor.cancel(uid);
}

/** Rules whose bucket is gone: the process ended between the bucket's end and theirs. */
export async function sweepRules(rules: RuleBook, store: ObjectStore): Promise<void> {
  const buckets = new Set(bucketsOf(store).map(({ id }) => id));
  for (const id of await rules.bucketIds()) if (!buckets.has(id)) await rules.deleteBucket(id);
}

/** What there is to be asked for them: the store, or a port to it. */
export interface BucketList {
  listBuckets(after: string, limit: number): readonly Bucket[];
}

/** All buckets there are. */
export function bucketsOf(store: BucketList): readonly Bucket[] {
  return store.listBuckets('', Number.MAX_SAFE_INTEGER);
}
