/**
 * A rule's filter on packed records: decided from the record's bytes, before the key is looked at. The prefix is no
 * part of it, because it bounds the range that is scanned at all. Bounds are inclusive; times count whole seconds. A
 * delete marker has a time, and neither size nor class: it passes no filter by one of these.
 */

import { AT, FLAG, STORAGE_CLASSES } from '../core/record.ts';
import { ALL_STORAGE_CLASSES, type Rule } from '../core/rule.ts';

export type RowFilter = (records: DataView, at: number) => boolean;

export function createRowFilter({ filter, includedObjectVersions }: Rule): RowFilter {
  const minMs = (filter.lastModifiedBegin ?? Number.NEGATIVE_INFINITY) * 1000;
  const endMs = ((filter.lastModifiedEnd ?? Number.POSITIVE_INFINITY) + 1) * 1000;
  const minSize = filter.lowerSizeBytes ?? 0;
  const maxSize = filter.upperSizeBytes ?? Number.POSITIVE_INFINITY;
  const classMask = maskOf(filter.storageClasses);
  const isOfContent =
    filter.lowerSizeBytes !== undefined || filter.upperSizeBytes !== undefined || classMask !== EVERY_CLASS;
  const refusedFlags =
    (includedObjectVersions === 'Current' ? FLAG.deleteMarker | FLAG.notLatest : 0) |
    (isOfContent ? FLAG.deleteMarker : 0);

  return (records, at) => {
    if ((records.getUint8(at + AT.flags) & refusedFlags) !== 0) return false;
    if ((classMask & (1 << records.getUint8(at + AT.storageClass))) === 0) return false;
    const size = records.getFloat64(at + AT.size, true);
    if (size < minSize || size > maxSize) return false;
    const modifiedMs = records.getFloat64(at + AT.lastModified, true);
    return modifiedMs >= minMs && modifiedMs < endMs;
  };
}

const EVERY_CLASS = ~0;

/** One bit for each storage class that passes. */
function maskOf(classes: readonly string[] | undefined): number {
  if (classes === undefined || classes.includes(ALL_STORAGE_CLASSES)) return EVERY_CLASS;
  return STORAGE_CLASSES.reduce((mask, name, code) => (classes.includes(name) ? mask | (1 << code) : mask), 0);
}
