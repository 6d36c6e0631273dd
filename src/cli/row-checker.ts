/**
 * Checks rows one after another, through all files of a report: form, bucket, order, none twice, and whether a delete
 * marker is one in all its columns. Rows are looked at as bytes where they lie, because a report may have a billion.
 */

import { boundText } from '../core/key-range.ts';
import { printable } from '../core/printable.ts';
import { DecodedKey } from './decoded-key.ts';
import type { ToldRange } from './told-report.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const KEY_AT = 1;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** Columns that tell of an object's content, which a delete marker has none of: it leaves them empty. */
const OF_CONTENT: readonly string[] = [
  'Size',
  'TransitionTime',
  'ETag',
  'StorageClass',
  'ObjectAcl',
  'TaggingCount',
  'ObjectType',
  'Crc64',
];

/** Versions of one key that are surely remembered, to find one that is there twice; up to twice as many may be. */
const MIN_VERSIONS_REMEMBERED = 100_000;

/** How a row stands to the one before is decided by key bytes, then by which version is newer. */
export class RowChecker {
  rows = 0;
  /** The first key of whose versions one has a later time than the one of the row above it. */
  keyOutOfTime: string | undefined;
  readonly #columns: readonly string[];
  readonly #bucket: Buffer;
  readonly #versionAt: number;
  readonly #latestAt: number;
  readonly #markerAt: number;
  readonly #sizeAt: number;
  readonly #contentAt: readonly number[];
  readonly #modifiedAt: number;
  /** Where the values of the present row begin and end, and whether quotes within them are doubled. */
  readonly #starts: number[];
  readonly #ends: number[];
  /** Decoded keys of the present row and the one above it; they take turns. */
  #key = new DecodedKey();
  #keyAbove = new DecodedKey();
  /** Of the file that the present row is in. */
  #range: ToldRange | undefined;
  #firstKeyOfFile: Buffer | undefined;
  #hasRowsInFile = false;
  #modifiedAbove = '';
  #versions = new Set<string>();
  /** Those before, once there were too many. */
  #olderVersions = new Set<string>();

  constructor(columns: readonly string[], bucket: string) {
    this.#columns = columns;
    this.#bucket = Buffer.from(bucket);
    this.#versionAt = columns.indexOf('VersionId');
    this.#latestAt = columns.indexOf('IsLatest');
    this.#markerAt = columns.indexOf('IsDeleteMarker');
    this.#sizeAt = columns.indexOf('Size');
    this.#contentAt = OF_CONTENT.map((name) => columns.indexOf(name)).filter((at) => at >= 0);
    this.#modifiedAt = columns.indexOf('LastModifiedDate');
    this.#starts = columns.map(() => 0);
    this.#ends = columns.map(() => 0);
  }

  /** From here on the rows are those of another file, whose keys lie in `range`, if one is known. */
  beginFile(range?: ToldRange): void {
    this.#range = range;
    this.#firstKeyOfFile = undefined;
    this.#hasRowsInFile = false;
  }

  /** The keys of the first and the last row of the file, as far as they could be read. */
  fileKeys(): { readonly firstKey?: Buffer; readonly lastKey?: Buffer } {
    return this.#firstKeyOfFile === undefined
      ? {}
      : { firstKey: this.#firstKeyOfFile, lastKey: this.#keyAbove.bytes() };
  }

  /** What is wrong with the next row, in words; undefined when it is right. It lies in `block`, without its newline. */
  check(block: Buffer, start: number, end: number): string | undefined {
    this.rows++;
    const count = this.#split(block, start, end);
    if (count < 0) return 'its quotes are not balanced';
    if (count !== this.#columns.length) {
      return `it has ${count} columns where the manifest names ${this.#columns.length}`;
    }
    if (!this.#key.decode(block, this.#startOf(KEY_AT), this.#endOf(KEY_AT))) return 'its key is not percent-encoded';
    const problem = this.#compare(block) ?? this.#checkRange() ?? this.#checkFlags(block);
    if (!this.#hasRowsInFile) this.#firstKeyOfFile = this.#key.bytes();
    this.#hasRowsInFile = true;
    [this.#key, this.#keyAbove] = [this.#keyAbove, this.#key];
    return this.#holds(block, 0, this.#bucket) ? problem : this.#wrongBucket(block);
  }

  /** Finds the values of a row; returns how many there are, or -1 when a quote has no other. */
  #split(block: Buffer, start: number, end: number): number {
    let at = start;
    for (let column = 0; ; column++) {
      const isQuoted = block[at] === QUOTE && at < end;
      const valueStart = isQuoted ? ++at : at;
      if (isQuoted) {
        for (; at < end; at++) {
          if (block[at] !== QUOTE) continue;
          if (at + 1 === end || block[at + 1] !== QUOTE) break;
          at++; // A doubled quote is one within the value.
        }
        if (at >= end) return -1;
      } else {
        while (at < end && block[at] !== COMMA) at++;
      }
      if (column < this.#columns.length) {
        this.#starts[column] = valueStart;
        this.#ends[column] = at;
      }
      if (isQuoted) at++;
      if (at >= end) return column + 1;
      if (block[at] !== COMMA) return -1;
      at++;
    }
  }

  #compare(block: Buffer): string | undefined {
    const order = this.rows === 1 ? 1 : this.#key.compare(this.#keyAbove);
    const problem = order === 0 ? this.#compareVersions(block) : undefined;
    if (order !== 0) this.#forgetVersions();
    if (this.#versionAt >= 0) this.#remember(this.#text(block, this.#versionAt));
    if (this.#modifiedAt >= 0 && this.#versionAt >= 0) this.#modifiedAbove = this.#text(block, this.#modifiedAt);
    if (order >= 0) return problem;
    return `its key "${this.#key}" comes before the key "${this.#keyAbove}" of the row above it`;
  }

  #checkRange(): string | undefined {
    if (this.#range === undefined) return undefined;
    const { shard, start, end } = this.#range;
    const isInside = this.#key.compareTo(start) >= 0 && (end === undefined || this.#key.compareTo(end) < 0);
    if (isInside) return undefined;
    return `its key "${this.#key}" lies outside of the range of shard ${shard}, from ${boundText(start)} up to ${boundText(end)}`;
  }

  /** The row has the key of the one above it. */
  #compareVersions(block: Buffer): string | undefined {
    const version = this.#versionAt < 0 ? '' : this.#text(block, this.#versionAt);
    if (this.#versionAt < 0 || this.#versions.has(version) || this.#olderVersions.has(version))
      return `the object "${this.#key}" is there twice`;
    if (this.#latestAt >= 0 && this.#holds(block, this.#latestAt, TRUE)) {
      return `the latest version of "${this.#key}" comes after an older one`;
    }
    // Times in this form compare like the instants they name. Which version is newer is not decided by them.
    if (this.#modifiedAt >= 0 && this.#text(block, this.#modifiedAt) > this.#modifiedAbove) {
      this.keyOutOfTime ??= this.#key.toString();
    }
    return undefined;
  }

  /** A key may have millions of versions, and memory has a bound: those long past are forgotten. */
  #remember(version: string): void {
    if (this.#versions.size >= MIN_VERSIONS_REMEMBERED) {
      this.#olderVersions = this.#versions;
      this.#versions = new Set();
    }
    this.#versions.add(version);
  }

  #forgetVersions(): void {
    this.#versions.clear();
    if (this.#olderVersions.size > 0) this.#olderVersions = new Set();
  }

  #checkFlags(block: Buffer): string | undefined {
    if (this.#latestAt >= 0 && !this.#isBoolean(block, this.#latestAt)) return this.#noBoolean(block, this.#latestAt);
    if (this.#markerAt < 0) return undefined;
    if (!this.#isBoolean(block, this.#markerAt)) return this.#noBoolean(block, this.#markerAt);
    if (this.#holds(block, this.#markerAt, FALSE)) {
      return this.#sizeAt >= 0 && this.#isEmpty(this.#sizeAt) ? `the object "${this.#key}" has no size` : undefined;
    }
    const at = this.#contentAt.find((column) => !this.#isEmpty(column));
    if (at === undefined) return undefined;
    return `the delete marker of "${this.#key}" has "${printable(this.#text(block, at))}" as its ${this.#columns[at]}`;
  }

  #isBoolean(block: Buffer, column: number): boolean {
    return this.#holds(block, column, TRUE) || this.#holds(block, column, FALSE);
  }

  #noBoolean(block: Buffer, column: number): string {
    return `its ${this.#columns[column]} is "${printable(this.#text(block, column))}", neither true nor false`;
  }

  #isEmpty(column: number): boolean {
    return this.#startOf(column) === this.#endOf(column);
  }

  #holds(block: Buffer, column: number, value: Buffer): boolean {
    const [start, end] = [this.#startOf(column), this.#endOf(column)];
    if (end - start !== value.length) return false;
    for (let i = 0; i < value.length; i++) if (block[start + i] !== value[i]) return false;
    return true;
  }

  #wrongBucket(block: Buffer): string {
    return `its bucket is "${printable(this.#text(block, 0))}", not "${this.#bucket}"`;
  }

  #text(block: Buffer, column: number): string {
    return block.toString('latin1', this.#startOf(column), this.#endOf(column));
  }

  #startOf = (column: number): number => this.#starts[column] ?? 0;
  #endOf = (column: number): number => this.#ends[column] ?? 0;
}
