/** The control database of a folder that no server has open: read and copied as it is, neither migrated nor changed. */

import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { CONTROL_FILE } from './control-database.ts';
import type { Schema } from './schema.ts';

/** Faults of one kind that are told; SQLite tells no more by itself. */
const MAX_FAULTS = 100;

export class ControlFile {
  readonly db: Kysely<Schema>;
  readonly #database: Sqlite.Database;

  private constructor(database: Sqlite.Database) {
    this.#database = database;
    this.db = new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
  }

  /** Throws, in SQLite's words, when there is no database to be opened. */
  static open(folder: string): ControlFile {
    return new ControlFile(new Sqlite(path.join(folder, CONTROL_FILE), { readonly: true, fileMustExist: true }));
  }

  /** What SQLite finds wrong with the database; nothing when it is as it should be. */
  faults(): string[] {
    try {
      const rows = this.#database.pragma(`integrity_check(${MAX_FAULTS})`) as { readonly integrity_check: string }[];
      return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
    } catch (error) {
      // So much is wrong that it can't even be looked through.
      if (error instanceof Sqlite.SqliteError) return [error.message];
      throw error;
    }
  }

  async copyTo(file: string): Promise<void> {
    await copyControlDatabase(this.db, file);
  }

  /** False while no server of a version that knows the table has got as far as making it. */
  hasTable(name: keyof Schema): boolean {
    return (
      this.#database.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(name) !== undefined
    );
  }

  /** The rules, with the buckets that they are of. */
  async rules(): Promise<readonly { readonly bucket: string; readonly bucketId: string; readonly id: string }[]> {
    return await this.db.selectFrom('rules').select(['bucket', 'bucket_id as bucketId', 'id']).execute();
  }

  /** The id of the key file that opens the keys in it; undefined while there is none. */
  async keyFileId(): Promise<string | undefined> {
    const row = await this.db.selectFrom('keys').select('sealed_by').where('kind', '=', 'service').executeTakeFirst();
    return row?.sealed_by ?? undefined;
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}

/** Writes the database as it is now, without free pages, into a file that is not there. It is not synced. */
export async function copyControlDatabase(db: Kysely<Schema>, file: string): Promise<void> {
  await sql`vacuum into ${file}`.execute(db);
}
