/** The control state in SQL: opened, migrated to this version, closed. */

import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { type DatabaseConnection, Kysely, SqliteDialect, SqliteDriver, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import * as firstLight from './migrations/0001-first-light.ts';
import * as keys from './migrations/0002-keys.ts';
import type { Schema } from './schema.ts';

/** In order; a migration that has landed is never changed. */
const MIGRATIONS = { '0001-first-light': firstLight, '0002-keys': keys };

/** The file's name in the data folder. */
export const CONTROL_FILE = 'control.sqlite';

export type ControlDatabase = Kysely<Schema>;

export async function openControlDatabase(folder: string): Promise<ControlDatabase> {
  const database = new Sqlite(path.join(folder, CONTROL_FILE));
  database.pragma('journal_mode = WAL');
  // A transaction that was answered is on disk.
  database.pragma('synchronous = FULL');
  // What is deleted is overwritten: a destroyed key must not stay readable in a free page.
  database.pragma('secure_delete = ON');
  const db = new Kysely<Schema>({ dialect: new ControlDialect({ database }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw new Error('The control database could not be brought to this version.', { cause: error });
  }
  return db;
}

/** Brings what SQLite has logged into the database and empties the log, which else keeps what was overwritten for long. */
export async function emptyLog(db: ControlDatabase): Promise<void> {
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
}

/** Kysely's own dialect, apart from this: after a commit that failed, what is thrown is why it failed. */
class ControlDialect extends SqliteDialect {
  readonly #database: Sqlite.Database;

  constructor({ database }: { readonly database: Sqlite.Database }) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new ControlDriver(this.#database);
  }
}

class ControlDriver extends SqliteDriver {
  readonly #database: Sqlite.Database;

  constructor(database: Sqlite.Database) {
    super({ database });
    this.#database = database;
  }

  /** SQLite takes back by itself what the disk had no room for; then there is nothing left to roll back. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}
