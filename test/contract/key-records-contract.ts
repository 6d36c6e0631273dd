/** What the key service may rely on, whatever keeps its keys. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { KeyRecord, KeyRecords } from '../../src/keys/key-records.ts';

export function keyRecordsContract(name: string, open: () => Promise<KeyRecords>): void {
  describe(`${name} keeps keys`, () => {
    let records: KeyRecords;
    beforeEach(async () => {
      records = await open();
    });

    const due: KeyRecord = anyKey({ id: 'due', state: 'pendingDeletion', deletionAtMs: 1000 });

    test('a key is found as it was inserted, and one that was not is not', async () => {
      const { sealed, ...withoutSealed } = anyKey({ id: 'rsa', spec: 'RSA_2048' });
      for (const key of [anyKey(), due, withoutSealed]) {
        expect(await records.insert(key)).toBe(true);
        expect(await records.find(key.id)).toEqual(key);
      }
      expect(await records.find('other')).toBeUndefined();
    });

    test('an id is given once', async () => {
      await records.insert(anyKey({ description: 'first' }));
      expect(await records.insert(anyKey({ description: 'second' }))).toBe(false);
      expect(await records.find('key')).toMatchObject({ description: 'first' });
    });

    test('there is one default at most', async () => {
      expect(await records.findDefault()).toBeUndefined();
      await records.insert(anyKey({ id: 'first', isDefault: true }));
      expect(await records.insert(anyKey({ id: 'second', isDefault: true }))).toBe(false);
      expect(await records.find('second')).toBeUndefined();
      expect(await records.findDefault()).toMatchObject({ id: 'first' });
    });

    test('of defaults that are inserted at the same time one is kept', async () => {
      const ids = ['a', 'b', 'c'];
      const kept = await Promise.all(ids.map((id) => records.insert(anyKey({ id, isDefault: true }))));
      expect(kept.filter(Boolean)).toHaveLength(1);
      expect(await records.list('', 10)).toHaveLength(1);
    });

    test("keys of the account are listed by id in pages; the service's own and destroyed ones are not", async () => {
      for (const id of ['c', 'a', 'B', 'b/c']) await records.insert(anyKey({ id }));
      await records.insert(anyKey({ id: 'ab', kind: 'service' }));
      await records.insert(due);
      await records.destroyDue(1000);
      const idsBehind = async (after: string, limit: number) =>
        (await records.list(after, limit)).map((record) => record.id);
      expect(await idsBehind('', 10)).toEqual(['B', 'a', 'b/c', 'c']);
      expect(await idsBehind('', 2)).toEqual(['B', 'a']);
      expect(await idsBehind('a', 2)).toEqual(['b/c', 'c']);
      expect(await idsBehind('c', 2)).toEqual([]);
    });

    test('a key changes from a state that it is in, and from no other', async () => {
      await records.insert(anyKey());
      expect(await records.change('key', ['disabled'], { state: 'enabled' })).toBe(false);
      expect(await records.change('key', ['enabled'], { state: 'pendingDeletion', deletionAtMs: 1000 })).toBe(true);
      expect(await records.find('key')).toEqual(anyKey({ state: 'pendingDeletion', deletionAtMs: 1000 }));
      expect(await records.change('key', ['pendingDeletion'], { state: 'enabled' })).toBe(true);
      expect(await records.find('key')).toEqual(anyKey());
    });

    test("neither a key that is not there nor the service's own changes", async () => {
      await records.insert(anyKey({ id: 'service', kind: 'service' }));
      for (const id of ['service', 'other']) {
        expect(await records.change(id, ['enabled'], { state: 'disabled' })).toBe(false);
      }
    });

    test('a key is destroyed when its time has come, and stays as the name of what it was', async () => {
      await records.insert({ ...due, isDefault: true });
      await records.insert(anyKey({ id: 'later', state: 'pendingDeletion', deletionAtMs: 1001 }));
      await records.insert(anyKey({ id: 'cancelled', deletionAtMs: 1000 }));
      expect(await records.destroyDue(999)).toEqual([]);
      expect(await records.destroyDue(1000)).toEqual(['due']);
      expect(await records.destroyDue(1000)).toEqual([]);
      const { sealed, ...kept } = due;
      expect(await records.find('due')).toEqual({ ...kept, state: 'destroyed' });
      expect(await records.findDefault()).toBeUndefined();
      expect(await records.find('later')).toMatchObject({ state: 'pendingDeletion', sealed });
      expect(await records.insert(due)).toBe(false);
    });
  });
}

function anyKey(change: Partial<KeyRecord> = {}): KeyRecord {
  return {
    id: 'key',
    kind: 'account',
    spec: 'SYMMETRIC',
    state: 'enabled',
    description: '',
    isDefault: false,
    createdAtMs: 1,
    sealed: { bytes: Buffer.from('sealed'), by: 'key-file' },
    ...change,
  };
}
