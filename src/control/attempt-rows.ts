/**
 * Attempts at shards, as rows: each is written down with the name of its data file before it writes that, and is
 * settled or failed once. A file has one attempt, so a name says whose it is.
 */

import assert from 'node:assert/strict';
import type { Kysely, Selectable } from 'kysely';
import { printable } from '../core/printable.ts';
import type { AttemptRow, Schema } from './schema.ts';

/** What is kept of a fault at the most. */
const MAX_FAULT_CHARACTERS = 1000;

type StoredAttempt = Selectable<AttemptRow>;

/** Begins the attempt `number` at a shard. */
export async function insertAttempt(
  db: Kysely<Schema>,
  attempt: Pick<AttemptRow, 'run_id' | 'shard' | 'number' | 'file_key' | 'started_at'>,
): Promise<void> {
  await db
    .insertInto('attempts')
    .values({ ...attempt, state: 'open' })
    .execute();
}

/** The open attempt of the run that writes `fileKey`. */
export async function findOpenAttempt(
  db: Kysely<Schema>,
  runId: string,
  fileKey: string,
): Promise<StoredAttempt | undefined> {
  return await db
    .selectFrom('attempts')
    .selectAll()
    .where('file_key', '=', fileKey)
    .where('run_id', '=', runId)
    .where('state', '=', 'open')
    .executeTakeFirst();
}

/** Ends one attempt; `fault` says why it failed, and is null when its shard is settled by it. */
export async function endAttempt(
  db: Kysely<Schema>,
  { file_key }: StoredAttempt,
  { fault, nowMs }: { readonly fault: string | null; readonly nowMs: number },
): Promise<void> {
  await db.updateTable('attempts').set(ended(fault, nowMs)).where('file_key', '=', file_key).execute();
}

/** Gives up whatever attempts of the run are under way. */
export async function failOpenAttempts(db: Kysely<Schema>, runId: string, fault: string, nowMs: number): Promise<void> {
  await db
    .updateTable('attempts')
    .set(ended(fault, nowMs))
    .where('run_id', '=', runId)
    .where('state', '=', 'open')
    .execute();
}

export async function hasFailedAttempt(db: Kysely<Schema>, runId: string): Promise<boolean> {
  return (await failedAttempts(db, runId).limit(1).executeTakeFirst()) !== undefined;
}

/** The files that attempts of the run may have written, of a run whose report names none of them. */
export async function allFileKeys(db: Kysely<Schema>, runId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('runs', 'runs.id', 'attempts.run_id')
    .select(['attempts.file_key', 'runs.state'])
    .where('attempts.run_id', '=', runId)
    .orderBy('attempts.shard')
    .orderBy('attempts.number')
    .execute();
  return rows.map(({ file_key, state }) => {
    assert(
      state !== 'publishing' && state !== 'published',
      `run ${runId} is ${state}: its files are those of a report`,
    );
    return file_key;
  });
}

/** The files that attempts which failed may have written: those of the run that no report of it will ever name. */
export async function staleFileKeys(db: Kysely<Schema>, runId: string): Promise<string[]> {
  const rows = await failedAttempts(db, runId).orderBy('shard').orderBy('number').execute();
  return rows.map(({ file_key }) => file_key);
}

function failedAttempts(db: Kysely<Schema>, runId: string) {
  return db.selectFrom('attempts').select('file_key').where('run_id', '=', runId).where('state', '=', 'failed');
}

function ended(fault: string | null, nowMs: number): Pick<AttemptRow, 'state' | 'ended_at' | 'fault'> {
  if (fault === null) return { state: 'settled', ended_at: nowMs, fault };
  return { state: 'failed', ended_at: nowMs, fault: printable(fault, MAX_FAULT_CHARACTERS) };
}
