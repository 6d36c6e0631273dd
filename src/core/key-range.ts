/**
 * A contiguous part of a bucket's key space: `start` is inside, `end` is not. Keys compare as UTF-8 bytes, never by
 * locale, because listings and reports promise that order.
 */

import { afterPrefix } from './object-key.ts';
import { printable } from './printable.ts';

export interface KeyRange {
  readonly start: Uint8Array;
  readonly end?: Uint8Array;
}

/** All keys that begin with `prefix`; an empty prefix gives the whole key space. */
export function prefixRange(prefix: string): KeyRange {
  const start = Buffer.from(prefix);
  const end = afterPrefix(start);
  return end === undefined ? { start } : { start, end };
}

/** Cuts `range` at each of `keys`, which lie inside it in rising order; the parts together are the range again. */
export function cutRange(range: KeyRange, keys: readonly Uint8Array[]): KeyRange[] {
  const parts: KeyRange[] = [];
  let start = range.start;
  for (const key of keys) {
    parts.push({ start, end: key });
    start = key;
  }
  parts.push(range.end === undefined ? { start } : { start, end: range.end });
  return parts;
}

export interface CoverFault {
  /** The part that is wrong, counted from 0. */
  readonly part: number;
  readonly text: string;
}

/** What keeps `parts`, in their order, from being `whole` cut up without gap or overlap; undefined when nothing does. */
export function coverFault(whole: KeyRange, parts: readonly KeyRange[]): CoverFault | undefined {
  let reached: Uint8Array | undefined = whole.start;
  for (const [part, { start, end }] of parts.entries()) {
    const order: number = reached === undefined ? -1 : Buffer.compare(start, reached);
    if (order !== 0) {
      const before = part === 0 ? 'the keys to cover begin' : 'the range before it ends';
      const wrong = order > 0 ? 'left out' : part === 0 ? 'not to be covered' : 'covered twice';
      const text = `its range begins at ${boundText(start)}, where ${before} at ${boundText(reached)}: what lies between is ${wrong}`;
      return { part, text };
    }
    if (end !== undefined && Buffer.compare(start, end) > 0) {
      return { part, text: `its range ends at ${boundText(end)}, before it begins at ${boundText(start)}` };
    }
    reached = end;
  }
  if (isSameBound(reached, whole.end)) return undefined;
  const text = `the last range ends at ${boundText(reached)}, where the keys to cover end at ${boundText(whole.end)}`;
  return { part: Math.max(0, parts.length - 1), text };
}

function isSameBound(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

/** A key or the bound of a range, for people; a range without an end goes to the end of all keys. */
export function boundText(key: Uint8Array | undefined): string {
  return key === undefined ? 'the end of all keys' : `"${printable(Buffer.from(key).toString())}"`;
}
