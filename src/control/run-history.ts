/**
 * How long runs are remembered: so many of each rule, and for a while those of rules that are gone. What goes is deleted
 * in short transactions, the oldest runs first. What something may still ask for stays: a run that is open or has left
 * files, the newest report of a rule, one that its retention is still to remove, and one whose end is not told yet.
 */

import type { ExpressionBuilder, Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { ENDED_RUN_STATES } from '../core/run.ts';
import { changeState } from './change-state.ts';
import { optionsFromRow } from './rule-options.ts';
import { newestReport } from './run-views.ts';
import type { Schema } from './schema.ts';

const DAY_MS = 86_400_000;

/** The most runs that one transaction looks at, and about the most rows of shards and attempts that it deletes. */
const MAX_RUNS_PER_BATCH = 100;
const MAX_ROWS_PER_BATCH = 500;
/** Of a run with more shards than that the shards go first, so many at a time. */
const SHARDS_PER_BATCH = 100;

export interface HistoryLimits {
  readonly runsPerRule: number;
  readonly goneRuleDays: number;
}

export class RunHistory {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;
  readonly #limits: HistoryLimits;

  constructor(db: Kysely<Schema>, clock: Clock, limits: HistoryLimits) {
    this.#db = db;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The uid after this one of a rule that has runs, whether or not it is still there; begin with the empty text. */
  async nextRule(after: string): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('runs')
      .select('rule_uid')
      .where('rule_uid', '>', after)
      .orderBy('rule_uid')
      .limit(1)
      .executeTakeFirst();
    return row?.rule_uid;
  }

  /** Deletes a batch of the rule's runs. Returns how many went, and whether there may be more. */
  async prune(ruleUid: string): Promise<{ readonly runs: number; readonly mayGoOn: boolean }> {
    return await changeState(this.#db, 'history-prune', async (trx) => {
      const runIds = await this.#outlived(trx, ruleUid);
      const [first] = runIds;
      if (first === undefined) return { runs: 0, mayGoOn: false };
      const batch = await withinBatch(trx, runIds);
      if (batch.length === 0) {
        await deleteSomeShards(trx, first);
        return { runs: 0, mayGoOn: true };
      }
      for (const table of ['shards', 'attempts', 'deliveries'] as const) {
        await trx.deleteFrom(table).where('run_id', 'in', batch).execute();
      }
      await trx.deleteFrom('runs').where('id', 'in', batch).execute();
      return { runs: batch.length, mayGoOn: true };
    });
  }

  /** The oldest runs that nothing keeps. */
  async #outlived(db: Kysely<Schema>, ruleUid: string): Promise<string[]> {
    const rule = await db.selectFrom('rules').select('options').where('uid', '=', ruleUid).executeTakeFirst();
    const ended = db
      .selectFrom('runs')
      .select('id')
      .where('rule_uid', '=', ruleUid)
      .where('state', 'in', ENDED_RUN_STATES)
      .where('swept', '=', 1)
      .where(({ not, exists, selectFrom }) => not(exists(untold(selectFrom))))
      .orderBy('sequence')
      .limit(MAX_RUNS_PER_BATCH);
    if (rule === undefined) {
      // Also one whose report could not be removed all that time, and by nobody will be.
      const untilMs = this.#clock.now() - this.#limits.goneRuleDays * DAY_MS;
      return idsOf(await ended.where('finished_at', '<', untilMs).execute());
    }
    const last = await this.#lastBeyond(db, ruleUid);
    if (last === undefined) return [];
    const outlived = ended
      .where('sequence', '<=', last)
      .where((where) => where.or([where('report_state', 'is', null), where('report_state', '!=', 'removing')]));
    const newest = await newestReport(db, ruleUid);
    const isRemoved = optionsFromRow(rule).retention !== undefined;
    return idsOf(
      await outlived
        .$if(newest !== undefined, (query) => query.where('id', '!=', newest?.id ?? ''))
        .$if(isRemoved, (query) =>
          query.where((where) => where.or([where('report_state', 'is', null), where('report_state', '=', 'removed')])),
        )
        .execute(),
    );
  }

  /** The newest run of those that there are too many of. */
  async #lastBeyond(db: Kysely<Schema>, ruleUid: string): Promise<number | undefined> {
    const row = await db
      .selectFrom('runs')
      .select('sequence')
      .where('rule_uid', '=', ruleUid)
      .orderBy('sequence', 'desc')
      .limit(1)
      .offset(this.#limits.runsPerRule)
      .executeTakeFirst();
    return row?.sequence;
  }
}

/** Deliveries of the run that are still to be made. */
function untold(selectFrom: ExpressionBuilder<Schema, 'runs'>['selectFrom']) {
  return selectFrom('deliveries')
    .select('deliveries.id')
    .whereRef('deliveries.run_id', '=', 'runs.id')
    .where('deliveries.state', '=', 'pending');
}

/** The first of the runs, until their shards and attempts fill a batch; none when those of the first alone don't fit. */
async function withinBatch(db: Kysely<Schema>, runIds: readonly string[]): Promise<string[]> {
  const counts = await db
    .selectFrom('attempts')
    .select((select) => ['run_id', select.fn.countAll<number>().as('attempts')])
    .where('run_id', 'in', runIds)
    .groupBy('run_id')
    .execute();
  const attemptsOf = new Map(counts.map(({ run_id, attempts }) => [run_id, Number(attempts)]));
  let rows = 0;
  return runIds.filter((id) => {
    // A shard has an attempt at least.
    rows += 2 * (attemptsOf.get(id) ?? 0);
    return rows <= MAX_ROWS_PER_BATCH;
  });
}

/** Deletes the last shards of a run that is to go. Its report, if it has one, can't be told from its rows any more. */
async function deleteSomeShards(db: Kysely<Schema>, runId: string): Promise<void> {
  const { last } = await db
    .selectFrom('attempts')
    .select((select) => select.fn.max('shard').as('last'))
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  const from = (last ?? 0) - SHARDS_PER_BATCH + 1;
  await db.deleteFrom('shards').where('run_id', '=', runId).where('number', '>=', from).execute();
  await db.deleteFrom('attempts').where('run_id', '=', runId).where('shard', '>=', from).execute();
  await db
    .updateTable('runs')
    .set({ report_state: null })
    .where('id', '=', runId)
    .where('report_state', '=', 'present')
    .execute();
}

function idsOf(rows: readonly { readonly id: string }[]): string[] {
  return rows.map(({ id }) => id);
}
