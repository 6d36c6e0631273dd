/**
 * Makes a report visible: checks every data file where it lies, writes what the run says of it and the checksum, and last
 * the manifest, whose presence tells readers that the report is whole (docs/decisions/0003-manifest-last.md). The bytes
 * depend on the settled shards alone, so publishing can be repeated. A manifest that is there already is never written
 * over; when it is the same the report is published, and what became of its files since then is its readers' affair.
 */

import { createHash } from 'node:crypto';
import { DomainError, hasCode } from '../core/errors.ts';
import { type Failpoint, type FaultPoint, reach } from '../core/failpoint.ts';
import { renderLatest } from '../core/latest-report.ts';
import {
  checksumKey,
  type DataFile,
  manifestKey,
  renderChecksum,
  renderManifest,
  reportJsonKey,
} from '../core/report.ts';
import { dataFilesOf, manifestOf, type ReportFacts, renderReportFacts } from '../core/report-facts.ts';
import type { Destination } from './destination.ts';
import { putLatest } from './put-latest.ts';

export interface Publication {
  readonly destination: Destination;
  readonly folder: string;
  readonly facts: ReportFacts;
  /** Where `latest.json` lies; absent when none is kept. */
  readonly latestKey?: string | undefined;
  /** Run before anything is put, unless the report is visible already; throws to keep it from becoming so. */
  readonly beforeFirstPut?: () => Promise<void>;
}

export interface PublishedReport {
  readonly manifestKey: string;
  /** Why `latest.json` could not be made to name the report, which is published all the same. */
  readonly latestFault?: DomainError;
}

export async function publishReport(publication: Publication): Promise<PublishedReport> {
  const { destination, folder, facts, latestKey, beforeFirstPut } = publication;
  const manifest = renderManifest(manifestOf(facts));
  const report = renderReportFacts(facts, folder, manifest);
  const files = smallFiles(folder, manifest, report);
  const last = {
    key: manifestKey(folder),
    bytes: manifest,
    contentType: JSON_TYPE,
    before: 'report.put-manifest',
    after: 'report.visible',
  } as const;
  if (await isStored(destination, last)) {
    for (const file of files) await restore(destination, file);
  } else {
    await beforeFirstPut?.();
    await assertFilesWhole(destination, dataFilesOf(facts.shards));
    for (const file of [...files, last]) await putOnce(destination, file);
  }
  const published = { manifestKey: last.key };
  if (latestKey === undefined) return published;
  const { run, pointInTimeMs } = facts;
  const bytes = renderLatest({ runId: run.id, pointInTimeMs, folder }, { manifest, facts: report });
  try {
    await putLatest(destination, { key: latestKey, bytes, pointInTimeMs });
    return published;
  } catch (error) {
    // What passes by itself is waited for: the run after this one may be a month away, or never come.
    if (!(error instanceof DomainError) || hasCode(error, 'StorageFull')) throw error;
    return { ...published, latestFault: error };
  }
}

async function assertFilesWhole(destination: Destination, files: readonly DataFile[]): Promise<void> {
  for (const file of files) {
    const stored = await destination.stat(file.key);
    if (stored?.sizeBytes !== file.sizeBytes || stored.md5 !== file.md5) {
      const found = stored === undefined ? 'is missing' : `has ${stored.sizeBytes} bytes and MD5 ${stored.md5}`;
      throw new DomainError(
        'ReportInconsistent',
        `Data file "${file.key}" ${found}, where ${file.sizeBytes} bytes and MD5 ${file.md5} were written. Something else writes below the report's folder; start the run again.`,
      );
    }
  }
}

interface SmallFile {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** The failpoints on either side of its put. */
  readonly before: FaultPoint;
  readonly after: Failpoint;
}

const JSON_TYPE = 'application/json';

/** What lies beside the manifest, in the order in which it is put. */
function smallFiles(folder: string, manifest: Uint8Array, report: Uint8Array | undefined): SmallFile[] {
  const checksum: SmallFile = {
    key: checksumKey(folder),
    bytes: Buffer.from(renderChecksum(manifest)),
    contentType: 'text/plain',
    before: 'report.put-checksum',
    after: 'report.checksum-put',
  };
  if (report === undefined) return [checksum];
  const [before, after] = ['report.put-report', 'report.report-put'] as const;
  return [{ key: reportJsonKey(folder), bytes: report, contentType: JSON_TYPE, before, after }, checksum];
}

/** Puts back what somebody took away. A published report is published, though, if that can't be done any more. */
async function restore(destination: Destination, { key, bytes, contentType }: SmallFile): Promise<void> {
  try {
    await destination.putNew(key, bytes, contentType);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
}

async function putOnce(destination: Destination, file: SmallFile): Promise<void> {
  const { key, bytes, contentType } = file;
  reach(file.before);
  if (!(await destination.putNew(key, bytes, contentType)) && !(await isStored(destination, file))) {
    throw new DomainError(
      'ReportInconsistent',
      `"${key}" exists already with other content, and what is part of a report is never written over. Start the run again.`,
    );
  }
  reach(file.after);
}

/** Are exactly these bytes there? */
async function isStored(destination: Destination, { key, bytes }: SmallFile): Promise<boolean> {
  const stored = await destination.stat(key);
  const md5 = createHash('md5').update(bytes).digest('hex').toUpperCase();
  return stored?.sizeBytes === bytes.length && stored.md5 === md5;
}
