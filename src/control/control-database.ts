/** The control state in SQL: opened, migrated to this version, closed. */

import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { type DatabaseConnection, Kysely, type SqliteDatabase, SqliteDialect, SqliteDriver, sql } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration';
import { printable } from '../core/printable.ts';
import * as firstLight from './migrations/0001-first-light.ts';
import * as keys from './migrations/0002-keys.ts';
import * as access from './migrations/0003-access.ts';
import * as runs from './migrations/0004-runs.ts';
import { PreparedStatements } from './prepared-statements.ts';
import type { Schema } from './schema.ts';

/** In order; a migration that has landed is never changed. */
const MIGRATIONS = { '0001-first-light': firstLight, '0002-keys': keys, '0003-access': access, '0004-runs': runs };

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
  const migrated = new Kysely<Schema>({ dialect: new ControlDialect(database, database) });
  try {
    await migrate(migrated);
  } catch (error) {
    await migrated.destroy();
    throw error;
  }
  const db = new Kysely<Schema>({ dialect: new ControlDialect(database, new PreparedStatements(database)) });
  // Kysely closes only what it has begun to use, and SQLite's log would stay.
  await sql`select 1`.execute(db);
  return db;
}

async function migrate(db: ControlDatabase): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // Where not even that can be read, the error itself tells more.
  const unknown = await unknownMigration(db).catch(() => undefined);
  if (unknown === undefined) {
    throw new Error('The control database could not be brought to this version.', { cause: error });
  }
  throw new Error(
    `The data folder was written by a newer version of Stocktake: this version does not know the change "${printable(unknown)}" of its control database. Start that version, or name another folder with --data.`,
    { cause: error },
  );
}

/** A migration that the database has been through and this version knows nothing of. */
async function unknownMigration(db: ControlDatabase): Promise<string | undefined> {
  const known = Object.keys(MIGRATIONS);
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db);
  return rows.map(({ name }) => name).find((name) => !known.includes(name));
}

/** Brings what SQLite has logged into the database and empties the log, which else keeps what was overwritten for long. */
export async function emptyLog(db: ControlDatabase): Promise<void> {
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
}

/** Kysely's own dialect, apart from this: after a commit that failed, what is thrown is why it failed. */
class ControlDialect extends SqliteDialect {
  readonly #database: Sqlite.Database;
  readonly #statements: SqliteDatabase;

  constructor(database: Sqlite.Database, statements: SqliteDatabase) {
    super({ database: statements });
    this.#database = database;
    this.#statements = statements;
  }

  override createDriver(): SqliteDriver {
    return new ControlDriver(this.#database, this.#statements);
  }
}

class ControlDriver extends SqliteDriver {
  readonly #database: Sqlite.Database;

  constructor(database: Sqlite.Database, statements: SqliteDatabase) {
    super({ database: statements });
    this.#database = database;
  }

  /** SQLite takes back by itself what the disk had no room for; then there is nothing left to roll back. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}
