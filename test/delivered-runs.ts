/** Runs that have ended, as the ledger leaves them. */

import { randomUUID } from 'node:crypto';
import type { StoredRule } from '../src/control/rule-row.ts';
import type { StoredRun } from '../src/control/run-ledger.ts';
import { cutRange } from '../src/core/key-range.ts';
import { dataFileKey, manifestKey, reportFolder } from '../src/core/report.ts';
import { type Control, ONE_ROW, openRun, openRuns, WHOLE_RANGE } from './control-fixture.ts';

/** The rule's open run or another, taken to its end at the clock's time: a report of one file. */
export async function deliverRun(control: Control, stored: StoredRule, shardCount = 1): Promise<StoredRun> {
  const { ledger, clock } = control;
  const run = await openedRun(control, stored);
  const { bucket, prefix } = stored.rule.destination;
  const place = { destinationPrefix: prefix, sourceBucket: stored.bucket, ruleId: stored.rule.id };
  const folder = reportFolder(place, clock.nowMs);
  await ledger.scanning(run.id);
  await ledger.reserveFolder(run.id, `${bucket}/${folder}`);
  const cuts = Array.from({ length: shardCount - 1 }, (_, number) => keyOf(number + 1));
  const shards = cutRange(WHOLE_RANGE, cuts).map((range, number) => ({
    number,
    range,
    fileKey: dataFileKey(place, randomUUID()),
  }));
  await ledger.plan(run.id, { pointInTimeMs: clock.nowMs, expectedRows: shardCount, shards });
  for (const { number, fileKey } of shards) {
    await ledger.settleShard(run.id, fileKey, { ...ONE_ROW, firstKey: keyOf(number), lastKey: keyOf(number) });
  }
  await ledger.publishing(run.id);
  await ledger.published(run.id, manifestKey(folder));
  return (await ledger.find(run.id)) ?? run;
}

/** The rule's open run or another, cancelled, with nothing left to sweep. */
export async function cancelledRun(control: Control, stored: StoredRule): Promise<StoredRun> {
  const { ledger } = control;
  const run = await openedRun(control, stored);
  await ledger.cancel({ bucketId: run.bucketId, ruleId: run.rule.id }, run.id, 'somebody');
  await ledger.swept(run.id);
  return (await ledger.find(run.id)) ?? run;
}

/** The one key of a shard. */
function keyOf(shard: number): Buffer {
  return Buffer.from(String(shard).padStart(6, '0'));
}

async function openedRun(control: Control, stored: StoredRule): Promise<StoredRun> {
  const open = (await openRuns(control)).find(({ ruleUid }) => ruleUid === stored.uid);
  if (open !== undefined) return open;
  await control.ledger.start(stored, 'manual');
  return (await openRuns(control)).find(({ ruleUid }) => ruleUid === stored.uid) ?? (await openRun(control));
}
