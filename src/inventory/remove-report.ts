/**
 * Removes a report that nobody is to have any more: its manifest first, so that no manifest ever names a missing file,
 * and then what lies beside it and its data files. Only what its run wrote goes. What somebody put under one of these
 * names since then is theirs: over a data file it stays alone, over the manifest the whole report stays, because nobody
 * knows what it is for now.
 */

import { DomainError } from '../core/errors.ts';
import { type FaultPoint, reach } from '../core/failpoint.ts';
import { MAX_LATEST_BYTES, parseLatest } from '../core/latest-report.ts';
import {
  checksumKey,
  type DataFile,
  latestKey,
  MAX_MANIFEST_BYTES,
  manifestFileKeys,
  manifestKey,
  type ReportPlace,
  reportJsonKey,
  reportRoot,
} from '../core/report.ts';
import type { Destination, FileFacts, StoredFile } from './destination.ts';

/** Data files that are removed at once; they share commits. */
const FILES_AT_ONCE = 32;

/** Where a report is removed from. */
export interface RemovalPlace extends Pick<Destination, 'read' | 'stat'> {
  /** Removes what is `current` under a key; false when something else is there. With nothing there, there is nothing to do. */
  discard(key: string, current: FileFacts): Promise<boolean>;
}

export interface DeliveredReport {
  readonly place: ReportPlace;
  readonly folder: string;
  /** Those that its manifest names, in order. */
  readonly files: readonly DataFile[];
}

export interface RemovalSteps {
  /** Run when the report may go, before anything of it does; false keeps all of it. */
  readonly begin: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Can the report be read: is its own manifest there? */
export async function isVisible(from: RemovalPlace, { folder, files }: DeliveredReport): Promise<boolean> {
  return isOwn(await from.read(manifestKey(folder), MAX_MANIFEST_BYTES), files);
}

/**
 * May be repeated; a report whose manifest somebody has removed already goes the same way. Returns false when it did not
 * begin. Throws `ReportStays` when it must not.
 */
export async function removeReport(from: RemovalPlace, report: DeliveredReport, steps: RemovalSteps): Promise<boolean> {
  const { folder, files } = report;
  assertBelowRoot(report);
  const key = manifestKey(folder);
  const manifest = await from.read(key, MAX_MANIFEST_BYTES);
  if (manifest !== undefined) {
    if (!isOwn(manifest, files)) throw manifestOfOthers(key);
    await assertNotLatest(from, report);
  }
  if (!(await steps.begin())) return false;
  reach('report.remove-manifest');
  if (manifest !== undefined && !(await from.discard(key, manifest))) throw manifestOfOthers(key);
  await discardSmall(from, checksumKey(folder), 'report.remove-checksum');
  await discardSmall(from, reportJsonKey(folder), 'report.remove-report');
  for (let first = 0; first < files.length; first += FILES_AT_ONCE) {
    steps.signal.throwIfAborted();
    reach('report.remove-data');
    await Promise.all(files.slice(first, first + FILES_AT_ONCE).map((file) => from.discard(file.key, file)));
  }
  return true;
}

/** Whatever it looks like by now, it names the files of this report and no others. */
function isOwn(manifest: StoredFile | undefined, files: readonly DataFile[]): boolean {
  if (manifest?.bytes === undefined) return false;
  const named = manifestFileKeys(manifest.bytes);
  return named.length === files.length && files.every(({ key }, index) => key === named[index]);
}

function assertBelowRoot({ place, folder, files }: DeliveredReport): void {
  const root = `${reportRoot(place)}/`;
  const stray = [manifestKey(folder), ...files.map(({ key }) => key)].find((key) => !key.startsWith(root));
  if (stray === undefined) return;
  throw new DomainError(
    'ReportStays',
    `The report stays: its run names "${stray}", which does not lie below "${root}" where the rule delivers.`,
  );
}

async function assertNotLatest(from: RemovalPlace, { place, folder }: DeliveredReport): Promise<void> {
  const key = latestKey(place);
  const latest = (await from.read(key, MAX_LATEST_BYTES))?.bytes;
  if (latest === undefined || parseLatest(latest)?.manifestKey !== manifestKey(folder)) return;
  throw new DomainError(
    'ReportStays',
    `The report "${folder}" stays, because "${key}" names it. Remove that file, or let a run of the rule write it anew.`,
  );
}

function manifestOfOthers(key: string): DomainError {
  return new DomainError(
    'ReportStays',
    `The report stays, because "${key}" is not its manifest any more: somebody put another object over it. Remove that object, and the rest of the report goes.`,
  );
}

/** What lies in the run's own folder beside the manifest, whatever its bytes are. */
async function discardSmall(from: RemovalPlace, key: string, before: FaultPoint): Promise<void> {
  reach(before);
  const current = await from.stat(key);
  if (current !== undefined) await from.discard(key, current);
}
