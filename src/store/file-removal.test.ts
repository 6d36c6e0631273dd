import { expect, test } from 'vitest';
import { FileRemoval } from './file-removal.ts';

/** A removal of files that are all there; `letSync` lets the next sync end, and `steps` says what happened. */
function openRemoval(outcome: { readonly unlinked?: number[]; readonly synced?: number[] } = {}) {
  const steps: string[] = [];
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
    async (contentIds) => {
      steps.push(`forget ${contentIds}`);
      throw new Error('the next start sees to it');
    },
  );
  return { removal, steps, letSync: () => gate.resolve() };
}

test('a mark goes after the sync, and nobody but the end waits for that', async () => {
  const { removal, steps, letSync } = openRemoval();
  await removal.remove([1]);
  expect(steps).toEqual(['unlink 1']);
  letSync();
  await removal.drain();
  expect(steps).toEqual(['unlink 1', 'sync 1', 'forget 1']);
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
