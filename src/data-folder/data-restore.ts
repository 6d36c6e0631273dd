/**
 * Makes a data folder of a backup. It is written under another name beside its place and checked there, so that
 * whatever happens nobody takes a part of it for the whole.
 */

import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CONTROL_FILE } from '../control/control-database.ts';
import { copyFileDurably } from '../store/backup/copy-file.ts';
import { copyTree } from '../store/backup/copy-tree.ts';
import { bodiesFolder, isMissing, syncFolder } from '../store/bodies/body-files.ts';
import type { CheckCounts } from '../store/check/check-context.ts';
import { indexFile } from '../store/index-database.ts';
import { type BackupDescription, backedUpData, describeBackup, sha256Of, storeFolder } from './data-backup.ts';
import { checkData, describeFinding } from './data-check.ts';
import { rootKeyFile } from './root-key.ts';

export interface RestoreOptions {
  /** Read every byte before the data is put in its place; else the index, and of the files only the lengths. */
  readonly withBodies: boolean;
  /** Opens encrypted bodies, if it is there. */
  readonly keyFile: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((files: number) => void) | undefined;
}

export interface Restored extends BackupDescription {
  readonly counts: CheckCounts;
  readonly hasRootKey: boolean;
}

/** `data` is a folder that is empty or not there. */
export async function restoreDataFolder(backup: string, data: string, options: RestoreOptions): Promise<Restored> {
  const description = await describeBackup(backup);
  await assertFree(data);
  await mkdir(path.dirname(data), { recursive: true });
  const draft = await mkdtemp(`${data}.restoring-`);
  try {
    const { counts, hasRootKey } = await fill(draft, backup, description, options);
    await rename(draft, data);
    await syncFolder(path.dirname(data));
    return { ...description, counts, hasRootKey };
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

async function assertFree(data: string): Promise<void> {
  const entries = await readdir(data).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (entries === undefined) return;
  if (entries.length === 0) return await assertReplaceable(data);
  throw new Error(
    `"${data}" is not empty. A restore takes a folder that is empty or not there: name another with --data.`,
  );
}

/** What is restored takes the place of an empty folder. Where that can't be, it is better known before all is copied. */
async function assertReplaceable(data: string): Promise<void> {
  const empty = await mkdtemp(`${data}.restoring-`);
  try {
    await rename(empty, data);
  } catch (cause) {
    await rm(empty, { recursive: true });
    throw new Error(
      `"${data}" is a link, or a file system is mounted there, and no other folder can take its place. Name one that is not there, such as one inside it, with --data.`,
      { cause },
    );
  }
}

async function fill(
  draft: string,
  backup: string,
  description: BackupDescription,
  { withBodies, keyFile, signal, onProgress }: RestoreOptions,
): Promise<{ counts: CheckCounts; hasRootKey: boolean }> {
  const from = backedUpData(backup);
  let files = 0;
  const onFiles = (count: number) => {
    files += count;
    onProgress?.(files);
  };
  const [store, copy] = [storeFolder(from), storeFolder(draft)];
  await mkdir(path.dirname(indexFile(copy)), { recursive: true });
  await copyFileDurably(indexFile(store), indexFile(copy));
  await copyTree(bodiesFolder(store), bodiesFolder(copy), { signal, onFiles });
  await copyFileDurably(path.join(from, CONTROL_FILE), path.join(draft, CONTROL_FILE));
  const hasRootKey = await copyFileDurably(rootKeyFile(from), rootKeyFile(draft)).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
  for (const [name, expected] of Object.entries(description.sha256)) {
    if ((await sha256Of(path.join(draft, name), signal)) === expected) continue;
    throw new Error(`The backup is damaged: "${name}" is not what was written. Nothing was restored.`);
  }
  for (const each of [path.dirname(indexFile(copy)), copy, draft]) await syncFolder(each);
  const { counts } = await checkData(draft, {
    withBodies,
    keyFile,
    needsKeyFile: false,
    signal,
    onFinding(finding) {
      throw new Error(`The backup is damaged: ${describeFinding(finding)}. Nothing was restored.`);
    },
  });
  return { counts, hasRootKey };
}
