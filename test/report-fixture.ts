/** A delivered report on disk, made by hand from its rows, for tests to damage. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import querystring from 'node:querystring';
import { gzipSync } from 'node:zlib';
import {
  checksumKey,
  dataFileKey,
  manifestKey,
  renderChecksum,
  renderManifest,
  reportFolder,
  reportJsonKey,
} from '../src/core/report.ts';
import type { Column } from '../src/core/report-columns.ts';
import { dataFilesOf, manifestOf, renderReportFacts } from '../src/core/report-facts.ts';
import { anyRule } from './any-rule.ts';
import { anyFacts, shardOf } from './report-facts-fixture.ts';
import { NOW_MS, temporaryFolder } from './store-fixture.ts';

const PLACE = { destinationPrefix: 'inv', sourceBucket: 'photos', ruleId: 'nightly' };
const FOLDER = reportFolder(PLACE, NOW_MS);

/** A row as the values of its columns. */
export type Row = readonly string[];

export interface ReportOptions {
  readonly columns?: readonly Column[];
  /** The rows of each data file. */
  readonly files?: readonly (readonly Row[])[];
  /** Puts what the run says beside it, of shards that each wrote a file: a report as ours are. */
  readonly withFacts?: boolean;
  /** Makes a data file of its text. */
  readonly compress?: (text: string) => Buffer;
}

export const ROWS_IN_ORDER: readonly (readonly Row[])[] = [
  [row('a'), row('a/b'), row('b c')],
  [row('d'), row('é'), row('封面')],
];

/** A row of the columns Bucket, Key, Size. */
export function row(key: string, sizeBytes = 12): Row {
  return ['photos', encodeURIComponent(key), String(sizeBytes)];
}

export interface Report {
  /** The path of the manifest. */
  readonly manifest: string;
  readonly checksum: string;
  /** The path of report.json, be it there or not. */
  readonly reportJson: string;
  /** The paths of the data files, in order. */
  readonly files: readonly string[];
  /** The keys of the data files, in order. */
  readonly keys: readonly string[];
}

export function writeReport(options: ReportOptions = {}): Report {
  const {
    columns = ['Bucket', 'Key', 'Size'],
    files = ROWS_IN_ORDER,
    withFacts = false,
    compress = gzipSync,
  } = options;
  const root = temporaryFolder();
  const shards = files.map((rows, number) => {
    const text = rows.map(toLine).join('');
    const file = compress(text);
    const fileKey = dataFileKey(PLACE, `file-${number}`);
    write(root, fileKey, file);
    const [start, end] = [number === 0 ? '' : keysOf(rows)[0], keysOf(files[number + 1] ?? [])[0]];
    return shardOf({ number, start: start ?? '', end, keys: keysOf(rows), fileKey, file, rows: text });
  });
  const rule = anyRule({ optionalFields: columns.slice(2) });
  const facts = anyFacts({ sourceBucket: PLACE.sourceBucket, rule, shards });
  const manifest = renderManifest({ ...manifestOf(facts), columns });
  write(root, checksumKey(FOLDER), renderChecksum(manifest));
  if (withFacts) write(root, reportJsonKey(FOLDER), renderReportFacts(facts, FOLDER, manifest) ?? '');
  const keys = dataFilesOf(shards).map(({ key }) => key);
  return {
    manifest: write(root, manifestKey(FOLDER), manifest),
    checksum: path.join(root, checksumKey(FOLDER)),
    reportJson: path.join(root, reportJsonKey(FOLDER)),
    files: keys.map((key) => path.join(root, key)),
    keys,
  };
}

/** The decoded keys of rows; one that is wrongly encoded as it is. */
function keysOf(rows: readonly Row[]): string[] {
  return rows.map(([, key = '']) => querystring.unescape(key));
}

/** Changes the manifest, and makes the checksum fit again: what somebody does who wants to hide it. */
export function rewriteManifest({ manifest, checksum }: Report, change: (document: Document) => unknown): void {
  const document = JSON.parse(readFileSync(manifest, 'utf8')) as Document;
  const changed = change(document) ?? document;
  const bytes = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed));
  writeFileSync(manifest, bytes);
  writeFileSync(checksum, renderChecksum(bytes));
}

/** Changes report.json, and nothing that would have to fit. */
export function rewriteFacts({ reportJson }: Report, change: (document: FactsDocument) => unknown): void {
  const document = JSON.parse(readFileSync(reportJson, 'utf8')) as FactsDocument;
  const changed = change(document) ?? document;
  writeFileSync(reportJson, typeof changed === 'string' ? changed : JSON.stringify(changed));
}

/** As much of report.json as tests change. */
export interface FactsDocument {
  counts: Record<string, number>;
  rule: { filter: { prefix?: string }; destination: { bucket: string } };
  shards: FactsShard[];
  manifest: { key: string; sha256: string };
  [name: string]: unknown;
}

export interface FactsShard {
  number: number;
  range: { start: string; end: string | null };
  scanned: number;
  matched: number;
  firstKey: string | null;
  lastKey: string | null;
  rowsSha256: string | null;
  file: { key: string; size: number; md5: string; sha256: string } | null;
}

export interface Document {
  fileSchema: string;
  files: { key: string; size: number; MD5checksum: string }[];
  [name: string]: unknown;
}

/** The first column bare, every other quoted (docs/reference/report.md). */
function toLine([bucket, ...values]: Row): string {
  return `${[bucket, ...values.map((value) => `"${value.replaceAll('"', '""')}"`)].join(',')}\n`;
}

function write(root: string, key: string, bytes: Uint8Array | string): string {
  const file = path.join(root, key);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
}
