import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openControl, PHOTOS, putRule } from '../../test/control-fixture.ts';
import { deliverRun } from '../../test/delivered-runs.ts';
import { queryPlans } from '../../test/query-plans.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import type { Retention } from '../core/rule-options.ts';
import { ReportRemovals } from './report-removals.ts';
import { RuleOptionsTable } from './rule-options.ts';

const DAY_MS = 86_400_000;

/** A rule with reports of these points in time, in days before now. */
async function openWorld(daysAgo: readonly number[]) {
  const control = await openControl();
  const { db, clock } = control;
  const stored = await putRule(control);
  const ids: string[] = [];
  for (const days of daysAgo) {
    clock.nowMs = NOW_MS - days * DAY_MS;
    ids.push((await deliverRun(control, stored)).id);
  }
  clock.nowMs = NOW_MS;
  const options = new RuleOptionsTable(db);
  const removals = new ReportRemovals(db, clock);
  const retain = (retention?: Retention) => options.put(stored.uid, { latest: true, ...(retention && { retention }) });
  /** By their place in `daysAgo`: the reports that the rule lets go of. */
  const expired = async () => {
    const reports = await removals.reports(stored.uid);
    return (reports?.runIds.slice(reports.kept) ?? []).map((id) => ids.indexOf(id)).toSorted((a, b) => a - b);
  };
  const stateOf = async (id: string) =>
    await db.selectFrom('runs').select(['report_state', 'report_removed_at']).where('id', '=', id).executeTakeFirst();
  return { ...control, stored, ids, removals, retain, expired, stateOf };
}

const anyRetention = fc.oneof(
  fc.record({ keepReports: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ keepDays: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ keepReports: fc.integer({ min: 1, max: 6 }), keepDays: fc.integer({ min: 1, max: 12 }) }),
);

test('what goes is what either bound says, the newest by its point in time excepted', async () => {
  const { db, ids, retain, expired, removals } = await openWorld([6, 5, 4, 3, 2, 1]);
  const daysAgo = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: ids.length, maxLength: ids.length });
  await fc.assert(
    fc.asyncProperty(daysAgo, anyRetention, async (days, retention: Retention) => {
      for (const [index, id] of ids.entries()) {
        const point_in_time = NOW_MS - (days[index] ?? 0) * DAY_MS;
        await db.updateTable('runs').set({ point_in_time, report_state: 'present' }).where('id', '=', id).execute();
      }
      await retain(retention);
      const newestFirst = days
        .map((day, index) => ({ day, index }))
        .toSorted((a, b) => a.day - b.day || b.index - a.index);
      const { keepReports = 100, keepDays = 100 } = retention;
      const gone = newestFirst.filter(({ day }, rank) => rank > 0 && (rank >= keepReports || day > keepDays));
      const indexes = gone.map(({ index }) => index).toSorted((a, b) => a - b);
      expect(await expired()).toEqual(indexes);
      // The step asks again. Each that has begun is one less of those that are there, so the oldest go first.
      for (const { index } of newestFirst.toReversed()) {
        expect(await removals.begin(ids[index] ?? '')).toBe(indexes.includes(index));
      }
    }),
    { numRuns: 60 },
  );
});

test('a rule without retention, and one that is gone, keeps all of its reports', async () => {
  const { rules, removals, retain, stored, ids } = await openWorld([9, 5, 1]);
  expect(await removals.reports(stored.uid)).toBeUndefined();
  await retain({ keepReports: 1 });
  await rules.delete(PHOTOS.id, stored.rule.id);
  expect(await removals.reports(stored.uid)).toBeUndefined();
  expect(await removals.begin(ids[0] ?? '')).toBe(false);
});

test('a report that options keep since it was looked at is not begun with', async () => {
  const { removals, retain, stored, ids, stateOf } = await openWorld([9, 5, 1]);
  await retain({ keepReports: 1 });
  expect(await removals.reports(stored.uid)).toMatchObject({ kept: 1 });
  await retain();
  expect(await removals.begin(ids[0] ?? '')).toBe(false);
  expect(await stateOf(ids[0] ?? '')).toMatchObject({ report_state: 'present' });
});

test('a removal is written down, then settled, and told by the run', async () => {
  const { removals, retain, stored, ids, stateOf, ledger } = await openWorld([9, 5, 1]);
  const [oldest = '', second = ''] = ids;
  await retain({ keepReports: 1 });
  expect(await removals.begin(oldest)).toBe(true);
  expect(await removals.begin(oldest)).toBe(false);
  expect(await removals.underWay(stored.uid)).toEqual([oldest]);
  expect(await removals.reports(stored.uid)).toMatchObject({ runIds: [ids[2], second] });
  await removals.removed(oldest);
  expect(await removals.underWay(stored.uid)).toEqual([]);
  expect(await stateOf(oldest)).toEqual({ report_state: 'removed', report_removed_at: NOW_MS });
  expect(await ledger.view({ bucketId: PHOTOS.id, ruleId: stored.rule.id }, oldest)).toMatchObject({
    state: 'published',
    removedAt: new Date(NOW_MS).toISOString(),
  });
});

test('a removal that is taken back leaves the report as it was', async () => {
  const { removals, retain, ids, stateOf } = await openWorld([9, 1]);
  await retain({ keepReports: 1 });
  await removals.begin(ids[0] ?? '');
  await removals.takeBack(ids[0] ?? '');
  expect(await stateOf(ids[0] ?? '')).toEqual({ report_state: 'present', report_removed_at: null });
});

test('a report that is not being removed is not settled as removed', async () => {
  const { removals, ids, stateOf } = await openWorld([9, 1]);
  await removals.removed(ids[0] ?? '');
  expect(await stateOf(ids[0] ?? '')).toMatchObject({ report_state: 'present' });
});

test('no query reads the reports of other rules, nor the history of the rule', async () => {
  const { db, clock, stored, ids, retain } = await openWorld([9, 5, 1]);
  await retain({ keepReports: 1, keepDays: 3 });
  const steps = await queryPlans(db, async (watched) => {
    const removals = new ReportRemovals(watched, clock);
    await removals.underWay(stored.uid);
    await removals.reports(stored.uid);
    await removals.begin(ids[0] ?? '');
  });
  expect(steps.length).toBeGreaterThan(6);
  const indexes =
    /^SEARCH (rules .*\(uid=|runs .*\(id=|runs .*INDEX reports_of_a_rule \(rule_uid=\? AND report_state=)/;
  expect(steps.filter((step) => !indexes.test(step))).toEqual([]);
});
