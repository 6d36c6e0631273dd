/**
 * Checks a store that nobody changes meanwhile: the index against itself, the bodies against the index. It only reads.
 * Memory does not grow with the objects, but for a few bits for each content id.
 */

import type { BodyFiles } from '../bodies/body-files.ts';
import type { IndexDatabase } from '../index-database.ts';
import { IndexSnapshot } from '../index-snapshot.ts';
import { CheckContext, type CheckCounts, type CheckOptions } from './check-context.ts';
import { checkTotals } from './check-totals.ts';
import { checkUnnamed } from './check-unnamed.ts';
import { checkUploads } from './check-uploads.ts';
import { checkLatest, checkNoncurrent, checkNullVersions } from './check-versions.ts';

/** Tells `onFinding` of each fault, and returns what was looked at. */
export async function checkStore(db: IndexDatabase, files: BodyFiles, options: CheckOptions): Promise<CheckCounts> {
  const snapshot = new IndexSnapshot(db);
  try {
    const check = new CheckContext(snapshot, files, options);
    await check.turn();
    await checkLatest(check);
    await checkNoncurrent(check);
    await checkNullVersions(check);
    await checkUploads(check);
    checkTotals(check);
    await checkUnnamed(check);
    return check.counts;
  } finally {
    snapshot.close();
  }
}
