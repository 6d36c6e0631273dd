import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { DomainError } from '../core/errors.ts';
import { CommitQueue } from './commit-queue.ts';
import { openIndex } from './index-database.ts';

/** A queue on an index of its own; `commits` counts the transactions and `value` reads what one of them wrote. */
function openQueue() {
  const db = openIndex(temporaryFolder());
  onTestFinished(() => db.root.close());
  let commits = 0;
  const unusable: DomainError[] = [];
  const queue = new CommitQueue(db.root, {
    beforeCommit: () => void commits++,
    onUnusable: (reason) => void unusable.push(reason),
  });
  const write = (name: string, value: number) => () => {
    db.meta.putSync(name, value);
    return value;
  };
  return { root: db.root, queue, write, value: (name: string) => db.meta.get(name), commits: () => commits, unusable };
}

test('a commit answers with what its mutation returned, once that can be read', async () => {
  const { queue, write, value } = openQueue();
  expect(await queue.commit(write('a', 1))).toBe(1);
  expect(value('a')).toBe(1);
});

test('writers that come together share one commit, and those that come meanwhile the next', async () => {
  const { queue, write, commits } = openQueue();
  const names = Array.from({ length: 1000 }, (_, n) => `n${n}`);
  await Promise.all(
    names.map(async (name, n) => {
      await queue.commit(write(name, n));
      await queue.commit(write(name, n + 1));
    }),
  );
  expect(commits()).toBe(2);
});

test('mutations run in the order in which they were handed in, over as many commits as it takes', async () => {
  const { queue, value, write, commits } = openQueue();
  const order: number[] = [];
  const all = Array.from({ length: 5000 }, (_, n) =>
    queue.commit(() => {
      order.push(n);
      return write('last', n)();
    }),
  );
  await Promise.all(all);
  expect(order).toEqual([...order.keys()]);
  expect(value('last')).toBe(4999);
  expect(commits()).toBe(3);
});

test('draining waits for all that was handed in, not only for the commit under way', async () => {
  const { queue, write, value } = openQueue();
  const settled = Promise.allSettled(Array.from({ length: 5000 }, (_, n) => queue.commit(write(`n${n}`, n))));
  await queue.drain();
  expect(value('n4999')).toBe(4999);
  await settled;
});

test('a mutation that is refused fails alone', async () => {
  const { queue, write, value, commits } = openQueue();
  const refusal = new DomainError('NoSuchBucket', 'no');
  const outcomes = await Promise.allSettled([
    queue.commit(write('a', 1)),
    queue.commit(() => {
      throw refusal;
    }),
    queue.commit(write('b', 2)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({ reason: refusal });
  expect([value('a'), value('b'), commits()]).toEqual([1, 2, 1]);
});

test('a mutation that breaks fails alone, leaves nothing, and the queue goes on', async () => {
  const { queue, write, value } = openQueue();
  await queue.commit(write('a', 1));
  const broken = new Error('broken');
  const refusal = new DomainError('NoSuchBucket', 'no');
  const outcomes = await Promise.allSettled([
    queue.commit(write('a', 2)),
    queue.commit(() => {
      write('b', 2)();
      throw broken;
    }),
    queue.commit(() => {
      throw refusal;
    }),
    queue.commit(() => write('c', (value('a') ?? 0) + 1)()),
  ]);
  expect(outcomes).toEqual([
    { status: 'fulfilled', value: 2 },
    { status: 'rejected', reason: broken },
    { status: 'rejected', reason: refusal },
    { status: 'fulfilled', value: 3 },
  ]);
  expect([value('a'), value('b'), value('c')]).toEqual([2, undefined, 3]);
  expect(await queue.commit(write('c', 4))).toBe(4);
  expect(value('c')).toBe(4);
});

test('heavy mutations fill a commit sooner, and one that is heavier than any commit goes by itself', async () => {
  const { queue, write, commits } = openQueue();
  const all = [1000, 1000, 1000, 5000, 1000, 1].map((weight, n) => queue.commit(write(`n${n}`, n), weight));
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(commits()).toBe(4);
});

test('a commit that fails itself is told apart from a mutation that does', async () => {
  const { queue, write, root } = openQueue();
  const full = new Error('No space left on device');
  vi.spyOn(root, 'childTransaction').mockImplementation(async (work) => {
    root.transactionSync(work);
    throw full;
  });
  const outcomes = await Promise.allSettled([queue.commit(write('a', 1)), queue.commit(write('b', 1))]);
  const reason = expect.objectContaining({
    name: 'CommitError',
    message: expect.stringContaining('No space'),
    cause: full,
  });
  expect(outcomes).toEqual([
    { status: 'rejected', reason },
    { status: 'rejected', reason },
  ]);
});

test('when the index can be used no more, all commits are refused in words from then on, and it is told once', async () => {
  const { queue, write, root, unusable } = openQueue();
  const broken = new Error('Input/output error');
  const commits = vi.spyOn(root, 'childTransaction').mockRejectedValue(broken);
  vi.spyOn(root, 'useReadTransaction').mockImplementation(() => {
    throw new Error('MDB_PANIC');
  });
  await expect(queue.commit(write('a', 1))).rejects.toThrow('Input/output error');
  const later = await Promise.allSettled([queue.commit(write('b', 1)), queue.commit(write('c', 1))]);
  expect(later.map((each) => each.status === 'rejected' && each.reason.code)).toEqual(Array(2).fill('StorageUnusable'));
  expect(commits).toHaveBeenCalledTimes(1);
  expect(unusable).toEqual([expect.objectContaining({ code: 'StorageUnusable' })]);
});

test('the cause that lmdb tells by a promise is what a commit failed of, and goes unhandled in no case', async () => {
  const { queue, write, root, value, unusable } = openQueue();
  const full = Object.assign(new Error('No space left on device'), { code: 28 });
  vi.spyOn(root, 'childTransaction').mockImplementationOnce(async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    process.nextTick(reject, full);
    throw Object.assign(new Error('Commit failed (see commitError for details)'), { commitError: promise });
  });
  await expect(queue.commit(write('a', 1))).rejects.toMatchObject({ name: 'CommitError', cause: full });
  expect(await queue.commit(write('a', 2))).toBe(2);
  expect([value('a'), unusable]).toEqual([2, []]);
});

test('nothing is committed while the queue is held, and everything after', async () => {
  const { queue, write, value, commits } = openQueue();
  const before = queue.commit(write('a', 1));
  let meanwhile: Promise<number> | undefined;
  await queue.hold(async () => {
    expect(value('a')).toBe(1);
    meanwhile = queue.commit(write('a', 2));
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    expect(value('a')).toBe(1);
    expect(commits()).toBe(1);
  });
  await before;
  expect(await meanwhile).toBe(2);
  expect(value('a')).toBe(2);
});

test('work that fails while it holds the queue fails by itself and lets go', async () => {
  const { queue, write } = openQueue();
  const held = queue.hold(() => Promise.reject(new Error('broken')));
  const after = queue.commit(write('a', 1));
  await expect(held).rejects.toThrow('broken');
  expect(await after).toBe(1);
});
