/**
 * Rules, and the first run that each one owes: both are written in one transaction, so an acknowledged rule is a rule
 * that runs. Rules belong to a bucket's internal id; deleting and remaking a bucket inherits none.
 */

import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import { noSuchRule, type Rule } from '../core/rule.ts';
import { changeState } from './change-state.ts';
import { newRun } from './new-run.ts';
import { findRuleRow, ruleFromRow, type StoredRule } from './rule-row.ts';
import { cancelOpenRun } from './run-ledger.ts';
import type { RuleRow, Schema } from './schema.ts';

export interface BucketRef {
  readonly id: string;
  readonly name: string;
}

export interface RulePage {
  readonly rules: readonly Rule[];
  /** The id of the last rule, when there are more (inventory sheet, section 2.2). */
  readonly nextAfter?: string;
}

export class RuleBook {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;
  readonly #maxRules: number;

  constructor(db: Kysely<Schema>, clock: Clock, options: { readonly maxRules: number }) {
    this.#db = db;
    this.#clock = clock;
    this.#maxRules = options.maxRules;
  }

  /**
   * Stores a rule and plans its first run, unless it is disabled. Throws `RuleExists` when the id is taken and
   * `replace` is not set, `RuleLimitReached` when the bucket is full.
   */
  async put(bucket: BucketRef, rule: Rule, options: { readonly replace: boolean }): Promise<void> {
    await changeState(this.#db, 'rule-put', async (trx) => {
      const existing = await this.#assertPlace(trx, bucket, rule.id, options);
      const nowMs = this.#clock.now();
      const uid = existing?.uid ?? randomUUID();
      const document = JSON.stringify(rule);
      if (existing === undefined) {
        const row = { uid, bucket_id: bucket.id, bucket: bucket.name, id: rule.id, document };
        await trx
          .insertInto('rules')
          .values({
            ...row,
            created_at: nowMs,
            updated_at: nowMs,
            anchored_at: nowMs,
            settled_until: nowMs,
            schedule_basis: '',
            options: '{}',
          })
          .execute();
      } else {
        await trx.updateTable('rules').set({ document, updated_at: nowMs }).where('uid', '=', uid).execute();
      }
      if (rule.isEnabled && !(await hasRun(trx, uid))) {
        const trigger = rule.schedule.frequency === 'Once' ? 'once' : 'first';
        await trx
          .insertInto('runs')
          .values(newRun({ uid, bucketId: bucket.id, bucket: bucket.name, rule }, trigger, nowMs))
          .execute();
      }
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
      await trx.deleteFrom('rules').where('uid', '=', row.uid).execute();
      const text = `The rule "${ruleId}" was deleted while the run was under way.`;
      await cancelOpenRun(trx, row.uid, { code: 'RuleDeleted', text }, this.#clock.now());
      return row.uid;
    });
  }

  /** Removes all rules of a bucket that is gone. Returns the uids they had. */
  async deleteBucket(bucketId: string): Promise<string[]> {
    const rows = await this.#db.selectFrom('rules').selectAll().where('bucket_id', '=', bucketId).execute();
    for (const row of rows) await this.delete(bucketId, row.id);
    return rows.map((row) => row.uid);
  }

  /** The internal ids of all buckets that have rules. */
  async bucketIds(): Promise<string[]> {
    const rows = await this.#db.selectFrom('rules').select('bucket_id').distinct().execute();
    return rows.map((row) => row.bucket_id);
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
    if (Number(count) < this.#maxRules) return;
    throw new DomainError(
      'RuleLimitReached',
      `You are not allowed to create more inventory than limit. Bucket "${bucket.name}" holds ${count} of at most ${this.#maxRules} rules.`,
    );
  }
}

async function hasRun(db: Kysely<Schema>, uid: string): Promise<boolean> {
  return (await db.selectFrom('runs').select('id').where('rule_uid', '=', uid).executeTakeFirst()) !== undefined;
}
