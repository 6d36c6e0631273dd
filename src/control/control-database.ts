/** The control state in SQL: opened, migrated to this version, closed. */

import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import * as firstLight from './migrations/0001-first-light.ts';
import type { Schema } from './schema.ts';

/** In order; a migration that has landed is never changed. */
const MIGRATIONS = { '0001-first-light': firstLight };

export type ControlDatabase = Kysely<Schema>;

export async function openControlDatabase(folder: string): Promise<ControlDatabase> {
  const database = new Sqlite(path.join(folder, 'control.sqlite'));
  database.pragma('journal_mode = WAL');
  // A transaction that was answered is on disk.
  database.pragma('synchronous = FULL');
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw new Error('The control database could not be brought to this version.', { cause: error });
  }
  return db;
}
