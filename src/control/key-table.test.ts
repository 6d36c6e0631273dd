/** What is the table's alone; what the key service relies on is in test/contract/key-records-contract.ts. */

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openControl } from '../../test/control-fixture.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { KeyTable, type StoredKey } from './key-table.ts';

const sealed = randomBytes(73);
const OTHER = { bytes: randomBytes(73), by: 'key-file' };
const KEY: StoredKey = {
  id: 'key',
  kind: 'account',
  spec: 'SYMMETRIC',
  state: 'pendingDeletion',
  description: '',
  isDefault: false,
  createdAtMs: 1,
  deletionAtMs: 1000,
  sealed: { bytes: sealed, by: 'key-file' },
};

test('keys outlast the database being closed', async () => {
  const folder = temporaryFolder();
  const first = await openControl({ folder });
  expect(await new KeyTable(first.db).isEmpty()).toBe(true);
  await new KeyTable(first.db).insert(KEY);
  await first.db.destroy();

  const second = await openControl({ folder });
  expect(await new KeyTable(second.db).isEmpty()).toBe(false);
  expect(await new KeyTable(second.db).find('key')).toEqual(KEY);
});

test('of a key that was destroyed, no file of the database holds a trace', async () => {
  const folder = temporaryFolder();
  const { db } = await openControl({ folder });
  const table = new KeyTable(db);
  const pieces = Array.from({ length: sealed.length - 8 }, (_, at) => sealed.subarray(at, at + 8));
  const isOnDisk = () => {
    const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name)));
    return files.some((bytes) => pieces.some((piece) => bytes.includes(piece)));
  };
  for (const id of ['before', 'key', 'behind']) {
    await table.insert({ ...KEY, id, ...(id !== 'key' && { state: 'enabled', sealed: OTHER }) });
  }
  expect(isOnDisk()).toBe(true);
  await table.destroyDue(1000);
  expect(isOnDisk()).toBe(false);
  await db.destroy();
  expect(isOnDisk()).toBe(false);
});
