import { expect, test } from 'vitest';
import { FileRemoval } from './file-removal.ts';

/** A removal of files that are all there; `letSync` lets the next sync end, and `steps` says what happened. */
function openRemoval(outcome: { readonly unlinked?: number[]; readonly synced?: number[] } = {}) {
  const steps: string[] = [];
  const marked: number[] = [];
  let gate = Promise.withResolvers<void>();
  const removal = new FileRemoval(
    {
      async unlink(contentIds) {
        steps.push(`unlink ${contentIds}`);
        return { removed: outcome.unlinked ?? contentIds, failures: [] };
      },
      async syncRemoved(contentIds) {
        await gate.promise;
        gate = Promise.withResolvers();
        steps.push(`sync ${contentIds}`);
        return { removed: outcome.synced ?? contentIds, failures: [] };
      },
    },
    {
      list: (after, limit) => marked.filter((id) => id > after).slice(0, limit),
      async forget(contentIds) {
        steps.push(`forget ${contentIds}`);
        throw new Error('the next start sees to it');
      },
    },
  );
  return { removal, steps, marked, letSync: () => gate.resolve() };
}

test('a mark goes after the sync, and nobody but the end waits for that', async () => {
  const { removal, steps, letSync } = openRemoval();
  await removal.remove([1]);
  expect(steps).toEqual(['unlink 1']);
  letSync();
  await removal.drain();
  expect(steps).toEqual(['unlink 1', 'sync 1', 'forget 1']);
});

test('the marks of very many files go in more than one commit', async () => {
  const { removal, steps, letSync } = openRemoval();
  letSync();
  const ids = Array.from({ length: 5000 }, (_, at) => at + 1);
  await removal.remove(ids);
  await removal.drain();
  const forgotten = steps
    .filter((step) => step.startsWith('forget'))
    .map((step) => step.slice(7).split(',').map(Number));
  expect(forgotten.flat()).toEqual(ids);
  expect(Math.max(...forgotten.map((each) => each.length))).toBeLessThan(2500);
});

test('removals that come during a sync share the next one', async () => {
  const { removal, steps, letSync } = openRemoval();
  for (const id of [1, 2, 3]) await removal.remove([id]);
  letSync();
  await expect.poll(() => steps.at(-1)).toBe('forget 1');
  letSync();
  await removal.drain();
  expect(steps.slice(3)).toEqual(['sync 1', 'forget 1', 'sync 2,3', 'forget 2,3']);
});

test('what could not be unlinked, or not synced, keeps its mark', async () => {
  const { removal, steps, letSync } = openRemoval({ unlinked: [1, 2], synced: [2] });
  letSync();
  await removal.remove([1, 2, 3]);
  await removal.drain();
  expect(steps).toEqual(['unlink 1,2,3', 'sync 1,2', 'forget 2']);
});

test('while everything is held nothing is removed, and afterwards all that bears a mark', async () => {
  const { removal, steps, marked, letSync } = openRemoval();
  letSync();
  const release = removal.pin([3]);
  await removal.holdAll(async () => {
    marked.push(1, 2, 3);
    await removal.remove([1, 2]);
    await removal.remove([3]);
    expect(steps).toEqual([]);
  });
  expect(steps).toEqual(['unlink 1,2', 'sync 1,2', 'forget 1,2']);
  letSync();
  release();
  await removal.drain();
  expect(steps.slice(3)).toEqual(['unlink 3', 'sync 3', 'forget 3']);
});

test('what a reader let go of while everything was held is removed afterwards', async () => {
  const { removal, steps, marked, letSync } = openRemoval();
  letSync();
  const release = removal.pin([1]);
  marked.push(1);
  await removal.remove([1]);
  await removal.holdAll(async () => {
    release();
    await removal.drain().catch(() => undefined);
    expect(steps).toEqual([]);
  });
  expect(steps).toEqual(['unlink 1', 'sync 1', 'forget 1']);
});

test('everything is held once at a time, and no longer than the work goes on', async () => {
  const { removal, steps, marked } = openRemoval();
  await removal.holdAll(async () => {
    await expect(removal.holdAll(async () => undefined)).rejects.toThrow('held already');
  });
  await expect(removal.holdAll(() => Promise.reject(new Error('broken off')))).rejects.toThrow('broken off');
  marked.push(1);
  await removal.remove([1]);
  expect(steps).toEqual(['unlink 1']);
});

test('a file that is pinned goes when the last who pinned it lets go', async () => {
  const { removal, steps } = openRemoval();
  const [one, other] = [removal.pin([1, 2]), removal.pin([2])];
  await removal.remove([1, 2, 3]);
  expect(steps).toEqual(['unlink 3']);
  one();
  await expect.poll(() => steps).toEqual(['unlink 3', 'unlink 1']);
  other();
  await expect.poll(() => steps).toEqual(['unlink 3', 'unlink 1', 'unlink 2']);
});

test('a file that was pinned and is not to go stays', async () => {
  const { removal, steps } = openRemoval();
  removal.pin([1])();
  await removal.drain();
  expect(steps).toEqual([]);
  await removal.remove([1]);
  expect(steps).toEqual(['unlink 1']);
});
