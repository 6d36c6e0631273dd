/**
 * Holds a delivered report against itself: the checksum against the manifest, every data file against the size and
 * MD5 that the manifest gives, every row against the columns, the order of all rows, and, where the run left one, all of
 * it against `report.json` (docs/reference/report.md). A problem says where: the file, the shard, the row.
 */

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { printable } from '../core/printable.ts';
import { MAX_MANIFEST_BYTES } from '../core/report.ts';
import { MAX_REPORT_FACTS_BYTES } from '../core/report-facts.ts';
import { checkDataFile } from './check-data-file.ts';
import { type CheckedManifest, checkToldReport } from './check-told-report.ts';
import { readManifest } from './manifest-document.ts';
import { type Problem, Problems } from './problems.ts';
import type { ReportSource } from './report-source.ts';
import { RowChecker } from './row-checker.ts';
import { readToldReport, type ToldReport } from './told-report.ts';

export interface ReportCheck {
  readonly problems: readonly Problem[];
  /** What could not be checked, or may be no fault of the report. */
  readonly notes: readonly string[];
  /** There was a report.json to hold the rows against. */
  readonly isProven: boolean;
  readonly files: number;
  readonly rows: number;
}

/** Blanks and a newline may surround the 32 digits. */
const MAX_CHECKSUM_BYTES = 1024;

const NO_REPORT_JSON =
  'There is no report.json beside the manifest, or none that may be read; reports of other services and of earlier versions have none. Without it nobody can tell whether a row was taken out before the checksums were made.';

export async function checkReport(source: ReportSource, onRows: (rows: number) => void): Promise<ReportCheck> {
  const problems = new Problems(source.manifestName);
  const nothing = { notes: [], isProven: false, files: 0, rows: 0 };
  const bytes = await readUpTo(MAX_MANIFEST_BYTES, await source.manifest());
  if (bytes === undefined) {
    problems.add({ text: `it has more than ${MAX_MANIFEST_BYTES} bytes, which no manifest has` });
    return { ...nothing, problems: problems.list() };
  }
  await checkChecksum(source, bytes, problems);
  const document = readManifest(bytes, problems);
  if (document === undefined) return { ...nothing, problems: problems.list() };

  const manifest = { ...document, bytes };
  const stream = await source.reportJson();
  const told = stream && (await readTold(stream, manifest, problems.of('report.json')));
  const shards = new Map(told?.shards.map((shard) => [shard.delivered?.key, shard]));
  const checker = new RowChecker(manifest.fileSchema.split(', '), manifest.sourceBucket);
  for (const file of manifest.files) {
    if (problems.isFull) break;
    const data = await source.dataFile(file.key);
    const ofFile = problems.of(printable(file.key, 1024));
    if (data === undefined) ofFile.add({ text: 'the file is missing' });
    else await checkDataFile(data, file, { told: shards.get(file.key), checker, problems: ofFile, onRows });
    onRows(checker.rows);
  }
  return {
    problems: problems.list(),
    notes: [
      ...(stream === undefined ? [NO_REPORT_JSON] : []),
      ...(told !== undefined && told.pointInTimeMs < told.startedAtMs ? [BEFORE_START] : []),
      ...(checker.keyOutOfTime === undefined ? [] : [outOfTime(checker.keyOutOfTime)]),
    ],
    isProven: stream !== undefined,
    files: manifest.files.length,
    rows: checker.rows,
  };
}

const BEFORE_START =
  'The point in time of the report lies before the start of its run. If the clock of the server was set back in between it is right; else it is not as it was written.';

/** A store knows by other means than the time which version is newer, so this is right after its clock was set back. */
function outOfTime(key: string): string {
  return `The versions of "${key}" are not in the order of their times. If the clock of the store was set back between them they are right; else they are not as they were written.`;
}

async function checkChecksum(source: ReportSource, manifest: Buffer, problems: Problems): Promise<void> {
  const stream = await source.checksum();
  if (stream === undefined) {
    problems.of('manifest.checksum').add({ text: 'the file is missing' });
    return;
  }
  const expected = (await readUpTo(MAX_CHECKSUM_BYTES, stream))?.toString().trim() ?? 'far more than a checksum';
  const actual = createHash('md5').update(manifest).digest('hex').toUpperCase();
  if (actual === expected) return;
  problems.add({ text: `its MD5 is ${actual}, and manifest.checksum says "${printable(expected, 64)}"` });
}

/** What the run tells of this report, once it agrees with itself and with the manifest, or is told not to. */
async function readTold(
  stream: Readable,
  manifest: CheckedManifest,
  problems: Problems,
): Promise<ToldReport | undefined> {
  const bytes = await readUpTo(MAX_REPORT_FACTS_BYTES, stream);
  if (bytes === undefined) {
    problems.add({ text: `it has more than ${MAX_REPORT_FACTS_BYTES} bytes, which none has` });
    return undefined;
  }
  const told = readToldReport(bytes, problems);
  if (told !== undefined) checkToldReport(told, manifest, problems);
  return told;
}

/** The whole of a stream; undefined when it has more than `maxBytes`. */
async function readUpTo(maxBytes: number, stream: Readable): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined; // Leaving the loop destroys the stream.
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
