import { readdirSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { expect, onTestFinished, test } from 'vitest';
import { openControl, openRun, PHOTOS, putRule } from '../../test/control-fixture.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { CONTROL_FILE, openControlDatabase } from './control-database.ts';
import * as firstLight from './migrations/0001-first-light.ts';
import * as keys from './migrations/0002-keys.ts';

test('a database that is opened again keeps what it holds', async () => {
  const folder = temporaryFolder();
  const first = await openControl({ folder });
  const rule = await putRule(first);
  const run = await openRun(first);
  await first.db.destroy();

  const second = await openControl({ folder });
  expect(await second.rules.get(PHOTOS.id, rule.rule.id)).toEqual(rule);
  expect(await openRun(second)).toEqual(run);
});

test('a database of a newer version is refused in words, not guessed at', async () => {
  const folder = temporaryFolder();
  const db = await openControlDatabase(folder);
  // Kysely's own table names a migration that this version has never heard of.
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '')`.execute(db);
  await db.destroy();
  await expect(openControlDatabase(folder)).rejects.toThrow(
    'The data folder was written by a newer version of Stocktake: this version does not know the change "9999-later"',
  );
});

test('a transaction that SQLite took back by itself fails with the reason, and the next one goes on', async () => {
  const { db, ...control } = await openControl();
  const full = new Error('database or disk is full');
  const work = db.transaction().execute(async (trx) => {
    await sql`rollback`.execute(trx);
    throw full;
  });
  await expect(work).rejects.toBe(full);
  const { rule } = await putRule({ db, ...control });
  expect((await control.rules.get(PHOTOS.id, rule.id)).rule).toEqual(rule);
});

test('a database from before accounts loses the default roles, which the next start makes again, and nothing else', async () => {
  const folder = temporaryFolder();
  const database = new Sqlite(path.join(folder, CONTROL_FILE));
  const before = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
  const getMigrations = async () => ({ '0001-first-light': firstLight, '0002-keys': keys });
  await new Migrator({ db: before, provider: { getMigrations } }).migrateToLatest();
  database.exec("insert into roles values ('acs:ram::1:role/AliyunOSSRole', '1', 'AliyunOSSRole', '{}', '{}', 1)");
  database.exec("insert into rules values ('uid', 'b-1', 'photos', 'nightly', '{}', 1, 1)");
  await before.destroy();

  const db = await openControlDatabase(folder);
  onTestFinished(() => db.destroy());
  expect(await db.selectFrom('roles').selectAll().execute()).toEqual([]);
  expect(await db.selectFrom('rules').select('id').execute()).toEqual([{ id: 'nightly' }]);
});

test('a database that nobody asked anything is closed too: no log is left beside it', async () => {
  const folder = temporaryFolder();
  await (await openControlDatabase(folder)).destroy();
  expect(readdirSync(folder)).toEqual([CONTROL_FILE]);
});
