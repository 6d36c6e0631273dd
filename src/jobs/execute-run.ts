/**
 * Executes one run, from wherever the ledger says it stands. Intent first, then the effect, then the settling: data
 * files are named in the ledger before they are written, so whatever a crash leaves behind is known by name.
 */

import { type RunLedger, RunOver, type StoredRun } from '../control/run-ledger.ts';
import type { Clock } from '../core/clock.ts';
import { dataFilesOf } from '../core/report-facts.ts';
import type { Engine } from './engine.ts';
import type { FairSlots } from './fair-slots.ts';
import type { RetryDelays } from './retry-delays.ts';
import type { RunEvent } from './run-event.ts';
import { scanRun } from './scan-run.ts';

export interface ExecutionContext {
  readonly ledger: RunLedger;
  readonly engine: Engine;
  readonly clock: Clock;
  /** For the shards of all runs. */
  readonly slots: FairSlots;
  readonly delays: RetryDelays;
  readonly onEvent: (event: RunEvent) => void;
  /** Aborted when the run is cancelled or the process shuts down. */
  readonly signal: AbortSignal;
}

/** Takes the run to `published` or `empty`; throws what kept it from getting there. */
export async function executeRun(run: StoredRun, context: ExecutionContext): Promise<void> {
  const { ledger, engine, onEvent } = context;
  if (run.state !== 'publishing') await scanRun(run, context);

  const scanned = await ledger.find(run.id);
  if (scanned?.folder == null) throw new RunOver(run.id);
  onEvent({ kind: 'publishing', run: scanned });
  const shards = await ledger.reportShards(run.id);
  if (dataFilesOf(shards).length === 0) {
    await ledger.empty(run.id, {
      code: 'NothingMatched',
      text: 'No object passed the filter of the rule, so there is nothing to deliver.',
    });
    return;
  }
  await ledger.published(run.id, await engine.publish(scanned, scanned.folder, shards));
}
