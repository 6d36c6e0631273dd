import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import {
  NIGHTLY,
  ONE_ROW,
  onePlan,
  openControl,
  openRun,
  PHOTOS,
  putRule,
  REASON,
  scanToTheEnd,
} from '../../test/control-fixture.ts';
import { NOW_MS } from '../../test/store-fixture.ts';

test('a run is cancelled in the name of who asked for it, and its attempts are given up', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  await control.ledger.plan(id, onePlan('file'));
  expect(await control.ledger.cancel(NIGHTLY, id, 'user "alice"')).toMatchObject({
    id,
    state: 'cancelled',
    finishedAt: '2026-10-04T16:00:00.000Z',
    reason: { code: 'Cancelled', text: 'Cancelled by user "alice".' },
  });
  expect(await control.db.selectFrom('attempts').select(['state', 'fault', 'ended_at']).execute()).toEqual([
    { state: 'failed', fault: 'Cancelled by user "alice".', ended_at: NOW_MS },
  ]);
  expect(await control.ledger.unswept()).toMatchObject([{ id }]);
});

test('a run that is put off can be cancelled, and is not put off any longer', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  await control.ledger.putOff(id, { reason: REASON, retryAtMs: NOW_MS + 1000 });
  expect(await control.ledger.cancel(NIGHTLY, id, 'alice')).toMatchObject({ state: 'cancelled', retryAt: null });
});

test('once a run is publishing it is refused to cancel it, in words that say what it is', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await expect(control.ledger.cancel(NIGHTLY, run.id, 'alice')).rejects.toMatchObject({
    code: 'RunNotCancellable',
    message: `Run ${run.id} is publishing and can't be cancelled. Its report may be visible already. Wait for its end.`,
  });
  await control.ledger.published(run.id, 'manifest.json');
  await expect(control.ledger.cancel(NIGHTLY, run.id, 'alice')).rejects.toMatchObject({
    code: 'RunNotCancellable',
    message: `Run ${run.id} is published and can't be cancelled. It is over.`,
  });
});

test('a run that is published after it was put off has no reason left', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.ledger.putOff(run.id, { reason: REASON, retryAtMs: NOW_MS + 1000 });
  expect(await control.ledger.find(run.id)).toMatchObject({ state: 'publishing', reason: REASON });
  await control.ledger.published(run.id, 'manifest.json');
  expect(await control.ledger.view(NIGHTLY, run.id)).toMatchObject({ state: 'published', reason: null, retryAt: null });
});

test('a published run is swept of what failed attempts wrote, and of nothing else', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  await control.ledger.plan(id, onePlan('stray'));
  await control.ledger.nextAttempt(id, 'stray', { fault: 'it broke', fileKey: 'good' });
  await control.ledger.settleShard(id, 'good', ONE_ROW);
  await control.ledger.publishing(id);
  await expect(control.ledger.allFileKeys(id)).rejects.toThrow(
    `run ${id} is publishing: its files are those of a report`,
  );
  await control.ledger.published(id, 'manifest.json');
  expect(await control.ledger.unswept()).toMatchObject([{ id, state: 'published', isSwept: false }]);
  await expect(control.ledger.allFileKeys(id)).rejects.toThrow(
    `run ${id} is published: its files are those of a report`,
  );
  expect(await control.ledger.staleFileKeys(id)).toEqual(['stray']);
  await control.ledger.swept(id);
  expect(await control.ledger.unswept()).toEqual([]);
});

test('however long a reason is, it is kept to a bounded length and on one line', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.failed(id, { code: 'InternalError', text: `first\nsecond ${'x'.repeat(100_000)}` });
  const { reason } = await control.ledger.view(NIGHTLY, id);
  expect(reason?.text).toMatch(/^first\uFFFDsecond x{1987}…$/u);
});

test('a run without a failed attempt is clean when it is published', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.ledger.published(run.id, 'manifest.json');
  expect(await control.ledger.find(run.id)).toMatchObject({ isSwept: true });
});

test('a rule that runs once and deletes itself goes in the step that ends its run', async () => {
  const control = await openControl();
  await putRule(control, { schedule: { frequency: 'Once', autoDelete: true } });
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  expect(await control.rules.find(PHOTOS.id, 'nightly-all')).toBeDefined();
  await control.ledger.published(run.id, 'manifest.json');
  expect(await control.rules.find(PHOTOS.id, 'nightly-all')).toBeUndefined();
  expect(await control.ledger.view(NIGHTLY, run.id)).toMatchObject({ state: 'published' });
});

test('a rule that deletes itself stays when its run fails', async () => {
  const control = await openControl();
  await putRule(control, { schedule: { frequency: 'Once', autoDelete: true } });
  await control.ledger.failed((await openRun(control)).id, REASON);
  expect(await control.rules.find(PHOTOS.id, 'nightly-all')).toBeDefined();
});

test.each([
  ['that runs once and stays', { schedule: { frequency: 'Once' } as const }],
  ['that runs daily', {}],
])('a rule %s is there after its run', async (_, change) => {
  const control = await openControl();
  await putRule(control, change);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.ledger.published(run.id, 'manifest.json');
  expect(await control.rules.find(PHOTOS.id, 'nightly-all')).toBeDefined();
});

test('a rule that was replaced while it ran is not taken for the one that deletes itself', async () => {
  const control = await openControl();
  await putRule(control, { schedule: { frequency: 'Once', autoDelete: true } });
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.rules.put(PHOTOS, anyRule(), { replace: true });
  await control.ledger.published(run.id, 'manifest.json');
  expect((await control.rules.get(PHOTOS.id, 'nightly-all')).rule).toEqual(anyRule());
});
