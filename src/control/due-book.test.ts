import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import {
  type Control,
  MIDNIGHT_IN_CHINA,
  openControl,
  openRun,
  openRuns,
  PHOTOS,
  putRule,
  scanToTheEnd,
} from '../../test/control-fixture.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import { DueBook, dueRules } from './due-book.ts';
import { MAX_MISSED_RUNS } from './due-runs.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const replace = { replace: true };

/** A control state at noon in China, so that midnight is half a day off, with rules whose first runs are over. */
async function openDues(...frequencies: readonly ('Daily' | 'Weekly' | 'Monthly' | 'Once')[]) {
  const control = await openControl();
  control.clock.nowMs = NOON_MS;
  for (const frequency of frequencies) await putDone(control, frequency);
  const dues = new DueBook(control.db, MIDNIGHT_IN_CHINA);
  return { ...control, dues };
}

/** A rule whose first run is published. */
async function putDone(control: Control, frequency: 'Daily' | 'Weekly' | 'Monthly' | 'Once') {
  await putRule(control, { id: frequency, schedule: { frequency } });
  await finish(control);
}

/** Takes the open run to its end. */
async function finish(control: Control): Promise<void> {
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.ledger.published(run.id, 'manifest.json');
}

const NOON_MS = NOW_MS - DAY_MS / 2;

/** The runs of a schedule, oldest first, as in `10-05 planned`: the due date in China, and what became of it. */
async function scheduled({ db }: Control): Promise<string[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['scheduled_for', 'state', 'reason_code'])
    .where('trigger', '=', 'schedule')
    .orderBy('sequence')
    .execute();
  return rows.map(({ scheduled_for, state, reason_code }) => {
    const date = new Date(scheduled_for + 8 * 60 * MINUTE_MS).toISOString().slice(5, 10);
    return `${date} ${reason_code ?? state}`;
  });
}

test('nothing is due before its time', async () => {
  const { dues, ...control } = await openDues('Daily');
  expect(await dues.planDue(NOW_MS - 1)).toEqual({ planned: 0, missed: 0, isMore: false });
  expect(await dues.nextDueAtMs(NOON_MS)).toBe(NOW_MS);
  expect(await openRuns(control)).toEqual([]);
});

test('at its time a rule is due once, however often and by how many it is asked', async () => {
  const world = await openDues('Daily');
  const other = new DueBook(world.db, MIDNIGHT_IN_CHINA);
  const answers = await Promise.all([world.dues, other, world.dues].map((dues) => dues.planDue(NOW_MS)));
  expect(answers.reduce((sum, { planned }) => sum + planned, 0)).toBe(1);
  expect(await openRun(world)).toMatchObject({ trigger: 'schedule', scheduledForMs: NOW_MS, state: 'planned' });
  expect(await world.dues.nextDueAtMs(NOW_MS)).toBe(NOW_MS + DAY_MS);
});

test('of due times that were missed the newest runs, and the others say why they did not', async () => {
  const world = await openDues('Daily');
  expect(await world.dues.planDue(NOW_MS + 3 * DAY_MS + MINUTE_MS)).toMatchObject({ planned: 1, missed: 3 });
  expect(await scheduled(world)).toEqual([
    '10-05 DueTimeMissed',
    '10-06 DueTimeMissed',
    '10-07 DueTimeMissed',
    '10-08 planned',
  ]);
});

test('a row of a missed due time is over, and leaves nothing to be swept', async () => {
  const world = await openDues('Daily');
  await world.dues.planDue(NOW_MS + DAY_MS);
  expect(await world.ledger.unswept()).toEqual([]);
  const { uid } = await world.rules.get(PHOTOS.id, 'Daily');
  expect((await world.ledger.list(uid, undefined, 10)).runs[1]).toMatchObject({
    state: 'cancelled',
    startedAt: null,
    finishedAt: new Date(NOW_MS + DAY_MS).toISOString(),
    reason: { code: 'DueTimeMissed', text: expect.stringContaining('only the newest') },
  });
});

test('a due time that passes during a run waits for its end, and those before it are overrun', async () => {
  const world = await openDues('Daily');
  await world.dues.planDue(NOW_MS);
  const lateMs = NOW_MS + 2 * DAY_MS + MINUTE_MS;
  world.clock.nowMs = lateMs;
  expect(await world.dues.planDue(lateMs)).toEqual({ planned: 0, missed: 0, isMore: false });
  expect(await world.dues.nextDueAtMs(lateMs)).toBeUndefined();
  await finish(world);
  expect(await world.dues.planDue(lateMs)).toMatchObject({ planned: 1, missed: 1 });
  expect(await scheduled(world)).toEqual(['10-05 published', '10-06 DueTimeOverrun', '10-07 planned']);
});

test('a run that a person starts at that moment has the due time wait for its end', async () => {
  const world = await openDues('Daily');
  const rule = await world.rules.get(PHOTOS.id, 'Daily');
  await Promise.all([world.dues.planDue(NOW_MS), world.ledger.start(rule, 'manual')]);
  expect(await scheduled(world)).toEqual([]);
  await finish(world);
  await world.dues.planDue(NOW_MS);
  expect(await scheduled(world)).toEqual(['10-05 planned']);
});

test('due times that pass after a run that outlasted others were missed', async () => {
  const world = await openDues('Daily');
  await world.dues.planDue(NOW_MS);
  world.clock.nowMs = NOW_MS + DAY_MS + MINUTE_MS;
  await finish(world);
  await world.dues.planDue(NOW_MS + 3 * DAY_MS);
  expect(await scheduled(world)).toEqual([
    '10-05 published',
    '10-06 DueTimeOverrun',
    '10-07 DueTimeMissed',
    '10-08 planned',
  ]);
});

test('however long an outage was, its rows are bounded, and the oldest tells of the rest', async () => {
  const world = await openDues('Daily');
  const days = fc.integer({ min: MAX_MISSED_RUNS + 1, max: 40 * 366 });
  let nowMs = NOW_MS;
  await fc.assert(
    fc.asyncProperty(days, async (count) => {
      await world.dues.planDue(nowMs);
      await world.db.deleteFrom('runs').execute();
      nowMs += count * DAY_MS;
      expect(await world.dues.planDue(nowMs)).toMatchObject({ planned: 1, missed: MAX_MISSED_RUNS });
      const { reason_text } = await world.db
        .selectFrom('runs')
        .select('reason_text')
        .orderBy('sequence')
        .executeTakeFirstOrThrow();
      const more = count - 1 - MAX_MISSED_RUNS;
      expect(reason_text?.includes(`${more} due times before it`)).toBe(more > 0);
    }),
    { numRuns: 10 },
  );
});

test('a batch ends at its bound of rules, and of rows, and says that there is more', async () => {
  const world = await openDues('Daily', 'Weekly', 'Monthly');
  const untilMs = NOW_MS + 40 * DAY_MS;
  expect(await world.dues.planDue(untilMs, 2)).toMatchObject({ planned: 2, isMore: true });
  expect(await world.dues.planDue(untilMs, 2)).toMatchObject({ planned: 1, isMore: false });
  for (let index = 0; index < 10; index++) {
    await putRule(world, { id: `rule-${index}`, schedule: { frequency: 'Daily' } });
  }
  await world.db.deleteFrom('runs').execute();
  const centuryMs = untilMs + 36_500 * DAY_MS;
  expect(await world.dues.planDue(centuryMs)).toMatchObject({ planned: 5, isMore: true });
});

test('a rule that runs once, and one that is disabled, are never due', async () => {
  const world = await openDues('Once');
  await putRule(world, { id: 'off', isEnabled: false });
  expect(await world.dues.nextDueAtMs(0)).toBeUndefined();
  expect(await world.dues.planDue(NOW_MS + 1000 * DAY_MS)).toMatchObject({ planned: 0 });
});

describe('what a change of the rule does to its schedule', () => {
  const daily = anyRule({ id: 'Daily', schedule: { frequency: 'Daily' } });

  test('another schedule counts from the change on', async () => {
    const world = await openDues('Weekly');
    world.clock.nowMs += 2 * DAY_MS;
    await world.rules.put(PHOTOS, anyRule({ id: 'Weekly', schedule: { frequency: 'Monthly' } }), replace);
    expect(await world.dues.nextDueAtMs(NOON_MS)).toBe(NOW_MS + 31 * DAY_MS);
  });

  test('anything else leaves the schedule alone', async () => {
    const world = await openDues('Weekly');
    const rule = anyRule({ id: 'Weekly', schedule: { frequency: 'Weekly' }, optionalFields: ['Size'] });
    world.clock.nowMs += 2 * DAY_MS;
    await world.rules.put(PHOTOS, rule, replace);
    // Sunday noon in China, when the rule was made, lies seven days before the midnight that begins the next Sunday.
    expect(await world.dues.nextDueAtMs(NOON_MS)).toBe(NOW_MS + 6 * DAY_MS);
  });

  test('a due time that came before the change is accounted for with the old rule', async () => {
    const world = await openDues('Daily');
    world.clock.nowMs = NOW_MS + DAY_MS + MINUTE_MS;
    await world.rules.put(PHOTOS, { ...daily, schedule: { frequency: 'Weekly' } }, replace);
    expect(await scheduled(world)).toEqual(['10-05 DueTimeMissed', '10-06 planned']);
    expect((await openRun(world)).rule.schedule).toEqual({ frequency: 'Daily' });
  });

  test('a due time that waits for the end of a run is given up, in words, when the schedule changes', async () => {
    const world = await openDues('Daily');
    await world.dues.planDue(NOW_MS);
    world.clock.nowMs = NOW_MS + DAY_MS + MINUTE_MS;
    await world.rules.put(PHOTOS, { ...daily, schedule: { frequency: 'Weekly' } }, replace);
    expect(await scheduled(world)).toEqual(['10-05 planned', '10-06 DueTimeOverrun']);
  });

  test('disabling cancels what is planned, and enabling makes up for nothing', async () => {
    const world = await openDues('Daily');
    await world.dues.planDue(NOW_MS);
    await world.rules.setEnabled(PHOTOS.id, 'Daily', false);
    expect(await world.dues.nextDueAtMs(0)).toBeUndefined();
    world.clock.nowMs = NOW_MS + 5 * DAY_MS + MINUTE_MS;
    const enabled = await world.rules.setEnabled(PHOTOS.id, 'Daily', true);
    expect(enabled.nextDueAtMs).toBe(NOW_MS + 6 * DAY_MS);
    expect(await world.dues.planDue(world.clock.nowMs)).toMatchObject({ planned: 0 });
    expect(await scheduled(world)).toEqual(['10-05 RuleDisabled']);
  });

  test('disabling and enabling leave the weekday of a rule as it was', async () => {
    const world = await openDues('Weekly');
    world.clock.nowMs = NOON_MS + 2 * DAY_MS;
    for (const isEnabled of [false, true]) await world.rules.setEnabled(PHOTOS.id, 'Weekly', isEnabled);
    expect(await world.dues.nextDueAtMs(NOON_MS)).toBe(NOW_MS + 6 * DAY_MS);
  });

  test('a rule that is deleted is due no more, and a due time that nobody has seen yet says so', async () => {
    const world = await openDues('Daily');
    world.clock.nowMs = NOW_MS + MINUTE_MS;
    await world.rules.delete(PHOTOS.id, 'Daily');
    expect(await world.dues.planDue(NOW_MS + DAY_MS)).toMatchObject({ planned: 0 });
    expect(await scheduled(world)).toEqual(['10-05 RuleDeleted']);
  });
});

describe('a clock that was set back', () => {
  test('by a little plans no due time again', async () => {
    const world = await openDues('Daily');
    await world.dues.planDue(NOW_MS);
    await finish(world);
    await world.dues.clockSetBack(NOW_MS - 1);
    expect(await world.dues.nextDueAtMs(NOW_MS - 1)).toBe(NOW_MS);
    expect(await world.dues.planDue(NOW_MS)).toMatchObject({ planned: 0, missed: 0 });
    expect(await scheduled(world)).toEqual(['10-05 published']);
    expect(await world.dues.nextDueAtMs(NOW_MS)).toBe(NOW_MS + DAY_MS);
  });

  test('lets a due time run that only had a row saying why it did not, and no other one again', async () => {
    const world = await openDues('Daily');
    await world.dues.planDue(NOW_MS + 2 * DAY_MS);
    await finish(world);
    await world.dues.clockSetBack(NOON_MS);
    expect(await world.dues.planDue(NOW_MS)).toMatchObject({ planned: 1, missed: 0 });
    expect(await scheduled(world)).toEqual(['10-06 DueTimeMissed', '10-07 published', '10-05 planned']);
    await finish(world);
    expect(await world.dues.planDue(NOW_MS + 2 * DAY_MS)).toMatchObject({ planned: 0, missed: 0 });
    expect(await scheduled(world)).toEqual(['10-06 DueTimeMissed', '10-07 published', '10-05 published']);
  });

  test('leaves a due time alone whose run somebody cancelled', async () => {
    const world = await openDues('Daily');
    await world.dues.planDue(NOW_MS);
    for (const isEnabled of [false, true]) await world.rules.setEnabled(PHOTOS.id, 'Daily', isEnabled);
    await world.dues.clockSetBack(NOON_MS);
    expect(await world.dues.planDue(NOW_MS)).toMatchObject({ planned: 0, missed: 0 });
    expect(await scheduled(world)).toEqual(['10-05 RuleDisabled']);
  });

  test('by years lets rules be due again that were settled, or made, in the years ahead', async () => {
    const world = await openDues('Daily');
    const aheadMs = NOW_MS + 3650 * DAY_MS;
    await world.dues.planDue(aheadMs);
    await finish(world);
    world.clock.nowMs = aheadMs + MINUTE_MS;
    await putDone(world, 'Monthly');
    world.clock.nowMs = NOON_MS;
    await world.dues.clockSetBack(NOON_MS);
    expect(await world.dues.planDue(NOW_MS)).toMatchObject({ planned: 1 });
    await finish(world);
    expect(await world.dues.planDue(NOW_MS + 29 * DAY_MS)).toMatchObject({ planned: 2 });
  });
});

describe('another setting', () => {
  const evening = { time: '18:00', zone: 'Europe/Berlin' };

  test('counts from the start with it on', async () => {
    const world = await openDues('Daily');
    const dues = new DueBook(world.db, evening);
    await dues.rebase(NOON_MS);
    expect(await dues.nextDueAtMs(NOON_MS)).toBe(Date.parse('2026-10-04T18:00+02:00'));
    expect(await scheduled(world)).toEqual([]);
  });

  test('comes after what was missed by the one before', async () => {
    const world = await openDues('Daily');
    const dues = new DueBook(world.db, evening);
    await dues.rebase(NOW_MS + DAY_MS);
    expect(await scheduled(world)).toEqual(['10-05 DueTimeMissed', '10-06 planned']);
    expect(await dues.nextDueAtMs(NOW_MS)).toBe(Date.parse('2026-10-06T18:00+02:00'));
  });

  test('is reckoned with once, for rules of all kinds and however many', async () => {
    const world = await openDues('Once');
    for (let index = 0; index < 120; index++) {
      await putRule(world, { id: `rule-${index}`, isEnabled: index % 2 === 0, schedule: { frequency: 'Daily' } });
    }
    const dues = new DueBook(world.db, evening);
    await dues.rebase(NOON_MS);
    const bases = await world.db.selectFrom('rules').select('schedule_basis').distinct().execute();
    expect(bases).toEqual([{ schedule_basis: expect.stringContaining('18:00 Europe/Berlin') }]);
    const due = await world.db.selectFrom('rules').select('uid').where('next_due_at', 'is not', null).execute();
    expect(due).toHaveLength(60);
  });

  test('is what a rule from before there were schedules begins with, from its day on and with nothing to make up for', async () => {
    const world = await openDues('Weekly');
    await world.db
      .updateTable('rules')
      .set({ schedule_basis: '', next_due_at: null, settled_until: NOON_MS })
      .execute();
    await world.dues.rebase(NOW_MS + 30 * DAY_MS);
    expect(await scheduled(world)).toEqual([]);
    expect(await world.dues.nextDueAtMs(NOW_MS)).toBe(NOW_MS + 34 * DAY_MS);
  });
});

test('the question what is due reads no rule that is not, and no run that is over', async () => {
  const { db } = await openDues('Daily');
  const query = dueRules(db, NOW_MS).select('uid').orderBy('next_due_at').limit(100).compile();
  const plan = await sql<{
    detail: string;
  }>`explain query plan ${sql.raw(query.sql.replace('?', String(NOW_MS)).replace('?', '100'))}`.execute(db);
  const steps = plan.rows.map(({ detail }) => detail).join('\n');
  expect(steps).toMatch(/SEARCH rules USING .*INDEX rules_by_due_time/);
  expect(steps).toMatch(/SEARCH runs USING .*INDEX one_open_run_of_a_rule/);
  expect(steps).not.toMatch(/SCAN|TEMP B-TREE/);
});
