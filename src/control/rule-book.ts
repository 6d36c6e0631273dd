/**
 * Rules, and the first run that each one owes: both are written in one transaction, so an acknowledged rule is a rule
 * that runs. Rules belong to a bucket's internal id; deleting and remaking a bucket inherits none.
 */

import { setImmediate } from 'node:timers/promises';
import type { Kysely, Selectable } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import { noSuchRule, type Rule } from '../core/rule.ts';
import type { ScheduleSetting } from '../core/schedule.ts';
import { changeState } from './change-state.ts';
import { type BucketRef, type ChangeTime, changeRule, deleteRule, insertRule } from './rule-changes.ts';
import { findRuleRow, ruleFromRow, type StoredRule } from './rule-row.ts';
import type { RuleRow, Schema } from './schema.ts';

export interface RulePage {
  readonly rules: readonly Rule[];
  /** The id of the last rule, when there are more (inventory sheet, section 2.2). */
  readonly nextAfter?: string;
}

export interface RuleBookOptions {
  /** Of one bucket. */
  readonly maxRules: number;
  readonly schedule: ScheduleSetting;
}

/** Rules of a bucket that are removed in one transaction, which holds up everything else for a few milliseconds. */
const BATCH = 50;

export class RuleBook {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;
  readonly #options: RuleBookOptions;

  constructor(db: Kysely<Schema>, clock: Clock, options: RuleBookOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Stores a rule and plans its first run, unless it is disabled. One that is replaced keeps its run under way, which
   * goes on with the rule as it was, unless the new one is disabled. Throws `RuleExists` when the id is taken and
   * `replace` is not set, `RuleLimitReached` when the bucket is full.
   */
  async put(bucket: BucketRef, rule: Rule, options: { readonly replace: boolean }): Promise<StoredRule> {
    return await changeState(this.#db, 'rule-put', async (trx) => {
      const existing = await this.#assertPlace(trx, bucket, rule.id, options);
      if (existing === undefined) return await insertRule(trx, bucket, rule, this.#time());
      return await changeRule(trx, existing, rule, this.#time());
    });
  }

  /** Enables or disables a rule and leaves the rest of it as it is; nothing changes when it is so already. */
  async setEnabled(bucketId: string, ruleId: string, isEnabled: boolean): Promise<StoredRule> {
    return await changeState(this.#db, 'rule-switch', async (trx) => {
      const row = await findRuleRow(trx, bucketId, ruleId);
      if (row === undefined) throw noSuchRule();
      const stored = ruleFromRow(row);
      if (stored.rule.isEnabled === isEnabled) return stored;
      return await changeRule(trx, row, { ...stored.rule, isEnabled }, this.#time());
    });
  }

  /** Throws what `put` would of the id and the number of rules, before other things are looked at. */
  async assertPlace(bucket: BucketRef, ruleId: string, options: { readonly replace: boolean }): Promise<void> {
    await this.#assertPlace(this.#db, bucket, ruleId, options);
  }

  async find(bucketId: string, ruleId: string): Promise<StoredRule | undefined> {
    const row = await findRuleRow(this.#db, bucketId, ruleId);
    return row === undefined ? undefined : ruleFromRow(row);
  }

  /** The rule, or `NoSuchRule`. */
  async get(bucketId: string, ruleId: string): Promise<StoredRule> {
    const rule = await this.find(bucketId, ruleId);
    if (rule === undefined) throw noSuchRule();
    return rule;
  }

  /** Rules in byte order of their id, after `after`. */
  async list(bucketId: string, after: string, limit: number): Promise<RulePage> {
    const rows = await this.#db
      .selectFrom('rules')
      .selectAll()
      .where('bucket_id', '=', bucketId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const rules = rows.slice(0, limit).map((row) => ruleFromRow(row).rule);
    const last = rules.at(-1);
    return { rules, ...(rows.length > limit && last !== undefined && { nextAfter: last.id }) };
  }

  /** Removes a rule and cancels its run under way; one that is not there is no error. Returns the uid it had. */
  async delete(bucketId: string, ruleId: string): Promise<string | undefined> {
    return await changeState(this.#db, 'rule-delete', async (trx) => {
      const row = await findRuleRow(trx, bucketId, ruleId);
      if (row === undefined) return undefined;
      await deleteRule(trx, row, this.#time());
      return row.uid;
    });
  }

  /** Removes all rules of a bucket that is gone. Returns the uids they had. */
  async deleteBucket(bucketId: string): Promise<string[]> {
    const uids: string[] = [];
    for (let isMore = true; isMore; ) {
      const rows = await changeState(this.#db, 'rule-delete', async (trx) => {
        const batch = await trx
          .selectFrom('rules')
          .selectAll()
          .where('bucket_id', '=', bucketId)
          .limit(BATCH)
          .execute();
        for (const row of batch) await deleteRule(trx, row, this.#time());
        return batch;
      });
      uids.push(...rows.map(({ uid }) => uid));
      isMore = rows.length === BATCH;
      if (isMore) await setImmediate();
    }
    return uids;
  }

  /** The internal ids of all buckets that have rules. */
  async bucketIds(): Promise<string[]> {
    const rows = await this.#db.selectFrom('rules').select('bucket_id').distinct().execute();
    return rows.map((row) => row.bucket_id);
  }

  #time(): ChangeTime {
    return { nowMs: this.#clock.now(), setting: this.#options.schedule };
  }

  /** The rule that is there already, if it may be replaced. */
  async #assertPlace(
    db: Kysely<Schema>,
    bucket: BucketRef,
    ruleId: string,
    { replace }: { readonly replace: boolean },
  ): Promise<Selectable<RuleRow> | undefined> {
    const existing = await findRuleRow(db, bucket.id, ruleId);
    if (existing === undefined) await this.#assertRoom(db, bucket);
    else if (!replace) throw new DomainError('RuleExists', 'The inventory you requested already exists.');
    return existing;
  }

  async #assertRoom(db: Kysely<Schema>, bucket: BucketRef): Promise<void> {
    const { count } = await db
      .selectFrom('rules')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('bucket_id', '=', bucket.id)
      .executeTakeFirstOrThrow();
    if (Number(count) < this.#options.maxRules) return;
    throw new DomainError(
      'RuleLimitReached',
      `You are not allowed to create more inventory than limit. Bucket "${bucket.name}" holds ${count} of at most ${this.#options.maxRules} rules.`,
    );
  }
}
