import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { type Control, openControl } from '../../test/control-fixture.ts';
import type { RunState } from '../core/run.ts';
import type { RunListPage } from '../core/run-list.ts';
import { newRun } from './new-run.ts';
import { MAX_LOOKED_AT, RunLists, type WantedRuns } from './run-lists.ts';

/** Puts runs that are over into the database, each for a due time of its own; their ids, oldest first. */
async function addRuns(
  { db, clock }: Control,
  bucketId: string,
  states: readonly RunState[],
  { reports = 'present' }: { readonly reports?: 'present' | 'removed' } = {},
): Promise<string[]> {
  const stored = { uid: `rule-of-${bucketId}`, bucketId, bucket: bucketId, rule: anyRule(), nextDueAtMs: null };
  const rows = states.map((state) => {
    clock.nowMs += 60_000;
    return {
      ...newRun(stored, 'schedule', clock.nowMs),
      state,
      report_state: state === 'published' ? reports : null,
    };
  });
  for (let from = 0; from < rows.length; from += 500) {
    await db
      .insertInto('runs')
      .values(rows.slice(from, from + 500))
      .execute();
  }
  return rows.map(({ id }) => id);
}

const idsOf = ({ runs }: RunListPage) => runs.map(({ id }) => id);
const everything: WantedRuns = { isMeant: () => true, limit: 100 };

test('runs of all buckets that are meant are listed, newest first', async () => {
  const control = await openControl();
  const lists = new RunLists(control.db);
  const own = await addRuns(control, 'own', ['published', 'failed']);
  const others = await addRuns(control, 'other', ['published']);
  const later = await addRuns(control, 'own', ['empty']);
  expect(idsOf(await lists.list(everything))).toEqual([...later, ...others, ...own.toReversed()]);
  const page = await lists.list({ ...everything, isMeant: (id) => id === 'own' });
  expect(page).toEqual({
    runs: [expect.objectContaining({ state: 'empty', bucket: 'own' }), expect.anything(), expect.anything()],
  });
  expect(idsOf(page)).toEqual([...later, ...own.toReversed()]);
});

test('runs are listed of one bucket, and in one state', async () => {
  const control = await openControl();
  const lists = new RunLists(control.db);
  const [, failed] = await addRuns(control, 'own', ['published', 'failed']);
  const others = await addRuns(control, 'other', ['failed']);
  expect(idsOf(await lists.list({ ...everything, bucketId: 'other' }))).toEqual(others);
  expect(idsOf(await lists.list({ ...everything, state: 'failed' }))).toEqual([...others, failed]);
  expect(idsOf(await lists.list({ ...everything, state: 'failed', bucketId: 'own' }))).toEqual([failed]);
});

test.each([1, 2, 3, 7, 8])('pages of %d hold each run once', async (limit) => {
  const control = await openControl();
  const lists = new RunLists(control.db);
  const all = await addRuns(control, 'own', Array<RunState>(7).fill('published'));
  const seen: string[] = [];
  let after: number | undefined;
  do {
    const page = await lists.list({ ...everything, limit, after });
    expect(page.runs.length).toBeLessThanOrEqual(limit);
    seen.push(...idsOf(page));
    after = page.nextAfter;
  } while (after !== undefined);
  expect(seen).toEqual(all.toReversed());
});

test('a page ends after so many runs of others, and the next goes on there', async () => {
  const control = await openControl();
  const lists = new RunLists(control.db);
  const own = await addRuns(control, 'own', ['published']);
  await addRuns(control, 'other', Array<RunState>(MAX_LOOKED_AT).fill('failed'));
  const meant = { ...everything, isMeant: (id: string) => id === 'own' };
  const first = await lists.list(meant);
  expect(first).toEqual({ runs: [], nextAfter: expect.any(Number) });
  expect(idsOf(await lists.list({ ...meant, after: first.nextAfter }))).toEqual(own);
});

test('the last report is that of the newest run whose report is still there', async () => {
  const control = await openControl();
  const lists = new RunLists(control.db);
  expect(await lists.lastReport('rule-of-own')).toBeUndefined();
  const [, second] = await addRuns(control, 'own', ['published', 'published', 'failed', 'empty']);
  await addRuns(control, 'own', ['published'], { reports: 'removed' });
  await addRuns(control, 'other', ['published']);
  expect(await lists.lastReport('rule-of-own')).toMatchObject({ id: second, state: 'published' });
});
