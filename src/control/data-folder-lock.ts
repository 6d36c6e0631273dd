/**
 * One process owns a data folder. The lock is SQLite's exclusive file lock: the operating system lets go of it when
 * the process ends, however it ends, and no stale file is left that somebody would have to judge.
 */

import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';

/** Another process has the folder. */
export class FolderInUseError extends Error {}

export class DataFolderLock {
  readonly #database: Sqlite.Database;

  private constructor(database: Sqlite.Database) {
    this.#database = database;
  }

  /** Takes the lock, or throws an error in words when another process has it. Makes the folder if need be. */
  static take(folder: string): DataFolderLock {
    const firstMade = makeFolder(folder);
    // What is acknowledged later on is only as durable as the folder that holds it.
    if (firstMade !== undefined) syncParents(path.resolve(folder), path.resolve(firstMade));
    const database = new Sqlite(path.join(folder, 'lock'), { timeout: 0 });
    try {
      database.pragma('locking_mode = EXCLUSIVE');
      database.exec('BEGIN EXCLUSIVE');
      return new DataFolderLock(database);
    } catch (error) {
      database.close();
      if (error instanceof Sqlite.SqliteError && error.code === 'SQLITE_BUSY') {
        throw new FolderInUseError(
          `The data folder "${folder}" is in use by another process. Stop that one, or name another folder.`,
        );
      }
      throw error;
    }
  }

  release(): void {
    this.#database.close();
  }
}

/** The first of the folders that had to be made; undefined when all were there. */
function makeFolder(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new Error(`The data folder "${folder}" is a file. Name a folder.`, { cause });
    if (code === 'ENOTDIR') throw new Error(`The data folder "${folder}" would lie below a file.`, { cause });
    throw new Error(`The data folder "${folder}" can't be made: ${message}`, { cause });
  }
}

/** Syncs the parent of each folder from `last` up to `first`, which holds it. */
function syncParents(last: string, first: string): void {
  for (let made = last; made.length >= first.length; made = path.dirname(made)) syncFolderNow(path.dirname(made));
}

function syncFolderNow(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
