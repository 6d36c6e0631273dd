/** Fits the store to what the OSS wire wants of it (rules and runs: rule-ports.ts), and its permissions to the admin API. */

import { OPERATIONS as ADMIN_OPERATIONS } from './admin/operations.ts';
import type { Permission } from './admin/ports.ts';
import { endRules } from './bucket-rules.ts';
import type { RuleBook } from './control/rule-book.ts';
import { reach } from './core/failpoint.ts';
import type { Executor } from './jobs/executor.ts';
import { OPERATIONS } from './protocol/oss/operations.ts';
import type { ObjectStorePort } from './protocol/oss/ports.ts';
import { ASSUME_ROLE } from './protocol/sts/assume-role.ts';
import type { ObjectStore } from './store/object-store.ts';

export interface StoreParts {
  readonly store: ObjectStore;
  readonly rules: RuleBook;
  readonly executor: Executor;
  /** Throws `NoSuchAccount`. */
  readonly assertAccount: (id: string) => void;
}

/** A bucket that is deleted takes its rules with it, and none comes to be that belongs to nobody. */
export function storePort({ store, rules, executor, assertAccount }: StoreParts): ObjectStorePort {
  return {
    async createBucket(bucket) {
      const made = await store.createBucket(bucket);
      try {
        assertAccount(bucket.owner);
        return made;
      } catch (error) {
        // It was deleted since it was seen who asks; nobody could ever delete a bucket that it left.
        await store.deleteBucket(made.name, made.id);
        throw error;
      }
    },
    async deleteBucket({ name, id }) {
      await store.deleteBucket(name, id);
      reach('bucket.deleted');
      await endRules(id, rules, executor);
    },
    findBucket: (name) => store.findBucket(name),
    listBuckets: (after, limit) => store.listBuckets(after, limit),
    changeBucket: ({ name, id }, change) => store.changeBucket(name, change, id),
    totals: ({ name, id }) => store.totals(name, id),
    put: (request, body, promise) => store.put(request, body, promise),
    head: (address) => store.head(address),
    read: (address, chooseRange) => store.read(address, chooseRange),
    change: (address, change) => store.change(address, change),
    deleteMany: (bucket, objects) => store.deleteMany(bucket, objects),
    list: (bucket, request) => store.list(bucket, request),
    listVersions: (bucket, request) => store.listVersions(bucket, request),
    uploads: store.uploads,
  };
}

/** Of the wire's operations, of STS and of the admin API. What operations of the wire need besides is a permission of
 *  another one, or one for a master key. */
export function neededPermissions(): readonly Permission[] {
  const served = OPERATIONS.filter(({ handle }) => handle !== undefined);
  const further = new Set(served.flatMap(({ also = [] }) => also.map(({ action }) => action)));
  return [
    ...served.map(({ action, resource }) => ({ action, on: resource === 'objects' ? 'object' : resource }) as const),
    ...[...further].filter((action) => action.startsWith('kms:')).map((action) => ({ action, on: 'key' }) as const),
    { action: ASSUME_ROLE, on: 'role' },
    ...ADMIN_OPERATIONS.map(({ action }) => ({ action, on: 'admin' }) as const),
  ];
}
