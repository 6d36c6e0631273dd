/** Finds what no version, part or composition names, and files that the index knows nothing of. */

import type { Database } from 'lmdb';
import { OLDEST_OPEN_CONTENT_ID } from '../bodies/content-ids.ts';
import { contentIdOf, contentKey } from '../index-database.ts';
import type { CheckContext } from './check-context.ts';
import type { ContentIdSet } from './content-id-set.ts';

export async function checkUnnamed(check: CheckContext): Promise<void> {
  const { named, snapshot } = check;
  const { db } = snapshot;
  await checkTable(check, db.bodies, named.bodies, 'is a body that nobody names');
  await checkTable(check, db.files, named.files, 'is the mark of a file that nobody names');
  await checkTable(check, db.compositions, named.compositions, 'is a list of parts that nobody names');
  await checkTable(check, db.metadata, named.contents, 'is the metadata of no version');
  await checkRemovals(check);
  await checkFiles(check);
}

async function checkTable<V>(
  check: CheckContext,
  table: Database<V, Uint8Array>,
  named: ContentIdSet,
  text: string,
): Promise<void> {
  for (const key of check.snapshot.keys(table)) {
    await check.step();
    const contentId = contentIdOf(key);
    if (!named.has(contentId)) check.report('content-unnamed', { contentId }, text);
  }
}

/** Marks of files that are to be removed. */
async function checkRemovals(check: CheckContext): Promise<void> {
  const { snapshot, named } = check;
  for (const key of snapshot.keys(snapshot.db.garbage)) {
    await check.step();
    const contentId = contentIdOf(key);
    if (!named.files.has(contentId)) continue;
    check.report('removal-of-live-body', { contentId }, 'is a body in use, and its file is marked to be removed');
  }
}

async function checkFiles(check: CheckContext): Promise<void> {
  const { snapshot } = check;
  const oldestOpen = snapshot.get(snapshot.db.meta, OLDEST_OPEN_CONTENT_ID) ?? 1;
  for await (const { name, contentId } of check.files.entries()) {
    await check.step();
    if (contentId === undefined) {
      check.report('file-foreign', {}, `is "${name}" among the body files, and no body is named so`);
    } else if (!snapshot.has(snapshot.db.files, contentKey(contentId))) {
      // What the next start removes is no fault: deleted bodies, and uploads that an end of the server broke off.
      if (contentId >= oldestOpen || snapshot.has(snapshot.db.garbage, contentKey(contentId)))
        check.counts.filesToRemove++;
      else check.report('file-unmarked', { contentId }, 'is a body file that nobody names');
    }
  }
}
