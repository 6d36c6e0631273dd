/**
 * Which rules are due, and the runs that this makes. The next due time of each rule is a column with an index, so asking
 * costs the same whether there are ten rules or a hundred thousand. A rule whose run is under way waits for its end.
 */

import { setImmediate } from 'node:timers/promises';
import type { Kysely, Selectable } from 'kysely';
import type { SqlStep } from '../core/failpoint.ts';
import type { ScheduleSetting } from '../core/schedule.ts';
import { changeState } from './change-state.ts';
import { type DueRuns, settleDue } from './due-runs.ts';
import { ruleFromRow, type SettledSchedule, scheduleBasis, scheduleColumns, settingOfBasis } from './rule-row.ts';
import { selectOpenRuns } from './run-rows.ts';
import type { RuleRow, Schema } from './schema.ts';

/** Rules in one transaction, which holds up everything else: a rule takes about half a millisecond. */
const BATCH = 20;
/** After so many rows a transaction takes no further rule: after an outage one of them alone may have a hundred. */
const MAX_BATCH_ROWS = 500;

export interface PlannedDue extends DueRuns {
  /** More rules may be due: ask again. */
  readonly isMore: boolean;
}

export class DueBook {
  readonly #db: Kysely<Schema>;
  readonly #setting: ScheduleSetting;

  constructor(db: Kysely<Schema>, setting: ScheduleSetting) {
    this.#db = db;
    this.#setting = setting;
  }

  /** Plans what is due, for some of the rules: those that wait for longest. */
  async planDue(nowMs: number, limit = BATCH): Promise<PlannedDue> {
    const uids = await uidsOf(dueRules(this.#db, nowMs).orderBy('next_due_at').limit(limit));
    if (uids.length === 0) return { planned: 0, missed: 0, isMore: false };
    return await changeState(this.#db, 'rules-due', async (trx) => {
      // Looked at again: another may have planned them since.
      const rows = await dueRules(trx, nowMs).selectAll('rules').where('uid', 'in', uids).execute();
      let [planned, missed, seen] = [0, 0, 0];
      for (const row of rows) {
        if (planned + missed >= MAX_BATCH_ROWS) break;
        const due = await settleDue(trx, row, { nowMs, setting: this.#setting });
        await this.#reckon(trx, row, { anchoredAtMs: row.anchored_at, settledUntilMs: due.settledUntilMs });
        planned += due.planned;
        missed += due.missed;
        seen++;
      }
      return { planned, missed, isMore: uids.length === limit || seen < rows.length };
    });
  }

  /** The first due time after `nowMs`. Those until then were planned, or wait for the end of a run. */
  async nextDueAtMs(nowMs: number): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('rules')
      .select('next_due_at')
      .where('next_due_at', '>', nowMs)
      .orderBy('next_due_at')
      .limit(1)
      .executeTakeFirst();
    return row?.next_due_at ?? undefined;
  }

  /**
   * Reckons the schedules that were reckoned with another setting, or with other knowledge of the zones. What was due by
   * that one is seen to first; the present one counts from now on.
   */
  async rebase(nowMs: number): Promise<void> {
    const basis = scheduleBasis(this.#setting);
    const affected = (db: Kysely<Schema>) => db.selectFrom('rules').where('schedule_basis', '!=', basis);
    await this.#reckonAll('rules-rebase', affected, async (trx, row) => {
      const setting = settingOfBasis(row.schedule_basis);
      if (setting !== undefined) await settleDue(trx, row, { nowMs, setting });
      return { anchoredAtMs: row.anchored_at, settledUntilMs: nowMs };
    });
  }

  /** Takes back what is settled beyond the present: a clock that ran ahead must not silence a rule until then. */
  async clockSetBack(nowMs: number): Promise<void> {
    const affected = (db: Kysely<Schema>) =>
      db
        .selectFrom('rules')
        .where((where) => where.or([where('settled_until', '>', nowMs), where('anchored_at', '>', nowMs)]));
    await this.#reckonAll('rules-set-back', affected, async (_, row) => ({
      anchoredAtMs: Math.min(row.anchored_at, nowMs),
      settledUntilMs: Math.min(row.settled_until, nowMs),
    }));
  }

  /** Reckons the schedules of some rules anew, in batches, giving way to others between them. */
  async #reckonAll(
    step: SqlStep,
    affected: (db: Kysely<Schema>) => RuleQuery,
    settle: (trx: Kysely<Schema>, row: Selectable<RuleRow>) => Promise<SettledSchedule>,
  ): Promise<void> {
    let last: string | undefined = '';
    while (last !== undefined) {
      const uids: string[] = await uidsOf(affected(this.#db).where('uid', '>', last).orderBy('uid').limit(BATCH));
      last = uids.at(-1);
      if (uids.length === 0) return;
      await changeState(this.#db, step, async (trx) => {
        const rows = await affected(trx).selectAll('rules').where('uid', 'in', uids).execute();
        for (const row of rows) await this.#reckon(trx, row, await settle(trx, row));
      });
      await setImmediate();
    }
  }

  async #reckon(trx: Kysely<Schema>, row: Selectable<RuleRow>, settled: SettledSchedule): Promise<void> {
    const columns = scheduleColumns(ruleFromRow(row).rule, settled, this.#setting);
    await trx.updateTable('rules').set(columns).where('uid', '=', row.uid).execute();
  }
}

type RuleQuery = ReturnType<typeof dueRules>;

/** Rules with a due time that has come, and no run under way. */
export function dueRules(db: Kysely<Schema>, nowMs: number) {
  return db
    .selectFrom('rules')
    .where('next_due_at', '<=', nowMs)
    .where(({ not, exists, ref }) => not(exists(selectOpenRuns(db).where('runs.rule_uid', '=', ref('rules.uid')))));
}

async function uidsOf(query: RuleQuery): Promise<string[]> {
  const rows = await query.select('uid').execute();
  return rows.map(({ uid }) => uid);
}
