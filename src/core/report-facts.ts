/**
 * `report.json`: what a run says of its report, so that a reader can prove what manifest and data files alone can't tell
 * (docs/reference/report.md). Its ranges cover the rule's keys without a gap, and each says how many rows it gave and what
 * their digest is, so that a row taken out shows even when every checksum was made to fit. The bytes follow from the rows
 * in SQL alone: publishing can be repeated, and gives the same ones.
 */

import { createHash } from 'node:crypto';
import type { KeyRange } from './key-range.ts';
import { type DataFile, type Manifest, manifestKey } from './report.ts';
import { reportColumns } from './report-columns.ts';
import type { Rule } from './rule.ts';
import type { RunTrigger } from './run.ts';

const VERSION = '1';

/** What is written, and read, as a `report.json` at the most: some 80,000 shards with keys of a hundred bytes. */
export const MAX_REPORT_FACTS_BYTES = 64 * 1024 * 1024;

export interface ReportFacts {
  readonly run: {
    readonly id: string;
    readonly trigger: RunTrigger;
    readonly scheduledForMs: number;
    readonly startedAtMs: number;
    readonly tries: number;
  };
  readonly pointInTimeMs: number;
  readonly sourceBucket: string;
  /** As it was when the run was made. */
  readonly rule: Rule;
  /** In key order; together they cover the prefix of the rule. */
  readonly shards: readonly ReportShard[];
}

/** A settled shard, as far as a report tells of it. */
export interface ReportShard {
  readonly number: number;
  readonly range: KeyRange;
  readonly scanned: number;
  readonly matched: number;
  /** Absent when no row matched. */
  readonly delivered?: DeliveredShard;
}

export interface DeliveredShard {
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
  readonly file: DataFile;
  /** Absent of a shard that was settled by a version which kept none. */
  readonly digests?: ShardDigests;
}

/** SHA-256 as 64 lower-case hex digits. */
export interface ShardDigests {
  /** Of the data file as it is delivered. */
  readonly file: string;
  /** Of its rows before they were compressed. */
  readonly rows: string;
}

/** What the manifest says; `creationTimestamp` is the start of the scan. */
export function manifestOf({ run, sourceBucket, rule, shards }: ReportFacts): Manifest {
  return {
    creationTimestampSeconds: Math.floor(run.startedAtMs / 1000),
    sourceBucket,
    destinationBucket: rule.destination.bucket,
    columns: reportColumns(rule),
    files: dataFilesOf(shards),
  };
}

/** The data files of a report, in the order of their rows. */
export function dataFilesOf(shards: readonly ReportShard[]): DataFile[] {
  return shards.flatMap(({ delivered }) => (delivered === undefined ? [] : [delivered.file]));
}

/**
 * The bytes of `report.json` beside the manifest of these bytes. Undefined when there is none to be written: a version
 * without digests scanned a shard of it, or it would be longer than anybody reads.
 */
export function renderReportFacts(facts: ReportFacts, folder: string, manifest: Uint8Array): Buffer | undefined {
  if (facts.shards.some(({ delivered }) => delivered !== undefined && delivered.digests === undefined))
    return undefined;
  const { run, rule, shards } = facts;
  const sum = (count: (shard: ReportShard) => number) => shards.reduce((total, shard) => total + count(shard), 0);
  const document = {
    version: VERSION,
    run: {
      id: run.id,
      trigger: run.trigger,
      scheduledFor: isoTime(run.scheduledForMs),
      startedAt: isoTime(run.startedAtMs),
      tries: run.tries,
    },
    pointInTime: isoTime(facts.pointInTimeMs),
    source: { bucket: facts.sourceBucket },
    rule,
    columns: reportColumns(rule),
    counts: {
      scanned: sum((shard) => shard.scanned),
      matched: sum((shard) => shard.matched),
      bytesWritten: sum((shard) => shard.delivered?.file.sizeBytes ?? 0),
    },
    keyEncoding: 'percent',
    shards: shards.map(shardDocument),
    manifest: { key: manifestKey(folder), sha256: sha256Of(manifest) },
  };
  const bytes = Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
  return bytes.length > MAX_REPORT_FACTS_BYTES ? undefined : bytes;
}

function shardDocument({ number, range, scanned, matched, delivered }: ReportShard) {
  return {
    number,
    range: { start: percentEncoded(range.start), end: range.end === undefined ? null : percentEncoded(range.end) },
    scanned,
    matched,
    firstKey: delivered === undefined ? null : percentEncoded(delivered.firstKey),
    lastKey: delivered === undefined ? null : percentEncoded(delivered.lastKey),
    rowsSha256: delivered?.digests?.rows ?? null,
    file: delivered === undefined ? null : fileDocument(delivered),
  };
}

function fileDocument({ file, digests }: DeliveredShard) {
  return { key: file.key, size: file.sizeBytes, md5: file.md5, sha256: digests?.file ?? null };
}

/** Key bytes as the rows of a report have them: all but `A-Z a-z 0-9 - . _ ~` as upper-case hex. */
export function percentEncoded(key: Uint8Array): string {
  return Buffer.from(key)
    .toString('latin1')
    .replace(
      /[^A-Za-z0-9._~-]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
