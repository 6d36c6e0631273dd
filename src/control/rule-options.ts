/** The options of rules, kept beside their documents: a rule that is replaced keeps its own, one made anew inherits none. */

import type { Kysely, Selectable } from 'kysely';
import { noSuchRule } from '../core/rule.ts';
import { DEFAULT_RULE_OPTIONS, type RuleOptions } from '../core/rule-options.ts';
import { changeState } from './change-state.ts';
import { findRuleRow } from './rule-row.ts';
import type { RuleRow, Schema } from './schema.ts';

export class RuleOptionsTable {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** The options of a rule, or `NoSuchRule`. */
  async get(bucketId: string, ruleId: string): Promise<RuleOptions> {
    const row = await findRuleRow(this.#db, bucketId, ruleId);
    if (row === undefined) throw noSuchRule();
    return optionsFromRow(row);
  }

  /** The options of the rule with this uid; undefined when it is gone. */
  async find(uid: string): Promise<RuleOptions | undefined> {
    const row = await this.#db.selectFrom('rules').select('options').where('uid', '=', uid).executeTakeFirst();
    return row && optionsFromRow(row);
  }

  /** Replaces the options of the rule with this uid, which they were checked for; `NoSuchRule` when it is gone. */
  async put(uid: string, options: RuleOptions): Promise<void> {
    await changeState(this.#db, 'rule-options', async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('rules')
        .set({ options: JSON.stringify(options) })
        .where('uid', '=', uid)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw noSuchRule();
    });
  }
}

/** What was never set is as it is by default. */
export function optionsFromRow({ options }: Pick<Selectable<RuleRow>, 'options'>): RuleOptions {
  return { ...DEFAULT_RULE_OPTIONS, ...(JSON.parse(options) as Partial<RuleOptions>) };
}
