/** Runs as the outside sees them. */

import type { Kysely, Selectable } from 'kysely';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Rule } from '../core/rule.ts';
import type { RunView } from '../core/run.ts';
import { reasonOf } from './run-rows.ts';
import type { RunRow, Schema } from './schema.ts';

export interface RunPage {
  readonly runs: readonly RunView[];
  /** Where the next page begins, when there is one. */
  readonly nextBefore?: number;
}

/** A rule by its name, which may have had several rules one after the other. */
export interface RuleName {
  readonly bucketId: string;
  readonly ruleId: string;
}

/**
 * One run, or `NoSuchRun`. It can be seen when its rule is gone: who watches a rule that deletes itself, or is deleted,
 * learns how its run ended.
 */
export async function viewRun(db: Kysely<Schema>, rule: RuleName, runId: string): Promise<RunView> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('bucket_id', '=', rule.bucketId)
    .where('rule_id', '=', rule.ruleId)
    .where('id', '=', runId)
    .executeTakeFirst();
  const [view] = await views(db, row === undefined ? [] : [row]);
  if (view === undefined) throw new DomainError('NoSuchRun', `The rule has no run "${printable(runId, 64)}".`);
  return view;
}

/** Runs of a rule, newest first. `before` is the place of the last run of the page before, which may be forgotten by now. */
export async function listRuns(
  db: Kysely<Schema>,
  ruleUid: string,
  before: number | undefined,
  limit: number,
): Promise<RunPage> {
  let query = db.selectFrom('runs').selectAll().where('rule_uid', '=', ruleUid);
  if (before !== undefined) query = query.where('sequence', '<', before);
  const rows = await query
    .orderBy('sequence', 'desc')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const runs = await views(db, page);
  return { runs, ...(rows.length > limit && last !== undefined && { nextBefore: last.sequence }) };
}

/** The rule of this name that ran last, whether or not it is still there. */
export async function lastRuleUid(db: Kysely<Schema>, bucketId: string, ruleId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('runs')
    .select('rule_uid')
    .where('bucket_id', '=', bucketId)
    .where('rule_id', '=', ruleId)
    .orderBy('sequence', 'desc')
    .executeTakeFirst();
  return row?.rule_uid;
}

/** The newest run of a rule, by its point in time, whose report is there. */
export async function newestReport(db: Kysely<Schema>, ruleUid: string): Promise<Selectable<RunRow> | undefined> {
  return await db
    .selectFrom('runs')
    .selectAll()
    .where('rule_uid', '=', ruleUid)
    .where('report_state', '=', 'present')
    .orderBy('point_in_time', 'desc')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function views(db: Kysely<Schema>, rows: readonly Selectable<RunRow>[]): Promise<RunView[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const counts = await db
    .selectFrom('shards')
    .select((select) => [
      'run_id',
      select.fn.countAll<number>().as('total'),
      select.fn.sum<number>('settled').as('done'),
    ])
    .where('run_id', 'in', ids)
    .groupBy('run_id')
    .execute();
  const shardsOf = new Map(counts.map((count) => [count.run_id, count]));
  return rows.map((row) => {
    const shards = shardsOf.get(row.id);
    return toView(row, { done: Number(shards?.done ?? 0), total: Number(shards?.total ?? 0) });
  });
}

function toView(row: Selectable<RunRow>, shards: RunView['shards']): RunView {
  return {
    id: row.id,
    rule: row.rule_id,
    bucket: row.bucket,
    trigger: row.trigger,
    scheduledFor: iso(row.scheduled_for),
    state: row.state,
    startedAt: row.started_at === null ? null : iso(row.started_at),
    finishedAt: row.finished_at === null ? null : iso(row.finished_at),
    pointInTime: row.point_in_time === null ? null : iso(row.point_in_time),
    tries: row.tries,
    retryAt: row.retry_at === null ? null : iso(row.retry_at),
    expected: row.expected_rows,
    scanned: row.scanned,
    matched: row.matched,
    bytesWritten: row.bytes_written,
    shards,
    manifest: row.manifest_key,
    destination: (JSON.parse(row.rule) as Rule).destination.bucket,
    removedAt: row.report_removed_at === null ? null : iso(row.report_removed_at),
    reason: reasonOf(row),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
