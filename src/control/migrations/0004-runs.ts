/**
 * Schedules, attempts, retention, webhooks and the virtual clock. A rule from before gets its schedule reckoned at the next start
 * (`schedule_basis` fits no setting), from the day on which it was made.
 */

import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await upRules(db);
  await upRuns(db);
  await upShards(db);
  await upWebhooks(db);
  await db.schema
    .createTable('virtual_clock')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('now', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('write_probe')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .execute();
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
  await db.schema.createIndex('runs_of_a_bucket').on('runs').columns(['bucket_id', 'sequence']).execute();
  // Who asks for a rule that is not there must not have the history of its bucket read.
  await db.schema.createIndex('runs_of_a_name').on('runs').columns(['bucket_id', 'rule_id', 'sequence']).execute();
  await db.schema
    .createIndex('reports_of_a_rule')
    .on('runs')
    .columns(['rule_uid', 'report_state', 'point_in_time'])
    .execute();
  // What monitoring asks for again and again must not read the history.
  await db.schema.createIndex('runs_by_end').on('runs').columns(['state', 'finished_at']).execute();
  await db.schema
    .createIndex('runs_that_succeeded')
    .on('runs')
    .columns(['rule_uid', 'finished_at'])
    .where(sql.ref('state'), 'in', ['published', 'empty'])
    .execute();
  // Each place that becomes free takes the next of them, however many wait.
  await db.schema
    .createIndex('runs_that_wait')
    .on('runs')
    .columns(['sequence', 'bucket_id', 'retry_at', 'id'])
    .where(sql.ref('finished_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('runs_put_off')
    .on('runs')
    .columns(['state', 'retry_at'])
    .where(sql.ref('retry_at'), 'is not', null)
    .execute();
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
    .addUniqueConstraint('one_attempt_of_a_file', ['file_key'])
    .execute();
  await sql`
    insert into attempts (run_id, shard, number, file_key, state, started_at, ended_at)
    select shards.run_id, shards.number, 1, shards.file_key,
      case
        when shards.settled = 1 then 'settled'
        when runs.state in ('planned', 'scanning', 'publishing') then 'open'
        else 'failed'
      end,
      coalesce(runs.started_at, runs.scheduled_for), runs.finished_at
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
    .addColumn('previous_sealed', 'blob')
    .addColumn('previous_sealed_by', 'text')
    .addColumn('previous_until', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('webhooks_of_an_account').on('webhooks').columns(['account_id', 'id']).execute();

  await db.schema
    .createTable('deliveries')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('webhook_id', 'text', (column) => column.notNull().references('webhooks.id'))
    .addColumn('run_id', 'text')
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
  await db.schema.createIndex('deliveries_by_due_time').on('deliveries').columns(['state', 'next_at']).execute();
  await db.schema
    .createIndex('deliveries_that_a_webhook_waits_for')
    .on('deliveries')
    .columns(['webhook_id', 'state', 'next_at', 'sequence'])
    .execute();
  await db.schema.createIndex('deliveries_of_a_run').on('deliveries').column('run_id').execute();
  await db.schema
    .createIndex('deliveries_of_a_webhook')
    .on('deliveries')
    .columns(['webhook_id', 'state', 'sequence'])
    .execute();
}
