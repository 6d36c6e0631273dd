/** Runs as rows: how they are found and read. */

import { type Kysely, type Selectable, type SqlBool, sql } from 'kysely';
import type { Rule } from '../core/rule.ts';
import { ENDED_RUN_STATES, OPEN_RUN_STATES, type RunReason, type RunState, type RunTrigger } from '../core/run.ts';
import type { RunRow, Schema } from './schema.ts';

export interface StoredRun {
  readonly id: string;
  readonly ruleUid: string;
  readonly bucketId: string;
  readonly bucket: string;
  /** The rule as it was when the run was made. */
  readonly rule: Rule;
  readonly trigger: RunTrigger;
  readonly scheduledForMs: number;
  readonly state: RunState;
  /** How often its scan was begun. */
  readonly tries: number;
  /** When its scan was begun, for the last time if it was begun again. */
  readonly startedAtMs: number | null;
  readonly pointInTimeMs: number | null;
  /** Put off until then, because of `reason`. */
  readonly retryAtMs: number | null;
  /** Why it ended so, or is put off. */
  readonly reason: RunReason | null;
  /** The report's folder, without the destination bucket. */
  readonly folder: string | null;
  /** Nothing is left in the destination that no report names. */
  readonly isSwept: boolean;
}

export async function findRun(db: Kysely<Schema>, runId: string): Promise<StoredRun | undefined> {
  const row = await db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
  return row === undefined ? undefined : runFromRow(row);
}

/** Asks for runs that are not over. The states stand in the text of the query: the index of open runs serves no parameters. */
export function selectOpenRuns(db: Kysely<Schema>) {
  const states = sql.join(OPEN_RUN_STATES.map((state) => sql.lit(state)));
  return db.selectFrom('runs').select(['runs.id', 'runs.state']).where(sql<SqlBool>`runs.state in (${states})`);
}

/** The run of a rule that is not over; it has one at most. */
export async function findOpenRun(
  db: Kysely<Schema>,
  ruleUid: string,
): Promise<Pick<StoredRun, 'id' | 'state'> | undefined> {
  return await selectOpenRuns(db).where('rule_uid', '=', ruleUid).executeTakeFirst();
}

/** Is there a run that is not over? Of as many as there may be, none is read. */
export async function hasOpenRun(db: Kysely<Schema>): Promise<boolean> {
  return (await selectOpenRuns(db).limit(1).executeTakeFirst()) !== undefined;
}

/** Runs that are over and may have left files that no report names. */
export async function unsweptRuns(db: Kysely<Schema>): Promise<StoredRun[]> {
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('state', 'in', ENDED_RUN_STATES)
    .where('swept', '=', 0)
    .execute();
  return rows.map(runFromRow);
}

export function runFromRow(row: Selectable<RunRow>): StoredRun {
  const rule = JSON.parse(row.rule) as Rule;
  return {
    id: row.id,
    ruleUid: row.rule_uid,
    bucketId: row.bucket_id,
    bucket: row.bucket,
    rule,
    trigger: row.trigger,
    scheduledForMs: row.scheduled_for,
    state: row.state,
    tries: row.tries,
    startedAtMs: row.started_at,
    pointInTimeMs: row.point_in_time,
    retryAtMs: row.retry_at,
    reason: reasonOf(row),
    folder: row.folder === null ? null : row.folder.slice(rule.destination.bucket.length + 1),
    isSwept: row.swept === 1,
  };
}

/** Why a run ended so, or is put off. */
export function reasonOf(row: Pick<RunRow, 'reason_code' | 'reason_text'>): RunReason | null {
  return row.reason_code === null ? null : { code: row.reason_code, text: row.reason_text ?? '' };
}
