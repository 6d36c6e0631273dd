import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { openControl, openRun, openRuns, PHOTOS, putRule, REASON, scanToTheEnd } from '../../test/control-fixture.ts';

const put = { replace: false };
const replace = { replace: true };

test('a rule is stored as it was put', async () => {
  const control = await openControl();
  const rule = anyRule({ filter: { prefix: '封面/' }, optionalFields: ['Size', 'ETag'] });
  await control.rules.put(PHOTOS, rule, put);
  expect((await control.rules.get(PHOTOS.id, rule.id)).rule).toEqual(rule);
});

test('an id that is taken is refused, and the rule stays as it was', async () => {
  const { rules } = await openControl();
  await rules.put(PHOTOS, anyRule(), put);
  const again = rules.put(PHOTOS, anyRule({ optionalFields: ['Size'] }), put);
  await expect(again).rejects.toMatchObject({ code: 'RuleExists' });
  expect((await rules.get(PHOTOS.id, 'nightly-all')).rule).toEqual(anyRule());
});

test('replacing keeps who the rule is, and plans no second first run', async () => {
  const control = await openControl();
  const before = await putRule(control);
  await control.rules.put(PHOTOS, anyRule({ optionalFields: ['Size'] }), replace);
  const after = await control.rules.get(PHOTOS.id, 'nightly-all');
  expect(after).toEqual({ ...before, rule: anyRule({ optionalFields: ['Size'] }) });
  expect(await openRuns(control)).toHaveLength(1);
});

test('replacing a rule that is not there stores it', async () => {
  const control = await openControl();
  await control.rules.put(PHOTOS, anyRule(), replace);
  await expect(openRun(control)).resolves.toMatchObject({ state: 'planned', rule: anyRule() });
});

test('two puts of one id at the same time store one of them', async () => {
  const { db, rules } = await openControl();
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => rules.put(PHOTOS, anyRule(), put)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await openRuns({ db })).toHaveLength(1);
});

test('an enabled rule owes a first run, a disabled one owes it when it is enabled', async () => {
  const control = await openControl();
  await putRule(control, { isEnabled: false });
  expect(await openRuns(control)).toEqual([]);
  await control.rules.put(PHOTOS, anyRule(), replace);
  expect(
    await control.ledger.list((await control.rules.get(PHOTOS.id, 'nightly-all')).uid, undefined, 10),
  ).toMatchObject({ runs: [{ trigger: 'first', state: 'planned', bucket: 'photos' }] });
});

test('the run of a rule with frequency Once is triggered by "once"', async () => {
  const control = await openControl();
  const { uid } = await putRule(control, { schedule: { frequency: 'Once' } });
  expect((await control.ledger.list(uid, undefined, 10)).runs).toMatchObject([{ trigger: 'once' }]);
});

test('a rule that runs once makes up for the run that disabling cancelled', async () => {
  const control = await openControl();
  const { uid } = await putRule(control, { schedule: { frequency: 'Once' } });
  for (const isEnabled of [false, true]) await control.rules.setEnabled(PHOTOS.id, 'nightly-all', isEnabled);
  expect((await control.ledger.list(uid, undefined, 10)).runs).toMatchObject([
    { trigger: 'once', state: 'planned' },
    { trigger: 'once', state: 'cancelled', reason: { code: 'RuleDisabled' } },
  ]);
});

test('a rule that ran once is not run again by anything but another schedule', async () => {
  const control = await openControl();
  const once = { schedule: { frequency: 'Once' } } as const;
  const { uid } = await putRule(control, once);
  const end = async () => {
    const run = await openRun(control);
    await scanToTheEnd(control, run);
    await control.ledger.published(run.id, 'manifest.json');
  };
  await end();
  for (const isEnabled of [false, true]) await control.rules.setEnabled(PHOTOS.id, 'nightly-all', isEnabled);
  await control.rules.put(PHOTOS, anyRule({ ...once, optionalFields: ['Size'] }), replace);
  expect(await openRuns(control)).toEqual([]);
  control.clock.nowMs += 1000;
  await control.rules.put(PHOTOS, anyRule(), replace);
  control.clock.nowMs += 1000;
  await control.rules.put(PHOTOS, anyRule(once), replace);
  await end();
  expect((await control.ledger.list(uid, undefined, 10)).runs).toHaveLength(2);
});

test('a rule that is to run once while another run of it is under way does so after that, however it ends', async () => {
  const control = await openControl();
  const once = anyRule({ schedule: { frequency: 'Once' } });
  for (const end of ['failed', 'cancel'] as const) {
    const { uid } = await putRule(control, { id: end });
    const run = await openRun(control);
    await control.rules.put(PHOTOS, { ...once, id: end }, replace);
    expect(await openRun(control)).toMatchObject({ id: run.id, rule: { schedule: { frequency: 'Daily' } } });
    if (end === 'cancel') await control.ledger.cancel({ bucketId: PHOTOS.id, ruleId: end }, run.id, 'somebody');
    else await control.ledger.failed(run.id, REASON);
    const owed = await openRun(control);
    expect(owed).toMatchObject({ ruleUid: uid, trigger: 'once', rule: { schedule: { frequency: 'Once' } } });
    await control.ledger.cancel({ bucketId: PHOTOS.id, ruleId: end }, owed.id, 'somebody');
    expect(await openRuns(control)).toEqual([]);
  }
});

test('replacing a rule by a disabled one cancels its run, in words; by an enabled one leaves the run as it was', async () => {
  const control = await openControl();
  const { uid } = await putRule(control);
  const run = await openRun(control);
  await control.ledger.scanning(run.id);
  await control.rules.put(PHOTOS, anyRule({ optionalFields: ['Size'] }), replace);
  expect(await control.ledger.find(run.id)).toMatchObject({ state: 'scanning', rule: { optionalFields: [] } });
  await control.rules.put(PHOTOS, anyRule({ isEnabled: false }), replace);
  expect((await control.ledger.list(uid, undefined, 10)).runs).toMatchObject([
    { state: 'cancelled', reason: { code: 'RuleDisabled', text: expect.stringContaining('Enable it') } },
  ]);
});

test('a run that is publishing goes on when its rule is disabled', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.rules.setEnabled(PHOTOS.id, 'nightly-all', false);
  expect(await control.ledger.find(run.id)).toMatchObject({ state: 'publishing' });
});

test('enabling and disabling change nothing else, and nothing at all of a rule that is so already', async () => {
  const control = await openControl();
  const stored = await putRule(control, { optionalFields: ['Size'] });
  expect(await control.rules.setEnabled(PHOTOS.id, 'nightly-all', true)).toEqual(stored);
  expect(await openRuns(control)).toHaveLength(1);
  const off = await control.rules.setEnabled(PHOTOS.id, 'nightly-all', false);
  expect(off).toEqual({ ...stored, rule: { ...stored.rule, isEnabled: false }, nextDueAtMs: null });
  await expect(control.rules.setEnabled(PHOTOS.id, 'missing', true)).rejects.toMatchObject({ code: 'NoSuchRule' });
});

test('rules are listed by the bytes of their ids, page by page', async () => {
  const control = await openControl();
  const ids = ['a', 'B', 'é', '\u{1F600}', '\uFFFD', 'a-b', 'Z'];
  for (const id of ids) await putRule(control, { id, isEnabled: false });
  const listed: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof control.rules.list>> = await control.rules.list(PHOTOS.id, after, 2);
    expect(page.rules.length).toBeLessThanOrEqual(2);
    listed.push(...page.rules.map(({ id }) => id));
    after = page.nextAfter;
  }
  expect(listed).toEqual(ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
});

test('a page that ends with the last rule has no next one', async () => {
  const control = await openControl();
  for (const id of ['a', 'b']) await putRule(control, { id, isEnabled: false });
  expect(await control.rules.list(PHOTOS.id, '', 2)).toEqual({
    rules: [anyRule({ id: 'a', isEnabled: false }), anyRule({ id: 'b', isEnabled: false })],
  });
});

test('a full bucket takes no further rule, but a replacement', async () => {
  const control = await openControl({ maxRules: 2 });
  for (const id of ['a', 'b']) await putRule(control, { id });
  const third = control.rules.put(PHOTOS, anyRule({ id: 'c' }), put);
  await expect(third).rejects.toMatchObject({
    code: 'RuleLimitReached',
    message: expect.stringContaining('2 of at most 2'),
  });
  await control.rules.put(PHOTOS, anyRule({ id: 'b', isEnabled: false }), replace);
  await control.rules.put({ id: 'b-other', name: 'other' }, anyRule({ id: 'c' }), put);
});

test('a rule that is not there is missed by get, and deleted without complaint', async () => {
  const { rules } = await openControl();
  await expect(rules.get(PHOTOS.id, 'nightly-all')).rejects.toMatchObject({ code: 'NoSuchRule' });
  expect(await rules.delete(PHOTOS.id, 'nightly-all')).toBeUndefined();
});

test('deleting a rule cancels its planned run, and says so in words', async () => {
  const control = await openControl();
  const { uid } = await putRule(control);
  const run = await openRun(control);
  expect(await control.rules.delete(PHOTOS.id, 'nightly-all')).toBe(uid);
  const view = await control.ledger.view({ bucketId: PHOTOS.id, ruleId: 'nightly-all' }, run.id);
  expect(view).toMatchObject({ state: 'cancelled', reason: { code: 'RuleDeleted' }, finishedAt: expect.any(String) });
});

test('deleting a rule cancels its scanning run', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await control.ledger.scanning(run.id);
  await control.rules.delete(PHOTOS.id, 'nightly-all');
  expect(await control.ledger.find(run.id)).toMatchObject({ state: 'cancelled' });
});

test('deleting a rule leaves a run alone that is publishing', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.rules.delete(PHOTOS.id, 'nightly-all');
  expect(await control.ledger.find(run.id)).toMatchObject({ state: 'publishing' });
});

test('a rule made anew under the same id inherits nothing', async () => {
  const control = await openControl();
  const first = await putRule(control);
  await control.rules.delete(PHOTOS.id, 'nightly-all');
  const second = await putRule(control);
  expect(second.uid).not.toBe(first.uid);
  expect((await control.ledger.list(second.uid, undefined, 10)).runs).toHaveLength(1);
});

test("a bucket's end takes its rules along, and no other bucket's", async () => {
  const control = await openControl();
  const ids = Array.from({ length: 120 }, (_, index) => `rule-${index}`);
  for (const id of ids) await putRule(control, { id });
  await control.rules.put({ id: 'b-other', name: 'other' }, anyRule(), put);
  expect(await control.rules.bucketIds()).toEqual(expect.arrayContaining(['b-photos', 'b-other']));
  expect(new Set(await control.rules.deleteBucket(PHOTOS.id)).size).toBe(ids.length);
  expect(await control.rules.bucketIds()).toEqual(['b-other']);
  expect(await openRuns(control)).toHaveLength(1);
});
