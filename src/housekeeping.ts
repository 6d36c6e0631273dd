/** What keeps reports and the history of runs in bounds, fitted to the store and to the runs of a server. */

import type { Logger } from 'pino';
import type { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import { ReportRemovals } from './control/report-removals.ts';
import type { RuleBook } from './control/rule-book.ts';
import { RunHistory } from './control/run-history.ts';
import type { RunLedger } from './control/run-ledger.ts';
import type { AlarmClock } from './core/clock.ts';
import type { Databases } from './databases.ts';
import { Housekeeper, type HousekeepingEvent } from './jobs/housekeeper.ts';
import type { RunEvents } from './jobs/run-events.ts';
import { EmbeddedReportRemover, type RemoverOptions } from './report-remover.ts';

export interface Housekeeping {
  readonly housekeeper: Housekeeper;
  readonly reportRemover: EmbeddedReportRemover;
}

export interface HousekeepingOptions {
  readonly settings: Settings;
  readonly databases: Databases;
  readonly roles: RemoverOptions['roles'];
  readonly rules: RuleBook;
  readonly ledger: RunLedger;
  readonly events: RunEvents;
  readonly clock: AlarmClock;
  readonly log: Logger;
  readonly closers: Closers;
}

/** Goes on with what the last process was in the middle of, in the background. */
export function openHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { settings, databases, roles, rules, ledger, events, clock, log, closers } = options;
  const { control, store } = databases;
  const ruleOf: RemoverOptions['ruleOf'] = async ({ bucketId, ruleUid, rule }) => {
    const now = await rules.find(bucketId, rule.id);
    return now?.uid === ruleUid ? now.rule : undefined;
  };
  const reportRemover = new EmbeddedReportRemover({ store, roles, ruleOf, clock, keyAccount: settings.accountId });
  const housekeeper = new Housekeeper({
    ledger,
    removals: new ReportRemovals(control, clock),
    history: new RunHistory(control, clock, settings.limits),
    reports: reportRemover,
    clock,
    onEvent: (event) => logHousekeeping(log, event),
  });
  closers.add(() => housekeeper.close());
  events.listen(({ kind, run }) => {
    if (kind === 'ended' || kind === 'failed' || kind === 'cancelled') housekeeper.look(run.ruleUid);
  });
  housekeeper.start();
  return { housekeeper, reportRemover };
}

function logHousekeeping(log: Logger, event: HousekeepingEvent): void {
  if (event.kind === 'runs-forgotten') {
    log.info({ ruleUid: event.ruleUid, runs: event.runs }, 'old runs forgotten');
  } else if (event.kind === 'put-off') {
    log.error(
      { ruleUid: event.ruleUid, err: event.cause },
      'old reports and runs could not be looked through, which is tried again later',
    );
  } else {
    const facts = { run: event.run.id, bucket: event.run.bucket, rule: event.run.rule.id };
    if (event.kind === 'report-removed') log.info(facts, 'report removed');
    else log.warn({ ...facts, reason: event.fault.message }, 'a report that retention lets go of stays');
  }
}
