import { expect, test } from 'vitest';
import { NIGHTLY, openControl, openRun, putRule, REASON, scanToTheEnd } from '../../test/control-fixture.ts';
import { queryPlans } from '../../test/query-plans.ts';
import type { RunLedger } from './run-ledger.ts';
import { lastRuleUid, newestReport } from './run-views.ts';

test('a run is told to the outside with the fields of the contract and no other', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  control.clock.nowMs += 1500;
  await control.ledger.published(run.id, 'inv/manifest.json');
  expect(await control.ledger.view(NIGHTLY, run.id)).toEqual({
    id: run.id,
    rule: 'nightly-all',
    tries: 1,
    retryAt: null,
    expected: 1,
    removedAt: null,
    bucket: 'photos',
    trigger: 'first',
    scheduledFor: '2026-10-04T16:00:00.000Z',
    state: 'published',
    startedAt: '2026-10-04T16:00:00.000Z',
    finishedAt: '2026-10-04T16:00:01.500Z',
    pointInTime: '2026-10-04T16:00:00.000Z',
    scanned: 1,
    matched: 1,
    bytesWritten: 20,
    shards: { done: 1, total: 1 },
    manifest: 'inv/manifest.json',
    destination: 'acme-reports',
    reason: null,
  });
});

test('a run of another rule or bucket is not found', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  for (const rule of [
    { ...NIGHTLY, ruleId: 'other' },
    { ...NIGHTLY, bucketId: 'b-other' },
  ]) {
    await expect(control.ledger.view(rule, id)).rejects.toMatchObject({ code: 'NoSuchRun' });
  }
});

test('runs are listed newest first, page by page', async () => {
  const control = await openControl();
  const rule = await putRule(control);
  const made = [(await openRun(control)).id];
  for (let i = 0; i < 4; i++) {
    await control.ledger.failed(made.at(-1) ?? '', REASON);
    made.push((await control.ledger.start(rule, 'manual')).id);
  }
  const listed: string[] = [];
  let before: number | undefined;
  do {
    const page: Awaited<ReturnType<RunLedger['list']>> = await control.ledger.list(rule.uid, before, 2);
    listed.push(...page.runs.map(({ id }) => id));
    before = page.nextBefore;
  } while (before !== undefined);
  expect(listed).toEqual(made.toReversed());
});

test('the pages go on where one ended, also when the run that it ended with is forgotten by then', async () => {
  const control = await openControl();
  const rule = await putRule(control);
  const made = [(await openRun(control)).id];
  for (let i = 0; i < 3; i++) {
    await control.ledger.failed(made.at(-1) ?? '', REASON);
    made.push((await control.ledger.start(rule, 'manual')).id);
  }
  const { nextBefore } = await control.ledger.list(rule.uid, undefined, 2);
  await control.db
    .deleteFrom('runs')
    .where('id', '=', made[2] ?? '')
    .execute();
  const { runs } = await control.ledger.list(rule.uid, nextBefore, 2);
  expect(runs.map(({ id }) => id)).toEqual([made[1], made[0]]);
});

test('no query reads the history of a bucket to learn who last had a name, nor that of a rule for its newest report', async () => {
  const control = await openControl();
  const rule = await putRule(control);
  const steps = await queryPlans(control.db, async (db) => {
    await lastRuleUid(db, NIGHTLY.bucketId, 'missing');
    await newestReport(db, rule.uid);
  });
  expect(steps).toEqual([
    expect.stringMatching(/runs_of_a_name \(bucket_id=\? AND rule_id=\?\)$/),
    expect.stringMatching(/reports_of_a_rule \(rule_uid=\? AND report_state=\?\)$/),
  ]);
});
