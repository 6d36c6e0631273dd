import { expect, onTestFinished, test } from 'vitest';
import { openControl } from '../../test/control-fixture.ts';
import type { AccessKeyRecord, AccessWrite } from '../core/access-record.ts';
import { armFailpoints } from '../core/failpoint.ts';
import { AccessTable } from './access-table.ts';

const ACCOUNT = { kind: 'account', id: '1', name: 'one', state: 'enabled', createdAtMs: 1 } as const;
const KEY: AccessKeyRecord = {
  kind: 'accessKey',
  id: 'LTAI1',
  accountId: '1',
  state: 'enabled',
  sealed: { bytes: Buffer.from('sealed'), by: 'key-file' },
  createdAtMs: 2,
};

async function openTable(): Promise<AccessTable> {
  return new AccessTable((await openControl()).db);
}

const put = (record: AccessWrite['record']): AccessWrite => ({ act: 'put', record });

test('secrets are there from the first access key on, to the last', async () => {
  const table = await openTable();
  await table.write([put(ACCOUNT)]);
  expect(await table.hasSecrets()).toBe(false);
  await table.write([put(KEY)]);
  expect(await table.hasSecrets()).toBe(true);
  await table.write([{ act: 'remove', record: KEY }]);
  expect(await table.hasSecrets()).toBe(false);
});

test('nothing is kept of what belongs to no account', async () => {
  const table = await openTable();
  await expect(table.write([put(KEY)])).rejects.toThrow('FOREIGN KEY');
  expect(await table.load()).toEqual([]);
});

test('what the disk refuses when all is written is taken back', async () => {
  const table = await openTable();
  await table.write([put(ACCOUNT)]);
  armFailpoints((point) => {
    if (point === 'sql.access-change.commit') throw new Error('disk full');
  });
  onTestFinished(() => armFailpoints(undefined));
  await expect(table.write([put({ ...ACCOUNT, state: 'disabled' }), put(KEY)])).rejects.toThrow('disk full');
  expect(await table.load()).toEqual([ACCOUNT]);
});
