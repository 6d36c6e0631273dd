import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openControl } from '../../test/control-fixture.ts';
import { assertWritable } from './write-probe.ts';

test('a database that takes writes keeps one row of the trials, and one that refuses them says so', async () => {
  const { db } = await openControl();
  for (let i = 0; i < 3; i++) await assertWritable(db);
  expect(await db.selectFrom('write_probe').selectAll().execute()).toEqual([{ id: 1, count: 3 }]);
  await sql`pragma query_only = on`.execute(db);
  await expect(assertWritable(db)).rejects.toThrow('readonly');
  await sql`pragma query_only = off`.execute(db);
  await assertWritable(db);
});
