import { expect, test } from 'vitest';
import {
  type Control,
  NIGHTLY,
  ONE_ROW,
  onePlan,
  openControl,
  openRun,
  openRuns,
  PHOTOS,
  putRule,
  REASON,
  scanToTheEnd,
  WHOLE_RANGE,
} from '../../test/control-fixture.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import { cutRange, type KeyRange, prefixRange } from '../core/key-range.ts';
import type { Rule } from '../core/rule.ts';
import { RunOver } from './run-ledger.ts';

/** The scan of a new run, begun and not planned. */
async function beginScan(change: Partial<Rule> = {}): Promise<Control & { readonly id: string }> {
  const control = await openControl();
  await putRule(control, change);
  const { id } = await openRun(control);
  await control.ledger.scanning(id);
  return { ...control, id };
}

/** A plan of these ranges, whose shards write `file-0`, `file-1`, and so on. */
function planOf(ranges: readonly KeyRange[]) {
  const shards = ranges.map((range, number) => ({ number, range, fileKey: `file-${number}` }));
  return { pointInTimeMs: NOW_MS, expectedRows: 30, shards };
}

function withoutDigest(key: string) {
  const { rowsSha256, ...row } = rowAt(key);
  return row;
}

/** All keys, cut at each of these. */
const cutAt = (...keys: readonly string[]) =>
  cutRange(
    WHOLE_RANGE,
    keys.map((key) => Buffer.from(key)),
  );

const rowAt = (key: string) => ({ ...ONE_ROW, firstKey: Buffer.from(key), lastKey: Buffer.from(key) });

test('a folder is given to one run, and to the same one again', async () => {
  const control = await openControl();
  await putRule(control, { id: 'a' });
  await putRule(control, { id: 'b' });
  const [first, second] = await openRuns(control);
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
  const runs = await openRuns(control);
  for (const { id } of runs) await control.ledger.scanning(id);
  const given = await Promise.all(runs.map(({ id }) => control.ledger.reserveFolder(id, 'acme-reports/x')));
  expect(given.filter(Boolean)).toHaveLength(1);
});

test('a scan that begins again forgets plan, counts and point in time of the one before, and why it was put off', async () => {
  const { ledger, clock, id } = await beginScan();
  await ledger.plan(id, onePlan('old'));
  await ledger.progress(id, { scanned: 5, matched: 4, bytesWritten: 3 });
  await ledger.putOff(id, { reason: REASON, retryAtMs: NOW_MS + 1000 });
  expect(await ledger.view(NIGHTLY, id)).toMatchObject({
    state: 'planned',
    retryAt: '2026-10-04T16:00:01.000Z',
    reason: REASON,
  });
  clock.nowMs += 1000;
  await ledger.scanning(id);
  expect(await ledger.allFileKeys(id)).toEqual([]);
  expect(await ledger.view(NIGHTLY, id)).toMatchObject({
    state: 'scanning',
    tries: 2,
    startedAt: '2026-10-04T16:00:01.000Z',
    pointInTime: null,
    expected: null,
    scanned: 0,
    matched: 0,
    bytesWritten: 0,
    retryAt: null,
    reason: null,
  });
});

test('a run that is put off gives its attempts up, and their files are known by name until it begins again', async () => {
  const { ledger, db, id } = await beginScan();
  await ledger.plan(id, planOf(cutAt('m')));
  await ledger.settleShard(id, 'file-0', ONE_ROW);
  await ledger.putOff(id, { reason: REASON, retryAtMs: NOW_MS + 1000 });
  expect(await db.selectFrom('attempts').select(['state', 'fault']).orderBy('shard').execute()).toEqual([
    { state: 'settled', fault: null },
    { state: 'failed', fault: 'because' },
  ]);
  expect(await ledger.allFileKeys(id)).toEqual(['file-0', 'file-1']);
  await expect(ledger.settleShard(id, 'file-1', rowAt('m'))).rejects.toBeInstanceOf(RunOver);
});

test('a plan tells how much there is to scan, and is written once', async () => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, planOf(cutAt('m')));
  expect(await ledger.view(NIGHTLY, id)).toMatchObject({ expected: 30, shards: { done: 0, total: 2 } });
  await expect(ledger.plan(id, onePlan('another'))).rejects.toBeInstanceOf(RunOver);
  expect(await ledger.allFileKeys(id)).toEqual(['file-0', 'file-1']);
});

test.each([
  ['that leave a gap', [{ start: Buffer.alloc(0), end: Buffer.from('m') }, { start: Buffer.from('n') }]],
  ['that overlap', [{ start: Buffer.alloc(0), end: Buffer.from('m') }, { start: Buffer.from('l') }]],
  ['that begin late', [{ start: Buffer.from('a') }]],
  ['that end early', [{ start: Buffer.alloc(0), end: Buffer.from('z') }]],
  ['of which there are none', []],
])('no plan is written of ranges %s', async (_, ranges) => {
  const { ledger, id } = await beginScan();
  await expect(ledger.plan(id, planOf(ranges))).rejects.toThrow("the shards do not cover the rule's keys");
  expect(await ledger.allFileKeys(id)).toEqual([]);
});

test('the ranges of a plan cover the keys of its rule and no others', async () => {
  const { ledger, id } = await beginScan({ filter: { prefix: '2026/' } });
  await expect(ledger.plan(id, onePlan('file'))).rejects.toThrow("the shards do not cover the rule's keys");
  await ledger.plan(id, planOf([prefixRange('2026/')]));
});

test('no two attempts write the same file', async () => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, onePlan('file'));
  await expect(ledger.nextAttempt(id, 'file', { fault: 'it broke', fileKey: 'file' })).rejects.toThrow(/UNIQUE/);
  expect(await ledger.staleFileKeys(id)).toEqual([]);
});

test('an attempt that was given up settles nothing; the one after it does', async () => {
  const { ledger, db, clock, id } = await beginScan();
  await ledger.plan(id, onePlan('first'));
  clock.nowMs += 1000;
  await ledger.nextAttempt(id, 'first', { fault: 'the disk said\nno', fileKey: 'second' });
  await expect(ledger.settleShard(id, 'first', ONE_ROW)).rejects.toBeInstanceOf(RunOver);
  expect(await ledger.files(id)).toEqual([]);
  await ledger.settleShard(id, 'second', ONE_ROW);
  expect(await ledger.files(id)).toMatchObject([{ key: 'second' }]);
  expect(await ledger.staleFileKeys(id)).toEqual(['first']);
  const times = { started_at: NOW_MS + 1000, ended_at: NOW_MS + 1000 };
  expect(await db.selectFrom('attempts').selectAll().orderBy('number').execute()).toEqual([
    {
      ...{ run_id: id, shard: 0, number: 1, file_key: 'first', state: 'failed', fault: 'the disk said�no' },
      ...{ started_at: NOW_MS, ended_at: NOW_MS + 1000 },
    },
    { run_id: id, shard: 0, number: 2, file_key: 'second', state: 'settled', fault: null, ...times },
  ]);
});

test.each([
  ['was given up', 'first'],
  ['never was', 'nobody'],
])('no attempt follows on one that %s', async (_, fileKey) => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, onePlan('first'));
  await ledger.nextAttempt(id, 'first', { fault: 'it broke', fileKey: 'second' });
  const next = ledger.nextAttempt(id, fileKey, { fault: 'it broke', fileKey: 'third' });
  await expect(next).rejects.toBeInstanceOf(RunOver);
  expect(await ledger.allFileKeys(id)).toEqual(['first', 'second']);
});

test('a shard that is settled stays as it was settled', async () => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, onePlan('file'));
  await ledger.settleShard(id, 'file', ONE_ROW);
  await expect(ledger.settleShard(id, 'file', { ...ONE_ROW, scanned: 99 })).rejects.toBeInstanceOf(RunOver);
  const next = ledger.nextAttempt(id, 'file', { fault: 'it broke', fileKey: 'second' });
  await expect(next).rejects.toBeInstanceOf(RunOver);
  expect(await ledger.reportShards(id)).toMatchObject([{ scanned: 1, delivered: { file: { key: 'file' } } }]);
});

test('an attempt of a scan that was begun again settles nothing', async () => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, onePlan('old'));
  await ledger.scanning(id);
  await ledger.plan(id, onePlan('new'));
  await expect(ledger.settleShard(id, 'old', ONE_ROW)).rejects.toBeInstanceOf(RunOver);
  expect(await ledger.files(id)).toEqual([]);
});

test('a shard settles, and gets another attempt, only while its run scans', async () => {
  const { ledger, rules, id } = await beginScan();
  await ledger.plan(id, onePlan('file'));
  await rules.delete(PHOTOS.id, 'nightly-all');
  await expect(ledger.settleShard(id, 'file', ONE_ROW)).rejects.toBeInstanceOf(RunOver);
  const next = ledger.nextAttempt(id, 'file', { fault: 'it broke', fileKey: 'second' });
  await expect(next).rejects.toBeInstanceOf(RunOver);
});

test.each([
  ['a shard that is not settled', [rowAt('a'), undefined], 'shard 1 is not settled'],
  ['rows of another shard', [rowAt('a'), rowAt('c')], 'shard 1 has rows outside its range'],
  ['rows behind its end', [rowAt('m'), rowAt('n')], 'shard 0 has rows outside its range'],
  ['keys that fall', [{ ...rowAt('b'), lastKey: Buffer.from('a') }, rowAt('n')], 'shard 0 ends before it begins'],
  ['rows and no file', [{ scanned: 1, matched: 1 }, rowAt('n')], 'shard 0 has rows and no file'],
  ['a file and no rows', [{ ...rowAt('a'), matched: 0 }, rowAt('n')], 'shard 0 has rows and no file, or a file'],
  ['a file of unknown digest', [withoutDigest('a'), rowAt('n')], 'shard 0 lacks facts'],
])('nothing is published with %s', async (_, results, message) => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, planOf(cutAt('m')));
  for (const [number, result] of results.entries()) {
    if (result !== undefined) await ledger.settleShard(id, `file-${number}`, result);
  }
  await expect(ledger.publishing(id)).rejects.toThrow(message);
  expect(await ledger.find(id)).toMatchObject({ state: 'scanning' });
});

test.each([
  ['first', 0],
  ['middle', 1],
  ['last', 2],
])('nothing is published when the row of the %s shard was lost', async (_, number) => {
  const { ledger, db, id } = await beginScan();
  await ledger.plan(id, planOf(cutAt('g', 'm')));
  for (const [index, key] of ['a', 'h', 'n'].entries()) await ledger.settleShard(id, `file-${index}`, rowAt(key));
  await db.deleteFrom('shards').where('number', '=', number).execute();
  await expect(ledger.publishing(id)).rejects.toThrow("the shards do not cover the rule's keys");
});

test('the sums of the shards are those of the run, and shards without rows deliver no file', async () => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, planOf(cutAt('g', 'm')));
  await ledger.settleShard(id, 'file-0', { ...rowAt('a'), scanned: 10 });
  await ledger.settleShard(id, 'file-1', { scanned: 7, matched: 0 });
  await ledger.settleShard(id, 'file-2', { ...rowAt('z'), scanned: 3 });
  await ledger.publishing(id);
  expect(await ledger.view(NIGHTLY, id)).toMatchObject({
    scanned: 20,
    matched: 2,
    bytesWritten: 40,
    shards: { done: 3, total: 3 },
  });
  expect((await ledger.files(id)).map(({ key }) => key)).toEqual(['file-0', 'file-2']);
});

test('a report is told of all its shards with every fact, in key order, whatever the order they were settled in', async () => {
  const { ledger, id } = await beginScan();
  await ledger.plan(id, planOf(cutAt('m')));
  await ledger.settleShard(id, 'file-1', { ...rowAt('n'), scanned: 3 });
  await ledger.settleShard(id, 'file-0', { scanned: 7, matched: 0 });
  expect(await ledger.reportShards(id)).toEqual([
    { number: 0, range: { start: Buffer.alloc(0), end: Buffer.from('m') }, scanned: 7, matched: 0 },
    {
      number: 1,
      range: { start: Buffer.from('m') },
      scanned: 3,
      matched: 1,
      delivered: {
        firstKey: Buffer.from('n'),
        lastKey: Buffer.from('n'),
        file: { key: 'file-1', sizeBytes: 20, md5: 'A'.repeat(32) },
        digests: { file: 'b'.repeat(64), rows: 'c'.repeat(64) },
      },
    },
  ]);
});

test('progress that comes late does not write over the sums', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await scanToTheEnd(control, run);
  await control.ledger.progress(run.id, { scanned: 99, matched: 99, bytesWritten: 99 });
  expect(await control.ledger.view(NIGHTLY, run.id)).toMatchObject({ scanned: 1, matched: 1, bytesWritten: 20 });
});
