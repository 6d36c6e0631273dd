/**
 * Which reports a rule's retention lets go of, and how far each removal got. A removal is written down before anything
 * of the report goes (`removing`), and settled when all of it is gone (`removed`). The manifest goes first, so a removal
 * that finds it still there after a kill has removed nothing, and is taken back to be decided anew.
 */

import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { Retention } from '../core/rule-options.ts';
import { changeState } from './change-state.ts';
import { optionsFromRow } from './rule-options.ts';
import type { Schema } from './schema.ts';

const DAY_MS = 86_400_000;

/** Reports that are looked at in one go. Of more than these, the oldest wait until others are gone. */
const MAX_REPORTS = 10_000;

/** The reports of a rule with retention. */
export interface KeptReports {
  /** Their runs, newest point in time first. */
  readonly runIds: readonly string[];
  /** So many of the first of these stay, and at least one. */
  readonly kept: number;
}

export class ReportRemovals {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;

  constructor(db: Kysely<Schema>, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Undefined when the rule is gone, or keeps all of its reports. */
  async reports(ruleUid: string): Promise<KeptReports | undefined> {
    const retention = await retentionOf(this.#db, ruleUid);
    if (retention === undefined) return undefined;
    const rows = await presentReports(this.#db, ruleUid)
      .select('id')
      .orderBy('point_in_time', 'desc')
      .orderBy('sequence', 'desc')
      .limit(MAX_REPORTS)
      .execute();
    return { runIds: rows.map(({ id }) => id), kept: await this.#kept(this.#db, ruleUid, retention) };
  }

  /** Runs whose reports were being removed, of a rule that may be gone by now. */
  async underWay(ruleUid: string): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('runs')
      .select('id')
      .where('report_state', '=', 'removing')
      .where('rule_uid', '=', ruleUid)
      .orderBy('point_in_time')
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Writes down that the report goes; false when by now, since options may have changed, it is one that stays. */
  async begin(runId: string): Promise<boolean> {
    return await changeState(this.#db, 'report-removing', async (trx) => {
      if (!(await this.#isExpired(trx, runId))) return false;
      return await moveReport(trx, runId, { from: 'present', to: 'removing' });
    });
  }

  /** Nothing of the report went after all. */
  async takeBack(runId: string): Promise<void> {
    await changeState(this.#db, 'report-kept', async (trx) => {
      await moveReport(trx, runId, { from: 'removing', to: 'present' });
    });
  }

  /** All of the report is gone. */
  async removed(runId: string): Promise<void> {
    await changeState(this.#db, 'report-removed', async (trx) => {
      await moveReport(trx, runId, { from: 'removing', to: 'removed', removedAtMs: this.#clock.now() });
    });
  }

  async #isExpired(db: Kysely<Schema>, runId: string): Promise<boolean> {
    const run = await db
      .selectFrom('runs')
      .select(['rule_uid', 'point_in_time', 'sequence'])
      .where('id', '=', runId)
      .executeTakeFirst();
    if (run === undefined || run.point_in_time === null) return false;
    const { rule_uid, sequence, point_in_time: pointInTimeMs } = run;
    const retention = await retentionOf(db, rule_uid);
    if (retention === undefined) return false;
    const { newer } = await presentReports(db, rule_uid)
      .where(({ eb, and, or }) =>
        or([
          eb('point_in_time', '>', pointInTimeMs),
          and([eb('point_in_time', '=', pointInTimeMs), eb('sequence', '>', sequence)]),
        ]),
      )
      .select((select) => select.fn.countAll<number>().as('newer'))
      .executeTakeFirstOrThrow();
    return Number(newer) >= (await this.#kept(db, rule_uid, retention));
  }

  /** How many of the newest reports stay. */
  async #kept(db: Kysely<Schema>, ruleUid: string, { keepReports, keepDays }: Retention): Promise<number> {
    const byNumber = keepReports ?? Number.POSITIVE_INFINITY;
    if (keepDays === undefined) return byNumber;
    const { recent } = await presentReports(db, ruleUid)
      .where('point_in_time', '>=', this.#clock.now() - keepDays * DAY_MS)
      .select((select) => select.fn.countAll<number>().as('recent'))
      .executeTakeFirstOrThrow();
    return Math.min(byNumber, Math.max(1, Number(recent)));
  }
}

async function retentionOf(db: Kysely<Schema>, ruleUid: string): Promise<Retention | undefined> {
  const row = await db.selectFrom('rules').select('options').where('uid', '=', ruleUid).executeTakeFirst();
  return row && optionsFromRow(row).retention;
}

function presentReports(db: Kysely<Schema>, ruleUid: string) {
  return db.selectFrom('runs').where('rule_uid', '=', ruleUid).where('report_state', '=', 'present');
}

interface Move {
  readonly from: 'present' | 'removing';
  readonly to: 'present' | 'removing' | 'removed';
  readonly removedAtMs?: number;
}

/** False when the report is not where it is to be moved from. */
async function moveReport(db: Kysely<Schema>, runId: string, { from, to, removedAtMs }: Move): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('runs')
    .set({ report_state: to, report_removed_at: removedAtMs ?? null })
    .where('id', '=', runId)
    .where('report_state', '=', from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
