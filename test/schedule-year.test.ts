/**
 * A year of schedules with its incidents, in seconds: real rules, dues, ledger, scheduler and executor on a clock that is
 * moved by hand. What came of each due time is held against a calendar that is worked out apart from them (due-times.ts).
 */

import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openControlDatabase } from '../src/control/control-database.ts';
import { DueBook } from '../src/control/due-book.ts';
import { RuleBook } from '../src/control/rule-book.ts';
import { RunLedger, type StoredRun } from '../src/control/run-ledger.ts';
import type { RuleSchedule } from '../src/core/rule.ts';
import { VirtualClock } from '../src/core/virtual-clock.ts';
import { LocalExecutor } from '../src/jobs/local-executor.ts';
import { RunEvents } from '../src/jobs/run-events.ts';
import { Scheduler } from '../src/jobs/scheduler.ts';
import { anyRule } from './any-rule.ts';
import { openRuns, PHOTOS } from './control-fixture.ts';
import { Random } from './crash/random.ts';
import { ZoneTable } from './due-times.ts';
import { MemoryEngine } from './memory-engine.ts';
import { temporaryFolder } from './store-fixture.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START_MS = Date.UTC(2026, 0, 1, 7);
const END_MS = START_MS + 365 * DAY_MS;
/** Its clocks skip midnight in spring. */
const SETTING = { time: '00:00', zone: 'Asia/Beirut' };
const RULES = 200;
/** Rules are made in the first so many days. */
const DAYS_OF_RULES = 60;
/** One incident in each so many days, and done by then. */
const DAYS_OF_AN_INCIDENT = 15;
const SEED = Number(process.env.YEAR_SEED ?? 20_260_101);

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

type Incident =
  | { readonly kind: 'outage'; readonly span: Span }
  /** The rule's next run hangs until the end of it. */
  | { readonly kind: 'hang'; readonly span: Span; readonly ruleId: string }
  /** At its end the clock is set back to its start. */
  | { readonly kind: 'set back'; readonly span: Span };

interface PlannedRule {
  readonly id: string;
  readonly atMs: number;
  readonly schedule: RuleSchedule;
}

test(`each due time of a year has one run, or says why not (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const rules = anyRules(random);
  const incidents = anyIncidents(random);
  const world = await openWorld();
  const anchors = new Map<string, number>();
  const putUntil = async (untilMs: number) => {
    for (const { id, atMs, schedule } of rules) {
      if (anchors.has(id) || atMs > untilMs) continue;
      await world.advance(atMs);
      anchors.set(id, await world.put(id, schedule));
    }
    await world.advance(untilMs);
  };
  for (const incident of incidents) {
    await putUntil(incident.span.fromMs);
    if (incident.kind === 'outage') await world.breakDown(incident.span.untilMs);
    if (incident.kind === 'hang') world.hang(incident.ruleId);
    await putUntil(incident.span.untilMs);
    if (incident.kind === 'hang') await world.release();
    if (incident.kind === 'set back') await world.setBack(incident.span.fromMs);
  }
  await putUntil(END_MS);
  await world.close();

  const table = new ZoneTable(SETTING.zone, START_MS - 31 * DAY_MS, END_MS + 31 * DAY_MS);
  const outcomes = new Map<string, number>();
  for (const { id, schedule } of rules) {
    const anchoredAtMs = anchors.get(id) ?? Number.NaN;
    const dueTimes = table.dueTimes(schedule, anchoredAtMs, END_MS, SETTING.time);
    const expected = expectedOutcomes(id, dueTimes, incidents);
    expect(await world.outcomes(id), `${id}: ${JSON.stringify(schedule)}`).toEqual(expected);
    for (const outcome of expected) {
      const kind = outcome.split(' ')[1] ?? '';
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }
  }
  // Else the year was too quiet to tell anything.
  expect(outcomes.get('published')).toBeGreaterThan(1000);
  for (const code of ['DueTimeMissed', 'DueTimeOverrun']) expect(outcomes.get(code)).toBeGreaterThan(5);
  await world.assertReports();
}, 240_000);

/** What has to become of each due time of a rule, as in `2026-03-28T22:00:00.000Z published`. */
function expectedOutcomes(ruleId: string, dueTimes: readonly number[], incidents: readonly Incident[]): string[] {
  return dueTimes.map((dueMs, index) => {
    const next = dueTimes[index + 1] ?? Number.POSITIVE_INFINITY;
    const reasons = incidents.flatMap((incident) => {
      const { fromMs, untilMs } = incident.span;
      // The newest due time of an incident is made up for at its end.
      if (dueMs <= fromMs || next > untilMs) return [];
      if (incident.kind === 'outage') return ['DueTimeMissed'];
      if (incident.kind !== 'hang' || incident.ruleId !== ruleId) return [];
      const hanging = dueTimes.find((ms) => ms > fromMs);
      return dueMs === hanging ? [] : ['DueTimeOverrun'];
    });
    return `${new Date(dueMs).toISOString()} ${reasons[0] ?? 'published'}`;
  });
}

function anyRules(random: Random): PlannedRule[] {
  const rules = Array.from({ length: RULES }, (_, index) => ({
    id: `rule-${index}`,
    atMs: START_MS + random.between(0, DAYS_OF_RULES * 24 * 60) * MINUTE_MS,
    schedule: anySchedule(random, index),
  }));
  return rules.toSorted((one, other) => one.atMs - other.atMs);
}

/** Few rules are daily, so that there is time for the many that are not. */
function anySchedule(random: Random, index: number): RuleSchedule {
  if (index < 3) return { frequency: 'Daily' };
  if (index < 13) return { frequency: 'Weekly' };
  if (index < 50) return { frequency: 'Monthly' };
  if (index < 100) return { frequency: 'Monthly', dayOfMonth: random.between(1, 32) };
  return { frequency: 'Once' };
}

function anyIncidents(random: Random): Incident[] {
  const incidents: Incident[] = [];
  for (let day = 3; day + DAYS_OF_AN_INCIDENT < 365; day += DAYS_OF_AN_INCIDENT) {
    const fromMs = START_MS + day * DAY_MS + random.between(0, 2 * 24 * 60) * MINUTE_MS;
    const span = { fromMs, untilMs: fromMs + random.between(1, 12 * 24 * 60) * MINUTE_MS };
    // A rule that is made by a clock that runs ahead would count from another day afterwards.
    const kind = day < DAYS_OF_RULES ? 'outage' : random.pick(['outage', 'hang', 'set back'] as const);
    incidents.push(kind === 'hang' ? { kind, span, ruleId: `rule-${random.between(0, 3)}` } : { kind, span });
  }
  return incidents;
}

/** A destination in memory, into which one rule's runs don't get on for a while. */
class HangingEngine extends MemoryEngine {
  override shards = [['a']];
  ruleId: string | undefined;
  #released = Promise.withResolvers<void>();

  hang(ruleId: string): void {
    this.#released = Promise.withResolvers();
    this.ruleId = ruleId;
  }

  release(): void {
    this.ruleId = undefined;
    this.#released.resolve();
  }

  override async open(run: StoredRun) {
    if (run.rule.id === this.ruleId) await this.#released.promise;
    return await super.open(run);
  }
}

/** Resolves when a run has ended, however it did. */
function nextEnd(events: RunEvents): Promise<void> {
  return new Promise((resolve) => {
    const stop = events.listen(({ kind }) => {
      if (kind !== 'ended' && kind !== 'failed') return;
      stop();
      resolve();
    });
  });
}

async function openWorld() {
  const db = await openControlDatabase(temporaryFolder());
  onTestFinished(() => db.destroy());
  // Nobody pulls the plug here, and a year has many commits.
  await sql`pragma synchronous = off`.execute(db);
  await sql`pragma journal_mode = memory`.execute(db);
  const clock = new VirtualClock(START_MS);
  const rules = new RuleBook(db, clock, { maxRules: RULES, schedule: SETTING });
  const ledger = new RunLedger(db, clock);
  const dues = new DueBook(db, SETTING);
  const engine = new HangingEngine();
  const faults: unknown[] = [];

  /** What a start of the server does. */
  async function start() {
    const events = new RunEvents();
    const onEvent = events.emit.bind(events);
    const executor = new LocalExecutor({ ledger, engine, clock, maxRuns: 4, maxShards: 4, onEvent });
    const scheduler = new Scheduler({
      dues,
      clock,
      onPlanned: () => executor.wake(),
      onEvent: () => undefined,
      onFault: (fault) => faults.push(fault),
    });
    events.listen(({ kind }) => {
      if (kind === 'ended') scheduler.poke();
    });
    await executor.recover();
    await dues.rebase(clock.now());
    await scheduler.start();
    return { events, executor, scheduler };
  }
  let server = await start();

  /** Waits until nothing is left to do but what hangs. */
  async function settled() {
    for (;;) {
      const end = nextEnd(server.events);
      await server.scheduler.idle();
      expect(faults).toEqual([]);
      if ((await openRuns({ db })).every(({ rule }) => rule.id === engine.ruleId)) return;
      await end;
    }
  }

  async function stop() {
    await server.scheduler.close();
    await server.executor.close();
  }

  return {
    close: stop,
    hang: (ruleId: string) => engine.hang(ruleId),
    async release() {
      engine.release();
      await settled();
    },
    /** Lets time go by; to a moment that is past it does not go. */
    async advance(toMs: number) {
      for (let nextMs = clock.nextAlarmMs; nextMs !== undefined && nextMs <= toMs; nextMs = clock.nextAlarmMs) {
        clock.set(nextMs);
        await settled();
      }
      clock.set(Math.max(clock.now(), toMs));
    },
    async setBack(toMs: number) {
      clock.set(toMs);
      server.scheduler.poke();
      await settled();
    },
    async breakDown(untilMs: number) {
      await stop();
      clock.set(untilMs);
      server = await start();
      await settled();
    },
    /** Returns when it was put. */
    async put(id: string, schedule: RuleSchedule): Promise<number> {
      await rules.put(PHOTOS, anyRule({ id, schedule }), { replace: false });
      await server.executor.wake();
      server.scheduler.poke();
      await settled();
      return clock.now();
    },
    /** What became of the due times of a rule, oldest first. */
    async outcomes(id: string): Promise<string[]> {
      const rows = await db
        .selectFrom('runs')
        .select(['scheduled_for', 'state', 'reason_code'])
        .where('rule_id', '=', id)
        .where('trigger', '=', 'schedule')
        .orderBy('scheduled_for')
        .execute();
      return rows.map((row) => `${new Date(row.scheduled_for).toISOString()} ${row.reason_code ?? row.state}`);
    },
    /** Each published run has a report of its own, and nothing else lies in the destination. */
    async assertReports() {
      const rows = await db.selectFrom('runs').select('manifest_key').where('state', '=', 'published').execute();
      const manifests = [...engine.objects.keys()].filter((key) => key.endsWith('/manifest.json'));
      expect(rows.map(({ manifest_key }) => manifest_key).toSorted()).toEqual(manifests.toSorted());
    },
  };
}
