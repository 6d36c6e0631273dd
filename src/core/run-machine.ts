/**
 * The states of a run, and the only ways between them. The ledger takes each step in one transaction that names the
 * states it may start from, and takes them from here (ARCHITECTURE.md draws it).
 */

import assert from 'node:assert/strict';
import type { OpenRunState, RunState } from './run.ts';

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

/** What a passing fault makes of a run: a scan is begun again from the start, a report is published from its rows. */
export const STATE_WHEN_PUT_OFF: Readonly<Record<OpenRunState, OpenRunState>> = {
  planned: 'planned',
  scanning: 'planned',
  publishing: 'publishing',
};

/** The states from which a run may come to `to`. */
export function statesBefore(to: RunState): readonly RunState[] {
  const states = (Object.keys(NEXT_STATES) as RunState[]).filter((from) => NEXT_STATES[from].includes(to));
  assert(states.length > 0, `no state leads to ${to}`);
  return states;
}
