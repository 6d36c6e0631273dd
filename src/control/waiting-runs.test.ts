import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { openControl } from '../../test/control-fixture.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import { newRun } from './new-run.ts';
import { MAX_PUT_OFF_MS, nextRetryAtMs, nextWaitingRun } from './waiting-runs.ts';

const BUCKETS = ['b-films', 'b-music', 'b-photos'];

const anyRun = fc.record({
  bucket: fc.constantFrom(...BUCKETS),
  state: fc.constantFrom('planned', 'scanning', 'publishing', 'published', 'cancelled'),
  retryInMs: fc.constantFrom(null, -1, 0, 1, MAX_PUT_OFF_MS, MAX_PUT_OFF_MS + 1),
  isTaken: fc.boolean(),
});

test('the next run is the oldest that waits and is due, of the bucket with the fewest under way', async () => {
  const { db } = await openControl();
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRun, { maxLength: 8 }),
      fc.array(fc.constantFrom(...BUCKETS), { maxLength: 4 }),
      async (runs, busyBuckets) => {
        await db.deleteFrom('runs').execute();
        for (const [n, { bucket, state, retryInMs }] of runs.entries()) {
          const stored = { uid: `uid-${n}`, bucketId: bucket, bucket, rule: anyRule(), nextDueAtMs: null };
          const isOver = state === 'published' || state === 'cancelled';
          const change = {
            id: `run-${n}`,
            state,
            retry_at: retryInMs === null ? null : NOW_MS + retryInMs,
            finished_at: isOver ? NOW_MS : null,
          };
          await db
            .insertInto('runs')
            .values({ ...newRun(stored, 'manual', NOW_MS), ...change })
            .execute();
        }
        const underWay = (bucket: string) => busyBuckets.filter((busy) => busy === bucket).length;
        const [expected] = runs
          .map((run, n) => ({ ...run, id: `run-${n}` }))
          .filter(({ state, isTaken }) => ['planned', 'scanning', 'publishing'].includes(state) && !isTaken)
          .filter(({ retryInMs }) => retryInMs === null || retryInMs <= 0 || retryInMs > MAX_PUT_OFF_MS)
          .toSorted((a, b) => underWay(a.bucket) - underWay(b.bucket));
        const except = runs.flatMap(({ isTaken }, n) => (isTaken ? [`run-${n}`] : []));
        expect((await nextWaitingRun(db, { nowMs: NOW_MS, except, busyBuckets }))?.id).toBe(expected?.id);
      },
    ),
    { numRuns: 60 },
  );
});

test('the next retry is the earliest of the runs that are put off and not due yet', async () => {
  const { db } = await openControl();
  expect(await nextRetryAtMs(db, NOW_MS)).toBeUndefined();
  for (const retryInMs of [-5, 30, 20]) {
    const stored = { uid: `uid-${retryInMs}`, bucketId: 'b', bucket: 'b', rule: anyRule(), nextDueAtMs: null };
    await db
      .insertInto('runs')
      .values({ ...newRun(stored, 'manual', NOW_MS), retry_at: NOW_MS + retryInMs })
      .execute();
  }
  expect(await nextRetryAtMs(db, NOW_MS)).toBe(NOW_MS + 20);
});
