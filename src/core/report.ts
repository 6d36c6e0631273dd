/**
 * The report of a run: where its files lie in the destination bucket and what its manifest says, byte for byte
 * (inventory sheet, sections 4.1 to 4.3).
 */

import { createHash } from 'node:crypto';
import type { Rule } from './rule.ts';

/** Identifies the form of the manifest; the original's value. */
const MANIFEST_VERSION = '2019-09-01';

/** What is read as a manifest at the most: it names some 300,000 data files in that. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

export interface ReportPlace {
  readonly destinationPrefix: string | undefined;
  readonly sourceBucket: string;
  readonly ruleId: string;
}

/** Where the reports of a rule of the bucket go. */
export function reportPlace(sourceBucket: string, { id, destination }: Pick<Rule, 'id' | 'destination'>): ReportPlace {
  return { destinationPrefix: destination.prefix, sourceBucket, ruleId: id };
}

/** The folder of everything that a rule delivers. The prefix is joined with "/" as it stands, as the original does. */
export function reportRoot(place: ReportPlace): string {
  const prefix = place.destinationPrefix === undefined ? '' : `${place.destinationPrefix}/`;
  return `${prefix}${place.sourceBucket}/${place.ruleId}`;
}

/** The folder of one report: the minute in UTC, as in `inv/photos/nightly/2026-10-04T16-00Z`. */
export function reportFolder(place: ReportPlace, minuteMs: number): string {
  const iso = new Date(minuteMs).toISOString();
  return `${reportRoot(place)}/${iso.slice(0, 13)}-${iso.slice(14, 16)}Z`;
}

export function dataFileKey(place: ReportPlace, uuid: string): string {
  return `${reportRoot(place)}/data/${uuid}.csv.gz`;
}

/** What stands behind the root at the most: a slash, the folder's minute, a slash, the longest name (or `data/<uuid>.csv.gz`). */
export const MAX_FOLDER_TAIL_BYTES = Math.max(
  '/2026-10-04T16-00Z/manifest.checksum'.length,
  '/data/.csv.gz'.length + 36,
);

export const manifestKey = (folder: string): string => `${folder}/manifest.json`;
export const checksumKey = (folder: string): string => `${folder}/manifest.checksum`;
/** What the run says of the report: report-facts.ts. */
export const reportJsonKey = (folder: string): string => `${folder}/report.json`;
/** All that a report has in its folder, in the order in which it is put. */
export const folderKeys = (folder: string) =>
  [reportJsonKey(folder), checksumKey(folder), manifestKey(folder)] as const;
/** Which report of a rule is the newest: latest-report.ts. */
export const latestKey = (place: ReportPlace): string => `${reportRoot(place)}/latest.json`;

/** Stands in the form of a key for one of 0-9 and a-f that differs from run to run. It is no character, so no key has it. */
export const VARYING = '\uFFFF';

/**
 * The keys that runs write at this place, as forms that cover all of them until the year 2100; that of `latest.json` only
 * where it is kept.
 */
export function reportKeyForms(place: ReportPlace, keepsLatest: boolean): readonly string[] {
  const varying = (count: number) => VARYING.repeat(count);
  const uuid = [8, 4, 4, 4, 12].map(varying).join('-');
  const two = varying(2);
  const folder = `${reportRoot(place)}/20${two}-${two}-${two}T${two}-${two}Z`;
  const ofOneReport = [dataFileKey(place, uuid), ...folderKeys(folder)];
  return keepsLatest ? [...ofOneReport, latestKey(place)] : ofOneReport;
}

export interface DataFile {
  /** The full key in the destination bucket. */
  readonly key: string;
  readonly sizeBytes: number;
  /** 32 upper-case hex digits, of the compressed file. */
  readonly md5: string;
}

export interface Manifest {
  readonly creationTimestampSeconds: number;
  readonly sourceBucket: string;
  readonly destinationBucket: string;
  /** Column names in the order of the rows. */
  readonly columns: readonly string[];
  /** In the order of the rows. */
  readonly files: readonly DataFile[];
}

/** The bytes of `manifest.json`: the same input always gives the same bytes, so publishing can be repeated. */
export function renderManifest(manifest: Manifest): Buffer {
  const document = {
    creationTimestamp: String(manifest.creationTimestampSeconds),
    destinationBucket: manifest.destinationBucket,
    fileFormat: 'CSV',
    fileSchema: manifest.columns.join(', '),
    files: manifest.files.map((file) => ({ MD5checksum: file.md5, key: file.key, size: file.sizeBytes })),
    sourceBucket: manifest.sourceBucket,
    version: MANIFEST_VERSION,
  };
  return Buffer.from(JSON.stringify(document, null, 4));
}

/** The text of `manifest.checksum`: the MD5 of the manifest's bytes, upper-case hex, no newline. */
export function renderChecksum(manifest: Uint8Array): string {
  return createHash('md5').update(manifest).digest('hex').toUpperCase();
}

/** The data files that a manifest names; none when the bytes are no manifest. */
export function manifestFileKeys(manifest: Uint8Array): string[] {
  try {
    const { files } = JSON.parse(Buffer.from(manifest).toString()) as { files?: { key?: unknown }[] };
    return (files ?? []).flatMap(({ key }) => (typeof key === 'string' ? [key] : []));
  } catch {
    return []; // Somebody else's object under the same name.
  }
}
