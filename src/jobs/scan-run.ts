/** One try at a run's scan: from one pinned instant until every shard is settled. */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { StoredRun } from '../control/run-ledger.ts';
import type { PlannedShard } from '../control/shard-rows.ts';
import { dataFileKey, type ReportPlace } from '../core/report.ts';
import { transientOf } from '../core/transient-error.ts';
import type { EngineRun } from './engine.ts';
import type { ExecutionContext } from './execute-run.ts';
import { fittingPlace, reserveFolder } from './report-folder.ts';
import { withJitter } from './retry-delays.ts';

/** How often the ledger, and who watches, hear of a scan's progress. */
const PROGRESS_MS = 1_000;

/** Takes the run to `publishing`. */
export async function scanRun(run: StoredRun, context: ExecutionContext): Promise<void> {
  const { ledger, engine, signal } = context;
  // An earlier try's snapshot died with it: what it wrote belongs to no report.
  await engine.removeFiles(run, await ledger.allFileKeys(run.id));
  await ledger.scanning(run.id);
  const place = fittingPlace(run);
  signal.throwIfAborted();
  const work = await engine.open(run);
  const failing = new AbortController();
  const scan: Scan = { run, place, work, signal: AbortSignal.any([signal, failing.signal]) };
  scan.signal.addEventListener('abort', () => work.stop());
  try {
    signal.throwIfAborted();
    await reserveFolder(run, place, context);
    const { pointInTimeMs, expectedRows, ranges } = await work.begin();
    const shards = ranges.map((range, number) => ({ number, range, fileKey: dataFileKey(place, randomUUID()) }));
    await ledger.plan(run.id, { pointInTimeMs, expectedRows, shards });
    await whileTellingProgress(scan, context, async () => {
      // Without one of its shards there is no report, so when one fails the others need not run to their end.
      await inParallel(shards, work.concurrency, (shard) => scanShard(shard, scan, context), failing);
    });
  } finally {
    await work.close();
  }
  await ledger.publishing(run.id);
}

interface Scan {
  readonly run: StoredRun;
  readonly place: ReportPlace;
  readonly work: EngineRun;
  /** Aborted when the run is stopped from outside, or one of its shards failed for good. */
  readonly signal: AbortSignal;
}

/** Settles one shard; after a passing fault by another attempt, whose file has another name. */
async function scanShard(shard: PlannedShard, scan: Scan, context: ExecutionContext): Promise<void> {
  const { run, place, work, signal } = scan;
  const { ledger, slots, delays } = context;
  let { fileKey } = shard;
  for (const delayMs of [...delays.attemptsMs, undefined]) {
    try {
      const result = await slots.use(run.id, signal, () => work.scanShard(shard.range, fileKey));
      await ledger.settleShard(run.id, fileKey, result);
      return;
    } catch (error) {
      const fault = signal.aborted ? undefined : transientOf(error);
      if (fault === undefined || delayMs === undefined) throw error;
      const newFileKey = dataFileKey(place, randomUUID());
      await ledger.nextAttempt(run.id, fileKey, { fault: fault.message, fileKey: newFileKey });
      const reason = { code: fault.code, text: fault.message };
      context.onEvent({ kind: 'attempt-failed', run, shard: shard.number, reason, cause: error });
      fileKey = newFileKey;
      await wait(withJitter(delayMs), undefined, { signal });
    }
  }
}

async function whileTellingProgress(
  { run, work }: Scan,
  { ledger, onEvent }: ExecutionContext,
  scanAll: () => Promise<void>,
): Promise<void> {
  const timer = setInterval(() => {
    const counts = work.counts();
    // Only for those who watch: the settled shards are what counts.
    ledger.progress(run.id, counts).catch(() => undefined);
    onEvent({ kind: 'progress', run, counts });
  }, PROGRESS_MS);
  try {
    await scanAll();
  } finally {
    clearInterval(timer);
  }
}

/**
 * Does `work` on each item, at most `limit` at once. The first failure keeps further ones from starting, aborts
 * `failing`, and is the one that is thrown: those after it may come of it.
 */
async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
  failing: AbortController,
): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const item of queue) {
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
        failing.abort();
      }
      if (failing.signal.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
