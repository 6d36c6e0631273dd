/** A SQLite database that keeps the statements it has prepared: to prepare one takes longer than most take to run. */

import type Sqlite from 'better-sqlite3';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Lists of values make a statement for each of their lengths, so there is no end to them. */
const MAX_KEPT = 256;

/** For a schema that does not change any more: a statement keeps the columns that there were when it was prepared. */
export class PreparedStatements implements SqliteDatabase {
  readonly #database: Sqlite.Database;
  /** The one that was not used for longest comes first. */
  readonly #kept = new Map<string, SqliteStatement>();

  constructor(database: Sqlite.Database) {
    this.#database = database;
  }

  get kept(): number {
    return this.#kept.size;
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.#kept.get(sql) ?? this.#database.prepare(sql);
    this.#kept.delete(sql);
    this.#kept.set(sql, statement);
    const [longestUnused] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && longestUnused !== undefined) this.#kept.delete(longestUnused);
    return statement;
  }

  close(): void {
    this.#kept.clear();
    this.#database.close();
  }
}
