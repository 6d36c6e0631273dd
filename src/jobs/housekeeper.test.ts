import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { openControl, PHOTOS, putRule } from '../../test/control-fixture.ts';
import { cancelledRun, deliverRun } from '../../test/delivered-runs.ts';
import { MemoryReports, reportOf } from '../../test/memory-reports.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import { ReportRemovals } from '../control/report-removals.ts';
import { RuleOptionsTable } from '../control/rule-options.ts';
import type { StoredRule } from '../control/rule-row.ts';
import { RunHistory } from '../control/run-history.ts';
import type { StoredRun } from '../control/run-ledger.ts';
import { DomainError } from '../core/errors.ts';
import { armFailpoints, type Failpoint } from '../core/failpoint.ts';
import { checksumKey, manifestKey } from '../core/report.ts';
import type { Retention } from '../core/rule-options.ts';
import { VirtualClock } from '../core/virtual-clock.ts';
import { Housekeeper, type HousekeepingEvent } from './housekeeper.ts';

const DAY_MS = 86_400_000;

afterEach(() => armFailpoints(undefined));

interface WorldOptions {
  readonly runsPerRule?: number;
  /** Of the reports that there are, in days before now; the first delivered first. */
  readonly daysAgo?: readonly number[];
}

/** A rule with reports in memory, and what starts housekeepers over them. */
async function openWorld({ runsPerRule = 100, daysAgo = [4, 3, 2, 1] }: WorldOptions = {}) {
  const control = await openControl();
  const { db, ledger } = control;
  const clock = new VirtualClock(NOW_MS);
  const reports = new MemoryReports();
  const stored = await putRule(control);
  const deliver = async (rule: StoredRule, days: number): Promise<StoredRun> => {
    control.clock.nowMs = NOW_MS - days * DAY_MS;
    const run = await deliverRun(control, rule);
    control.clock.nowMs = NOW_MS;
    reports.deliver(reportOf(run, await ledger.files(run.id)));
    return run;
  };
  const runs: StoredRun[] = [];
  for (const days of daysAgo) runs.push(await deliver(stored, days));
  const retain = (retention: Retention, rule = stored) =>
    new RuleOptionsTable(db).put(rule.uid, { latest: true, retention });
  const events: HousekeepingEvent[] = [];
  const removals = new ReportRemovals(db, clock);
  const open = (retryMs = 60_000) => {
    const history = new RunHistory(db, clock, { runsPerRule, goneRuleDays: 30 });
    const onEvent = (event: HousekeepingEvent) => events.push(event);
    const housekeeper = new Housekeeper({ ledger, removals, history, reports, clock, onEvent, retryMs });
    onTestFinished(() => housekeeper.close());
    return housekeeper;
  };
  /** A round over all rules, to its end. */
  const round = async () => {
    const housekeeper = open();
    housekeeper.start();
    await housekeeper.settled();
    return housekeeper;
  };
  const states = async () => {
    const rows = await db.selectFrom('runs').select('report_state').orderBy('sequence').execute();
    return rows.map(({ report_state }) => report_state);
  };
  const foldersOf = (...indexes: readonly number[]) => indexes.map((index) => runs[index]?.folder);
  return {
    control,
    db,
    rules: control.rules,
    clock,
    reports,
    stored,
    runs,
    deliver,
    retain,
    removals,
    open,
    round,
    states,
    foldersOf,
    events,
  };
}

test('each start removes the reports that retention lets go of, and nothing else', async () => {
  const { reports, retain, round, states, foldersOf, events } = await openWorld();
  const before = reports.objects.size;
  await round();
  expect(reports.objects.size).toBe(before);
  await retain({ keepReports: 2 });
  await round();
  expect(reports.folders()).toEqual(foldersOf(2, 3));
  expect(reports.objects.size).toBe(before / 2);
  expect(await states()).toEqual(['removed', 'removed', 'present', 'present']);
  expect(events.map(({ kind }) => kind)).toEqual(['report-removed', 'report-removed']);
});

test('once a day by the clock, reports that have become too old go; the newest stays for ever', async () => {
  const { clock, reports, retain, round, foldersOf } = await openWorld();
  await retain({ keepDays: 3 });
  const housekeeper = await round();
  expect(reports.folders()).toEqual(foldersOf(1, 2, 3));
  clock.set(NOW_MS + DAY_MS);
  await housekeeper.settled();
  expect(reports.folders()).toEqual(foldersOf(2, 3));
  clock.set(NOW_MS + 1000 * DAY_MS);
  await housekeeper.settled();
  expect(reports.folders()).toEqual(foldersOf(3));
});

test('a clock that was set back does not put the daily round off: the next look at any rule begins it anew', async () => {
  const { clock, retain, reports, round, foldersOf } = await openWorld();
  clock.set(NOW_MS + 1000 * DAY_MS);
  const housekeeper = await round();
  await retain({ keepDays: 3 });
  clock.set(NOW_MS);
  housekeeper.look('some rule');
  await housekeeper.settled();
  expect(reports.folders()).toEqual(foldersOf(1, 2, 3));
  clock.set(NOW_MS + DAY_MS);
  await housekeeper.settled();
  expect(reports.folders()).toEqual(foldersOf(2, 3));
});

test('a rule is looked at when asked for, and others are not', async () => {
  const world = await openWorld({ daysAgo: [2, 1] });
  const { reports, retain, deliver, open, runs } = world;
  const other = await putRule(world.control, { id: 'other' });
  const others = [await deliver(other, 2), await deliver(other, 1)];
  await retain({ keepReports: 1 });
  await retain({ keepReports: 1 }, other);
  const housekeeper = open();
  housekeeper.look(other.uid);
  await housekeeper.settled();
  expect(reports.folders()).toEqual([...runs, others[1]].map((run) => run?.folder).toSorted());
});

test('killed at whatever point, the next start ends what was begun, and no report was ever broken', async () => {
  const points: Failpoint[] = [];
  const undisturbed = await openWorld();
  await undisturbed.retain({ keepReports: 2 });
  armFailpoints((point) => points.push(point));
  await undisturbed.round();
  expect(points).toContain('sql.report-removing.committed');
  for (const index of points.keys()) {
    armFailpoints(undefined);
    const { reports, retain, round, open, states, foldersOf } = await openWorld();
    await retain({ keepReports: 2 });
    let passed = 0;
    armFailpoints(() => {
      if (passed++ >= index) throw new Error('killed');
    });
    const killed = open();
    killed.start();
    await killed.settled();
    await killed.close();
    reports.assertWhole();
    expect(reports.folders(), `killed at ${points[index]}`).toEqual(expect.arrayContaining(foldersOf(2, 3)));
    armFailpoints(undefined);
    await round();
    expect(reports.folders()).toEqual(foldersOf(2, 3));
    expect(reports.objects.size).toBe(8);
    expect(await states()).toEqual(['removed', 'removed', 'present', 'present']);
  }
}, 60_000);

test('a removal that had taken nothing is decided anew, by what the rule asks for now', async () => {
  const { reports, retain, removals, round, states, runs } = await openWorld();
  await retain({ keepReports: 2 });
  await removals.begin(runs[0]?.id ?? '');
  await retain({ keepReports: 10 });
  await round();
  expect(reports.folders()).toHaveLength(4);
  expect(await states()).toEqual(['present', 'present', 'present', 'present']);
});

test('a removal that had taken the manifest is ended, though its rule is gone', async () => {
  const { rules, reports, retain, removals, round, states, runs } = await openWorld();
  await retain({ keepReports: 2 });
  await removals.begin(runs[0]?.id ?? '');
  reports.objects.delete(manifestKey(runs[0]?.folder ?? ''));
  await rules.delete(PHOTOS.id, 'nightly-all');
  await round();
  expect(reports.objects.size).toBe(3 * 4);
  expect(await states()).toEqual(['removed', 'present', 'present', 'present']);
});

test('the newest report that can be read stays, though newer ones were removed by hand', async () => {
  const { reports, retain, round, states, foldersOf, runs } = await openWorld();
  await retain({ keepReports: 1 });
  for (const run of runs.slice(2)) reports.objects.delete(manifestKey(run.folder ?? ''));
  await round();
  expect(reports.folders()).toEqual(foldersOf(1));
  expect(await states()).toEqual(['removed', 'present', 'removed', 'present']);
});

test('a report that was removed by hand counts as removed when its time has come', async () => {
  const { reports, retain, round, states, runs } = await openWorld();
  const folder = runs[0]?.folder ?? '';
  for (const key of [manifestKey(folder), checksumKey(folder)]) reports.objects.delete(key);
  await retain({ keepReports: 2 });
  await round();
  expect(await states()).toEqual(['removed', 'removed', 'present', 'present']);
  expect(reports.objects.size).toBe(8);
});

test('a right that is lost keeps the reports, is told once and by the rule, and is asked for again', async () => {
  const { clock, reports, stored, retain, round, foldersOf, events } = await openWorld();
  await retain({ keepReports: 2 });
  reports.beforeDiscard = () => {
    throw new DomainError('RoleLost', 'The role may not remove it.');
  };
  const housekeeper = await round();
  expect(reports.folders()).toHaveLength(4);
  expect(housekeeper.faultOf(stored.uid)).toBe('The role may not remove it.');
  const told = events.length;
  clock.set(NOW_MS + DAY_MS);
  await housekeeper.settled();
  expect(events).toHaveLength(told);
  reports.beforeDiscard = () => undefined;
  clock.set(NOW_MS + 2 * DAY_MS);
  await housekeeper.settled();
  expect(reports.folders()).toEqual(foldersOf(2, 3));
  expect(housekeeper.faultOf(stored.uid)).toBeUndefined();
});

test('one report that stays keeps no other from going', async () => {
  const { reports, retain, round, foldersOf, events, runs } = await openWorld();
  await retain({ keepReports: 1 });
  reports.put(manifestKey(runs[1]?.folder ?? ''), 'mine');
  await round();
  expect(reports.folders()).toEqual(foldersOf(1, 3));
  expect(events.filter(({ kind }) => kind === 'report-stays')).toMatchObject([{ fault: { code: 'ReportStays' } }]);
});

test('what fails unexpectedly is told and tried again, and other rules are not kept waiting', async () => {
  const world = await openWorld();
  const { reports, retain, deliver, open, foldersOf, events, runs } = world;
  const other = await putRule(world.control, { id: 'other' });
  const others = [await deliver(other, 2), await deliver(other, 1)];
  await retain({ keepReports: 1 });
  await retain({ keepReports: 1 }, other);
  let failures = 0;
  reports.beforeDiscard = (key) => {
    if (key.startsWith(runs[0]?.folder ?? 'none') && failures++ < 2) throw new Error('the disk said no');
  };
  const housekeeper = open(1);
  housekeeper.start();
  await vi.waitFor(() => expect(failures).toBeGreaterThan(2), { interval: 2 });
  await housekeeper.settled();
  expect(reports.folders()).toEqual([...foldersOf(3), others[1]?.folder].toSorted());
  expect(events.filter(({ kind }) => kind === 'put-off')).toMatchObject([
    { cause: { message: 'the disk said no' } },
    { cause: { message: 'the disk said no' } },
  ]);
});

test('old runs are forgotten, and told in one line', async () => {
  const world = await openWorld({ runsPerRule: 10, daysAgo: [1] });
  for (let n = 0; n < 30; n++) await cancelledRun(world.control, world.stored);
  await world.round();
  const rows = await world.db.selectFrom('runs').select('report_state').orderBy('sequence').execute();
  expect(rows.map(({ report_state }) => report_state)).toEqual(['present', ...Array(10).fill(null)]);
  expect(world.events).toEqual([{ kind: 'runs-forgotten', ruleUid: world.stored.uid, runs: 20 }]);
});

test('closing stops in the middle, and what is left goes at the next start', async () => {
  const { reports, retain, open, round, foldersOf } = await openWorld();
  await retain({ keepReports: 1 });
  const housekeeper = open();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  reports.beforeDiscard = () => void housekeeper.close().then(resolve);
  housekeeper.start();
  await closed;
  expect(reports.folders().length).toBeGreaterThan(1);
  reports.assertWhole();
  reports.beforeDiscard = () => undefined;
  housekeeper.look('somebody asks too late');
  await round();
  expect(reports.folders()).toEqual(foldersOf(3));
  expect(reports.objects.size).toBe(4);
});
