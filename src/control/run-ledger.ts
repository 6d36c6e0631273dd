/**
 * Runs and their shards. Each step from one state to the next is one transaction that says which state it expects:
 * a step that comes too late, because the run was cancelled meanwhile, changes nothing and is told so by `RunOver`.
 *
 *   planned -> scanning -> publishing -> published, empty
 *      |          |            |
 *      `----------+-> failed <-'
 *      `----------'-> cancelled
 */

import type { Kysely, Selectable, Updateable } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import type { SqlStep } from '../core/failpoint.ts';
import type { DataFile } from '../core/report.ts';
import { noSuchRule, type Rule } from '../core/rule.ts';
import {
  OPEN_RUN_STATES,
  type OpenRunState,
  type RunReason,
  type RunState,
  type RunTrigger,
  type RunView,
} from '../core/run.ts';
import { changeState } from './change-state.ts';
import { newRun } from './new-run.ts';
import { ruleFromRow, type StoredRule } from './rule-row.ts';
import { lastRuleUid, listRuns, type RunPage, viewRun } from './run-views.ts';
import type { RunRow, Schema } from './schema.ts';
import {
  assertWhole,
  insertShards,
  type PlannedShard,
  type SettledShard,
  type StoredShard,
  settleShardRow,
  shardRows,
} from './shard-rows.ts';

/** Thrown when a run is no longer in the state that a step starts from. */
export class RunOver extends Error {
  constructor(runId: string) {
    super(`run ${runId} is over`);
    this.name = 'RunOver';
  }
}

export interface StoredRun {
  readonly id: string;
  readonly ruleUid: string;
  readonly bucketId: string;
  readonly bucket: string;
  /** The rule as it was when the run was made. */
  readonly rule: Rule;
  readonly state: RunState;
  readonly startedAtMs: number | null;
  readonly pointInTimeMs: number | null;
  /** The report's folder, without the destination bucket. */
  readonly folder: string | null;
  /** Nothing is left in the destination that no report names. */
  readonly isSwept: boolean;
}

export class RunLedger {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;

  constructor(db: Kysely<Schema>, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * Plans a run that a person asked for, of the rule as it stands now. Throws `RuleDisabled`, `RunUnderWay` when the
   * rule has an open run, or `NoSuchRule` when it was deleted since it was looked up.
   */
  async start({ uid }: StoredRule, trigger: RunTrigger): Promise<RunView> {
    const run = await changeState(this.#db, 'run-start', async (trx) => {
      const row = await trx.selectFrom('rules').selectAll().where('uid', '=', uid).executeTakeFirst();
      if (row === undefined) throw noSuchRule();
      const stored = ruleFromRow(row);
      if (!stored.rule.isEnabled) {
        throw new DomainError('RuleDisabled', `The rule "${row.id}" is disabled. Enable it, then start the run.`);
      }
      const open = await trx
        .selectFrom('runs')
        .select(['id', 'state'])
        .where('rule_uid', '=', uid)
        .where('state', 'in', OPEN_RUN_STATES)
        .executeTakeFirst();
      if (open !== undefined) {
        throw new DomainError(
          'RunUnderWay',
          `Run ${open.id} of the rule "${row.id}" is ${open.state}. Wait for its end before starting another.`,
        );
      }
      const last = await trx
        .selectFrom('runs')
        .select((select) => select.fn.max('scheduled_for').as('latest'))
        .where('rule_uid', '=', uid)
        .where('trigger', '=', trigger)
        .executeTakeFirst();
      // Two starts within one millisecond are still two due times.
      const scheduledForMs = Math.max(this.#clock.now(), (last?.latest ?? 0) + 1);
      const planned = newRun(stored, trigger, scheduledForMs);
      await trx.insertInto('runs').values(planned).execute();
      return planned;
    });
    return await this.view({ bucketId: run.bucket_id, ruleId: run.rule_id }, run.id);
  }

  /** Runs that are not over, oldest first: what a start of the process has to see to. */
  async open(): Promise<StoredRun[]> {
    const rows = await this.#db
      .selectFrom('runs')
      .selectAll()
      .where('state', 'in', OPEN_RUN_STATES)
      .orderBy('sequence')
      .execute();
    return rows.map(fromRow);
  }

  async find(runId: string): Promise<StoredRun | undefined> {
    const row = await this.#db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
    return row === undefined ? undefined : fromRow(row);
  }

  /** Starts, or starts again, the scan: no shard is planned yet. The files of an earlier attempt must be gone. */
  async scanning(runId: string): Promise<void> {
    await changeState(this.#db, 'run-scanning', async (trx) => {
      await trx.deleteFrom('attempts').where('run_id', '=', runId).execute();
      await trx.deleteFrom('shards').where('run_id', '=', runId).execute();
      const { numUpdatedRows } = await trx
        .updateTable('runs')
        .set((update) => ({
          state: 'scanning' as const,
          tries: update('tries', '+', 1),
          started_at: this.#clock.now(),
          scanned: 0,
          matched: 0,
          bytes_written: 0,
        }))
        .where('id', '=', runId)
        .where('state', 'in', ['planned', 'scanning'])
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new RunOver(runId);
    });
  }

  /**
   * Reserves a report folder, named with the destination bucket before it; false when another run has it. A run has
   * one folder: by reserving another it lets go of the first.
   */
  async reserveFolder(runId: string, candidate: string): Promise<boolean> {
    return await changeState(this.#db, 'run-folder', async (trx) => {
      const taken = await trx.selectFrom('runs').select('id').where('folder', '=', candidate).executeTakeFirst();
      if (taken !== undefined) return taken.id === runId;
      await step(trx, runId, 'scanning', { folder: candidate });
      return true;
    });
  }

  /** Writes the plan: every shard with the name its data file will have. */
  async plan(runId: string, pointInTimeMs: number, shards: readonly PlannedShard[]): Promise<void> {
    await changeState(this.#db, 'run-plan', async (trx) => {
      await step(trx, runId, 'scanning', { point_in_time: pointInTimeMs });
      await insertShards(trx, runId, shards, this.#clock.now());
    });
  }

  /** Keeps what the scan has done so far, for those who watch. */
  async progress(runId: string, counts: { scanned: number; matched: number; bytesWritten: number }): Promise<void> {
    await this.#db
      .updateTable('runs')
      .set({ scanned: counts.scanned, matched: counts.matched, bytes_written: counts.bytesWritten })
      .where('id', '=', runId)
      .where('state', '=', 'scanning')
      .execute();
  }

  /**
   * Keeps what became of the shard that writes `fileKey`. The key belongs to one attempt: one that a newer plan has
   * replaced settles nothing.
   */
  async settleShard(runId: string, fileKey: string, result: SettledShard): Promise<void> {
    await changeState(this.#db, 'shard-settle', async (trx) => {
      const run = await trx.selectFrom('runs').select('state').where('id', '=', runId).executeTakeFirst();
      if (run?.state !== 'scanning') throw new RunOver(runId);
      if (!(await settleShardRow(trx, { runId, fileKey, nowMs: this.#clock.now() }, result))) throw new RunOver(runId);
    });
  }

  /** All shards are settled: sums them up. From here on the report follows from the rows alone. */
  async publishing(runId: string): Promise<void> {
    await changeState(this.#db, 'run-publishing', async (trx) => {
      const shards = await shardRows(trx, runId);
      assertWhole(runId, shards);
      const sum = (count: (shard: StoredShard) => number) => shards.reduce((total, shard) => total + count(shard), 0);
      await step(trx, runId, 'scanning', {
        state: 'publishing',
        scanned: sum((shard) => shard.scanned),
        matched: sum((shard) => shard.matched),
        bytes_written: sum((shard) => shard.size_bytes ?? 0),
      });
    });
  }

  async published(runId: string, manifestKey: string): Promise<void> {
    await this.#done(runId, 'run-published', {
      state: 'published',
      manifest_key: manifestKey,
      report_state: 'present',
    });
  }

  /** Nothing matched: no file was delivered. */
  async empty(runId: string, reason: RunReason): Promise<void> {
    await this.#done(runId, 'run-empty', { state: 'empty', reason_code: reason.code, reason_text: reason.text });
  }

  async failed(runId: string, reason: RunReason): Promise<void> {
    await changeState(this.#db, 'run-failed', async (trx) => {
      await trx
        .updateTable('runs')
        .set({
          state: 'failed',
          finished_at: this.#clock.now(),
          reason_code: reason.code,
          reason_text: reason.text,
        })
        .where('id', '=', runId)
        .where('state', 'in', OPEN_RUN_STATES)
        .execute();
    });
  }

  /** The data files that a run's shards have or may have written, in key order. */
  async shardFileKeys(runId: string): Promise<string[]> {
    const rows = await shardRows(this.#db, runId);
    return rows.map((row) => row.file_key);
  }

  /** The data files of a run whose shards are settled, in key order. */
  async files(runId: string): Promise<DataFile[]> {
    const rows = await shardRows(this.#db, runId);
    return rows.flatMap(({ file_key, size_bytes, md5 }) =>
      size_bytes === null || md5 === null ? [] : [{ key: file_key, sizeBytes: size_bytes, md5 }],
    );
  }

  /** Runs that ended without a report and may have left files. */
  async unswept(): Promise<StoredRun[]> {
    const rows = await this.#db
      .selectFrom('runs')
      .selectAll()
      .where('state', 'in', ['failed', 'cancelled'])
      .where('swept', '=', 0)
      .execute();
    return rows.map(fromRow);
  }

  async swept(runId: string): Promise<void> {
    await changeState(this.#db, 'run-swept', async (trx) => {
      await trx.updateTable('runs').set({ swept: 1 }).where('id', '=', runId).execute();
    });
  }

  /**
   * One run as the outside sees it, or `NoSuchRun`. It can be seen when its rule is gone: who watches a rule that
   * deletes itself, or is deleted, learns how its run ended.
   */
  view(rule: { readonly bucketId: string; readonly ruleId: string }, runId: string): Promise<RunView> {
    return viewRun(this.#db, rule, runId);
  }

  /** The rule of this id that ran last, whether or not it is still there. */
  lastRuleUid(bucketId: string, ruleId: string): Promise<string | undefined> {
    return lastRuleUid(this.#db, bucketId, ruleId);
  }

  /** Runs of a rule, newest first. `before` is the id of the last run of the page before. */
  list(ruleUid: string, before: string | undefined, limit: number): Promise<RunPage> {
    return listRuns(this.#db, ruleUid, before, limit);
  }

  /** Ends a run that did what its rule asks for; with it, in the same transaction, goes a rule that is spent now. */
  async #done(runId: string, stepName: SqlStep, changes: Updateable<RunRow>): Promise<void> {
    await changeState(this.#db, stepName, async (trx) => {
      await step(trx, runId, 'publishing', { ...changes, finished_at: this.#clock.now(), swept: 1 });
      await deleteSpentRule(trx, runId);
    });
  }
}

/** Cancels the rule's open run. One that is publishing goes on: its manifest may be visible already. */
export async function cancelOpenRun(
  db: Kysely<Schema>,
  ruleUid: string,
  reason: RunReason,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('runs')
    .set({ state: 'cancelled', finished_at: nowMs, reason_code: reason.code, reason_text: reason.text })
    .where('rule_uid', '=', ruleUid)
    .where('state', 'in', ['planned', 'scanning'])
    .execute();
}

/**
 * A rule that runs once and asks to be deleted then is gone when it has run (inventory sheet, section 1.2). One that
 * was replaced while the run was under way is another rule by now, and stays.
 */
async function deleteSpentRule(trx: Kysely<Schema>, runId: string): Promise<void> {
  const run = await trx.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow();
  const { frequency, autoDelete } = fromRow(run).rule.schedule;
  if (frequency !== 'Once' || autoDelete !== true) return;
  await trx.deleteFrom('rules').where('uid', '=', run.rule_uid).where('document', '=', run.rule).execute();
}

/** Changes a run that is in the state `from`, or throws `RunOver`. */
async function step(db: Kysely<Schema>, runId: string, from: OpenRunState, changes: Updateable<RunRow>): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('runs')
    .set(changes)
    .where('id', '=', runId)
    .where('state', '=', from)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new RunOver(runId);
}

function fromRow(row: Selectable<RunRow>): StoredRun {
  const rule = JSON.parse(row.rule) as Rule;
  return {
    id: row.id,
    ruleUid: row.rule_uid,
    bucketId: row.bucket_id,
    bucket: row.bucket,
    rule,
    state: row.state,
    startedAtMs: row.started_at,
    pointInTimeMs: row.point_in_time,
    folder: row.folder === null ? null : row.folder.slice(rule.destination.bucket.length + 1),
    isSwept: row.swept === 1,
  };
}
