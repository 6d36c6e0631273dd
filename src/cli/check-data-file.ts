/** One data file and its rows, held against what the manifest and, if there is one, report.json say of them. */

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { boundText } from '../core/key-range.ts';
import { printable } from '../core/printable.ts';
import { GzipDamage, gunzipMember } from './gzip-member.ts';
import type { ManifestFile } from './manifest-document.ts';
import { MAX_PROBLEMS, type Problems } from './problems.ts';
import { RowDamage, readRows } from './read-rows.ts';
import type { RowChecker } from './row-checker.ts';
import type { ToldFile, ToldShard } from './told-report.ts';

/** Rows between two looks at the progress. */
const PROGRESS_ROWS = 65_536;

export interface DataFileCheck {
  /** The shard that wrote the file, as report.json has it. */
  readonly told: ToldShard | undefined;
  readonly checker: RowChecker;
  readonly problems: Problems;
  readonly onRows: (rows: number) => void;
}

export async function checkDataFile(stream: Readable, file: ManifestFile, check: DataFileCheck): Promise<void> {
  const { told, checker, problems, onRows } = check;
  const delivered = new Meter(stream);
  const unpacked = new Meter(gunzipMember(delivered));
  const rowProblems: { readonly row: number; readonly text: string }[] = [];
  let row = 0;
  checker.beginFile(told?.range);
  try {
    await readRows(unpacked, (block, start, end) => {
      row++;
      const text = checker.check(block, start, end);
      if (text !== undefined && rowProblems.length < MAX_PROBLEMS) rowProblems.push({ row, text });
      if (row % PROGRESS_ROWS === 0) onRows(checker.rows);
    });
  } catch (error) {
    if (!(error instanceof GzipDamage || error instanceof RowDamage)) throw error;
    rowProblems.push({ row: row + 1, text: error.message });
  }
  if (delivered.sizeBytes !== file.size) {
    problems.add({ text: `it has ${delivered.sizeBytes} bytes, and the manifest says ${file.size}` });
  }
  const md5 = delivered.md5();
  if (md5 !== file.MD5checksum) {
    problems.add({ text: `its MD5 is ${md5}, and the manifest says ${printable(file.MD5checksum)}` });
  }
  if (told?.delivered !== undefined) {
    const found = { rows: row, sha256: delivered.sha256(), rowsSha256: unpacked.sha256(), ...checker.fileKeys() };
    checkTold(found, { ...told.delivered, rows: told.matched, shard: told.range.shard }, problems);
  }
  for (const problem of rowProblems) problems.add(problem);
}

type RowsOfFile = Pick<ToldFile, 'sha256' | 'rowsSha256'> & { readonly rows: number } & Partial<
    Pick<ToldFile, 'firstKey' | 'lastKey'>
  >;

function checkTold(found: RowsOfFile, told: ToldFile & { rows: number; shard: number }, problems: Problems): void {
  const { shard } = told;
  const same = (what: string, ours: string | number, theirs: string | number) => {
    if (ours !== theirs) problems.add({ shard, text: `${what} ${ours}, and report.json says ${theirs}` });
  };
  same('its number of rows is', found.rows, told.rows);
  const sameKey = (what: string, ours: Buffer | undefined, theirs: Buffer) => {
    // Without a key that can be read, the row itself is told of.
    if (ours === undefined || ours.equals(theirs)) return;
    const at = ours.findIndex((byte, index) => byte !== theirs[index]);
    const differs = `they differ from byte ${at < 0 ? ours.length : at} on`;
    problems.add({ shard, text: `${what} ${boundText(ours)}, and report.json says ${boundText(theirs)}; ${differs}` });
  };
  sameKey('its first key is', found.firstKey, told.firstKey);
  sameKey('its last key is', found.lastKey, told.lastKey);
  same('the SHA-256 of its rows is', found.rowsSha256, told.rowsSha256);
  same('its SHA-256 is', found.sha256, told.sha256);
}

/** Counts and hashes bytes on their way. */
class Meter implements AsyncIterable<Buffer> {
  sizeBytes = 0;
  readonly #source: AsyncIterable<Buffer>;
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.#source) {
      this.#md5.update(chunk);
      this.#sha256.update(chunk);
      this.sizeBytes += chunk.length;
      yield chunk;
    }
  }

  md5(): string {
    return this.#md5.digest('hex').toUpperCase();
  }

  sha256(): string {
    return this.#sha256.digest('hex');
  }
}
