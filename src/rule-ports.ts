/** Fits the rules and their runs to what the OSS wire wants of them, and the admin API. */

import type { RunsPort } from './admin/ports.ts';
import { type BucketList, bucketsOf, endRules } from './bucket-rules.ts';
import type { RuleBook } from './control/rule-book.ts';
import type { RuleOptionsTable } from './control/rule-options.ts';
import type { StoredRule } from './control/rule-row.ts';
import type { RunLedger } from './control/run-ledger.ts';
import type { RunLists } from './control/run-lists.ts';
import type { RuleName } from './control/run-views.ts';
import { type Bucket, noSuchBucket } from './core/bucket.ts';
import { DomainError, hasCode } from './core/errors.ts';
import { noSuchRule } from './core/rule.ts';
import { checkRuleOptions } from './core/rule-options.ts';
import type { Executor } from './jobs/executor.ts';
import type { Housekeeper } from './jobs/housekeeper.ts';
import type { RunFeed } from './jobs/run-feed.ts';
import type { Scheduler } from './jobs/scheduler.ts';
import type { RuleOptionsPort, RulePort, RunPort } from './protocol/oss/ports.ts';
import type { EmbeddedReportRemover } from './report-remover.ts';
import type { ObjectStore } from './store/object-store.ts';

export interface RuleParts {
  readonly store: ObjectStore;
  readonly rules: RuleBook;
  readonly executor: Executor;
  readonly ledger: RunLedger;
  readonly lists: RunLists;
  readonly scheduler: Pick<Scheduler, 'poke'>;
  readonly feed: RunFeed;
  readonly ruleOptions: Pick<RuleOptionsPort, 'get'>;
  readonly housekeeper: Housekeeper;
}

export function rulePort(parts: RuleParts): RulePort {
  const { store, rules, ledger, lists, executor, scheduler, feed, ruleOptions, housekeeper } = parts;
  /** Lets those who work by a rule, or watch it, know that it is stored so. */
  const takeUp = async (bucket: Bucket, { uid, rule }: StoredRule): Promise<void> => {
    if (rule.isEnabled) await executor.wake();
    else executor.cancel(uid);
    scheduler.poke();
    feed.ruleChanged(bucket.id, rule.id);
  };
  return {
    assertPlace: (bucket, ruleId, options) => rules.assertPlace(bucket, ruleId, options),
    async put(bucket, rule, options) {
      const stored = await rules.put(bucket, rule, options);
      // The bucket may have gone after it was looked up, and its end have missed this rule.
      if (store.findBucket(bucket.name)?.id !== bucket.id) {
        await endRules(bucket.id, rules, executor);
        throw noSuchBucket(bucket.name);
      }
      await takeUp(bucket, stored);
    },
    async get(bucket, ruleId) {
      return (await rules.get(bucket.id, ruleId)).rule;
    },
    list: (bucket, after, limit) => rules.list(bucket.id, after, limit),
    async delete(bucket, ruleId) {
      const uid = await rules.delete(bucket.id, ruleId);
      if (uid !== undefined) executor.cancel(uid);
      feed.ruleChanged(bucket.id, ruleId);
    },
    async setEnabled(bucket, ruleId, isEnabled) {
      await takeUp(bucket, await rules.setEnabled(bucket.id, ruleId, isEnabled));
    },
    async status(bucket, ruleId) {
      const { uid, rule, nextDueAtMs } = await rules.get(bucket.id, ruleId);
      const { runs } = await ledger.list(uid, undefined, 1);
      return {
        bucket: bucket.name,
        rule: ruleId,
        isEnabled: rule.isEnabled,
        frequency: rule.schedule.frequency,
        nextDueAt: nextDueAtMs === null ? null : new Date(nextDueAtMs).toISOString(),
        lastRun: runs[0] ?? null,
        lastReport: (await lists.lastReport(uid)) ?? null,
        options: await ruleOptions.get(bucket, ruleId),
        retentionFault: housekeeper.faultOf(uid) ?? null,
      };
    },
  };
}

export interface RuleOptionsParts {
  readonly rules: RuleBook;
  readonly ruleOptionsTable: RuleOptionsTable;
  readonly housekeeper: Housekeeper;
  readonly reportRemover: EmbeddedReportRemover;
}

/** Retention is set only for a rule whose role may remove reports. */
export function ruleOptionsPort(parts: RuleOptionsParts): RuleOptionsPort {
  const { rules, ruleOptionsTable: table, housekeeper, reportRemover } = parts;
  return {
    get: (bucket, ruleId) => table.get(bucket.id, ruleId),
    async put(bucket, ruleId, options) {
      const checked = checkRuleOptions(options);
      const stored = await rules.get(bucket.id, ruleId);
      const fault = checked.retention && reportRemover.removalFault(stored);
      if (fault !== undefined) throw new DomainError('InvalidArgument', fault, { ArgumentName: 'retention' });
      await table.put(stored.uid, checked);
      housekeeper.look(stored.uid);
      return checked;
    },
  };
}

export function runPort({
  rules,
  ledger,
  executor,
  feed,
}: Pick<RuleParts, 'rules' | 'ledger' | 'executor' | 'feed'>): RunPort {
  /** A run, or that there is no such rule. */
  const ofRule = async <T>(bucket: Bucket, ruleId: string, look: (name: RuleName) => Promise<T>): Promise<T> => {
    try {
      return await look({ bucketId: bucket.id, ruleId });
    } catch (error) {
      if (hasCode(error, 'NoSuchRun')) await rules.get(bucket.id, ruleId);
      throw error;
    }
  };
  return {
    async start(bucket, ruleId) {
      const run = await ledger.start(await rules.get(bucket.id, ruleId), 'manual');
      await executor.wake();
      return run;
    },
    get: (bucket, ruleId, runId) => ofRule(bucket, ruleId, (name) => ledger.view(name, runId)),
    watch: (bucket, ruleId, runId, who) => ofRule(bucket, ruleId, (name) => feed.follow({ ...name, runId }, who)),
    cancel: (bucket, ruleId, runId, by) =>
      ofRule(bucket, ruleId, async (name) => {
        const stored = await ledger.find(runId);
        const run = await ledger.cancel(name, runId, by);
        // At once: the rule may have another run soon.
        if (stored !== undefined) executor.cancel(stored.ruleUid);
        feed.changed(runId);
        return run;
      }),
    async list(bucket, ruleId, before, limit) {
      // The runs of a rule that is gone stay to be seen, until another takes its id.
      const uid = (await rules.find(bucket.id, ruleId))?.uid ?? (await ledger.lastRuleUid(bucket.id, ruleId));
      if (uid === undefined) throw noSuchRule();
      return await ledger.list(uid, before, limit);
    },
  };
}

/** Runs as the admin API lists them: those of a bucket that is gone belong to nobody. */
export function runsPort(lists: Pick<RunLists, 'list'>, store: BucketList & Pick<ObjectStore, 'findBucket'>): RunsPort {
  return {
    async list(account, { bucket: name, ...request }) {
      if (name === undefined) {
        const own = new Set(bucketsOf(store).flatMap(({ id, owner }) => (owner === account ? [id] : [])));
        return await lists.list({ ...request, isMeant: (id) => own.has(id) });
      }
      const bucket = store.findBucket(name);
      if (bucket?.owner !== account) throw noSuchBucket(name);
      return await lists.list({ ...request, bucketId: bucket.id, isMeant: () => true });
    },
  };
}
