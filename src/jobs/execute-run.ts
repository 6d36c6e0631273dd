/**
 * Executes one run, from wherever the ledger says it stands. Intent first, then the effect, then the settling: data
 * files are named in the ledger before they are written, so whatever a crash leaves behind is known by name.
 */

import { randomUUID } from 'node:crypto';
import { type RunLedger, RunOver, type StoredRun } from '../control/run-ledger.ts';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import { MAX_KEY_BYTES } from '../core/object-key.ts';
import { dataFileKey, MAX_FOLDER_TAIL_BYTES, type ReportPlace, reportFolder, reportRoot } from '../core/report.ts';
import type { Engine } from './engine.ts';

const MINUTE_MS = 60_000;
/** How far ahead of its start a run looks for a minute without a report: a week. */
const MAX_FOLDER_MINUTES = 7 * 24 * 60;
/** How often the ledger hears of a scan's progress. */
const PROGRESS_MS = 1_000;

export interface ExecutionContext {
  readonly ledger: RunLedger;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Aborted when the run is cancelled or the process shuts down. */
  readonly signal: AbortSignal;
}

/** Takes the run to `published` or `empty`; throws what kept it from getting there. */
export async function executeRun(run: StoredRun, context: ExecutionContext): Promise<void> {
  const { ledger, engine } = context;
  if (run.state !== 'publishing') await scanRun(run, context);

  const scanned = await ledger.find(run.id);
  if (scanned?.folder == null) throw new RunOver(run.id);
  const files = await ledger.files(run.id);
  if (files.length === 0) {
    await ledger.empty(run.id, {
      code: 'NothingMatched',
      text: 'No object passed the filter of the rule, so there is nothing to deliver.',
    });
    return;
  }
  await ledger.published(run.id, await engine.publish(scanned, scanned.folder, files));
}

/** Scans the source at one point in time until every shard is settled. */
async function scanRun(run: StoredRun, context: ExecutionContext): Promise<void> {
  const { ledger, engine, signal } = context;
  // An earlier attempt's snapshot died with its process: what it wrote belongs to no report.
  await engine.removeFiles(run, await ledger.shardFileKeys(run.id));
  await ledger.scanning(run.id);
  const place = placeOf(run);
  assertKeysFit(place);
  const work = await engine.open(run);
  const stop = () => work.stop();
  signal.addEventListener('abort', stop);
  const progress = setInterval(() => {
    // Only for those who watch: the settled shards are what counts.
    ledger.progress(run.id, work.counts()).catch(() => undefined);
  }, PROGRESS_MS);
  try {
    signal.throwIfAborted();
    await reserveFolder(run, place, context);
    const { pointInTimeMs, ranges } = await work.begin();
    const shards = ranges.map((range, number) => ({ number, range, fileKey: dataFileKey(place, randomUUID()) }));
    await ledger.plan(run.id, pointInTimeMs, shards);
    await inParallel(shards, work.concurrency, async (shard) => {
      try {
        signal.throwIfAborted();
        await ledger.settleShard(run.id, shard.fileKey, await work.scanShard(shard.range, shard.fileKey));
      } catch (error) {
        // Without this shard there is no report, so the others need not run to their end.
        work.stop();
        throw error;
      }
    });
  } finally {
    clearInterval(progress);
    signal.removeEventListener('abort', stop);
    await work.close();
  }
  await ledger.publishing(run.id);
}

/** Reserves the minute of the start, or the next that neither another run nor an older report has. */
async function reserveFolder(run: StoredRun, place: ReportPlace, context: ExecutionContext): Promise<void> {
  const { ledger, engine, clock, signal } = context;
  const { bucket } = run.rule.destination;
  const firstMs = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
  for (let minute = 0; minute < MAX_FOLDER_MINUTES; minute++) {
    signal.throwIfAborted();
    const folder = reportFolder(place, firstMs + minute * MINUTE_MS);
    if (await engine.hasReport(run, folder)) continue;
    if (await ledger.reserveFolder(run.id, `${bucket}/${folder}`)) return;
  }
  throw new DomainError(
    'ReportInconsistent',
    `From "${bucket}/${reportFolder(place, firstMs)}" on, each minute of a week has a report already, so there is no folder left for this one. Check the server's clock, or give the rule another destination prefix; then start the run again.`,
  );
}

function placeOf(run: StoredRun): ReportPlace {
  return { destinationPrefix: run.rule.destination.prefix, sourceBucket: run.bucket, ruleId: run.rule.id };
}

/** Prefix and id may each be as long as the sheet allows and still make keys that no bucket can hold. */
function assertKeysFit(place: ReportPlace): void {
  const bytes = Buffer.byteLength(reportRoot(place)) + MAX_FOLDER_TAIL_BYTES;
  if (bytes <= MAX_KEY_BYTES) return;
  throw new DomainError(
    'ReportKeyTooLong',
    `The keys of the report would have ${bytes} bytes where ${MAX_KEY_BYTES} are allowed. Shorten the destination prefix or the rule's id by ${bytes - MAX_KEY_BYTES} bytes.`,
  );
}

/**
 * Does `work` on each item, at most `limit` at once. The first failure keeps further ones from starting, and is the one
 * that is thrown: those after it may come of it.
 */
async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
