/** Reads `report.json`, which is somebody's word: bounded, checked in its form, its keys decoded. */

import { z } from 'zod';
import { isNestedBeyond } from '../core/json-depth.ts';
import { printable } from '../core/printable.ts';
import { reportColumns } from '../core/report-columns.ts';
import { OBJECT_VERSIONS } from '../core/rule.ts';
import type { Problems } from './problems.ts';

/** What a run tells of its report. */
export interface ToldReport {
  readonly sourceBucket: string;
  readonly destinationBucket: string;
  /** Of the rule: the report covers all keys that begin so. */
  readonly prefix: string;
  readonly columns: readonly string[];
  /** Those that the rule asks for. */
  readonly ruleColumns: readonly string[];
  readonly startedAtMs: number;
  readonly pointInTimeMs: number;
  readonly counts: { readonly scanned: number; readonly matched: number; readonly bytesWritten: number };
  readonly shards: readonly ToldShard[];
  readonly manifestSha256: string;
}

export interface ToldRange {
  /** As report.json counts the shards. */
  readonly shard: number;
  readonly start: Buffer;
  /** Absent where the range has none. */
  readonly end?: Buffer;
}

export interface ToldShard {
  readonly range: ToldRange;
  readonly scanned: number;
  readonly matched: number;
  /** Absent when no row matched. */
  readonly delivered?: ToldFile;
}

export interface ToldFile {
  readonly key: string;
  readonly sizeBytes: number;
  readonly md5: string;
  readonly sha256: string;
  readonly rowsSha256: string;
  readonly firstKey: Buffer;
  readonly lastKey: Buffer;
}

const MAX_LEVELS = 16;
/** Of a key, percent-encoded: no store takes one of more than 1,024 bytes. */
const MAX_KEY_CHARACTERS = 3 * 1024;

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be 64 lower-case hexadecimal digits' });
const md5 = z.string().regex(/^[0-9A-F]{32}$/, { error: 'must be 32 upper-case hexadecimal digits' });
const key = z
  .string()
  // First, because a longer one could take more of the stack than there is.
  .max(MAX_KEY_CHARACTERS, { error: `must have ${MAX_KEY_CHARACTERS} characters at the most`, abort: true })
  .regex(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/, { error: 'must be percent-encoded' })
  .transform(decodeKey);

const time = z.iso.datetime().transform((text) => Date.parse(text));

const reportSchema = z.object({
  version: z.literal('1', { error: 'must be "1", the only form that this version reads' }),
  run: z.object({ startedAt: time }),
  pointInTime: time,
  source: z.object({ bucket: z.string() }),
  rule: z.object({
    filter: z.object({ prefix: z.string().optional() }),
    destination: z.object({ bucket: z.string() }),
    includedObjectVersions: z.enum(OBJECT_VERSIONS),
    optionalFields: z.array(z.string()).max(64),
  }),
  columns: z.array(z.string()).max(64),
  counts: z.object({ scanned: count, matched: count, bytesWritten: count }),
  keyEncoding: z.literal('percent'),
  // Each by itself, so that a million wrong ones give no million messages.
  shards: z.array(z.unknown()),
  manifest: z.object({ sha256 }),
});

const rangeSchema = z.object({ start: key, end: key.nullable() });
const emptyShardSchema = z.object({
  number: count,
  range: rangeSchema,
  scanned: count,
  matched: z.literal(0),
  firstKey: z.null(),
  lastKey: z.null(),
  rowsSha256: z.null(),
  file: z.null(),
});
const deliveredShardSchema = z.object({
  number: count,
  range: rangeSchema,
  scanned: count,
  matched: count.positive(),
  firstKey: key,
  lastKey: key,
  rowsSha256: sha256,
  file: z.object({ key: z.string(), size: count, md5, sha256 }),
});

/** Undefined, and the problems are told, when it is none. */
export function readToldReport(bytes: Buffer, problems: Problems): ToldReport | undefined {
  const document = parse(bytes, problems);
  if (document === undefined) return undefined;
  const result = reportSchema.safeParse(document);
  if (!result.success) {
    problems.addIssues(result.error.issues);
    return undefined;
  }
  const { run, pointInTime, source, rule, columns, counts, shards, manifest } = result.data;
  const told: ToldShard[] = [];
  for (const [index, shard] of shards.entries()) {
    if (problems.isFull) return undefined;
    const read = readShard(shard, index, problems);
    if (read !== undefined) told.push(read);
  }
  if (told.length < shards.length) return undefined;
  return {
    sourceBucket: source.bucket,
    destinationBucket: rule.destination.bucket,
    prefix: rule.filter.prefix ?? '',
    columns,
    ruleColumns: reportColumns(rule),
    startedAtMs: run.startedAt,
    pointInTimeMs: pointInTime,
    counts,
    shards: told,
    manifestSha256: manifest.sha256,
  };
}

function parse(bytes: Buffer, problems: Problems): unknown {
  const text = bytes.toString();
  if (isNestedBeyond(MAX_LEVELS, text)) {
    problems.add({ text: `its lists and objects lie in each other more than ${MAX_LEVELS} deep` });
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    problems.add({ text: `it is no JSON: ${printable((error as Error).message)}` });
    return undefined;
  }
}

function readShard(document: unknown, index: number, problems: Problems): ToldShard | undefined {
  const isEmpty = z.object({ matched: z.literal(0) }).safeParse(document).success;
  const result = (isEmpty ? emptyShardSchema : deliveredShardSchema).safeParse(document);
  if (!result.success) {
    problems.addIssues(result.error.issues, { shard: index });
    return undefined;
  }
  const { number, range, scanned, matched, firstKey, lastKey, rowsSha256, file } = result.data;
  if (number !== index) {
    problems.add({ shard: index, text: `its number is ${number}, and it is the one after ${index} others` });
    return undefined;
  }
  const { start, end } = range;
  const facts = { range: { shard: index, start, ...(end !== null && { end }) }, scanned, matched };
  if (file === null) return facts;
  const { key, size, md5, sha256 } = file;
  return { ...facts, delivered: { key, sizeBytes: size, md5, sha256, rowsSha256, firstKey, lastKey } };
}

/** Byte by byte, because a key of another store need not be UTF-8. */
function decodeKey(text: string): Buffer {
  const latin1 = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}
