/**
 * Checks rows one after another, through all files of a report: form, bucket, order, none twice. Rows are looked at as
 * bytes where they lie, because a report may have a billion of them.
 */

import { printable } from '../core/printable.ts';

const QUOTE = 0x22;
const PERCENT = 0x25;
const COMMA = 0x2c;
const KEY_AT = 1;

/** Versions of one key that are surely remembered, to find one that is there twice; up to twice as many may be. */
const MIN_VERSIONS_REMEMBERED = 100_000;

/** How a row stands to the one before is decided by key bytes, then by which version is newer. */
export class RowChecker {
  rows = 0;
  readonly #columns: number;
  readonly #bucket: Buffer;
  readonly #versionAt: number;
  readonly #latestAt: number;
  readonly #modifiedAt: number;
  /** Where the values of the present row begin and end, and whether quotes within them are doubled. */
  readonly #starts: number[];
  readonly #ends: number[];
  /** Decoded keys of the present row and the one above it; they take turns. */
  #key = new Key();
  #keyAbove = new Key();
  #modifiedAbove = '';
  #versions = new Set<string>();
  /** Those before, once there were too many. */
  #olderVersions = new Set<string>();

  constructor(columns: readonly string[], bucket: string) {
    this.#columns = columns.length;
    this.#bucket = Buffer.from(bucket);
    this.#versionAt = columns.indexOf('VersionId');
    this.#latestAt = columns.indexOf('IsLatest');
    this.#modifiedAt = columns.indexOf('LastModifiedDate');
    this.#starts = columns.map(() => 0);
    this.#ends = columns.map(() => 0);
  }

  /** What is wrong with the next row, in words; undefined when it is right. It lies in `block`, without its newline. */
  check(block: Buffer, start: number, end: number): string | undefined {
    this.rows++;
    const count = this.#split(block, start, end);
    if (count < 0) return 'its quotes are not balanced';
    if (count !== this.#columns) return `it has ${count} columns where the manifest names ${this.#columns}`;
    if (!this.#key.decode(block, this.#startOf(KEY_AT), this.#endOf(KEY_AT))) return 'its key is not percent-encoded';
    const problem = this.#compare(block);
    [this.#key, this.#keyAbove] = [this.#keyAbove, this.#key];
    return this.#isOfBucket(block) ? problem : this.#wrongBucket(block);
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
      if (column < this.#columns) {
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

  /** The row has the key of the one above it. */
  #compareVersions(block: Buffer): string | undefined {
    const version = this.#versionAt < 0 ? '' : this.#text(block, this.#versionAt);
    if (this.#versionAt < 0 || this.#versions.has(version) || this.#olderVersions.has(version))
      return `the object "${this.#key}" is there twice`;
    if (this.#latestAt >= 0 && this.#text(block, this.#latestAt) === 'true') {
      return `the latest version of "${this.#key}" comes after an older one`;
    }
    // Times in this form compare like the instants they name.
    if (this.#modifiedAt >= 0 && this.#text(block, this.#modifiedAt) > this.#modifiedAbove) {
      return `the version of "${this.#key}" is newer than the one of the row above it`;
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

  #isOfBucket(block: Buffer): boolean {
    const [start, end] = [this.#startOf(0), this.#endOf(0)];
    if (end - start !== this.#bucket.length) return false;
    for (let i = 0; i < this.#bucket.length; i++) if (block[start + i] !== this.#bucket[i]) return false;
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

/** A percent-encoded key, decoded into a buffer that is used again and again. */
class Key {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  /** False when a percent sign is not followed by two hexadecimal digits. */
  decode(block: Buffer, start: number, end: number): boolean {
    if (end - start > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(end - start);
    const bytes = this.#bytes;
    let length = 0;
    for (let at = start; at < end; at++) {
      let byte = block[at] ?? 0;
      if (byte === PERCENT) {
        if (at + 2 >= end) return false;
        byte = (HEX[block[at + 1] ?? 0] ?? -1) * 16 + (HEX[block[at + 2] ?? 0] ?? -1);
        if (byte < 0) return false;
        at += 2;
      }
      bytes[length++] = byte;
    }
    this.#length = length;
    return true;
  }

  compare(other: Key): number {
    const [ours, theirs] = [this.#bytes, other.#bytes];
    const length = Math.min(this.#length, other.#length);
    for (let i = 0; i < length; i++) {
      const difference = (ours[i] ?? 0) - (theirs[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return this.#length - other.#length;
  }

  toString(): string {
    return printable(this.#bytes.toString('utf8', 0, this.#length));
  }
}

/** The value of a hexadecimal digit; far below zero for any other byte, so that a sum with it is negative. */
const HEX = Int16Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1000 : value;
});
