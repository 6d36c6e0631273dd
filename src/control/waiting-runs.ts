/**
 * Which run is to be worked on next. As many may wait as there are rules, so they wait in SQL, and each place that
 * becomes free asks anew: the bucket with the fewest runs under way comes first, and of its runs the oldest.
 */

import type { Kysely } from 'kysely';
import { runFromRow, type StoredRun } from './run-rows.ts';
import type { Schema } from './schema.ts';

/** No run is put off for longer: one that seems to be says that the clock was set back, and is due. */
export const MAX_PUT_OFF_MS = 600_000;

export interface Waiting {
  readonly nowMs: number;
  /** Runs that somebody works on, or that are passed over for another reason. */
  readonly except: readonly string[];
  /** The bucket of each run that is under way. */
  readonly busyBuckets: readonly string[];
}

export async function nextWaitingRun(db: Kysely<Schema>, waiting: Waiting): Promise<StoredRun | undefined> {
  const busy = countEach(waiting.busyBuckets);
  for (const most of [...new Set([0, ...busy.values()])].toSorted((a, b) => a - b)) {
    // Said by what is left out: an index by bucket would lead through all its history.
    const busier = [...busy.keys()].filter((bucket) => (busy.get(bucket) ?? 0) > most);
    const run = await oldestRun(db, waiting, busier);
    if (run !== undefined) return run;
  }
  return undefined;
}

/** When the next of the runs that are put off is due; undefined when none is. */
export async function nextRetryAtMs(db: Kysely<Schema>, nowMs: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('runs')
    .select((select) => select.fn.min('retry_at').as('next'))
    .where('state', 'in', ['planned', 'publishing'])
    .where('retry_at', '>', nowMs)
    .executeTakeFirst();
  return row?.next ?? undefined;
}

async function oldestRun(
  db: Kysely<Schema>,
  { nowMs, except }: Waiting,
  exceptBuckets: readonly string[],
): Promise<StoredRun | undefined> {
  let query = db
    .selectFrom('runs')
    .selectAll()
    // Not by its state, for which SQLite would take an index that does not keep this order.
    .where('finished_at', 'is', null)
    .where((is) =>
      is.or([is('retry_at', 'is', null), is('retry_at', '<=', nowMs), is('retry_at', '>', nowMs + MAX_PUT_OFF_MS)]),
    );
  if (except.length > 0) query = query.where('id', 'not in', except);
  if (exceptBuckets.length > 0) query = query.where('bucket_id', 'not in', exceptBuckets);
  const row = await query.orderBy('sequence').limit(1).executeTakeFirst();
  return row === undefined ? undefined : runFromRow(row);
}

function countEach(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
