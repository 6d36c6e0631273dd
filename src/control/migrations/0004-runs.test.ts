import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { expect, onTestFinished, test } from 'vitest';
import { anyRule } from '../../../test/any-rule.ts';
import { MIDNIGHT_IN_CHINA, NIGHTLY, ONE_ROW, onePlan, openRuns, PHOTOS } from '../../../test/control-fixture.ts';
import { NOW_MS, temporaryFolder } from '../../../test/store-fixture.ts';
import { CONTROL_FILE, openControlDatabase } from '../control-database.ts';
import { RuleBook } from '../rule-book.ts';
import { RunLedger } from '../run-ledger.ts';
import * as firstLight from './0001-first-light.ts';
import * as keys from './0002-keys.ts';
import * as access from './0003-access.ts';

const HOUR_MS = 3_600_000;

/** A folder as the version before left it: a rule with a published run, a failed one, and one under way. */
async function openOldFolder() {
  const folder = temporaryFolder();
  const database = new Sqlite(path.join(folder, CONTROL_FILE));
  const before = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
  const migrations = { '0001-first-light': firstLight, '0002-keys': keys, '0003-access': access };
  await new Migrator({ db: before, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  const document = JSON.stringify(anyRule());
  database
    .prepare('insert into rules values (?, ?, ?, ?, ?, ?, ?)')
    .run('uid', PHOTOS.id, PHOTOS.name, NIGHTLY.ruleId, document, NOW_MS, NOW_MS + 5);
  const run = database.prepare(`
    insert into runs (id, rule_uid, bucket_id, bucket, rule_id, rule, trigger, scheduled_for, state, folder, attempt,
      started_at, finished_at, point_in_time, scanned, matched, bytes_written, manifest_key, reason_code, swept)
    values (?, 'uid', '${PHOTOS.id}', '${PHOTOS.name}', '${NIGHTLY.ruleId}', ?, ?, ?, ?, ?, ?, ?, ?, ?, 9, 2, 40, ?, ?, ?)`);
  const at = (hours: number) => NOW_MS + hours * HOUR_MS;
  run.run('done', document, 'first', at(0), 'published', 'acme-reports/f0', 1, at(0), at(1), at(0), 'f0/m', null, 1);
  run.run('broken', document, 'manual', at(2), 'failed', 'acme-reports/f2', 1, at(2), at(3), at(2), null, 'Why', 0);
  run.run('now', document, 'manual', at(4), 'scanning', 'acme-reports/f4', 2, at(5), null, at(5), null, null, 0);
  const shard = database.prepare(`
    insert into shards (run_id, number, attempt, range_start, range_end, file_key, settled, size_bytes, md5, first_key,
      last_key, scanned, matched) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const m = Buffer.from('m');
  const none = Buffer.alloc(0);
  const settled = [1, 20, 'A'.repeat(32), Buffer.from('a'), Buffer.from('b'), 4, 1];
  const open = [0, null, null, null, null, 0, 0];
  shard.run('done', 0, 1, none, m, 'done-0', ...settled);
  shard.run('done', 1, 1, m, null, 'done-1', 1, null, null, null, null, 5, 0);
  shard.run('broken', 0, 1, none, m, 'broken-0', ...settled);
  shard.run('broken', 1, 1, m, null, 'broken-1', ...open);
  shard.run('now', 0, 2, none, m, 'now-0', ...settled);
  shard.run('now', 1, 2, m, null, 'now-1', ...open);
  await before.destroy();

  const db = await openControlDatabase(folder);
  onTestFinished(() => db.destroy());
  const clock = { now: () => NOW_MS + 6 * HOUR_MS };
  const rules = new RuleBook(db, clock, { maxRules: 10, schedule: MIDNIGHT_IN_CHINA });
  return { db, ledger: new RunLedger(db, clock), rules };
}

test('a rule from before has the same document, and a schedule that counts from the day it was made', async () => {
  const { db, rules } = await openOldFolder();
  expect((await rules.get(NIGHTLY.bucketId, NIGHTLY.ruleId)).rule).toEqual(anyRule());
  const columns = ['anchored_at', 'settled_until', 'next_due_at', 'schedule_basis', 'options'] as const;
  expect(await db.selectFrom('rules').select(columns).execute()).toEqual([
    { anchored_at: NOW_MS, settled_until: NOW_MS, next_due_at: null, schedule_basis: '', options: '{}' },
  ]);
});

test('a report from before is there with all its facts, and no file of it is swept', async () => {
  const { db, ledger } = await openOldFolder();
  expect(await ledger.view(NIGHTLY, 'done')).toMatchObject({
    state: 'published',
    tries: 1,
    scanned: 9,
    manifest: 'f0/m',
    shards: { done: 2, total: 2 },
    removedAt: null,
  });
  expect(await ledger.reportShards('done')).toEqual([
    {
      number: 0,
      range: { start: Buffer.alloc(0), end: Buffer.from('m') },
      scanned: 4,
      matched: 1,
      delivered: {
        firstKey: Buffer.from('a'),
        lastKey: Buffer.from('b'),
        file: { key: 'done-0', sizeBytes: 20, md5: 'A'.repeat(32) },
      },
    },
    { number: 1, range: { start: Buffer.from('m') }, scanned: 5, matched: 0 },
  ]);
  expect(await ledger.staleFileKeys('done')).toEqual([]);
  const states = await db.selectFrom('runs').select(['id', 'report_state']).orderBy('sequence').execute();
  expect(states).toEqual([
    { id: 'done', report_state: 'present' },
    { id: 'broken', report_state: null },
    { id: 'now', report_state: null },
  ]);
});

test('files that a failed run from before left are swept by their names', async () => {
  const { db, ledger } = await openOldFolder();
  expect((await ledger.unswept()).map(({ id }) => id)).toEqual(['broken']);
  expect(await ledger.allFileKeys('broken')).toEqual(['broken-0', 'broken-1']);
  const attempts = db.selectFrom('attempts').select(['number', 'state', 'started_at', 'ended_at']);
  expect(await attempts.where('run_id', '=', 'broken').orderBy('shard').execute()).toEqual([
    { number: 1, state: 'settled', started_at: NOW_MS + 2 * HOUR_MS, ended_at: NOW_MS + 3 * HOUR_MS },
    { number: 1, state: 'failed', started_at: NOW_MS + 2 * HOUR_MS, ended_at: NOW_MS + 3 * HOUR_MS },
  ]);
});

test('a run that was under way before is begun again, and published', async () => {
  const { db, ledger } = await openOldFolder();
  expect(await openRuns({ db })).toMatchObject([{ id: 'now', state: 'scanning', tries: 2, folder: 'f4' }]);
  expect(await ledger.allFileKeys('now')).toEqual(['now-0', 'now-1']);
  await ledger.scanning('now');
  await ledger.plan('now', onePlan('now-2'));
  await ledger.settleShard('now', 'now-2', ONE_ROW);
  await ledger.publishing('now');
  await ledger.published('now', 'f4/m');
  expect(await ledger.view(NIGHTLY, 'now')).toMatchObject({ state: 'published', tries: 3 });
});
