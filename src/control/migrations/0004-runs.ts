/**
 * Schedules, attempts, retention and webhooks. A rule from before gets its schedule reckoned at the next start
 * (`schedule_basis` fits no setting), from the day on which it was made.
 */

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await upRules(db);
  await upRuns(db);
  await upShards(db);
  await upWebhooks(db);
}

async function upRules(db: Kysely<unknown>): Promise<void> {
  const added = [
    ['anchored_at', 'bigint', 0],
    ['settled_until', 'bigint', 0],
    ['schedule_basis', 'text', ''],
    ['options', 'text', '{}'],
  ] as const;
  for (const [name, type, value] of added) {
    await db.schema
      .alterTable('rules')
      .addColumn(name, type, (column) => column.notNull().defaultTo(value))
      .execute();
  }
  await db.schema.alterTable('rules').addColumn('next_due_at', 'bigint').execute();
  await sql`update rules set anchored_at = created_at, settled_until = created_at`.execute(db);
  await db.schema.createIndex('rules_by_due_time').on('rules').column('next_due_at').execute();
}

async function upRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('runs').renameColumn('attempt', 'tries').execute();
  for (const name of ['retry_at', 'expected_rows', 'report_removed_at']) {
    await db.schema.alterTable('runs').addColumn(name, 'bigint').execute();
  }
  await db.schema.alterTable('runs').addColumn('report_state', 'text').execute();
  await sql`update runs set report_state = 'present' where state = 'published'`.execute(db);
  await db.schema.createIndex('runs_of_a_report_state').on('runs').column('report_state').execute();
}

async function upShards(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('attempts')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('shard', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('file_key', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('fault', 'text')
    .addPrimaryKeyConstraint('attempts_at_a_shard', ['run_id', 'shard', 'number'])
    .execute();
  await sql`
    insert into attempts (run_id, shard, number, file_key, state, started_at)
    select shards.run_id, shards.number, 1, shards.file_key,
      case shards.settled when 1 then 'settled' else 'open' end, coalesce(runs.started_at, runs.scheduled_for)
    from shards inner join runs on runs.id = shards.run_id
  `.execute(db);
  await sql`update shards set attempt = 1`.execute(db);
  await db.schema.alterTable('shards').dropColumn('file_key').execute();
  for (const name of ['sha256', 'rows_sha256']) {
    await db.schema.alterTable('shards').addColumn(name, 'text').execute();
  }
}

async function upWebhooks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('webhooks')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('bucket', 'text')
    .addColumn('rule_id', 'text')
    .addColumn('events', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('sealed', 'blob', (column) => column.notNull())
    .addColumn('sealed_by', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('webhooks_of_an_account').on('webhooks').columns(['account_id', 'id']).execute();

  await db.schema
    .createTable('deliveries')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('webhook_id', 'text', (column) => column.notNull().references('webhooks.id'))
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'bigint')
    .addColumn('last_status', 'integer')
    .addColumn('last_fault', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addUniqueConstraint('one_delivery_of_an_event', ['webhook_id', 'run_id', 'event'])
    .execute();
  await db.schema.createIndex('deliveries_that_are_due').on('deliveries').columns(['state', 'next_at']).execute();
}
