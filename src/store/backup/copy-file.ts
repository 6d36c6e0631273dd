/** Copies of files that are on disk when they are reported. */

import { constants, copyFile, link, open } from 'node:fs/promises';

export interface CopyFileOptions {
  /** A second name for the same file, where the file system is the same: for files that nobody writes into. */
  readonly isLinked?: boolean;
}

/** Copies a file to a name that is not taken, sharing its blocks where the file system can. The folder is not synced. */
export async function copyFileDurably(
  from: string,
  to: string,
  { isLinked = false }: CopyFileOptions = {},
): Promise<void> {
  // What is linked was synced when it was written.
  if (isLinked) return await link(from, to);
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await syncFile(to);
}

/** Files that are copied at once. */
const COPIES_AT_ONCE = 8;

export interface CopyFilesOptions extends CopyFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many more were copied. */
  readonly onFiles?: ((count: number) => void) | undefined;
}

/** Copies files, some at once. When it throws, no copy is under way any more. */
export async function copyFilesDurably(
  files: readonly { readonly from: string; readonly to: string }[],
  { signal, onFiles, ...options }: CopyFilesOptions,
): Promise<void> {
  for (let at = 0; at < files.length; at += COPIES_AT_ONCE) {
    signal?.throwIfAborted();
    const some = files.slice(at, at + COPIES_AT_ONCE);
    const copies = await Promise.allSettled(some.map(({ from, to }) => copyFileDurably(from, to, options)));
    const failed = copies.find((copy) => copy.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    onFiles?.(some.length);
  }
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
