import { expect, test } from 'vitest';
import { type Control, openControl, PHOTOS, putRule } from '../../test/control-fixture.ts';
import { cancelledRun, deliverRun } from '../../test/delivered-runs.ts';
import { queryPlans } from '../../test/query-plans.ts';
import type { Retention } from '../core/rule-options.ts';
import { RuleOptionsTable } from './rule-options.ts';
import type { StoredRule } from './rule-row.ts';
import { RunHistory } from './run-history.ts';

const DAY_MS = 86_400_000;

async function openWorld({ runsPerRule = 3 } = {}) {
  const control = await openControl();
  const { db, clock } = control;
  const history = new RunHistory(db, clock, { runsPerRule, goneRuleDays: 30 });
  const stored = await putRule(control);
  const retain = (retention: Retention) => new RuleOptionsTable(db).put(stored.uid, { latest: true, retention });
  /** Ends as many runs as asked for, a minute apart. */
  const end = async (count: number, how: (control: Control, stored: StoredRule) => Promise<{ id: string }>) => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      clock.nowMs += 60_000;
      ids.push((await how(control, stored)).id);
    }
    return ids;
  };
  const pruneAll = async () => {
    let steps = 0;
    while ((await history.prune(stored.uid)).mayGoOn) if (++steps > 1000) throw new Error('pruning without end');
    return steps;
  };
  const runIds = async () =>
    (await db.selectFrom('runs').select('id').orderBy('sequence').execute()).map(({ id }) => id);
  return { ...control, history, stored, retain, end, pruneAll, runIds };
}

test('the newest runs of a rule stay, with their shards and attempts, and nothing of the others', async () => {
  const { db, end, pruneAll, runIds } = await openWorld();
  const ids = await end(8, deliverRun);
  await pruneAll();
  expect(await runIds()).toEqual(ids.slice(-3));
  for (const table of ['shards', 'attempts'] as const) {
    const rows = await db.selectFrom(table).select('run_id').execute();
    expect(rows.map(({ run_id }) => run_id).toSorted()).toEqual(ids.slice(-3).toSorted());
  }
});

test('the newest report stays, however many runs without one came after it', async () => {
  const { end, pruneAll, runIds } = await openWorld();
  const [, , newest] = await end(3, deliverRun);
  const later = await end(6, cancelledRun);
  await pruneAll();
  expect(await runIds()).toEqual([newest, ...later.slice(-3)]);
});

test('a report that retention may still remove keeps its run; one that it has removed does not', async () => {
  const { db, end, pruneAll, runIds, retain } = await openWorld();
  const ids = await end(6, deliverRun);
  await retain({ keepReports: 5 });
  const states = ['removed', 'removing', 'present', 'present', 'present', 'present'] as const;
  for (const [index, report_state] of states.entries()) {
    await db
      .updateTable('runs')
      .set({ report_state })
      .where('id', '=', ids[index] ?? '')
      .execute();
  }
  await pruneAll();
  expect(await runIds()).toEqual(ids.slice(1));
});

test('a report that is just being removed keeps its run, whatever the rule asks for now', async () => {
  const { db, end, pruneAll, runIds } = await openWorld();
  const ids = await end(6, deliverRun);
  const removing = { report_state: 'removing' } as const;
  await db
    .updateTable('runs')
    .set(removing)
    .where('id', '=', ids[0] ?? '')
    .execute();
  await pruneAll();
  expect(await runIds()).toEqual([ids[0], ...ids.slice(-3)]);
});

test('what is open or unswept, and what an end still has to be told of, stays', async () => {
  const control = await openWorld();
  const { db, clock, ledger, stored, end, pruneAll, runIds } = control;
  const ids = await end(8, cancelledRun);
  const [unswept = '', untold = '', told = ''] = ids;
  await db.updateTable('runs').set({ swept: 0 }).where('id', '=', unswept).execute();
  await insertWebhook(control);
  await insertDelivery(control, untold, 'pending');
  await insertDelivery(control, told, 'delivered');
  clock.nowMs += 60_000;
  const { id: open } = await ledger.start(stored, 'manual');
  await pruneAll();
  expect(await runIds()).toEqual([unswept, untold, ...ids.slice(-2), open]);
  const deliveries = await db.selectFrom('deliveries').select('run_id').execute();
  expect(deliveries).toEqual([{ run_id: untold }]);
});

test('runs of a rule that is gone stay for so many days, and then go with their newest report', async () => {
  const { clock, rules, stored, end, pruneAll, runIds } = await openWorld();
  const ids = await end(5, deliverRun);
  await rules.delete(PHOTOS.id, stored.rule.id);
  clock.nowMs += 29 * DAY_MS;
  await pruneAll();
  expect(await runIds()).toEqual(ids);
  clock.nowMs += 2 * DAY_MS;
  await pruneAll();
  expect(await runIds()).toEqual([]);
});

test('a report of a rule that is gone, which nobody may remove any more, does not keep its run for good', async () => {
  const { db, clock, rules, stored, end, pruneAll, runIds } = await openWorld();
  await end(2, deliverRun);
  await db.updateTable('runs').set({ report_state: 'removing' }).execute();
  await rules.delete(PHOTOS.id, stored.rule.id);
  clock.nowMs += 31 * DAY_MS;
  await pruneAll();
  expect(await runIds()).toEqual([]);
});

test('a run of very many shards goes in short steps, and is not one that retention could find whole meanwhile', async () => {
  const { db, history, stored, end, pruneAll, runIds } = await openWorld();
  const [large = ''] = await end(1, (control, rule) => deliverRun(control, rule, 620));
  const later = await end(3, deliverRun);
  expect(await history.prune(stored.uid)).toEqual({ runs: 0, mayGoOn: true });
  expect(await runIds()).toContain(large);
  const { left } = await db
    .selectFrom('shards')
    .select((select) => select.fn.countAll<number>().as('left'))
    .where('run_id', '=', large)
    .executeTakeFirstOrThrow();
  expect(left).toBe(520);
  expect(await db.selectFrom('runs').select('report_state').where('id', '=', large).execute()).toEqual([
    { report_state: null },
  ]);
  await pruneAll();
  expect(await runIds()).toEqual(later);
  expect(await db.selectFrom('attempts').select('run_id').where('run_id', '=', large).execute()).toEqual([]);
});

test('a step deletes a bounded number of rows', async () => {
  const { history, stored, end } = await openWorld();
  await end(9, (control, rule) => deliverRun(control, rule, 120));
  expect(await history.prune(stored.uid)).toEqual({ runs: 2, mayGoOn: true });
});

test('a round comes to each rule that has runs once', async () => {
  const control = await openWorld();
  const { db, rules, history, stored } = control;
  const others = [await putRule(control, { id: 'second' }), await putRule(control, { id: 'third' })];
  await rules.delete(PHOTOS.id, 'third');
  await db.deleteFrom('runs').where('rule_id', '=', 'second').execute();
  const seen: string[] = [];
  for (let uid = await history.nextRule(''); uid !== undefined; uid = await history.nextRule(uid)) seen.push(uid);
  expect(seen).toEqual([stored.uid, others[1]?.uid].toSorted());
});

test('no query reads the runs of other rules', async () => {
  const { db, stored, end } = await openWorld();
  await end(5, deliverRun);
  const steps = await queryPlans(db, async (watched) => {
    const history = new RunHistory(watched, { now: () => 0 }, { runsPerRule: 3, goneRuleDays: 30 });
    await history.prune(stored.uid);
    await history.nextRule('');
  });
  expect(steps.length).toBeGreaterThan(6);
  expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual([]);
  for (const step of steps.filter((step) => step.startsWith('SEARCH runs ')))
    expect(step).toMatch(/\((rule_uid|id)[=>]/);
});

async function insertWebhook({ db }: Control): Promise<void> {
  await db.insertInto('accounts').values({ id: '1', name: 'acme', state: 'enabled', created_at: 0 }).execute();
  await db
    .insertInto('webhooks')
    .values({
      id: 'w',
      account_id: '1',
      url: 'https://example.com',
      events: '[]',
      description: '',
      state: 'enabled',
      sealed: Buffer.of(1),
      sealed_by: 'key',
      created_at: 0,
      updated_at: 0,
    })
    .execute();
}

async function insertDelivery({ db }: Control, runId: string, state: 'pending' | 'delivered'): Promise<void> {
  await db
    .insertInto('deliveries')
    .values({
      id: `d-${runId}`,
      webhook_id: 'w',
      run_id: runId,
      event: 'run.failed',
      payload: '{}',
      state,
      tries: 0,
      created_at: 0,
    })
    .execute();
}
