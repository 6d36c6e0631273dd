/** Documents that are applied to an access book: the plan of `planAccess`, executed by the rules of the book. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowing, createUser, openBook, putPolicy, SERVER_ACCOUNT } from '../../test/access-fixture.ts';
import { anyWanted, expectedAccess, sortedAccess } from '../../test/any-access.ts';
import { MemoryAccessRecords } from '../../test/contract/memory-access-records.ts';
import type { AccessWrite } from '../core/access-record.ts';
import type { WantedAccess } from './account-access.ts';

const PRUNE = { prune: true, isDryRun: false };

const usersOf = (...names: string[]): WantedAccess => {
  return { policies: [], users: names.map((name) => ({ name, description: '', policies: [] })), roles: [] };
};

/** Records that are written some time after they are handed over, as those of a database are. */
class LaterRecords extends MemoryAccessRecords {
  override async write(writes: readonly AccessWrite[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await super.write(writes);
  }
}

test('whatever document follows whatever other, the account becomes as it says, and is so after a restart', async () => {
  const step = fc.record({ wanted: anyWanted([]), prune: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
      const { book, reopen } = await openBook();
      for (const { wanted, prune } of steps) {
        const goal = expectedAccess(book.accountAccess(SERVER_ACCOUNT), wanted, prune);
        await book.apply(SERVER_ACCOUNT, wanted, { prune, isDryRun: false });
        expect(book.accountAccess(SERVER_ACCOUNT)).toEqual(sortedAccess(goal));
        const { changes } = await book.apply(SERVER_ACCOUNT, wanted, { prune, isDryRun: false });
        expect(changes).toEqual([]);
      }
      const { book: after } = await reopen();
      expect(after.accountAccess(SERVER_ACCOUNT)).toEqual(book.accountAccess(SERVER_ACCOUNT));
    }),
    { numRuns: 100 },
  );
});

test('documents that are applied at the same time take turns: each is planned on what the one before left', async () => {
  const { book } = await openBook({ records: new LaterRecords() });
  const applied = await Promise.all([
    book.apply(SERVER_ACCOUNT, usersOf('anna', 'bert'), PRUNE),
    book.apply(SERVER_ACCOUNT, usersOf('bert', 'carl'), PRUNE),
    book.apply(SERVER_ACCOUNT, usersOf('anna', 'bert'), PRUNE),
  ]);
  expect(applied.slice(1).map(({ changes }) => changes.map(({ words }) => words))).toEqual([
    ['delete user "anna"', 'make user "carl"'],
    ['delete user "carl"', 'make user "anna"'],
  ]);
  expect(book.accountAccess(SERVER_ACCOUNT).users.map(({ name }) => name)).toEqual(['anna', 'bert']);
});

test('a change by somebody else is not lost between the plan of a document and its execution', async () => {
  const { book, make } = await openBook({ records: new LaterRecords() });
  await Promise.all([make(createUser('dora')), book.apply(SERVER_ACCOUNT, usersOf('anna'), PRUNE)]);
  expect(book.accountAccess(SERVER_ACCOUNT).users.map(({ name }) => name)).toEqual(['anna']);
});

test('a document that can not be written leaves all as it was', async () => {
  const records = new MemoryAccessRecords();
  const { book, make } = await openBook({ records });
  await make(createUser('dora'));
  const before = book.accountAccess(SERVER_ACCOUNT);
  records.write = () => Promise.reject(new Error('no space left'));
  await expect(book.apply(SERVER_ACCOUNT, usersOf('anna'), PRUNE)).rejects.toThrow('no space left');
  expect(book.accountAccess(SERVER_ACCOUNT)).toEqual(before);
});

describe('a dry run', () => {
  test('tells the changes and makes none', async () => {
    const { book, reopen } = await openBook();
    const before = book.accountAccess(SERVER_ACCOUNT);
    const { changes } = await book.apply(SERVER_ACCOUNT, usersOf('anna'), { prune: false, isDryRun: true });
    expect(changes.map(({ words }) => words)).toEqual(['make user "anna"']);
    expect(book.accountAccess(SERVER_ACCOUNT)).toEqual(before);
    expect((await reopen()).book.accountAccess(SERVER_ACCOUNT)).toEqual(before);
  });

  test('fails as the changes would', async () => {
    const { book, make } = await openBook();
    await make(putPolicy('p', allowing('oss:GetObject')));
    const attached = { users: [{ name: 'anna', description: '', policies: ['p'] }], policies: [], roles: [] };
    const pruned = book.apply(SERVER_ACCOUNT, attached, { prune: true, isDryRun: true });
    await expect(pruned).rejects.toMatchObject({ code: 'NoSuchPolicy' });
    await book.apply(SERVER_ACCOUNT, attached, { prune: false, isDryRun: true });
  });
});

test('documents of an account that is not there are refused', async () => {
  const { book } = await openBook();
  expect(() => book.accountAccess('2000000000000000')).toThrow('There is no account "2000000000000000".');
  await expect(book.apply('2000000000000000', usersOf(), PRUNE)).rejects.toMatchObject({ code: 'NoSuchAccount' });
});
