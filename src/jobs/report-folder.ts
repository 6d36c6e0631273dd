/** Where a run's report goes: the folder of the minute of its start, or of the next one that is free. */

import type { StoredRun } from '../control/run-ledger.ts';
import { DomainError } from '../core/errors.ts';
import { MAX_KEY_BYTES } from '../core/object-key.ts';
import { MAX_FOLDER_TAIL_BYTES, type ReportPlace, reportFolder, reportPlace, reportRoot } from '../core/report.ts';
import type { ExecutionContext } from './execute-run.ts';

const MINUTE_MS = 60_000;
/** How far ahead of its start a run looks for a minute that is free: a week. */
const MAX_FOLDER_MINUTES = 7 * 24 * 60;

/** Where the run's report goes; throws `ReportKeyTooLong` when no bucket can hold the keys it would have. */
export function fittingPlace(run: StoredRun): ReportPlace {
  const place = reportPlace(run.bucket, run.rule);
  // Prefix and id may each be as long as the sheet allows and still make such keys.
  const bytes = Buffer.byteLength(reportRoot(place)) + MAX_FOLDER_TAIL_BYTES;
  if (bytes <= MAX_KEY_BYTES) return place;
  throw new DomainError(
    'ReportKeyTooLong',
    `The keys of the report would have ${bytes} bytes where ${MAX_KEY_BYTES} are allowed. Shorten the destination prefix or the rule's id by ${bytes - MAX_KEY_BYTES} bytes.`,
  );
}

/** Reserves the minute of the start, or the next whose folder no other run has and where nothing lies under the names of a report. */
export async function reserveFolder(run: StoredRun, place: ReportPlace, context: ExecutionContext): Promise<void> {
  const { ledger, engine, clock, signal } = context;
  const { bucket } = run.rule.destination;
  const firstMs = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
  for (let minute = 0; minute < MAX_FOLDER_MINUTES; minute++) {
    signal.throwIfAborted();
    const folder = reportFolder(place, firstMs + minute * MINUTE_MS);
    // Also what is no report: a run removes what it finds there when it fails.
    if (await engine.isFolderTaken(run, folder)) continue;
    if (await ledger.reserveFolder(run.id, `${bucket}/${folder}`)) return;
  }
  throw new DomainError(
    'ReportInconsistent',
    `From "${bucket}/${reportFolder(place, firstMs)}" on, each minute of a week has a report already, or other objects under the names of one, so there is no folder left for this one. Check the server's clock, or give the rule another destination prefix; then start the run again.`,
  );
}
