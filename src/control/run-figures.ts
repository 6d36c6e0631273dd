/**
 * What monitoring asks the control database, every few seconds: how many runs are open, and how rules fare. Each question
 * is answered from an index and within a bound, because history is long and everybody waits for the answer.
 */

import { type Kysely, sql } from 'kysely';
import type { Frequency, Rule } from '../core/rule.ts';
import { isOpen, OPEN_RUN_STATES, type OpenRunState } from '../core/run.ts';
import type { Schema } from './schema.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The longest time from one due time to the next. */
const PERIODS_MS: Readonly<Record<Exclude<Frequency, 'Once'>, number>> = {
  Daily: DAY_MS,
  Weekly: 7 * DAY_MS,
  Monthly: 31 * DAY_MS,
};

/** So many pending deliveries are counted; more are as bad. */
const MAX_DELIVERIES = 10_000;
/** Of the newest failures so many, for each rule that is asked for, are looked at for rules in trouble. */
const FAILURES_PER_RULE = 2;

/** In the words of the index `runs_that_succeeded`, without which this would read the history of the rule. */
const SUCCEEDED = sql<boolean>`state in ('published', 'empty')`;

export class RunFigures {
  readonly #db: Kysely<Schema>;
  readonly #maxRules: number;

  /** At most `maxRules` rules are told of each by itself. */
  constructor(db: Kysely<Schema>, { maxRules }: { readonly maxRules: number }) {
    this.#db = db;
    this.#maxRules = maxRules;
  }

  async read() {
    const putOff = await this.#countOpen('put off');
    const openRuns = await this.#countOpen('all');
    return {
      openRuns,
      waitingForTurn: openRuns.planned - putOff.planned,
      waitingForRetry: putOff.planned + putOff.scanning + putOff.publishing,
      rules: await this.#countRules('all'),
      repeatingRules: await this.#countRules('repeating'),
      watchedRules: await this.#watchedRules(),
      pendingDeliveries: await this.#pendingDeliveries(),
    };
  }

  /** How a run ended; undefined while it is open, or when its history was removed. */
  async endOf(runId: string) {
    const row = await this.#db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
    if (row === undefined || row.finished_at === null) return undefined;
    return {
      state: row.state,
      reason: row.reason_code,
      startedAtMs: row.started_at,
      finishedAtMs: row.finished_at,
      scanned: row.scanned,
      matched: row.matched,
      bytesWritten: row.bytes_written,
    };
  }

  /** The attempts at a run's shards, the first shards before the others. */
  async attemptsOf(runId: string, limit: number) {
    return await this.#db
      .selectFrom('attempts')
      .select(['shard', 'number', 'state', 'started_at as startedAtMs', 'ended_at as endedAtMs'])
      .where('run_id', '=', runId)
      .orderBy('shard')
      .orderBy('number')
      .limit(limit)
      .execute();
  }

  async #countOpen(which: 'all' | 'put off'): Promise<Record<OpenRunState, number>> {
    const counts: Record<OpenRunState, number> = { planned: 0, scanning: 0, publishing: 0 };
    let query = this.#db.selectFrom('runs').select((select) => ['state', select.fn.countAll<number>().as('count')]);
    // Only open runs are put off, and few are: they have an index of their own.
    if (which === 'put off') query = query.where('retry_at', 'is not', null);
    else query = query.where('state', 'in', OPEN_RUN_STATES);
    const rows = await query.groupBy('state').execute();
    for (const { state, count } of rows) if (isOpen(state)) counts[state] = Number(count);
    return counts;
  }

  async #countRules(which: 'all' | 'repeating'): Promise<number> {
    let query = this.#db.selectFrom('rules').select((select) => select.fn.countAll<number>().as('count'));
    if (which === 'repeating') query = query.where('next_due_at', 'is not', null);
    return Number((await query.executeTakeFirstOrThrow()).count);
  }

  async #pendingDeliveries(): Promise<number> {
    const pending = this.#db
      .selectFrom('deliveries')
      .select('webhook_id')
      .where('state', '=', 'pending')
      .limit(MAX_DELIVERIES);
    const counted = this.#db
      .selectFrom(pending.as('pending'))
      .select((select) => select.fn.countAll<number>().as('count'));
    return Number((await counted.executeTakeFirstOrThrow()).count);
  }

  /** Enabled rules that repeat: those whose last run failed, the latest first, then those that are due first. */
  async #watchedRules() {
    const inTrouble = await this.#rulesThatFailed();
    const byDueTime = await this.#rules().orderBy('next_due_at').limit(this.#maxRules).execute();
    const rows = new Map([...inTrouble, ...byDueTime].map((row) => [row.uid, row]));
    return [...rows.values()].slice(0, this.#maxRules).map((row) => ({
      bucket: row.bucket,
      rule: row.id,
      nextDueAtMs: row.next_due_at ?? 0,
      periodMs: periodOf(row.document),
      changedAtMs: row.updated_at,
      lastSuccessAtMs: row.last_success,
    }));
  }

  async #rulesThatFailed() {
    const failures = await this.#db
      .selectFrom('runs')
      .select(['rule_uid', 'finished_at'])
      .where('state', '=', 'failed')
      .orderBy('finished_at', 'desc')
      .limit(this.#maxRules * FAILURES_PER_RULE)
      .execute();
    const failedAt = new Map<string, number>();
    for (const { rule_uid, finished_at } of failures) {
      if (!failedAt.has(rule_uid)) failedAt.set(rule_uid, finished_at ?? 0);
    }
    const uids = [...failedAt.keys()].slice(0, this.#maxRules);
    if (uids.length === 0) return [];
    const rows = await this.#rules().where('uid', 'in', uids).execute();
    const lastFailure = (uid: string) => failedAt.get(uid) ?? 0;
    return rows
      .filter(({ uid, last_success }) => last_success === null || last_success < lastFailure(uid))
      .sort((a, b) => lastFailure(b.uid) - lastFailure(a.uid));
  }

  #rules() {
    return this.#db
      .selectFrom('rules')
      .select(['uid', 'bucket', 'id', 'document', 'updated_at', 'next_due_at'])
      .select((select) =>
        select
          .selectFrom('runs')
          .select('finished_at')
          .whereRef('runs.rule_uid', '=', 'rules.uid')
          .where(SUCCEEDED)
          .orderBy('finished_at', 'desc')
          .limit(1)
          .as('last_success'),
      )
      .where('next_due_at', 'is not', null);
  }
}

function periodOf(document: string): number {
  const { frequency } = (JSON.parse(document) as Rule).schedule;
  return frequency === 'Once' ? 0 : PERIODS_MS[frequency];
}
