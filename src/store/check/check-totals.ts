/** Compares what is kept of a bucket's totals with what was counted anew. */

import { isDeepStrictEqual } from 'node:util';
import { TotalsTable } from '../totals.ts';
import type { CheckContext } from './check-context.ts';

/** Comes after all versions and uploads. */
export function checkTotals(check: CheckContext): void {
  const { snapshot, buckets, recount } = check;
  const { totals } = snapshot.db;
  const kept = new TotalsTable({
    totals: {
      get: (number: number) => snapshot.get(totals, number),
      putSync: refuseToWrite,
      removeSync: refuseToWrite,
    },
  });
  for (const bucket of buckets.values()) {
    // When something last changed is not to be told from what there is.
    const said = { ...kept.get(bucket), lastModifiedMs: 0 };
    const counted = { ...recount.get(bucket), lastModifiedMs: 0 };
    if (isDeepStrictEqual(said, counted)) continue;
    const text = `has totals of ${JSON.stringify(said)}, and counted are ${JSON.stringify(counted)}`;
    check.report('totals-wrong', { bucket: bucket.name }, text);
  }
  for (const number of snapshot.keys(totals)) {
    if (!buckets.has(number))
      check.report('totals-wrong', {}, `are the totals of bucket number ${number}, which does not exist`);
  }
}

function refuseToWrite(): never {
  throw new Error('a check does not write');
}
