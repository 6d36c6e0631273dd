/**
 * A rule's filter on packed records: decided from the record's bytes, before the key is looked at. The prefix is no
 * part of it, because it bounds the range that is scanned at all. Bounds are inclusive; times count whole seconds.
 */

import { AT, FLAG, STORAGE_CLASSES } from '../core/record.ts';
import { ALL_STORAGE_CLASSES, type Rule } from '../core/rule.ts';

export type RowFilter = (records: DataView, at: number) => boolean;

export function createRowFilter({ filter, includedObjectVersions }: Rule): RowFilter {
  const isCurrentOnly = includedObjectVersions === 'Current';
  const minMs = (filter.lastModifiedBegin ?? Number.NEGATIVE_INFINITY) * 1000;
  const endMs = ((filter.lastModifiedEnd ?? Number.POSITIVE_INFINITY) + 1) * 1000;
  const minSize = filter.lowerSizeBytes ?? 0;
  const maxSize = filter.upperSizeBytes ?? Number.POSITIVE_INFINITY;
  const classMask = maskOf(filter.storageClasses);

  return (records, at) => {
    if (isCurrentOnly && (records.getUint8(at + AT.flags) & (FLAG.deleteMarker | FLAG.notLatest)) !== 0) return false;
    if ((classMask & (1 << records.getUint8(at + AT.storageClass))) === 0) return false;
    const size = records.getFloat64(at + AT.size, true);
    if (size < minSize || size > maxSize) return false;
    const modifiedMs = records.getFloat64(at + AT.lastModified, true);
    return modifiedMs >= minMs && modifiedMs < endMs;
  };
}

/** One bit for each storage class that passes. */
function maskOf(classes: readonly string[] | undefined): number {
  if (classes === undefined || classes.includes(ALL_STORAGE_CLASSES)) return ~0;
  return STORAGE_CLASSES.reduce((mask, name, code) => (classes.includes(name) ? mask | (1 << code) : mask), 0);
}
