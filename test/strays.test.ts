/** After a start, nothing lies in a destination but what a report names: whatever runs left there, and whatever rows say. */

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { openControlDatabase } from '../src/control/control-database.ts';
import { RuleBook } from '../src/control/rule-book.ts';
import { RunLedger, type StoredRun } from '../src/control/run-ledger.ts';
import { systemClock } from '../src/core/clock.ts';
import { cutRange } from '../src/core/key-range.ts';
import { checksumKey, manifestFileKeys, manifestKey, reportJsonKey } from '../src/core/report.ts';
import { ObjectStore } from '../src/store/object-store.ts';
import { MIDNIGHT_IN_CHINA, ONE_ROW, openRuns, WHOLE_RANGE } from './control-fixture.ts';
import { openReportServer, openWithReports, REPORTS, ROOT } from './report-server.ts';
import { put, temporaryFolder } from './store-fixture.ts';
import { TestKeys } from './test-keys.ts';

/** The data folder of a server that is stopped, opened to leave things in it. */
async function openLeftovers(data: string) {
  const db = await openControlDatabase(data);
  const store = await ObjectStore.open(path.join(data, 'store'), { clock: systemClock, keys: new TestKeys() });
  const ledger = new RunLedger(db, systemClock);
  const rules = new RuleBook(db, systemClock, { maxRules: 10, schedule: MIDNIGHT_IN_CHINA });
  const leave = async (...keys: readonly string[]) => {
    for (const key of keys) await put(store, key, 'left over', { bucket: REPORTS });
  };
  const photos = store.findBucket('photos')?.id ?? '';
  /** A run that has written both of its files, put what comes before the manifest, and settled one shard. */
  const halfDone = async (folder: string): Promise<StoredRun> => {
    await ledger.start(await rules.get(photos, 'nightly'), 'manual');
    const [run] = await openRuns({ db });
    if (run === undefined) throw new Error('no run was planned');
    const fileKeys = [newFileKey(), newFileKey()] as const;
    await ledger.scanning(run.id);
    await ledger.reserveFolder(run.id, `${REPORTS}/${folder}`);
    const shards = cutRange(WHOLE_RANGE, [Buffer.from('m')]).map((range, number) => ({
      number,
      range,
      fileKey: number === 0 ? fileKeys[0] : fileKeys[1],
    }));
    await ledger.plan(run.id, { pointInTimeMs: systemClock.now(), expectedRows: 2, shards });
    await ledger.settleShard(run.id, fileKeys[0], ONE_ROW);
    await leave(...fileKeys, checksumKey(folder), reportJsonKey(folder));
    return run;
  };
  const close = async () => {
    await store.close();
    await db.destroy();
  };
  return { db, store, ledger, leave, halfDone, close };
}

const newFileKey = () => `${ROOT}/data/${randomUUID()}.csv.gz`;

test('strays of every kind are swept, and what a report names survives whatever a row says of it', async () => {
  const data = temporaryFolder();
  const first = await openWithReports(3, data);
  const [withStale = '', withLie = '', calledFailed = ''] = (await first.runs()).map(({ id }) => id);
  const before = await first.keys();
  await first.close();

  const { db, ledger, leave, halfDone, close } = await openLeftovers(data);
  // An attempt that failed after its file was there, of a run that was published by the next.
  const staleKey = newFileKey();
  await leave(staleKey);
  const stale = { run_id: withStale, shard: 0, number: 0, file_key: staleKey, state: 'failed', started_at: 0 } as const;
  await db.insertInto('attempts').values(stale).execute();
  // Rows that lie: of a file that a report names, and of a run that is published.
  await db.updateTable('attempts').set({ state: 'failed' }).where('run_id', '=', withLie).execute();
  await db.updateTable('runs').set({ state: 'failed' }).where('id', '=', calledFailed).execute();
  await db.updateTable('runs').set({ swept: 0 }).execute();
  const cancelled = await halfDone(`${ROOT}/2026-01-01T00-00Z`);
  await ledger.cancel({ bucketId: cancelled.bucketId, ruleId: 'nightly' }, cancelled.id, 'somebody');
  const failed = await halfDone(`${ROOT}/2026-01-01T00-01Z`);
  await ledger.failed(failed.id, { code: 'RoleLost', text: 'The role is gone.' });
  // The process died in the middle of a scan, and before that in one whose shard was tried again.
  const died = await halfDone(`${ROOT}/2026-01-01T00-02Z`);
  const { file_key } = await db
    .selectFrom('attempts')
    .select('file_key')
    .where('run_id', '=', died.id)
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow();
  const next = newFileKey();
  await ledger.nextAttempt(died.id, file_key, { fault: 'the disk said no', fileKey: next });
  await leave(next);
  await close();

  const second = await openReportServer(data);
  await vi.waitFor(async () => expect((await second.runs())[0]?.state).toBe('published'), { timeout: 20_000 });
  await second.close();
  const after = await openLeftovers(data);
  expect(await after.ledger.unswept()).toEqual([]);
  await after.close();

  const third = await openReportServer(data);
  const keys = await third.keys();
  expect(keys).toEqual(expect.arrayContaining(before));
  expect(keys.toSorted()).toEqual((await namedByReports(third, keys)).toSorted());
  expect(keys.filter((key) => key.endsWith('/manifest.json'))).toHaveLength(4);
});

/** What the manifests among the keys name, what lies beside each, and `latest.json`. */
async function namedByReports(
  { send }: Awaited<ReturnType<typeof openReportServer>>,
  keys: readonly string[],
): Promise<string[]> {
  const named = [`${ROOT}/latest.json`];
  for (const folder of keys.filter((key) => key.endsWith('/manifest.json')).map((key) => path.posix.dirname(key))) {
    const { text } = await send({ bucket: REPORTS, key: manifestKey(folder) });
    named.push(manifestKey(folder), checksumKey(folder), reportJsonKey(folder), ...manifestFileKeys(Buffer.from(text)));
  }
  return named;
}
