import {
  CompiledQuery as Compiled,
  type CompiledQuery,
  type Kysely,
  type KyselyPlugin,
  SqliteQueryCompiler,
} from 'kysely';
import { expect, test } from 'vitest';
import { type Control, openControl, openRun, PHOTOS, putRule, scanToTheEnd } from '../../test/control-fixture.ts';
import { RunFigures } from './run-figures.ts';
import type { Schema } from './schema.ts';

const MINUTE_MS = 60_000;

/** Puts a daily rule, and ends its first run a minute later. */
async function putAndEnd(control: Control, id: string, state: 'published' | 'empty' | 'failed'): Promise<void> {
  await putRule(control, { id, schedule: { frequency: 'Daily' } });
  await endRun(control, state);
}

async function endRun(control: Control, state: 'published' | 'empty' | 'failed'): Promise<void> {
  const { ledger, clock } = control;
  const run = await openRun(control);
  clock.nowMs += MINUTE_MS;
  if (state === 'failed') return await ledger.failed(run.id, { code: 'RoleLost', text: 'The role is gone.' });
  await scanToTheEnd(control, run);
  if (state === 'published') await ledger.published(run.id, 'manifest.json');
  else await ledger.empty(run.id, { code: 'NothingMatched', text: 'Nothing.' });
}

test('open runs are counted by state, and those that wait by what they wait for', async () => {
  const control = await openControl();
  const { db, ledger, clock } = control;
  await putRule(control, { id: 'a' });
  const first = await openRun(control);
  await ledger.scanning(first.id);
  await ledger.putOff(first.id, { reason: { code: 'StorageFull', text: 'Full.' }, retryAtMs: clock.nowMs + 1000 });
  await putRule(control, { id: 'b' });
  await putRule(control, { id: 'c', isEnabled: false });
  const figures = await new RunFigures(db, { maxRules: 10 }).read();
  expect(figures).toMatchObject({
    openRuns: { planned: 2, scanning: 0, publishing: 0 },
    waitingForTurn: 1,
    waitingForRetry: 1,
    rules: 3,
    repeatingRules: 2,
    pendingDeliveries: 0,
  });
});

test('a rule tells of its last success, whatever came after it', async () => {
  const control = await openControl();
  const { db, rules, ledger } = control;
  await putAndEnd(control, 'a', 'empty');
  const successMs = control.clock.nowMs;
  await ledger.start(await rules.get(PHOTOS.id, 'a'), 'manual');
  await endRun(control, 'failed');
  const { watchedRules } = await new RunFigures(db, { maxRules: 10 }).read();
  expect(watchedRules).toMatchObject([
    { bucket: 'photos', rule: 'a', lastSuccessAtMs: successMs, periodMs: 24 * 60 * MINUTE_MS },
  ]);
  expect(watchedRules[0]?.nextDueAtMs).toBeGreaterThan(successMs);
});

test('where there are too many rules, those that failed last are told of, and a success is no failure', async () => {
  const control = await openControl();
  const { db, rules, ledger } = control;
  for (const id of ['fails-first', 'works', 'recovers', 'fails-last']) {
    await putAndEnd(control, id, id === 'works' ? 'published' : 'failed');
  }
  await ledger.start(await rules.get(PHOTOS.id, 'recovers'), 'manual');
  await endRun(control, 'published');
  const told = async (maxRules: number) => {
    const { watchedRules, repeatingRules } = await new RunFigures(db, { maxRules }).read();
    expect(repeatingRules).toBe(4);
    return watchedRules.map(({ rule }) => rule);
  };
  expect(await told(2)).toEqual(['fails-last', 'fails-first']);
  expect(new Set(await told(10))).toEqual(new Set(['fails-last', 'fails-first', 'works', 'recovers']));
  expect(await told(0)).toEqual([]);
});

test('the end of a run is told with its counts, and there is none while it is open', async () => {
  const control = await openControl();
  const figures = new RunFigures(control.db, { maxRules: 1 });
  await putRule(control);
  const { id } = await openRun(control);
  expect(await figures.endOf(id)).toBeUndefined();
  await endRun(control, 'published');
  expect(await figures.endOf(id)).toMatchObject({ state: 'published', reason: null, scanned: 1, matched: 1 });
  expect(await figures.attemptsOf(id, 10)).toMatchObject([{ shard: 0, number: 1, state: 'settled' }]);
  expect(await figures.attemptsOf(id, 0)).toEqual([]);
});

test('no question reads the history, or orders more rows than it returns', async () => {
  const { db } = await openControl();
  const queries: CompiledQuery[] = [];
  await new RunFigures(watching(db, queries), { maxRules: 10 }).read();
  expect(queries.length).toBeGreaterThan(5);
  for (const { sql, parameters } of queries) {
    const plan = await db.executeQuery<{ readonly detail: string }>(
      Compiled.raw(`explain query plan ${sql}`, [...parameters]),
    );
    const steps = plan.rows
      .map(({ detail }) => detail)
      .filter((detail) => /SCAN (runs|rules|deliveries)|TEMP B-TREE/.test(detail));
    // Counting all rules reads an index of them, and that of runs that are put off has no others.
    const isSmall = (step: string) =>
      /SCAN (rules USING COVERING INDEX|runs USING COVERING INDEX runs_put_off)/.test(step);
    expect(
      steps.filter((step) => !isSmall(step)),
      sql,
    ).toEqual([]);
  }
});

/** The database, with every question that it is asked written down. */
function watching(db: Kysely<Schema>, queries: CompiledQuery[]): Kysely<Schema> {
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      if (node.kind === 'SelectQueryNode') queries.push(new SqliteQueryCompiler().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return db.withPlugin(plugin);
}
