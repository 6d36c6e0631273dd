import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { openControl, openRun, openRuns, PHOTOS, putRule, REASON } from '../../test/control-fixture.ts';

test('a rule has one open run at most', async () => {
  const control = await openControl();
  const rule = await putRule(control);
  const { id } = await openRun(control);
  const refusal = { code: 'RunUnderWay', message: expect.stringContaining(id) };
  await expect(control.ledger.start(rule, 'manual')).rejects.toMatchObject(refusal);
  await control.ledger.failed(id, REASON);
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => control.ledger.start(rule, 'manual')));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('two starts within one millisecond are two due times', async () => {
  const control = await openControl();
  const rule = await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.failed(id, REASON);
  const first = await control.ledger.start(rule, 'manual');
  await control.ledger.failed(first.id, REASON);
  const second = await control.ledger.start(rule, 'manual');
  expect(Date.parse(second.scheduledFor)).toBe(Date.parse(first.scheduledFor) + 1);
});

test('a due time has one run, however often it is planned', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.failed(id, REASON);
  const row = await control.db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const { sequence, ...again } = { ...row, id: 'another', folder: null };
  await expect(control.db.insertInto('runs').values(again).execute()).rejects.toThrow(/UNIQUE/);
});

test('a disabled rule is not started', async () => {
  const control = await openControl();
  const rule = await putRule(control, { isEnabled: false });
  await expect(control.ledger.start(rule, 'manual')).rejects.toMatchObject({ code: 'RuleDisabled' });
});

test('a start goes by the rule as it stands now, not as it was looked up', async () => {
  const control = await openControl();
  const lookedUp = await putRule(control);
  await control.ledger.failed((await openRun(control)).id, REASON);
  await control.rules.put(PHOTOS, anyRule({ optionalFields: ['Size'] }), { replace: true });
  await control.ledger.start(lookedUp, 'manual');
  expect((await openRun(control)).rule.optionalFields).toEqual(['Size']);
});

test('a rule that was deleted since it was looked up is not started', async () => {
  const control = await openControl();
  const lookedUp = await putRule(control);
  await control.rules.delete(PHOTOS.id, 'nightly-all');
  await expect(control.ledger.start(lookedUp, 'manual')).rejects.toMatchObject({ code: 'NoSuchRule' });
  expect(await openRuns(control)).toEqual([]);
});
