/**
 * The states of a run, and the only ways between them. The ledger takes each step in one transaction that names the
 * state it starts from; a step that is not here is refused before it reaches the database (ARCHITECTURE.md draws it).
 */

import assert from 'node:assert/strict';
import type { RunState } from './run.ts';

/** To each state those that may follow. `scanning` follows itself when a process died: its snapshot died with it. */
export const NEXT_STATES: Readonly<Record<RunState, readonly RunState[]>> = {
  planned: ['scanning', 'failed', 'cancelled'],
  // Back to `planned` when a passing fault puts the run off.
  scanning: ['scanning', 'planned', 'publishing', 'failed', 'cancelled'],
  // Never `cancelled`, and never back: the report may be visible by now.
  publishing: ['published', 'empty', 'failed'],
  published: [],
  empty: [],
  failed: [],
  cancelled: [],
};

/** The states from which a run may come to `to`. */
export function statesBefore(to: RunState): readonly RunState[] {
  const states = (Object.keys(NEXT_STATES) as RunState[]).filter((from) => NEXT_STATES[from].includes(to));
  assert(states.length > 0, `no state leads to ${to}`);
  return states;
}
