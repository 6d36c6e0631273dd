/** What the access book may rely on, whatever keeps its accounts, users, keys, roles and policies. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { AccessRecords } from '../../src/access/access-records.ts';
import type { AccessRecord, AccessWrite, RemovableRecord } from '../../src/core/access-record.ts';

const ACCOUNT = { kind: 'account', id: '1', name: 'one', state: 'enabled', createdAtMs: 1 } as const;
const USER = {
  kind: 'user',
  id: '11',
  accountId: '1',
  name: 'anna',
  description: 'of the team',
  state: 'enabled',
  createdAtMs: 2,
} as const;
const ROOT_KEY = {
  kind: 'accessKey',
  id: 'LTAI1',
  accountId: '1',
  state: 'enabled',
  sealed: { bytes: Buffer.from('sealed'), by: 'key-file' },
  createdAtMs: 3,
} as const;
const USER_KEY = { ...ROOT_KEY, id: 'LTAI2', userId: '11', state: 'disabled' } as const;
const ROLE = {
  kind: 'role',
  id: '12',
  accountId: '1',
  name: 'writer',
  description: '',
  trust: '{"Version":"1"}',
  maxSessionSeconds: 3600,
  createdAtMs: 4,
} as const;
const POLICY = {
  kind: 'policy',
  accountId: '1',
  name: 'reads',
  description: 'reads all',
  document: '{"Version":"1"}',
  createdAtMs: 5,
  updatedAtMs: 6,
} as const;
const ATTACHMENT = { kind: 'attachment', accountId: '1', holderId: '11', policy: 'reads' } as const;
const ALL: readonly AccessRecord[] = [ACCOUNT, USER, ROOT_KEY, USER_KEY, ROLE, POLICY, ATTACHMENT];

const put = (record: AccessRecord): AccessWrite => ({ act: 'put', record });
const remove = (record: RemovableRecord): AccessWrite => ({ act: 'remove', record });

export function accessRecordsContract(name: string, open: () => Promise<AccessRecords>): void {
  describe(`${name} keeps who may do what`, () => {
    let records: AccessRecords;
    beforeEach(async () => {
      records = await open();
    });

    test('what was put is loaded as it was put, and comes after what it belongs to', async () => {
      expect(await records.load()).toEqual([]);
      await records.write(ALL.map(put));
      expect(await records.load()).toEqual(ALL);
    });

    test('a record takes the place of the one of its id or name', async () => {
      await records.write(ALL.map(put));
      const changed: readonly AccessRecord[] = [
        { ...ACCOUNT, state: 'disabled' },
        { ...USER, description: '', state: 'disabled' },
        { ...ROOT_KEY, state: 'disabled' },
        { ...USER_KEY, state: 'enabled' },
        { ...ROLE, description: 'writes', trust: '{}', maxSessionSeconds: 7200 },
        { ...POLICY, description: '', document: '{}', updatedAtMs: 7 },
        ATTACHMENT,
      ];
      await records.write(changed.map(put));
      expect(await records.load()).toEqual(changed);
    });

    test('what was removed is gone, in the order of the writes; removing what is not there is nothing', async () => {
      await records.write(ALL.map(put));
      await records.write([USER_KEY, ATTACHMENT, USER, ROOT_KEY, ROLE, POLICY].map(remove));
      expect(await records.load()).toEqual([ACCOUNT]);
      await records.write([USER, ROOT_KEY, ROLE, POLICY, ATTACHMENT].map(remove));
      await records.write([put(USER), remove(USER), put({ ...USER, id: '13' })]);
      expect(await records.load()).toEqual([ACCOUNT, { ...USER, id: '13' }]);
    });

    test('writes of which one fails are not made', async () => {
      await records.write([put(ACCOUNT), put(USER)]);
      const writes = [put({ ...USER, description: 'changed' }), put(ROLE), put({ ...USER, id: '13' })];
      await expect(records.write(writes)).rejects.toThrow();
      expect(await records.load()).toEqual([ACCOUNT, USER]);
    });

    test.each<[string, AccessRecord, AccessRecord]>([
      ['users', USER, { ...USER, id: '13' }],
      ['roles', ROLE, { ...ROLE, id: '13' }],
      ['accounts', ACCOUNT, { ...ACCOUNT, id: '2' }],
    ])('no two %s have one name', async (_, first, second) => {
      await records.write([put(ACCOUNT), put(first)]);
      await expect(records.write([put(second)])).rejects.toThrow();
    });

    test('other accounts, and those that come after a deleted one, may use its names', async () => {
      const other = { ...ACCOUNT, id: '2', name: 'two' } as const;
      const theirs = [
        { ...USER, id: '21', accountId: '2' },
        { ...ROLE, id: '22', accountId: '2' },
        { ...POLICY, accountId: '2' },
      ] as const;
      const heir = { ...ACCOUNT, id: '3' } as const;
      const deleted = { ...ACCOUNT, state: 'deleted' } as const;
      await records.write([put(ACCOUNT), put(USER), put(ROLE), put(POLICY), put(other), ...theirs.map(put)]);
      await records.write([put(deleted), put(heir)]);
      const kept = [deleted, other, heir, USER, theirs[0], ROLE, theirs[1], POLICY, theirs[2]];
      expect(await records.load()).toEqual(kept);
    });
  });
}
