/**
 * Copies the index as of one instant into an environment of its own, by reading it in order and appending: the copy has
 * no free pages, and reading it is the proof that it can be read. It takes the databases by the names that they have, so
 * that none is forgotten.
 */

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Database, RootDatabase } from 'lmdb';
import { syncFolder } from '../bodies/body-files.ts';
import { indexFile, indexFolder, openRoot } from '../index-database.ts';
import type { IndexSnapshot } from '../index-snapshot.ts';
import { syncFile } from './copy-file.ts';

/** Rows that are copied before others get their turn. */
const BATCH_ROWS = 1000;

export interface CopyIndexOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: ((count: number) => void) | undefined;
}

/** Makes the index of the store in `folder`, which has none. Resolves when it is on disk. */
export async function copyIndex(
  snapshot: IndexSnapshot,
  folder: string,
  { signal, onRows }: CopyIndexOptions = {},
): Promise<void> {
  const copy = openRoot(folder, { isSynced: false });
  try {
    for (const name of snapshot.names()) {
      const to = openRaw(copy, name);
      let copied = 0;
      for (const rows of inBatches(snapshot.range(openRaw(snapshot.db.root, name)))) {
        signal?.throwIfAborted();
        copy.transactionSync(() => {
          for (const { key, value } of rows) to.putSync(key, value, { append: true });
        });
        copied += rows.length;
        onRows?.(rows.length);
        await setImmediate();
      }
      // Appending out of order is refused without a word.
      const { entryCount: kept } = to.getStats() as { readonly entryCount: number };
      if (kept !== copied) throw new Error(`the copy of the index has ${kept} of the ${copied} rows of "${name}"`);
    }
  } finally {
    await copy.close();
  }
  const files = indexFolder(folder);
  // For the processes that have it open; none has.
  await rm(path.join(files, 'lock.mdb'), { force: true });
  await syncFile(indexFile(folder));
  await syncFolder(files);
}

/** A database by its bytes, whatever it holds. */
function openRaw(root: RootDatabase, name: string): Database<Buffer, Uint8Array> {
  return root.openDB({ name, keyEncoding: 'binary', encoding: 'binary' });
}

function* inBatches<T>(rows: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
