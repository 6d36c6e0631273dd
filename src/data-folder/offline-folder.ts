/** Work on a data folder that no server has, for the command line: the folder's lock is held while it lasts. */

import { access } from 'node:fs/promises';
import path from 'node:path';
import { CONTROL_FILE } from '../control/control-database.ts';
import { ControlFile } from '../control/control-file.ts';
import { DataFolderLock, FolderInUseError } from '../control/data-folder-lock.ts';
import { systemClock } from '../core/clock.ts';
import type { FrozenStore } from '../store/backup/store-backup.ts';
import { BodyFiles } from '../store/bodies/body-files.ts';
import { indexFile, openIndex } from '../store/index-database.ts';
import { IndexSnapshot } from '../store/index-snapshot.ts';
import {
  type BackupDescription,
  type BackupOptions,
  backUpData,
  makeBackupFolder,
  storeFolder,
} from './data-backup.ts';
import { type CheckDataOptions, checkData, type DataCheck } from './data-check.ts';
import { lostPart } from './lost-parts.ts';

export type { CheckCounts } from '../store/check/check-context.ts';
export { type DataFinding, describeFinding } from './data-check.ts';
export { restoreDataFolder } from './data-restore.ts';
export { FolderInUseError };

/** Checks the data folder. Throws `FolderInUseError` while a server has it. */
export async function checkDataFolder(data: string, options: CheckDataOptions): Promise<DataCheck> {
  return await withLock(data, () => checkData(data, options));
}

/** Backs up the data folder. Throws `FolderInUseError` while a server has it: then that one has to be asked. */
export async function backUpDataFolder(
  data: string,
  folder: string,
  options: BackupOptions,
): Promise<BackupDescription> {
  return await withLock(data, async () => {
    const lost = await lostPart(data);
    if (lost !== undefined) throw new Error(lost.text);
    const control = ControlFile.open(data);
    const db = openIndex(storeFolder(data));
    try {
      await makeBackupFolder(folder, data);
      const source = {
        data,
        copyControl: (file: string) => control.copyTo(file),
        now: () => systemClock.now(),
        // Nobody changes anything.
        async lend<T>(atInstant: () => Promise<void>, work: (frozen: FrozenStore) => Promise<T>): Promise<T> {
          await atInstant();
          const snapshot = new IndexSnapshot(db);
          try {
            return await work({ snapshot, files: BodyFiles.at(storeFolder(data)) });
          } finally {
            snapshot.close();
          }
        },
      };
      return await backUpData(source, folder, options);
    } finally {
      await db.root.close();
      await control.close();
    }
  });
}

async function withLock<T>(data: string, work: () => Promise<T>): Promise<T> {
  const files = [indexFile(storeFolder(data)), path.join(data, CONTROL_FILE)];
  await Promise.any(files.map((file) => access(file))).catch((cause: unknown) => {
    throw new Error(`"${data}" is no data folder: it has no index. Name one with --data.`, { cause });
  });
  const lock = DataFolderLock.take(data);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
