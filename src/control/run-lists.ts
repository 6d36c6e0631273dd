/** Runs over all rules of some buckets, and the newest report of a rule: what `RunLedger` doesn't go by. */

import type { Kysely, Selectable } from 'kysely';
import type { RunView } from '../core/run.ts';
import type { RunListPage, RunListRequest } from '../core/run-list.ts';
import { newestReport, views } from './run-views.ts';
import type { RunRow, Schema } from './schema.ts';

/** Runs looked at for one page: it ends there, with fewer runs than asked for, and the next one goes on behind them. */
export const MAX_LOOKED_AT = 10_000;
const BATCH = 500;

/** Runs by their buckets' ids. */
export interface WantedRuns extends Omit<RunListRequest, 'bucket'> {
  /** Of this bucket alone. */
  readonly bucketId?: string | undefined;
  /** Whether runs of the bucket are meant. */
  readonly isMeant: (bucketId: string) => boolean;
}

export class RunLists {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** The run whose report is the newest that is there. */
  async lastReport(ruleUid: string): Promise<RunView | undefined> {
    const row = await newestReport(this.#db, ruleUid);
    const [view] = await views(this.#db, row === undefined ? [] : [row]);
    return view;
  }

  /** Newest first. */
  async list(request: WantedRuns): Promise<RunListPage> {
    const meant: string[] = [];
    let before = request.after;
    for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += BATCH) {
      const batch = await this.#batch(request, before);
      for (const row of batch) {
        if (meant.length === request.limit) return await this.#page(meant, before);
        before = row.sequence;
        if (isMeant(row, request)) meant.push(row.id);
      }
      if (batch.length < BATCH) return await this.#page(meant);
    }
    return await this.#page(meant, before);
  }

  /** By index: however many runs there are, no more are read than belong to the batch. */
  async #batch({ bucketId }: WantedRuns, before: number | undefined): Promise<Candidate[]> {
    let query = this.#db.selectFrom('runs').select(['sequence', 'id', 'bucket_id', 'state']);
    if (bucketId !== undefined) query = query.where('bucket_id', '=', bucketId);
    if (before !== undefined) query = query.where('sequence', '<', before);
    return await query.orderBy('sequence', 'desc').limit(BATCH).execute();
  }

  async #page(ids: readonly string[], nextAfter?: number): Promise<RunListPage> {
    const query = this.#db.selectFrom('runs').selectAll().where('id', 'in', ids).orderBy('sequence', 'desc');
    const rows = ids.length === 0 ? [] : await query.execute();
    return { runs: await views(this.#db, rows), ...(nextAfter !== undefined && { nextAfter }) };
  }
}

type Candidate = Pick<Selectable<RunRow>, 'sequence' | 'id' | 'bucket_id' | 'state'>;

function isMeant({ bucket_id, state }: Candidate, request: WantedRuns): boolean {
  return request.isMeant(bucket_id) && (request.state === undefined || request.state === state);
}
