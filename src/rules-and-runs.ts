/** The rules of a server and the runs of them, with the engine that does them. */

import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Directory } from './access/directory-facts.ts';
import { sweepRules } from './bucket-rules.ts';
import type { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import { DueBook } from './control/due-book.ts';
import { RuleBook } from './control/rule-book.ts';
import { RuleOptionsTable } from './control/rule-options.ts';
import { RunLedger } from './control/run-ledger.ts';
import { RunLists } from './control/run-lists.ts';
import type { AlarmClock } from './core/clock.ts';
import type { ScheduleSetting } from './core/schedule.ts';
import type { Databases } from './databases.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { type Housekeeping, openHousekeeping } from './housekeeping.ts';
import { ScanPool } from './inventory/scan-pool.ts';
import { LocalExecutor } from './jobs/local-executor.ts';
import type { RunEvent } from './jobs/run-event.ts';
import { RunEvents } from './jobs/run-events.ts';
import { RunFeed } from './jobs/run-feed.ts';
import { Scheduler, type SchedulerEvent } from './jobs/scheduler.ts';
import type { Monitoring } from './monitoring.ts';

export interface Running extends Housekeeping {
  readonly rules: RuleBook;
  readonly ruleOptionsTable: RuleOptionsTable;
  readonly ledger: RunLedger;
  readonly executor: LocalExecutor;
  readonly scheduler: Scheduler;
  readonly events: RunEvents;
  readonly feed: RunFeed;
  readonly lists: RunLists;
}

export interface OpenRunsOptions {
  readonly settings: Settings;
  readonly databases: Databases;
  readonly roles: Pick<Directory, 'findRole'>;
  readonly clock: AlarmClock;
  readonly log: Logger;
  readonly closers: Closers;
  readonly monitoring: Pick<Monitoring, 'onRunEvent' | 'onSchedulerEvent'>;
}

/** Takes up the runs that the last process left behind. */
export async function openRuns(options: OpenRunsOptions): Promise<Running> {
  const { settings, databases, clock, log, monitoring } = options;
  const { control, store } = databases;
  const schedule = { time: settings.scheduleTime, zone: settings.scheduleZone };
  const rules = new RuleBook(control, clock, { maxRules: settings.limits.rulesPerBucket, schedule });
  const ledger = new RunLedger(control, clock);
  const lists = new RunLists(control);
  const ruleOptionsTable = new RuleOptionsTable(control);
  const events = new RunEvents();
  events.listen((event) => logRun(log, event));
  events.listen(monitoring.onRunEvent);
  const executor = await openExecutor({ ...options, ledger, ruleOptionsTable, events });
  const feed = new RunFeed({
    view: (run) => ledger.view(run, run.runId),
    onFault: (error, run) => log.error({ err: error, run: run.runId }, 'a run that is watched could not be read'),
  });
  events.listen(({ run }) => feed.changed(run.id));
  await sweepRules(rules, store);
  await executor.recover();
  const scheduler = await openScheduler({ ...options, schedule, executor, events });
  const housekeeping = openHousekeeping({ ...options, rules, ledger, events });
  return { ...housekeeping, rules, ruleOptionsTable, ledger, lists, executor, scheduler, events, feed };
}

type ExecutorParts = OpenRunsOptions & Pick<Running, 'ledger' | 'ruleOptionsTable' | 'events'>;

/** It takes up nothing before it is told to recover. */
async function openExecutor(parts: ExecutorParts): Promise<LocalExecutor> {
  const { settings, databases, roles, clock, log, closers, ledger, ruleOptionsTable, events } = parts;
  const { store, storeFolder, keys } = databases;
  const spool = path.join(settings.data, 'spool');
  await rm(spool, { recursive: true, force: true });
  await mkdir(spool, { recursive: true });
  const threads = settings.limits.scanThreads || availableParallelism();
  const pool = new ScanPool({ threads });
  closers.add(() => pool.close());
  const engine = new EmbeddedEngine({
    store,
    storeFolder,
    spool,
    roles,
    keys,
    keyAccount: settings.accountId,
    clock,
    pool,
    // A rule that is gone keeps nothing up to date any more.
    keepsLatest: async ({ ruleUid }) => settings.latestFile && (await ruleOptionsTable.find(ruleUid))?.latest === true,
    onLatestFault: ({ id, bucket, rule }, err) =>
      log.warn({ run: id, bucket, rule: rule.id, err }, 'latest.json does not name the report of a run'),
  });
  const executor = new LocalExecutor({
    ledger,
    engine,
    clock,
    maxRuns: settings.limits.runs,
    maxShards: threads,
    onEvent: (event) => events.emit(event),
  });
  closers.add(() => executor.close());
  return executor;
}

type SchedulerParts = OpenRunsOptions & Pick<Running, 'executor' | 'events'> & { readonly schedule: ScheduleSetting };

async function openScheduler(parts: SchedulerParts): Promise<Scheduler> {
  const { databases, clock, log, closers, monitoring, schedule, executor, events } = parts;
  const dues = new DueBook(databases.control, schedule);
  await dues.rebase(clock.now());
  const scheduler = new Scheduler({
    dues,
    clock,
    onPlanned: () => executor.wake(),
    onEvent: (event) => {
      logScheduler(log, event);
      monitoring.onSchedulerEvent(event);
    },
    onFault: (err) => log.error({ err }, 'what is due could not be planned, and is tried again'),
  });
  closers.add(() => scheduler.close());
  // A due time that passed during a run waits for its end.
  events.listen(({ kind }) => {
    if (kind === 'ended' || kind === 'failed' || kind === 'cancelled') scheduler.poke();
  });
  await scheduler.start();
  return scheduler;
}

/** How loud each event of a run is told, and in which words; each second of a run is not told at all. */
const RUN_LINES = {
  started: ['info', 'run started'],
  publishing: ['info', 'run publishing'],
  ended: ['info', 'run ended'],
  cancelled: ['info', 'run cancelled'],
  failed: ['warn', 'run failed'],
  'put-off': ['warn', 'run put off by a fault that may pass'],
  'attempt-failed': ['warn', 'a shard of a run failed, and is tried again'],
  postponed: ['error', 'the state of a run could not be settled, and is looked into again'],
  unswept: ['error', 'files of a run could not be removed, and are left until later'],
} as const satisfies Record<Exclude<RunEvent['kind'], 'progress'>, readonly ['info' | 'warn' | 'error', string]>;

function logRun(log: Logger, event: RunEvent): void {
  if (event.kind === 'progress') return;
  const { run } = event;
  const [level, text] = RUN_LINES[event.kind];
  const facts = {
    run: run.id,
    bucket: run.bucket,
    rule: run.rule.id,
    ...(event.kind === 'ended' && { state: run.state }),
    ...('shard' in event && { shard: event.shard }),
    ...('reason' in event && { reason: event.reason }),
    ...('retryAtMs' in event && { retryAt: new Date(event.retryAtMs).toISOString() }),
    ...('cause' in event && { err: event.cause }),
  };
  log[level](facts, text);
}

function logScheduler(log: Logger, { kind, ...facts }: SchedulerEvent): void {
  if (kind === 'planned') log.info(facts, 'runs planned');
  else log.warn(facts, 'the clock was set back; what falls due is reckoned anew');
}
