/** The rules of a server and the runs of them, with the engine that does them. */

import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Directory } from './access/directory-facts.ts';
import { sweepRules } from './bucket-rules.ts';
import type { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import { RuleBook } from './control/rule-book.ts';
import { RunLedger } from './control/run-ledger.ts';
import type { Clock } from './core/clock.ts';
import type { Databases } from './databases.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { LocalExecutor, type RunEvent } from './jobs/local-executor.ts';

export interface Running {
  readonly rules: RuleBook;
  readonly ledger: RunLedger;
  readonly executor: LocalExecutor;
}

export interface OpenRunsOptions {
  readonly settings: Settings;
  readonly databases: Databases;
  readonly roles: Pick<Directory, 'findRole'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly closers: Closers;
}

/** Takes up the runs that the last process left behind. */
export async function openRuns({ settings, databases, roles, clock, log, closers }: OpenRunsOptions): Promise<Running> {
  const { control, store, storeFolder, keys } = databases;
  const spool = path.join(settings.data, 'spool');
  await rm(spool, { recursive: true, force: true });
  await mkdir(spool, { recursive: true });
  const rules = new RuleBook(control, clock, { maxRules: settings.limits.rulesPerBucket });
  const ledger = new RunLedger(control, clock);
  const engine = new EmbeddedEngine({
    store,
    storeFolder,
    spool,
    roles,
    keys,
    keyAccount: settings.accountId,
    clock,
    threads: settings.limits.scanThreads || availableParallelism(),
  });
  const executor = new LocalExecutor({
    ledger,
    engine,
    clock,
    maxRuns: settings.limits.runs,
    onEvent: (event) => logRun(log, event),
  });
  closers.add(() => executor.close());
  await sweepRules(rules, store);
  await executor.recover();
  return { rules, ledger, executor };
}

function logRun(log: Logger, event: RunEvent): void {
  const { run, kind } = event;
  const facts = { run: run.id, bucket: run.bucket, rule: run.rule.id };
  const fault = 'cause' in event && { err: event.cause };
  if (kind === 'failed') log.warn({ ...facts, reason: event.reason, ...fault }, 'run failed');
  else if (kind === 'postponed') log.error({ ...facts, ...fault }, 'run put off: its state could not be settled');
  else if (kind === 'unswept') log.error({ ...facts, ...fault }, 'files of a run are left until the next start');
  else log.info(facts, `run ${kind}`);
}
