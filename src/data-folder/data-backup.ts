/**
 * A backup of a data folder: what a kill at one instant would have left of it, without the key file. Below `data/` it
 * holds the folder as a server opens it; `backup.json` beside that is written last, so a backup that has one is whole.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { CONTROL_FILE } from '../control/control-database.ts';
import { ControlFile } from '../control/control-file.ts';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { copyFileDurably, syncFile } from '../store/backup/copy-file.ts';
import { backUpStore, type FrozenStore, type StoreBackupCounts } from '../store/backup/store-backup.ts';
import { isMissing, syncFolder } from '../store/bodies/body-files.ts';
import { indexFile } from '../store/index-database.ts';
import { stocktakeVersion } from '../version.ts';
import { rootKeyFile } from './root-key.ts';

/** What this version writes and restores. */
const FORMAT = 1;

const descriptionSchema = z.object({
  format: z.literal(FORMAT),
  stocktake: z.string(),
  pointInTime: z.iso.datetime(),
  /** Of the key file that opens the keys in it; null when it has no key yet. */
  keyFileId: z.string().nullable(),
  rows: z.number().int().min(0),
  files: z.number().int().min(0),
  /** SHA-256 of the databases, by their path. The bodies have digests in the index. */
  sha256: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});

/** What `backup.json` says. */
export type BackupDescription = z.infer<typeof descriptionSchema>;

/** Where the parts of a data folder are. */
export const storeFolder = (data: string): string => path.join(data, 'store');
/** The data in a backup. */
export const backedUpData = (backup: string): string => path.join(backup, 'data');
const descriptionFile = (backup: string): string => path.join(backup, 'backup.json');

/** A data folder that can be held still. */
export interface BackupSource {
  /** The data folder. */
  readonly data: string;
  /** Lends `work` the store as of one instant, at which `atInstant` runs. */
  lend<T>(atInstant: () => Promise<void>, work: (frozen: FrozenStore) => Promise<T>): Promise<T>;
  copyControl(file: string): Promise<void>;
  readonly now: () => number;
}

export interface BackupOptions {
  readonly isLinked: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onInstant?: ((pointInTime: string) => void) | undefined;
  readonly onProgress?: ((counts: StoreBackupCounts) => void) | undefined;
}

/** Makes the folder of a backup, or refuses in words. */
export async function makeBackupFolder(folder: string, data: string): Promise<void> {
  if (!path.isAbsolute(folder) || folder.includes('\0')) {
    throw refuse(folder, "where an absolute path on the server's machine is expected");
  }
  try {
    const parent = await realpath(path.dirname(path.resolve(folder)));
    const home = await realpath(data);
    if (`${parent}${path.sep}`.startsWith(`${home}${path.sep}`))
      throw refuse(folder, 'which lies in the data folder itself');
    await mkdir(folder, { mode: 0o700 });
    await syncFolder(parent);
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EEXIST') throw refuse(folder, 'which is there already; a backup makes a folder of its own');
    if (code === 'ENOENT') throw refuse(folder, 'whose parent is no folder');
    throw refuse(folder, `which can't be made (${code})`);
  }
}

function refuse(folder: string, why: string): DomainError {
  return new DomainError('InvalidArgument', `The folder of the backup is "${printable(folder, 200)}", ${why}.`);
}

/** Writes a backup into the folder that was made for it; removes the folder when that fails. */
export async function backUpData(
  source: BackupSource,
  folder: string,
  options: BackupOptions,
): Promise<BackupDescription> {
  try {
    return await writeBackup(source, folder, options);
  } catch (error) {
    // What can't be removed has no backup.json, and no restore takes it for a backup.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeBackup(
  source: BackupSource,
  folder: string,
  { onInstant, ...options }: BackupOptions,
): Promise<BackupDescription> {
  // Before anything is asked of the source: who stops the backup may close that next.
  options.signal?.throwIfAborted();
  const copy = backedUpData(folder);
  await mkdir(storeFolder(copy), { recursive: true, mode: 0o700 });
  const control = path.join(copy, CONTROL_FILE);
  let pointInTime = '';
  const atInstant = async () => {
    await source.copyControl(control);
    pointInTime = new Date(source.now()).toISOString();
    onInstant?.(pointInTime);
  };
  const { rows, files } = await source.lend(atInstant, (frozen) =>
    backUpStore(frozen, { ...options, folder: storeFolder(copy) }),
  );
  await syncFile(control);
  // Part of who the server is to its clients. Absent when the configuration brings the key.
  await copyFileDurably(rootKeyFile(source.data), rootKeyFile(copy)).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  for (const each of [copy, folder]) await syncFolder(each);

  const index = indexFile(storeFolder(copy));
  const description: BackupDescription = {
    format: FORMAT,
    stocktake: stocktakeVersion(),
    pointInTime,
    keyFileId: await keyFileIdIn(copy),
    rows,
    files,
    sha256: {
      [path.relative(copy, control)]: await sha256Of(control, options.signal),
      [path.relative(copy, index)]: await sha256Of(index, options.signal),
    },
  };
  await writeDescription(folder, description);
  return description;
}

/** Reads the copy back, which shows that it can be. */
async function keyFileIdIn(copy: string): Promise<string | null> {
  const control = ControlFile.open(copy);
  try {
    const [fault] = control.faults();
    if (fault !== undefined) throw new Error(`The control database was copied, and the copy is damaged: ${fault}`);
    return (await control.keyFileId()) ?? null;
  } finally {
    await control.close();
  }
}

async function writeDescription(folder: string, description: BackupDescription): Promise<void> {
  const draft = `${descriptionFile(folder)}.new`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(description, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, descriptionFile(folder));
  await syncFolder(folder);
}

/** What a backup says of itself; refuses, in words, what is not a whole one. */
export async function describeBackup(folder: string): Promise<BackupDescription> {
  let text: string;
  try {
    text = await readFile(descriptionFile(folder), 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new Error(`"${folder}" holds no backup.json, so it is no backup, or one that was broken off.`, {
      cause: error,
    });
  }
  const result = descriptionSchema.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw new Error(
    `"${descriptionFile(folder)}" is not what this version writes: it is damaged, or of a version that is newer.`,
    { cause: result.error },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The schema refuses that too.
  }
}

export async function sha256Of(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash, signal === undefined ? {} : { signal });
  return hash.digest('hex');
}
