/** Control state in a folder of its own, with a clock that a test sets; both are gone when the test is over. */

import { onTestFinished } from 'vitest';
import { openControlDatabase } from '../src/control/control-database.ts';
import { RuleBook } from '../src/control/rule-book.ts';
import type { StoredRule } from '../src/control/rule-row.ts';
import { RunLedger, type StoredRun } from '../src/control/run-ledger.ts';
import { runFromRow, selectOpenRuns } from '../src/control/run-rows.ts';
import type { ScanPlan } from '../src/control/scan-steps.ts';
import type { SettledShard } from '../src/control/shard-rows.ts';
import type { Rule } from '../src/core/rule.ts';
import { anyRule } from './any-rule.ts';
import { NOW_MS, temporaryFolder } from './store-fixture.ts';

export const PHOTOS = { id: 'b-photos', name: 'photos' };
/** The name of the rule that `putRule` puts. */
export const NIGHTLY = { bucketId: PHOTOS.id, ruleId: anyRule().id };
/** Why a run ends, when no test asks. */
export const REASON = { code: 'Why', text: 'because' };
export const MIDNIGHT_IN_CHINA = { time: '00:00', zone: 'Asia/Shanghai' };

export async function openControl(options: { readonly folder?: string; readonly maxRules?: number } = {}) {
  const db = await openControlDatabase(options.folder ?? temporaryFolder());
  onTestFinished(() => db.destroy());
  const clock = { nowMs: NOW_MS, now: () => clock.nowMs };
  const rules = new RuleBook(db, clock, { maxRules: options.maxRules ?? 1000, schedule: MIDNIGHT_IN_CHINA });
  const ledger = new RunLedger(db, clock);
  return { db, clock, rules, ledger };
}

export type Control = Awaited<ReturnType<typeof openControl>>;

/** Puts a rule of the bucket `photos`; when it is enabled, its first run is planned. */
export async function putRule({ rules }: Control, change: Partial<Rule> = {}): Promise<StoredRule> {
  const rule = anyRule(change);
  await rules.put(PHOTOS, rule, { replace: false });
  return await rules.get(PHOTOS.id, rule.id);
}

/** The only open run there is. */
export async function openRun(control: Control): Promise<StoredRun> {
  const [run, ...others] = await openRuns(control);
  if (run === undefined || others.length > 0) throw new Error(`${others.length} open runs beside ${run?.id}`);
  return run;
}

/** Runs that are not over, oldest first. */
export async function openRuns({ db }: Pick<Control, 'db'>): Promise<StoredRun[]> {
  const rows = await selectOpenRuns(db).selectAll().orderBy('sequence').execute();
  return rows.map(runFromRow);
}

export const ONE_ROW: SettledShard = {
  scanned: 1,
  matched: 1,
  file: { sizeBytes: 20, md5: 'A'.repeat(32), sha256: 'b'.repeat(64) },
  rowsSha256: 'c'.repeat(64),
  firstKey: Buffer.from('a'),
  lastKey: Buffer.from('a'),
};

export const WHOLE_RANGE = { start: new Uint8Array() };

/** A plan of one shard, for all keys. */
export function onePlan(fileKey: string): ScanPlan {
  return { pointInTimeMs: NOW_MS, expectedRows: 1, shards: [{ number: 0, range: WHOLE_RANGE, fileKey }] };
}

/** Takes a planned run through its scan, with one shard of one row, to `publishing`. */
export async function scanToTheEnd({ ledger }: Control, run: StoredRun, fileKey = `data/${run.id}.csv.gz`) {
  await ledger.scanning(run.id);
  await ledger.plan(run.id, onePlan(fileKey));
  await ledger.settleShard(run.id, fileKey, ONE_ROW);
  await ledger.publishing(run.id);
}
