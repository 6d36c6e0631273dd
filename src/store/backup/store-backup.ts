/** Copies a store as of one instant into a folder of its own, in the form in which a server opens it. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BodyFiles, bodiesFolder, syncFolder } from '../bodies/body-files.ts';
import { contentIdOf } from '../index-database.ts';
import type { IndexSnapshot } from '../index-snapshot.ts';
import { copyFilesDurably } from './copy-file.ts';
import { copyIndex } from './copy-index.ts';

/** A store at one instant, none of whose files is removed while it lasts. */
export interface FrozenStore {
  readonly snapshot: IndexSnapshot;
  readonly files: BodyFiles;
}

export interface StoreBackupOptions {
  /** An empty folder. */
  readonly folder: string;
  /** Give body files a second name instead of copying them. */
  readonly isLinked: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((counts: StoreBackupCounts) => void) | undefined;
}

export interface StoreBackupCounts {
  readonly rows: number;
  readonly files: number;
}

/** Resolves when all of it is on disk. */
export async function backUpStore(
  { snapshot, files }: FrozenStore,
  { folder, isLinked, signal, onProgress }: StoreBackupOptions,
): Promise<StoreBackupCounts> {
  const counts = { rows: 0, files: 0 };
  await copyIndex(snapshot, folder, {
    signal,
    onRows(count) {
      counts.rows += count;
      onProgress?.(counts);
    },
  });
  const bodies = bodiesFolder(folder);
  await mkdir(bodies);
  const copies = BodyFiles.at(folder);
  const onFiles = (count: number) => {
    counts.files += count;
    onProgress?.(counts);
  };
  for (const [target, ids] of inFolders(snapshot, copies)) {
    await mkdir(target);
    const pairs = ids.map((id) => ({ from: files.pathOf(id), to: copies.pathOf(id) }));
    await copyFilesDurably(pairs, { isLinked, signal, onFiles });
    await syncFolder(target);
  }
  for (const each of [bodies, folder]) await syncFolder(each);
  return counts;
}

/** The ids of all body files, those of one folder at a time: ids rise, and each folder holds a span of them. */
function* inFolders(snapshot: IndexSnapshot, copies: BodyFiles): Generator<[folder: string, ids: number[]]> {
  let folder = '';
  let ids: number[] = [];
  for (const key of snapshot.keys(snapshot.db.files)) {
    const id = contentIdOf(key);
    const next = path.dirname(copies.pathOf(id));
    if (next !== folder && ids.length > 0) {
      yield [folder, ids];
      ids = [];
    }
    folder = next;
    ids.push(id);
  }
  if (ids.length > 0) yield [folder, ids];
}
