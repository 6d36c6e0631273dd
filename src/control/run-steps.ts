/** How a run is changed: out of the states that the change may start from, or not at all. */

import type { Kysely, Updateable } from 'kysely';
import { printable } from '../core/printable.ts';
import { ENDED_RUN_STATES, isOpen, type RunReason, type RunState } from '../core/run.ts';
import { STATE_WHEN_PUT_OFF, statesBefore } from '../core/run-machine.ts';
import { failOpenAttempts } from './attempt-rows.ts';
import type { RunRow, Schema } from './schema.ts';

/** What is kept of a reason's text at the most. */
const MAX_REASON_CHARACTERS = 2000;

/** Thrown when a step comes too late: the run has gone on, or another attempt has the shard now. */
export class RunOver extends Error {
  constructor(runId: string) {
    super(`run ${runId} has gone on without this step`);
    this.name = 'RunOver';
  }
}

/** What a step may change beside the state. */
type RunFacts = Omit<Updateable<RunRow>, 'id' | 'state'>;

/** Takes a run to the state `to`, from one that may come before it. */
export async function enterState(db: Kysely<Schema>, runId: string, to: RunState, facts: RunFacts): Promise<void> {
  await change(db, runId, statesBefore(to), { ...facts, state: to });
}

/** Changes a run that is in `state`, and stays in it. */
export async function stayIn(db: Kysely<Schema>, runId: string, state: RunState, facts: RunFacts): Promise<void> {
  await change(db, runId, [state], facts);
}

/** Puts an open run off until `retryAtMs`, because of a passing fault. */
export async function putOffRun(
  db: Kysely<Schema>,
  runId: string,
  { reason, retryAtMs, nowMs }: { readonly reason: RunReason; readonly retryAtMs: number; readonly nowMs: number },
): Promise<void> {
  const row = await db.selectFrom('runs').select('state').where('id', '=', runId).executeTakeFirst();
  if (row === undefined || !isOpen(row.state)) throw new RunOver(runId);
  const facts = { ...reasonFacts(reason), retry_at: retryAtMs };
  await change(db, runId, [row.state], { ...facts, state: STATE_WHEN_PUT_OFF[row.state] });
  await failOpenAttempts(db, runId, reason.text, nowMs);
}

/** Nothing is left of a run that is over but its report. */
export async function markSwept(db: Kysely<Schema>, runId: string): Promise<void> {
  await change(db, runId, ENDED_RUN_STATES, { swept: 1 });
}

/** The columns of a reason; null for none. */
export function reasonFacts(reason: RunReason | null): Pick<RunRow, 'reason_code' | 'reason_text'> {
  return {
    reason_code: reason?.code ?? null,
    reason_text: reason === null ? null : printable(reason.text, MAX_REASON_CHARACTERS),
  };
}

async function change(
  db: Kysely<Schema>,
  runId: string,
  from: readonly RunState[],
  changes: Updateable<RunRow>,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('runs')
    .set(changes)
    .where('id', '=', runId)
    .where('state', 'in', from)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new RunOver(runId);
}
