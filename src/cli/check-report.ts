/**
 * Holds a delivered report against itself: the checksum against the manifest, every data file against the size and
 * MD5 that the manifest gives, every row against the columns, and the order of all rows (docs/reference/report.md). A problem says where: the file, and the row within it.
 */

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { printable } from '../core/printable.ts';
import { MAX_MANIFEST_BYTES } from '../core/report.ts';
import { GzipDamage, gunzipMember } from './gzip-member.ts';
import { RowDamage, readRows } from './read-rows.ts';
import type { ReportSource } from './report-source.ts';
import { RowChecker } from './row-checker.ts';

export interface Problem {
  /** The manifest, the checksum, or the key of a data file. */
  readonly file: string;
  /** Counted from 1 within the file. */
  readonly row?: number;
  readonly text: string;
}

export interface ReportCheck {
  readonly problems: readonly Problem[];
  readonly files: number;
  readonly rows: number;
}

/** More problems than that say nothing new. */
const MAX_PROBLEMS = 20;
/** Blanks and a newline may surround the 32 digits. */
const MAX_CHECKSUM_BYTES = 1024;
/** Rows between two looks at the progress. */
const PROGRESS_ROWS = 65_536;

const manifestSchema = z.object({
  creationTimestamp: z.string(),
  destinationBucket: z.string(),
  fileFormat: z.literal('CSV'),
  fileSchema: z.string().regex(/^Bucket, Key(, |$)/, { error: 'must name the columns, Bucket and Key first' }),
  files: z.array(z.object({ MD5checksum: z.string(), key: z.string(), size: z.number() })),
  sourceBucket: z.string(),
  version: z.string(),
});

type ManifestFile = z.infer<typeof manifestSchema>['files'][number];

export async function checkReport(source: ReportSource, onRows: (rows: number) => void): Promise<ReportCheck> {
  const problems: Problem[] = [];
  const bytes = await readUpTo(MAX_MANIFEST_BYTES, await source.manifest());
  if (bytes === undefined) {
    const text = `it has more than ${MAX_MANIFEST_BYTES} bytes, which no manifest has`;
    return { problems: [{ file: source.manifestName, text }], files: 0, rows: 0 };
  }
  await checkChecksum(source, bytes, problems);
  const manifest = readManifest(bytes, source.manifestName, problems);
  if (manifest === undefined) return { problems, files: 0, rows: 0 };

  const checker = new RowChecker(manifest.fileSchema.split(', '), manifest.sourceBucket);
  for (const file of manifest.files) {
    if (problems.length >= MAX_PROBLEMS) break;
    await checkFile(source, file, { checker, problems, onRows });
    onRows(checker.rows);
  }
  return { problems: problems.slice(0, MAX_PROBLEMS), files: manifest.files.length, rows: checker.rows };
}

async function checkChecksum(source: ReportSource, manifest: Buffer, problems: Problem[]): Promise<void> {
  const stream = await source.checksum();
  if (stream === undefined) {
    problems.push({ file: 'manifest.checksum', text: 'the file is missing' });
    return;
  }
  const expected = (await readUpTo(MAX_CHECKSUM_BYTES, stream))?.toString().trim() ?? 'far more than a checksum';
  const actual = md5Of(manifest);
  if (actual === expected) return;
  const text = `its MD5 is ${actual}, and manifest.checksum says "${printable(expected, 64)}"`;
  problems.push({ file: source.manifestName, text });
}

function readManifest(bytes: Buffer, file: string, problems: Problem[]) {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch (error) {
    problems.push({ file, text: `it is no JSON: ${printable((error as Error).message)}` });
    return undefined;
  }
  const result = manifestSchema.safeParse(document);
  if (result.success) return result.data;
  for (const issue of result.error.issues.slice(0, MAX_PROBLEMS)) {
    problems.push({ file, text: `${issue.path.join('.') || 'the document'}: ${issue.message}` });
  }
  return undefined;
}

interface Check {
  readonly checker: RowChecker;
  readonly problems: Problem[];
  readonly onRows: (rows: number) => void;
}

async function checkFile(
  source: ReportSource,
  file: ManifestFile,
  { checker, problems, onRows }: Check,
): Promise<void> {
  const name = printable(file.key, 1024);
  const stream = await source.dataFile(file.key);
  if (stream === undefined) {
    problems.push({ file: name, text: 'the file is missing' });
    return;
  }
  const meter = new Meter(stream);
  const rowProblems: Problem[] = [];
  let row = 0;
  try {
    await readRows(gunzipMember(meter), (block, start, end) => {
      row++;
      const text = checker.check(block, start, end);
      if (text !== undefined && rowProblems.length < MAX_PROBLEMS) rowProblems.push({ file: name, row, text });
      if (row % PROGRESS_ROWS === 0) onRows(checker.rows);
    });
  } catch (error) {
    if (!(error instanceof GzipDamage || error instanceof RowDamage)) throw error;
    rowProblems.push({ file: name, row: row + 1, text: error.message });
  }
  if (meter.sizeBytes !== file.size) {
    problems.push({ file: name, text: `it has ${meter.sizeBytes} bytes, and the manifest says ${file.size}` });
  }
  const md5 = meter.md5();
  if (md5 !== file.MD5checksum) {
    const text = `its MD5 is ${md5}, and the manifest says ${printable(file.MD5checksum)}`;
    problems.push({ file: name, text });
  }
  problems.push(...rowProblems);
}

/** Counts and hashes bytes on their way. */
class Meter implements AsyncIterable<Buffer> {
  sizeBytes = 0;
  readonly #source: Readable;
  readonly #md5 = createHash('md5');

  constructor(source: Readable) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.#source as AsyncIterable<Buffer>) {
      this.#md5.update(chunk);
      this.sizeBytes += chunk.length;
      yield chunk;
    }
  }

  md5(): string {
    return this.#md5.digest('hex').toUpperCase();
  }
}

function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex').toUpperCase();
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
