/** Rules, runs with their shards, and roles. */

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('rules')
    .addColumn('uid', 'text', (column) => column.primaryKey())
    .addColumn('bucket_id', 'text', (column) => column.notNull())
    .addColumn('bucket', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('one_rule_of_an_id', ['bucket_id', 'id'])
    .execute();

  await db.schema
    .createTable('runs')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('rule_uid', 'text', (column) => column.notNull())
    .addColumn('bucket_id', 'text', (column) => column.notNull())
    .addColumn('bucket', 'text', (column) => column.notNull())
    .addColumn('rule_id', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('trigger', 'text', (column) => column.notNull())
    .addColumn('scheduled_for', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('folder', 'text', (column) => column.unique())
    .addColumn('attempt', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('started_at', 'bigint')
    .addColumn('finished_at', 'bigint')
    .addColumn('point_in_time', 'bigint')
    .addColumn('scanned', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('matched', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('bytes_written', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('manifest_key', 'text')
    .addColumn('reason_code', 'text')
    .addColumn('reason_text', 'text')
    .addColumn('swept', 'integer', (column) => column.notNull().defaultTo(0))
    .addUniqueConstraint('one_run_of_a_due_time', ['rule_uid', 'trigger', 'scheduled_for'])
    .execute();
  await db.schema
    .createIndex('one_open_run_of_a_rule')
    .on('runs')
    .column('rule_uid')
    .unique()
    .where(sql.ref('state'), 'in', ['planned', 'scanning', 'publishing'])
    .execute();
  // History grows without end: what is open or unswept, and a page of a rule's runs, must be found without reading it.
  await db.schema.createIndex('runs_of_a_state').on('runs').columns(['state', 'swept']).execute();
  await db.schema.createIndex('runs_of_a_rule').on('runs').columns(['rule_uid', 'sequence']).execute();

  await db.schema
    .createTable('shards')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('range_start', 'blob', (column) => column.notNull())
    .addColumn('range_end', 'blob')
    .addColumn('file_key', 'text', (column) => column.notNull())
    .addColumn('settled', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('size_bytes', 'bigint')
    .addColumn('md5', 'text')
    .addColumn('first_key', 'blob')
    .addColumn('last_key', 'blob')
    .addColumn('scanned', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('matched', 'bigint', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('shards_of_a_run', ['run_id', 'number'])
    .execute();

  await db.schema
    .createTable('roles')
    .addColumn('arn', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('trust_policy', 'text', (column) => column.notNull())
    .addColumn('permission_policy', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
}
