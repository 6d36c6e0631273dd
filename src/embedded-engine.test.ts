import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { anyRule } from '../test/any-rule.ts';
import { openControl } from '../test/control-fixture.ts';
import { bucketPolicyText, documentOf, roleOf } from '../test/role-fixture.ts';
import { contentOf, NOW_MS, openStore, photos, put, temporaryFolder } from '../test/store-fixture.ts';
import type { RoleFacts } from './access/directory-facts.ts';
import { KeyTable } from './control/key-table.ts';
import type { StoredRun } from './control/run-ledger.ts';
import type { DomainError } from './core/errors.ts';
import { parseLatest } from './core/latest-report.ts';
import type { Encryption } from './core/record.ts';
import type { ReportShard } from './core/report-facts.ts';
import type { RuleDestination } from './core/rule.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { ScanPool } from './inventory/scan-pool.ts';
import type { AccountKeys } from './keys/account-keys.ts';
import { KeyService } from './keys/key-service.ts';

const REPORTS = 'acme-reports';
const FOLDER = 'inv/photos/nightly-all/2026-10-04T16-00Z';
const MANIFEST = `${FOLDER}/manifest.json`;
const CHECKSUM = `${FOLDER}/manifest.checksum`;
const REPORT = `${FOLDER}/report.json`;
const LATEST = 'inv/photos/nightly-all/latest.json';
const ACCOUNT = '1000000000000000';
const USE_KEYS = documentOf({ Action: 'kms:*', Resource: 'acs:kms:*:*:*' });

/** An engine on a store with a source of two objects, a destination, and the role that the rule writes with. */
async function openWorld({ isKeyServiceOn = true } = {}) {
  const folder = temporaryFolder();
  const spool = path.join(folder, 'spool');
  mkdirSync(spool);
  const { db, clock } = await openControl();
  const sealedBy = { file: 'key.json', id: 'key-file', key: randomBytes(32) };
  const keys = await KeyService.open({ records: new KeyTable(db), sealedBy, clock, isOn: isKeyServiceOn });
  const store = await openStore(folder, clock, keys);
  const { id: bucketId } = await store.createBucket(photos);
  await store.createBucket({ ...photos, name: REPORTS });
  for (const key of ['a', 'b']) await put(store, key, 'x');
  const { roleArn } = anyRule().destination;
  let role: RoleFacts | undefined = roleOf(roleArn, [documentOf({}), USE_KEYS]);
  const roles = { findRole: (arn: string) => (arn === roleArn ? role : undefined) };
  const pool = new ScanPool({ threads: 1 });
  onTestFinished(() => pool.close());
  const wishes = { latest: true };
  const latestFaults: DomainError[] = [];
  const engine = new EmbeddedEngine({
    store,
    storeFolder: folder,
    spool,
    roles,
    keys,
    keyAccount: ACCOUNT,
    clock,
    pool,
    keepsLatest: async () => wishes.latest,
    onLatestFault: (_, fault) => void latestFaults.push(fault),
  });
  const run: StoredRun = {
    id: '0123456789abcdef',
    ruleUid: 'uid',
    bucketId,
    bucket: 'photos',
    rule: anyRule(),
    trigger: 'manual',
    scheduledForMs: NOW_MS,
    state: 'scanning',
    tries: 1,
    startedAtMs: NOW_MS,
    pointInTimeMs: NOW_MS,
    retryAtMs: null,
    reason: null,
    folder: FOLDER,
    isSwept: false,
  };
  const objects = async () => {
    const page = await store.list(REPORTS, { prefix: '', marker: '', delimiter: '', maxKeys: 1000 });
    return page.objects.map(({ key }) => key);
  };
  /** Gives the role these policies and no others; undefined takes the role away. */
  const setRole = (documents: readonly object[] | undefined, change?: Partial<RoleFacts>) => {
    role = documents && roleOf(roleArn, documents, change);
  };
  return { store, engine, run, keys: keys.account, objects, setRole, wishes, latestFaults };
}

type World = Awaited<ReturnType<typeof openWorld>>;

interface Scanned {
  /** Of the data file. */
  readonly key: string;
  readonly shards: readonly ReportShard[];
}

/** Scans the whole source into one file of the destination. */
async function scan({ engine, run }: World): Promise<Scanned> {
  const work = await engine.open(run);
  try {
    const { ranges } = await work.begin();
    const [range] = ranges;
    if (range === undefined) throw new Error('an inventory without a range');
    const key = 'inv/photos/nightly-all/data/1.csv.gz';
    const { scanned, matched, file, rowsSha256, firstKey, lastKey } = await work.scanShard(range, key);
    if (!(file && rowsSha256 && firstKey && lastKey)) throw new Error('a shard without a file');
    const { sizeBytes, md5, sha256 } = file;
    const digests = { file: sha256, rows: rowsSha256 };
    const delivered = { firstKey, lastKey, file: { key, sizeBytes, md5 }, digests };
    return { key, shards: [{ number: 0, range, scanned, matched, delivered }] };
  } finally {
    await work.close();
  }
}

function withDestination(run: StoredRun, change: Partial<RuleDestination>): StoredRun {
  return { ...run, rule: { ...run.rule, destination: { ...run.rule.destination, ...change } } };
}

test('a report is published with its files, and publishing again changes nothing', async () => {
  const world = await openWorld();
  const { engine, run, store, objects } = world;
  const file = await scan(world);
  expect(await engine.hasReport(run, FOLDER)).toBe(false);
  expect(await engine.publish(run, FOLDER, file.shards)).toBe(MANIFEST);
  expect(await objects()).toEqual([CHECKSUM, MANIFEST, REPORT, file.key, LATEST]);
  expect(await engine.hasReport(run, FOLDER)).toBe(true);
  const before = await contentOf(store, MANIFEST, REPORTS);
  expect(await engine.publish(run, FOLDER, file.shards)).toBe(MANIFEST);
  expect(await contentOf(store, MANIFEST, REPORTS)).toEqual(before);
});

test.each([CHECKSUM, REPORT, MANIFEST])(
  "a folder is taken when somebody's object lies under a name that a report has there: %s",
  async (key) => {
    const { engine, run, store } = await openWorld();
    await put(store, `${FOLDER}/notes.txt`, 'x', { bucket: REPORTS });
    expect(await engine.isFolderTaken(run, FOLDER)).toBe(false);
    await put(store, key, 'x', { bucket: REPORTS });
    expect(await engine.isFolderTaken(run, FOLDER)).toBe(true);
  },
);

test('latest.json is kept while the rule wishes it', async () => {
  const world = await openWorld();
  const { engine, run, store, objects, wishes, latestFaults } = world;
  const file = await scan(world);
  wishes.latest = false;
  await engine.publish(run, FOLDER, file.shards);
  expect(await objects()).not.toContain(LATEST);
  wishes.latest = true;
  await engine.publish(run, FOLDER, file.shards);
  const latest = parseLatest((await contentOf(store, LATEST, REPORTS)) ?? Buffer.of());
  expect(latest).toEqual({ runId: run.id, pointInTimeMs: NOW_MS, manifestKey: MANIFEST });
  expect(latestFaults).toEqual([]);
});

test('a role that may write all of a report but latest.json is told so before any work, unless none is kept', async () => {
  const { engine, run, setRole, wishes } = await openWorld();
  setRole([documentOf({}), documentOf({ Effect: 'Deny', Resource: `acs:oss:*:*:${REPORTS}/*/latest.json` })]);
  await expect(engine.open(run)).rejects.toMatchObject({ code: 'RoleLost' });
  wishes.latest = false;
  await (await engine.open(run)).close();
});

test('a report whose latest.json can no longer be written is published, and that is told', async () => {
  const world = await openWorld();
  const { engine, run, store, setRole, latestFaults } = world;
  const file = await scan(world);
  const put = store.put.bind(store);
  store.put = async (request, ...body) => {
    if (request.key === MANIFEST) setRole([documentOf({ Resource: `acs:oss:*:*:${REPORTS}/*/manifest.json` })]);
    return await put(request, ...body);
  };
  expect(await engine.publish(run, FOLDER, file.shards)).toBe(MANIFEST);
  expect(latestFaults).toMatchObject([{ code: 'RoleLost', message: expect.stringContaining('oss:PutObject') }]);
});

interface Loss {
  readonly lose: (world: World) => unknown;
  readonly code?: 'KeyUseDenied';
  readonly words: RegExp;
}

const LOSSES: readonly [string, Loss][] = [
  ['is gone', { lose: ({ setRole }) => setRole(undefined), words: /There is no role .*"Service"/ }],
  ['lost its right', { lose: ({ setRole }) => setRole([USE_KEYS]), words: /no policy of it allows .*"oss:PutObject"/ }],
  [
    'is denied by a policy of its own',
    {
      lose: ({ setRole }) => setRole([documentOf({}), USE_KEYS, documentOf({ Effect: 'Deny' })]),
      words: /the policy "policy-2" of the role denies it/,
    },
  ],
  [
    'is denied by the destination',
    {
      lose: ({ store }) => store.changeBucket(REPORTS, { policy: bucketPolicyText(REPORTS, { Effect: 'Deny' }) }),
      words: /the policy of the bucket "acme-reports" denies it/,
    },
  ],
  [
    'no longer trusts OSS',
    {
      lose: ({ setRole }) => setRole([documentOf({}), USE_KEYS], { trust: { statements: [] } }),
      words: /does not trust oss\.aliyuncs\.com\. .*"sts:AssumeRole"/,
    },
  ],
  [
    'is of an account that was disabled',
    { lose: ({ setRole }) => setRole([documentOf({})], { accountState: 'disabled' }), words: /is disabled/ },
  ],
  [
    'may not use the key',
    { lose: ({ setRole }) => setRole([documentOf({})]), code: 'KeyUseDenied', words: /"kms:GenerateDataKey"/ },
  ],
];

describe.each(LOSSES)('a role that %s', (_, { lose, code = 'RoleLost', words }) => {
  /** A world with a rule whose report is encrypted, so that it needs all rights there are. */
  async function openEncrypted(): Promise<World> {
    const world = await openWorld();
    return { ...world, run: withDestination(world.run, { encryption: { method: 'SSE-KMS' } }) };
  }
  const refusal = { code, message: expect.stringMatching(words) };

  test('does no work', async () => {
    const world = await openEncrypted();
    await lose(world);
    await expect(world.engine.open(world.run)).rejects.toMatchObject(refusal);
  });

  test('writes no data file', async () => {
    const world = await openEncrypted();
    const work = await world.engine.open(world.run);
    const { ranges } = await work.begin();
    await lose(world);
    const [range = { start: new Uint8Array() }] = ranges;
    await expect(work.scanShard(range, 'inv/x.csv.gz')).rejects.toMatchObject(refusal);
    await work.close();
    expect(await world.objects()).toEqual([]);
  });

  test('publishes nothing, and what it has written is swept', async () => {
    const world = await openEncrypted();
    const { engine, run, objects } = world;
    const file = await scan(world);
    await lose(world);
    await expect(engine.publish(run, FOLDER, file.shards)).rejects.toMatchObject(refusal);
    expect(await objects()).toEqual([file.key]);
    await engine.removeFiles(run, [file.key]);
    expect(await objects()).toEqual([]);
  });

  test('takes no report back that is visible, and puts nothing beside it', async () => {
    const world = await openEncrypted();
    const { engine, run, store, objects } = world;
    const file = await scan(world);
    await engine.publish(run, FOLDER, file.shards);
    await store.delete({ bucket: REPORTS, key: CHECKSUM });
    await lose(world);
    await store.delete({ bucket: REPORTS, key: REPORT });
    expect(await engine.publish(run, FOLDER, file.shards)).toBe(MANIFEST);
    expect(await objects()).toEqual([MANIFEST, file.key, LATEST]);
  });
});

test.each([
  [1, [REPORT]],
  [2, [CHECKSUM, REPORT]],
])(
  'a right that is lost after put %i of the report leaves none, and nothing beside it once it is swept',
  async (puts, left) => {
    const world = await openWorld();
    const { engine, run, store, objects } = world;
    const file = await scan(world);
    const put = store.put.bind(store);
    let done = 0;
    store.put = async (...request) => {
      const stored = await put(...request);
      if (++done === puts) world.setRole([]);
      return stored;
    };
    await expect(engine.publish(run, FOLDER, file.shards)).rejects.toMatchObject({ code: 'RoleLost' });
    expect(await objects()).toEqual([...left, file.key]);
    await engine.removeFiles(run, [file.key]);
    expect(await objects()).toEqual([]);
  },
);

test('a bucket that another account made anew under the name of the destination gets nothing and loses nothing', async () => {
  const world = await openWorld();
  const { engine, run, store, objects } = world;
  const file = await scan(world);
  await store.deleteMany(REPORTS, [{ key: file.key }]);
  await store.deleteBucket(REPORTS);
  await store.createBucket({ ...photos, name: REPORTS, owner: '2000', acl: 'public-read-write' });
  await put(store, CHECKSUM, 'x', { bucket: REPORTS });
  await expect(engine.open(run)).rejects.toMatchObject({ code: 'DestinationGone' });
  await expect(engine.publish(run, FOLDER, file.shards)).rejects.toMatchObject({ code: 'DestinationGone' });
  await engine.removeFiles(run, [CHECKSUM]);
  expect(await objects()).toEqual([CHECKSUM]);
});

test('a sweep ends where another account makes the destination anew in the midst of it', async () => {
  const { engine, run, store, objects } = await openWorld();
  for (const key of ['stray-1', 'stray-2']) await put(store, key, 'x', { bucket: REPORTS });
  const remove = store.delete.bind(store);
  store.delete = async (address) => {
    store.delete = remove;
    const deleted = await remove(address);
    await store.deleteMany(REPORTS, [{ key: 'stray-2' }]);
    await store.deleteBucket(REPORTS);
    await store.createBucket({ ...photos, name: REPORTS, owner: '2000' });
    await put(store, 'stray-2', 'y', { bucket: REPORTS });
    return deleted;
  };
  await engine.removeFiles(run, ['stray-1', 'stray-2']);
  expect(await objects()).toEqual(['stray-2']);
});

test('a report that was visible before one of its files was removed is published', async () => {
  const world = await openWorld();
  const { engine, run, store, objects } = world;
  const file = await scan(world);
  await engine.publish(run, FOLDER, file.shards);
  await store.deleteMany(REPORTS, [{ key: file.key }]);
  expect(await engine.publish(run, FOLDER, file.shards)).toBe(MANIFEST);
  expect(await objects()).toEqual([CHECKSUM, MANIFEST, REPORT, LATEST]);
});

test('a sweep leaves what a manifest names, and takes the rest', async () => {
  const world = await openWorld();
  const { engine, run, store, objects } = world;
  const file = await scan(world);
  await put(store, 'stray', 'x', { bucket: REPORTS });
  await engine.publish(run, FOLDER, file.shards);
  await engine.removeFiles(run, [file.key, 'stray']);
  expect(await objects()).toEqual([CHECKSUM, MANIFEST, REPORT, file.key, LATEST]);
});

test('a sweep takes what lies in the folder of a report and has no manifest', async () => {
  const world = await openWorld();
  const { engine, run, store, objects } = world;
  const file = await scan(world);
  for (const key of [CHECKSUM, REPORT]) await put(store, key, 'x', { bucket: REPORTS });
  await engine.removeFiles(run, [file.key]);
  expect(await objects()).toEqual([]);
});

test("somebody else's object under the manifest's name saves no file, and is left", async () => {
  const world = await openWorld();
  const { engine, run, store, objects } = world;
  const file = await scan(world);
  await put(store, MANIFEST, 'no manifest', { bucket: REPORTS });
  await engine.removeFiles(run, [file.key]);
  expect(await objects()).toEqual([MANIFEST]);
});

test('a sweep of a destination that is gone is done', async () => {
  const { engine, run } = await openWorld();
  await engine.removeFiles(withDestination(run, { bucket: 'nowhere' }), ['stray']);
});

test.each([
  ['whose destination is gone', { bucket: 'nowhere' }, 'DestinationGone'],
  ['whose role is unknown', { roleArn: `acs:ram::${ACCOUNT}:role/nobody` }, 'RoleLost'],
] as const)('a run %s is refused before any work', async (_, destination, code) => {
  const { engine, run } = await openWorld();
  await expect(engine.open(withDestination(run, destination))).rejects.toMatchObject({ code });
});

const OUR_KEY = { encryption: { method: 'SSE-KMS', keyId: 'our-key' } } as const;
const keyUnusable = (words: RegExp) => ({ code: 'ReportKeyUnusable', message: expect.stringMatching(words) });

test.each<[string, Partial<RuleDestination>, Encryption, string | undefined]>([
  ['SSE-OSS', { encryption: { method: 'SSE-OSS' } }, 'AES256', undefined],
  ['SSE-KMS and a key', OUR_KEY, 'KMS', 'our-key'],
  ['SSE-KMS and the default key', { encryption: { method: 'SSE-KMS' } }, 'KMS', expect.stringMatching(/^key-/)],
])(
  'a report by %s has every file of it encrypted, and reads as one that is not',
  async (_, destination, encryption, keyId) => {
    const world = await openWorld();
    const { engine, store, keys, objects } = world;
    await keys.create({ id: 'our-key' });
    const plain = await scan(world);
    const csv = await contentOf(store, plain.key, REPORTS);
    const run = withDestination(world.run, destination);
    const file = await scan({ ...world, run });
    expect(file).toEqual(plain);
    expect(await contentOf(store, file.key, REPORTS)).toEqual(csv);
    await engine.publish(run, FOLDER, file.shards);
    expect(await objects()).toEqual([CHECKSUM, MANIFEST, REPORT, file.key, LATEST]);
    for (const key of await objects()) {
      const object = store.head({ bucket: REPORTS, key });
      expect([object?.record.encryption, object?.keyId], key).toEqual([encryption, keyId]);
    }
  },
);

test('a report of a rule without encryption is encrypted as the destination bucket does it', async () => {
  const world = await openWorld();
  const { engine, run, store, keys, objects } = world;
  await keys.create({ id: 'bucket-key' });
  await store.changeBucket(REPORTS, { encryption: { algorithm: 'KMS', keyId: 'bucket-key' } });
  await engine.publish(run, FOLDER, (await scan(world)).shards);
  expect(await objects()).toHaveLength(5);
  for (const key of await objects()) expect(store.head({ bucket: REPORTS, key })?.keyId, key).toBe('bucket-key');
});

test.each<[string, (keys: AccountKeys) => Promise<unknown>, RegExp]>([
  ['unknown', async () => undefined, /no encryption key "our-key"/],
  ['asymmetric', (keys) => keys.create({ id: 'our-key', spec: 'RSA_2048' }), /"our-key" is RSA_2048/],
  ['disabled', async (keys) => disable(keys), /"our-key" is disabled/],
  ['to be deleted', async (keys) => scheduleDeletion(keys), /"our-key" is to be deleted/],
])('a run whose key is %s is refused before any work, in words that name the key', async (_, prepare, words) => {
  const { engine, run, store, keys, objects } = await openWorld();
  await prepare(keys);
  await expect(engine.open(withDestination(run, OUR_KEY))).rejects.toMatchObject(keyUnusable(words));
  await store.changeBucket(REPORTS, { encryption: { algorithm: 'KMS', keyId: 'our-key' } });
  const ofBucket = keyUnusable(new RegExp(`the destination bucket "${REPORTS}" asks: .*${words.source}`));
  await expect(engine.open(run)).rejects.toMatchObject(ofBucket);
  expect(await objects()).toEqual([]);
});

test('without a key service a run by SSE-KMS is refused before any work, and one by SSE-OSS is done', async () => {
  const world = await openWorld({ isKeyServiceOn: false });
  const byKms = withDestination(world.run, { encryption: { method: 'SSE-KMS' } });
  await expect(world.engine.open(byKms)).rejects.toMatchObject(keyUnusable(/keyService: false/));
  const run = withDestination(world.run, { encryption: { method: 'SSE-OSS' } });
  expect(await world.engine.publish(run, FOLDER, (await scan({ ...world, run })).shards)).toBe(MANIFEST);
});

test('a key that is disabled in mid-run delivers no further file', async () => {
  const { engine, keys, objects, ...world } = await openWorld();
  await keys.create({ id: 'our-key' });
  const work = await engine.open(withDestination(world.run, OUR_KEY));
  const { ranges } = await work.begin();
  await keys.disable('our-key');
  const [range = { start: new Uint8Array() }] = ranges;
  await expect(work.scanShard(range, 'inv/x.csv.gz')).rejects.toMatchObject(keyUnusable(/"our-key" is disabled/));
  await work.close();
  expect(await objects()).toEqual([]);
});

test('a key that is disabled between the data files and the manifest keeps the report from becoming visible', async () => {
  const world = await openWorld();
  const { engine, keys, objects } = world;
  await keys.create({ id: 'our-key' });
  const run = withDestination(world.run, OUR_KEY);
  const file = await scan({ ...world, run });
  await keys.disable('our-key');
  await expect(engine.publish(run, FOLDER, file.shards)).rejects.toMatchObject(keyUnusable(/"our-key" is disabled/));
  await engine.removeFiles(run, [file.key]);
  expect(await objects()).toEqual([]);
});

test('a report that was visible before its key was disabled is published', async () => {
  const world = await openWorld();
  const { engine, store, keys, objects } = world;
  await keys.create({ id: 'our-key' });
  const run = withDestination(world.run, OUR_KEY);
  const file = await scan({ ...world, run });
  await engine.publish(run, FOLDER, file.shards);
  await keys.disable('our-key');
  expect(await engine.publish(run, FOLDER, file.shards)).toBe(MANIFEST);
  await store.delete({ bucket: REPORTS, key: CHECKSUM });
  expect(await engine.publish(run, FOLDER, file.shards)).toBe(MANIFEST);
  // What it names can't be read now, so nothing of it is taken for a stray.
  await expect(engine.removeFiles(run, [file.key])).rejects.toMatchObject(keyUnusable(/"our-key" is disabled/));
  expect(await objects()).toEqual([MANIFEST, REPORT, file.key, LATEST]);
});

async function disable(keys: AccountKeys): Promise<void> {
  await keys.create({ id: 'our-key' });
  await keys.disable('our-key');
}

async function scheduleDeletion(keys: AccountKeys): Promise<void> {
  await keys.create({ id: 'our-key' });
  await keys.scheduleDeletion('our-key');
}

test('a bucket that was made anew under the name of the source is not the source', async () => {
  const { engine, run, store } = await openWorld();
  await store.deleteMany('photos', [{ key: 'a' }, { key: 'b' }]);
  await store.deleteBucket('photos');
  await expect(engine.open(run)).rejects.toMatchObject({ code: 'SourceGone' });
  await store.createBucket(photos);
  await expect(engine.open(run)).rejects.toMatchObject({ code: 'SourceGone' });
});

test('a bucket that another account makes anew under the name of the source, while the key is looked up, is not listed', async () => {
  const { engine, run, store, keys } = await openWorld();
  await keys.create({ id: 'our-key' });
  const find = keys.find.bind(keys);
  keys.find = async (id) => {
    await store.deleteMany('photos', [{ key: 'a' }, { key: 'b' }]);
    await store.deleteBucket('photos');
    await store.createBucket({ ...photos, owner: '2000' });
    await put(store, 'secret', 'x');
    return await find(id);
  };
  const work = await engine.open(withDestination(run, OUR_KEY));
  await expect(work.begin()).rejects.toMatchObject({ code: 'SourceGone' });
  await work.close();
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

test('a run that waits for its turn among those who write is stopped without waiting for them', async () => {
  const { engine, run, store } = await openWorld();
  const { promise: writing, resolve: endWriting } = Promise.withResolvers<void>();
  const held = store.hold(() => writing);
  const work = await engine.open(run);
  const beginning = expect(work.begin()).rejects.toThrow('the run was stopped');
  work.stop();
  await beginning;
  await work.close();
  endWriting();
  await held;
  await put(store, 'c', 'x');
});

test.each([
  ['moved', {}, 'adopt'],
  ['encrypted', { encryption: { method: 'SSE-OSS' } }, 'put'],
] as const)(
  'a data file that is being %s into the destination is not stored when the run is stopped',
  async (_, destination, way) => {
    const world = await openWorld();
    const { engine, store } = world;
    const work = await engine.open(withDestination(world.run, destination));
    const { ranges } = await work.begin();
    const { adopt, put: putStream } = store;
    store.adopt = async (...request) => {
      work.stop();
      return await adopt.apply(store, request);
    };
    store.put = async (...request) => {
      work.stop();
      return await putStream.apply(store, request);
    };
    const given = vi.spyOn(store, way);
    const [range = { start: new Uint8Array() }] = ranges;
    await expect(work.scanShard(range, 'inv/x.csv.gz')).rejects.toThrow('the run was stopped');
    expect(given).toHaveBeenCalledOnce();
    await work.close();
    expect(await world.objects()).toEqual([]);
  },
);
