/** A delivered report on disk, made by hand from its rows, for tests to damage. */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  checksumKey,
  type DataFile,
  dataFileKey,
  manifestKey,
  renderChecksum,
  renderManifest,
  reportFolder,
} from '../src/core/report.ts';
import type { Column } from '../src/core/report-columns.ts';
import { NOW_MS, temporaryFolder } from './store-fixture.ts';

const PLACE = { destinationPrefix: 'inv', sourceBucket: 'photos', ruleId: 'nightly' };
const FOLDER = reportFolder(PLACE, NOW_MS);

/** A row as the values of its columns. */
export type Row = readonly string[];

export interface ReportOptions {
  readonly columns?: readonly Column[];
  /** The rows of each data file. */
  readonly files?: readonly (readonly Row[])[];
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
  /** The paths of the data files, in order. */
  readonly files: readonly string[];
  /** The keys of the data files, in order. */
  readonly keys: readonly string[];
}

export function writeReport(options: ReportOptions = {}): Report {
  const { columns = ['Bucket', 'Key', 'Size'], files = ROWS_IN_ORDER, compress = gzipSync } = options;
  const root = temporaryFolder();
  const data = files.map((rows, index): DataFile => {
    const bytes = compress(rows.map(toLine).join(''));
    const key = dataFileKey(PLACE, `file-${index}`);
    write(root, key, bytes);
    return { key, sizeBytes: bytes.length, md5: md5(bytes) };
  });
  const manifest = renderManifest({
    creationTimestampSeconds: NOW_MS / 1000,
    sourceBucket: PLACE.sourceBucket,
    destinationBucket: 'reports',
    columns,
    files: data,
  });
  write(root, checksumKey(FOLDER), renderChecksum(manifest));
  return {
    manifest: write(root, manifestKey(FOLDER), manifest),
    checksum: path.join(root, checksumKey(FOLDER)),
    files: data.map(({ key }) => path.join(root, key)),
    keys: data.map(({ key }) => key),
  };
}

/** Changes the manifest, and makes the checksum fit again: what somebody does who wants to hide it. */
export function rewriteManifest({ manifest, checksum }: Report, change: (document: Document) => unknown): void {
  const document = JSON.parse(readFileSync(manifest, 'utf8')) as Document;
  const changed = change(document) ?? document;
  const bytes = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed));
  writeFileSync(manifest, bytes);
  writeFileSync(checksum, renderChecksum(bytes));
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

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex').toUpperCase();
}
