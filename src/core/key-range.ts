/**
 * A contiguous part of a bucket's key space: `start` is inside, `end` is not. Keys compare as UTF-8 bytes, never by
 * locale, because listings and reports promise that order.
 */

import { afterPrefix } from './object-key.ts';

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
