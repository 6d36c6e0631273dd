import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { anyRule } from '../test/any-rule.ts';
import { openControl } from '../test/control-fixture.ts';
import { contentOf, NOW_MS, openStore, photos, put, temporaryFolder } from '../test/store-fixture.ts';
import { RoleTable } from './control/role-table.ts';
import type { StoredRun } from './control/run-ledger.ts';
import type { DataFile } from './core/report.ts';
import type { RuleDestination } from './core/rule.ts';
import { EmbeddedEngine } from './embedded-engine.ts';

const REPORTS = 'acme-reports';
const FOLDER = 'inv/photos/nightly-all/2026-10-04T16-00Z';
const MANIFEST = `${FOLDER}/manifest.json`;
const CHECKSUM = `${FOLDER}/manifest.checksum`;
const ACCOUNT = '1000000000000000';

/** An engine on a store with a source of two objects, a destination, and the role that the rule writes with. */
async function openWorld() {
  const folder = temporaryFolder();
  const spool = path.join(folder, 'spool');
  mkdirSync(spool);
  const store = await openStore(folder);
  const { id: bucketId } = await store.createBucket(photos);
  await store.createBucket({ ...photos, name: REPORTS });
  for (const key of ['a', 'b']) await put(store, key, 'x');
  const { db, clock } = await openControl();
  const roles = new RoleTable(db);
  await roles.ensure(ACCOUNT, 'inventory-writer', NOW_MS);
  const engine = new EmbeddedEngine({ store, storeFolder: folder, spool, roles, clock, threads: 1 });
  const run: StoredRun = {
    id: '0123456789abcdef',
    ruleUid: 'uid',
    bucketId,
    bucket: 'photos',
    rule: anyRule(),
    state: 'scanning',
    startedAtMs: NOW_MS,
    pointInTimeMs: NOW_MS,
    folder: FOLDER,
    isSwept: false,
  };
  const keys = () =>
    store.list(REPORTS, { prefix: '', marker: '', delimiter: '', maxKeys: 1000 }).objects.map(({ key }) => key);
  const forgetRole = () => db.deleteFrom('roles').execute();
  return { store, engine, run, keys, forgetRole };
}

type World = Awaited<ReturnType<typeof openWorld>>;

/** Scans the whole source into one file of the destination. */
async function scan({ engine, run }: World): Promise<DataFile> {
  const work = await engine.open(run);
  try {
    const { ranges } = await work.begin();
    const [range] = ranges;
    if (range === undefined) throw new Error('an inventory without a range');
    const { file } = await work.scanShard(range, 'inv/photos/nightly-all/data/1.csv.gz');
    if (file === undefined) throw new Error('a shard without a file');
    return { key: 'inv/photos/nightly-all/data/1.csv.gz', ...file };
  } finally {
    await work.close();
  }
}

function withDestination(run: StoredRun, change: Partial<RuleDestination>): StoredRun {
  return { ...run, rule: { ...run.rule, destination: { ...run.rule.destination, ...change } } };
}

test('a report is published with its files, and publishing again changes nothing', async () => {
  const world = await openWorld();
  const { engine, run, store, keys } = world;
  const file = await scan(world);
  expect(await engine.hasReport(run, FOLDER)).toBe(false);
  expect(await engine.publish(run, FOLDER, [file])).toBe(MANIFEST);
  expect(keys()).toEqual([CHECKSUM, MANIFEST, file.key]);
  expect(await engine.hasReport(run, FOLDER)).toBe(true);
  const before = await contentOf(store, MANIFEST, REPORTS);
  expect(await engine.publish(run, FOLDER, [file])).toBe(MANIFEST);
  expect(await contentOf(store, MANIFEST, REPORTS)).toEqual(before);
});

test('a report is not published with a role that was lost, unless it is visible already', async () => {
  const world = await openWorld();
  const { engine, run, forgetRole, keys } = world;
  const file = await scan(world);
  await forgetRole();
  await expect(engine.publish(run, FOLDER, [file])).rejects.toMatchObject({ code: 'RoleLost' });
  expect(keys()).toEqual([file.key]);
});

test('a report that was visible before its role was lost is published', async () => {
  const world = await openWorld();
  const { engine, run, forgetRole } = world;
  const file = await scan(world);
  await engine.publish(run, FOLDER, [file]);
  await forgetRole();
  expect(await engine.publish(run, FOLDER, [file])).toBe(MANIFEST);
});

test('a report that was visible before one of its files was removed is published', async () => {
  const world = await openWorld();
  const { engine, run, store, keys } = world;
  const file = await scan(world);
  await engine.publish(run, FOLDER, [file]);
  await store.deleteMany(REPORTS, [file.key]);
  expect(await engine.publish(run, FOLDER, [file])).toBe(MANIFEST);
  expect(keys()).toEqual([CHECKSUM, MANIFEST]);
});

test('a sweep leaves what a manifest names, and takes the rest', async () => {
  const world = await openWorld();
  const { engine, run, store, keys } = world;
  const file = await scan(world);
  await put(store, 'stray', 'x', { bucket: REPORTS });
  await engine.publish(run, FOLDER, [file]);
  await engine.removeFiles(run, [file.key, 'stray']);
  expect(keys()).toEqual([CHECKSUM, MANIFEST, file.key]);
});

test('a sweep takes a checksum that has no manifest', async () => {
  const world = await openWorld();
  const { engine, run, store, keys } = world;
  const file = await scan(world);
  await put(store, CHECKSUM, 'x', { bucket: REPORTS });
  await engine.removeFiles(run, [file.key]);
  expect(keys()).toEqual([]);
});

test("somebody else's object under the manifest's name saves no file, and is left", async () => {
  const world = await openWorld();
  const { engine, run, store, keys } = world;
  const file = await scan(world);
  await put(store, MANIFEST, 'no manifest', { bucket: REPORTS });
  await engine.removeFiles(run, [file.key]);
  expect(keys()).toEqual([MANIFEST]);
});

test('a sweep of a destination that is gone is done', async () => {
  const { engine, run } = await openWorld();
  await engine.removeFiles(withDestination(run, { bucket: 'nowhere' }), ['stray']);
});

test.each([
  ['whose destination is gone', { bucket: 'nowhere' }, 'DestinationGone'],
  ['with SSE-OSS', { encryption: { method: 'SSE-OSS' } }, 'EncryptionNotServed'],
  ['with SSE-KMS', { encryption: { method: 'SSE-KMS' } }, 'EncryptionNotServed'],
  ['whose role is unknown', { roleArn: `acs:ram::${ACCOUNT}:role/nobody` }, 'RoleLost'],
] as const)('a run %s is refused before any work', async (_, destination, code) => {
  const { engine, run } = await openWorld();
  await expect(engine.open(withDestination(run, destination))).rejects.toMatchObject({ code });
});

test('a bucket that was made anew under the name of the source is not the source', async () => {
  const { engine, run, store } = await openWorld();
  await store.deleteMany('photos', ['a', 'b']);
  await store.deleteBucket('photos');
  await expect(engine.open(run)).rejects.toMatchObject({ code: 'SourceGone' });
  await store.createBucket(photos);
  await expect(engine.open(run)).rejects.toMatchObject({ code: 'SourceGone' });
});

test('a destination that goes in mid-run is told in its words', async () => {
  const world = await openWorld();
  const { engine, run, store } = world;
  const work = await engine.open(run);
  const { ranges } = await work.begin();
  await store.deleteBucket(REPORTS);
  const [range = { start: new Uint8Array() }] = ranges;
  await expect(work.scanShard(range, 'inv/x.csv.gz')).rejects.toMatchObject({ code: 'DestinationGone' });
  await work.close();
});
