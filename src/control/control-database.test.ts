import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openControl, openRun, PHOTOS, putRule } from '../../test/control-fixture.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { openControlDatabase } from './control-database.ts';

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

test('a database of a later version is refused, not guessed at', async () => {
  const folder = temporaryFolder();
  const db = await openControlDatabase(folder);
  // Kysely's own table names a migration that this version has never heard of.
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '')`.execute(db);
  await db.destroy();
  await expect(openControlDatabase(folder)).rejects.toThrow('could not be brought to this version');
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
