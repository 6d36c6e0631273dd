/** Master keys for encryption, sealed. */

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('is_default', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('deletion_at', 'bigint')
    .addColumn('sealed', 'blob')
    .addColumn('sealed_by', 'text')
    .execute();
  await db.schema
    .createIndex('one_default_key')
    .on('keys')
    .column('is_default')
    .unique()
    .where(sql.ref('is_default'), '=', 1)
    .execute();
}
