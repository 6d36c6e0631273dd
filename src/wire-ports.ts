/** Fits the store, the rules and their runs to what the OSS wire wants of them, and its permissions to the admin API. */

import { OPERATIONS as ADMIN_OPERATIONS } from './admin/operations.ts';
import type { Permission } from './admin/ports.ts';
import { endRules } from './bucket-rules.ts';
import type { RuleBook } from './control/rule-book.ts';
import type { RunLedger } from './control/run-ledger.ts';
import { DomainError, hasCode } from './core/errors.ts';
import { reach } from './core/failpoint.ts';
import { noSuchRule } from './core/rule.ts';
import type { LocalExecutor } from './jobs/local-executor.ts';
import { OPERATIONS } from './protocol/oss/operations.ts';
import type { ObjectStorePort, RulePort, RunPort } from './protocol/oss/ports.ts';
import { ASSUME_ROLE } from './protocol/sts/assume-role.ts';
import type { ObjectStore } from './store/object-store.ts';

export interface StoreParts {
  readonly store: ObjectStore;
  readonly rules: RuleBook;
  readonly executor: LocalExecutor;
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

export function rulePort(rules: RuleBook, store: ObjectStore, executor: LocalExecutor): RulePort {
  return {
    assertPlace: (bucket, ruleId, options) => rules.assertPlace(bucket, ruleId, options),
    async put(bucket, rule, options) {
      await rules.put(bucket, rule, options);
      // The bucket may have gone after it was looked up, and its end have missed this rule.
      if (store.findBucket(bucket.name)?.id !== bucket.id) {
        await endRules(bucket.id, rules, executor);
        throw new DomainError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: bucket.name });
      }
      await executor.wake();
    },
    async get(bucket, ruleId) {
      return (await rules.get(bucket.id, ruleId)).rule;
    },
    list: (bucket, after, limit) => rules.list(bucket.id, after, limit),
    async delete(bucket, ruleId) {
      const uid = await rules.delete(bucket.id, ruleId);
      if (uid !== undefined) executor.cancel(uid);
    },
  };
}

export function runPort(rules: RuleBook, ledger: RunLedger, executor: LocalExecutor): RunPort {
  return {
    async start(bucket, ruleId) {
      const run = await ledger.start(await rules.get(bucket.id, ruleId), 'manual');
      await executor.wake();
      return run;
    },
    async get(bucket, ruleId, runId) {
      try {
        return await ledger.view({ bucketId: bucket.id, ruleId }, runId);
      } catch (error) {
        if (hasCode(error, 'NoSuchRun')) await rules.get(bucket.id, ruleId);
        throw error;
      }
    },
    async list(bucket, ruleId, before, limit) {
      // The runs of a rule that is gone stay to be seen, until another takes its id.
      const uid = (await rules.find(bucket.id, ruleId))?.uid ?? (await ledger.lastRuleUid(bucket.id, ruleId));
      if (uid === undefined) throw noSuchRule();
      return await ledger.list(uid, before, limit);
    },
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
