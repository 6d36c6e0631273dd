import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { type CompiledQuery, Kysely, SqliteDialect } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import {
  type Control,
  ONE_ROW,
  openControl,
  openRun,
  PHOTOS,
  putRule,
  scanToTheEnd,
  WHOLE_RANGE,
} from '../../test/control-fixture.ts';
import { NOW_MS, temporaryFolder } from '../../test/store-fixture.ts';
import { isOpen, type RunState } from '../core/run.ts';
import { RunLedger, RunOver } from './run-ledger.ts';
import type { Schema } from './schema.ts';

const REASON = { code: 'Why', text: 'because' };
const RULE = { bucketId: PHOTOS.id, ruleId: 'nightly-all' };

/** How a run gets into each state. */
const WAYS: Readonly<Record<RunState, (control: Control, runId: string) => Promise<void>>> = {
  planned: async () => undefined,
  scanning: async ({ ledger }, runId) => ledger.scanning(runId),
  publishing: async (control, runId) => scanToTheEnd(control, { ...(await openRun(control)), id: runId }),
  published: async (control, runId) => {
    await WAYS.publishing(control, runId);
    await control.ledger.published(runId, 'manifest.json');
  },
  empty: async (control, runId) => {
    await WAYS.publishing(control, runId);
    await control.ledger.empty(runId, REASON);
  },
  failed: async ({ ledger }, runId) => ledger.failed(runId, REASON),
  cancelled: async ({ rules }) => {
    await rules.delete(PHOTOS.id, 'nightly-all');
  },
};
const STATES = Object.keys(WAYS) as RunState[];

/** Each step, and the states that it may be taken from. */
const STEPS: Readonly<
  Record<string, { readonly from: readonly RunState[]; take: (ledger: RunLedger, runId: string) => Promise<unknown> }>
> = {
  scanning: { from: ['planned', 'scanning'], take: (ledger, runId) => ledger.scanning(runId) },
  reserveFolder: { from: ['scanning'], take: (ledger, runId) => ledger.reserveFolder(runId, 'acme-reports/folder') },
  plan: { from: ['scanning'], take: (ledger, runId) => ledger.plan(runId, NOW_MS, []) },
  publishing: { from: ['scanning'], take: (ledger, runId) => ledger.publishing(runId) },
  published: { from: ['publishing'], take: (ledger, runId) => ledger.published(runId, 'manifest.json') },
  empty: { from: ['publishing'], take: (ledger, runId) => ledger.empty(runId, REASON) },
};

for (const [name, { from, take }] of Object.entries(STEPS)) {
  test.each(STATES)(`the step "${name}" from a run that is %s`, async (state) => {
    const control = await openControl();
    await putRule(control);
    const { id } = await openRun(control);
    await WAYS[state](control, id);
    const before = await control.ledger.find(id);
    if (from.includes(state)) {
      await take(control.ledger, id);
    } else {
      await expect(take(control.ledger, id)).rejects.toBeInstanceOf(RunOver);
      expect(await control.ledger.find(id)).toEqual(before);
    }
  });
}

test.each(STATES)('a failure is noted of an open run only: %s', async (state) => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await WAYS[state](control, id);
  await control.ledger.failed(id, REASON);
  expect((await control.ledger.find(id))?.state).toBe(isOpen(state) ? 'failed' : state);
});

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
  expect(await control.ledger.open()).toEqual([]);
});

test('a folder is given to one run, and to the same one again', async () => {
  const control = await openControl();
  await putRule(control, { id: 'a' });
  await putRule(control, { id: 'b' });
  const [first, second] = await control.ledger.open();
  for (const run of [first, second]) await control.ledger.scanning(run?.id ?? '');
  expect(await control.ledger.reserveFolder(first?.id ?? '', 'acme-reports/x')).toBe(true);
  expect(await control.ledger.reserveFolder(second?.id ?? '', 'acme-reports/x')).toBe(false);
  expect(await control.ledger.reserveFolder(first?.id ?? '', 'acme-reports/x')).toBe(true);
  expect(await control.ledger.find(first?.id ?? '')).toMatchObject({ folder: 'x' });
});

test('a folder stays taken when its run is over', async () => {
  const control = await openControl();
  const rule = await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  await control.ledger.reserveFolder(id, 'acme-reports/x');
  await control.ledger.failed(id, REASON);
  const next = await control.ledger.start(rule, 'manual');
  await control.ledger.scanning(next.id);
  expect(await control.ledger.reserveFolder(next.id, 'acme-reports/x')).toBe(false);
});

test('one folder asked for by many runs at once goes to one of them', async () => {
  const control = await openControl();
  for (let i = 0; i < 8; i++) await putRule(control, { id: `rule-${i}` });
  const runs = await control.ledger.open();
  for (const { id } of runs) await control.ledger.scanning(id);
  const given = await Promise.all(runs.map(({ id }) => control.ledger.reserveFolder(id, 'acme-reports/x')));
  expect(given.filter(Boolean)).toHaveLength(1);
});

test('a scan that starts again forgets the plan and the counts of the one before', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  await control.ledger.plan(id, NOW_MS, [{ number: 0, range: WHOLE_RANGE, fileKey: 'old' }]);
  await control.ledger.progress(id, { scanned: 5, matched: 4, bytesWritten: 3 });
  await control.ledger.scanning(id);
  expect(await control.ledger.shardFileKeys(id)).toEqual([]);
  expect(await control.ledger.view(RULE, id)).toMatchObject({ scanned: 0, matched: 0, bytesWritten: 0 });
});

test('a late result of an attempt that was given up settles nothing', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  for (const fileKey of ['old', 'new']) {
    await control.ledger.scanning(id);
    await control.ledger.plan(id, NOW_MS, [{ number: 0, range: WHOLE_RANGE, fileKey }]);
  }
  await expect(control.ledger.settleShard(id, 'old', ONE_ROW)).rejects.toBeInstanceOf(RunOver);
  expect(await control.ledger.files(id)).toEqual([]);
});

test('a shard settles only while its run scans', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  await control.ledger.plan(id, NOW_MS, [{ number: 0, range: WHOLE_RANGE, fileKey: 'file' }]);
  await control.rules.delete(PHOTOS.id, 'nightly-all');
  await expect(control.ledger.settleShard(id, 'file', ONE_ROW)).rejects.toBeInstanceOf(RunOver);
});

test.each([
  ['a shard that is not settled', [{ key: 'a', last: 'b' }, undefined], /shard 1 is not settled/],
  [
    'shards that overlap',
    [
      { key: 'a', last: 'm' },
      { key: 'm', last: 'z' },
    ],
    /shard 1 overlaps/,
  ],
] as const)('nothing is published with %s', async (_, results, message) => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  const shards = results.map((_, number) => ({ number, range: WHOLE_RANGE, fileKey: `file-${number}` }));
  await control.ledger.plan(id, NOW_MS, shards);
  for (const [number, result] of results.entries()) {
    if (result === undefined) continue;
    const keys = { firstKey: Buffer.from(result.key), lastKey: Buffer.from(result.last) };
    await control.ledger.settleShard(id, `file-${number}`, { ...ONE_ROW, ...keys });
  }
  await expect(control.ledger.publishing(id)).rejects.toThrow(message);
  expect(await control.ledger.find(id)).toMatchObject({ state: 'scanning' });
});

test('the sums of the shards are those of the run, and shards without rows deliver no file', async () => {
  const control = await openControl();
  await putRule(control);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  const shards = [0, 1, 2].map((number) => ({ number, range: WHOLE_RANGE, fileKey: `file-${number}` }));
  await control.ledger.plan(id, NOW_MS, shards);
  await control.ledger.settleShard(id, 'file-0', { ...ONE_ROW, scanned: 10 });
  await control.ledger.settleShard(id, 'file-1', { scanned: 7, matched: 0 });
  const z = Buffer.from('z');
  await control.ledger.settleShard(id, 'file-2', { ...ONE_ROW, scanned: 3, firstKey: z, lastKey: z });
  await control.ledger.publishing(id);
  expect(await control.ledger.view(RULE, id)).toMatchObject({
    scanned: 20,
    matched: 2,
    bytesWritten: 40,
    shards: { done: 3, total: 3 },
  });
  expect((await control.ledger.files(id)).map(({ key }) => key)).toEqual(['file-0', 'file-2']);
});

test('progress that comes late does not write over the sums', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.ledger.progress(run.id, { scanned: 99, matched: 99, bytesWritten: 99 });
  expect(await control.ledger.view(RULE, run.id)).toMatchObject({ scanned: 1, matched: 1, bytesWritten: 20 });
});

test('a run is told to the outside with the fields of the contract and no other', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  control.clock.nowMs += 1500;
  await control.ledger.published(run.id, 'inv/manifest.json');
  expect(await control.ledger.view(RULE, run.id)).toEqual({
    id: run.id,
    rule: 'nightly-all',
    tries: 1,
    retryAt: null,
    expected: null,
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
    { ...RULE, ruleId: 'other' },
    { ...RULE, bucketId: 'b-other' },
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
  let before: string | undefined;
  do {
    const page: Awaited<ReturnType<RunLedger['list']>> = await control.ledger.list(rule.uid, before, 2);
    listed.push(...page.runs.map(({ id }) => id));
    before = page.nextBefore;
  } while (before !== undefined);
  expect(listed).toEqual(made.toReversed());
});

test('a rule that runs once and deletes itself goes in the step that ends its run', async () => {
  const control = await openControl();
  await putRule(control, { schedule: { frequency: 'Once', autoDelete: true } });
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  expect(await control.rules.find(PHOTOS.id, 'nightly-all')).toBeDefined();
  await control.ledger.published(run.id, 'manifest.json');
  expect(await control.rules.find(PHOTOS.id, 'nightly-all')).toBeUndefined();
  expect(await control.ledger.view(RULE, run.id)).toMatchObject({ state: 'published' });
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

test('runs that ended without a report are to be swept until they are', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await control.ledger.failed(run.id, REASON);
  expect(await control.ledger.unswept()).toMatchObject([{ id: run.id }]);
  await control.ledger.swept(run.id);
  expect(await control.ledger.unswept()).toEqual([]);
});

test('open runs, unswept runs and the runs of a rule are found without reading the whole history', async () => {
  const folder = temporaryFolder();
  const { clock } = await openControl({ folder });
  const database = new Sqlite(path.join(folder, 'control.sqlite'));
  const asked: CompiledQuery[] = [];
  const db = new Kysely<Schema>({
    dialect: new SqliteDialect({ database }),
    log: ({ query }) => {
      asked.push(query);
    },
  });
  onTestFinished(() => db.destroy());
  const ledger = new RunLedger(db, clock);
  await ledger.open();
  await ledger.unswept();
  await ledger.list('uid', undefined, 10);
  await ledger.list('uid', '0123456789abcdef', 10);
  const plans = asked.map(({ sql, parameters }) => {
    const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { readonly detail: string }[];
    return steps.map(({ detail }) => detail)[0];
  });
  expect(plans).toEqual([
    'SEARCH runs USING INDEX runs_of_a_state (state=?)',
    'SEARCH runs USING INDEX runs_of_a_state (state=? AND swept=?)',
    'SEARCH runs USING INDEX runs_of_a_rule (rule_uid=?)',
    'SEARCH runs USING INDEX runs_of_a_rule (rule_uid=? AND sequence<?)',
  ]);
});
