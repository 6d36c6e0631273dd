import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { anyRule } from '../test/any-rule.ts';
import { bucketPolicyText, documentOf, type PolicyStatement, roleOf } from '../test/role-fixture.ts';
import { contentOf, NOW_MS, openStore, photos, put } from '../test/store-fixture.ts';
import type { RoleFacts } from './access/directory-facts.ts';
import type { StoredRun } from './control/run-ledger.ts';
import {
  checksumKey,
  type DataFile,
  manifestKey,
  renderChecksum,
  renderManifest,
  reportJsonKey,
} from './core/report.ts';
import type { Rule } from './core/rule.ts';
import { EmbeddedReportRemover } from './report-remover.ts';

const REPORTS = 'acme-reports';
const ROOT = 'inv/photos/nightly-all';
const FOLDER = `${ROOT}/2026-10-04T16-00Z`;
const ACCOUNT = '1000000000000000';
const MAY_REMOVE: PolicyStatement = { Action: 'oss:DeleteObject', Resource: `acs:oss:*:*:${REPORTS}/${ROOT}/*` };
const STEPS = { begin: async () => true, signal: new AbortController().signal };

const FILES: readonly DataFile[] = ['1', '2'].map((name) => {
  const bytes = Buffer.from(`rows of ${name}`);
  const md5 = createHash('md5').update(bytes).digest('hex').toUpperCase();
  return { key: `${ROOT}/data/${name}.csv.gz`, sizeBytes: bytes.length, md5 };
});

const RUN: StoredRun = {
  id: '0123456789abcdef',
  ruleUid: 'uid',
  bucketId: 'b-photos',
  bucket: 'photos',
  rule: anyRule(),
  trigger: 'manual',
  scheduledForMs: NOW_MS,
  state: 'published',
  tries: 1,
  startedAtMs: NOW_MS,
  pointInTimeMs: NOW_MS,
  retryAtMs: null,
  reason: null,
  folder: FOLDER,
  isSwept: true,
};

/** A destination with a report in it and a neighbour, and a role that may remove the one. */
async function openWorld(...statements: readonly PolicyStatement[]) {
  const store = await openStore();
  await store.createBucket({ ...photos, name: REPORTS });
  const { roleArn } = RUN.rule.destination;
  let role: RoleFacts | undefined = roleOf(roleArn, [
    documentOf(...(statements.length > 0 ? statements : [MAY_REMOVE])),
  ]);
  let ruleNow: Rule | undefined = RUN.rule;
  const remover = new EmbeddedReportRemover({
    store,
    roles: { findRole: (arn) => (arn === roleArn ? role : undefined) },
    ruleOf: async () => ruleNow,
    clock: { now: () => NOW_MS },
    keyAccount: ACCOUNT,
  });
  const deliver = async () => {
    const manifest = renderManifest({
      creationTimestampSeconds: 0,
      sourceBucket: 'photos',
      destinationBucket: REPORTS,
      columns: ['Bucket', 'Key'],
      files: FILES,
    });
    for (const { key } of FILES) await put(store, key, `rows of ${key.slice(-8, -7)}`, { bucket: REPORTS });
    await put(store, checksumKey(FOLDER), renderChecksum(manifest), { bucket: REPORTS });
    await put(store, reportJsonKey(FOLDER), '{}', { bucket: REPORTS });
    await put(store, manifestKey(FOLDER), manifest, { bucket: REPORTS });
    await put(store, `${ROOT}/data/3.csv.gz`, 'of another report', { bucket: REPORTS });
  };
  await deliver();
  const keys = async () => {
    const page = await store.list(REPORTS, { prefix: '', marker: '', delimiter: '', maxKeys: 1000 });
    return page.objects.map(({ key }) => key);
  };
  const setRole = (next: RoleFacts | undefined) => {
    role = next;
  };
  const setRule = (next: Rule | undefined) => {
    ruleNow = next;
  };
  return { store, remover, deliver, keys, setRole, setRule, roleArn };
}

test('a report goes with the right to delete below the folder of the rule, and nothing else does', async () => {
  const { remover, keys } = await openWorld();
  expect(await remover.isVisible(RUN, FILES)).toBe(true);
  expect(await remover.remove(RUN, FILES, STEPS)).toBe(true);
  expect(await keys()).toEqual([`${ROOT}/data/3.csv.gz`]);
  expect(await remover.isVisible(RUN, FILES)).toBe(false);
});

test.each<[string, readonly PolicyStatement[], RegExp]>([
  ['has only the right to put', [{}], /may not oss:DeleteObject on "acme-reports\/inv\/photos\/nightly-all\/\*"/],
  [
    'may delete data files alone',
    [{ ...MAY_REMOVE, Resource: `acs:oss:*:*:${REPORTS}/*/data/*` }],
    /Attach one that does: .*"oss:DeleteObject"/,
  ],
  [
    'is denied one of the files',
    [MAY_REMOVE, { ...MAY_REMOVE, Effect: 'Deny', Resource: `acs:oss:*:*:${REPORTS}/*/2.csv.gz` }],
    /"policy-0"/,
  ],
])('a role that %s removes nothing, and is told why', async (_, statements, words) => {
  const { remover, keys } = await openWorld(...statements);
  const begin = async () => {
    throw new Error('it must not begin');
  };
  const refusal = { code: 'RoleLost', message: expect.stringMatching(words) };
  await expect(remover.remove(RUN, FILES, { ...STEPS, begin })).rejects.toMatchObject(refusal);
  expect(await keys()).toHaveLength(6);
});

test('a role that is gone, and a bucket policy that denies, keep the report', async () => {
  const { store, remover, keys, setRole, roleArn } = await openWorld();
  await store.changeBucket(REPORTS, {
    policy: bucketPolicyText(REPORTS, { Effect: 'Deny', Action: 'oss:DeleteObject' }),
  });
  await expect(remover.remove(RUN, FILES, STEPS)).rejects.toThrow(/the policy of the bucket "acme-reports" denies it/);
  setRole(undefined);
  await expect(remover.remove(RUN, FILES, STEPS)).rejects.toThrow(`There is no role "${roleArn}"`);
  expect(await keys()).toHaveLength(6);
});

test('a file that a tag protects keeps the report', async () => {
  const condition = { StringEquals: { 'oss:ExistingObjectTag/hold': 'legal' } };
  const { store, remover, keys } = await openWorld(MAY_REMOVE, { ...MAY_REMOVE, Effect: 'Deny', Condition: condition });
  const address = { bucket: REPORTS, key: FILES[1]?.key ?? '' };
  await store.change(address, { tags: [{ key: 'hold', value: 'legal' }] });
  await expect(remover.remove(RUN, FILES, STEPS)).rejects.toMatchObject({ code: 'RoleLost' });
  expect(await keys()).toHaveLength(6);
  await store.change(address, { tags: [] });
  expect(await remover.remove(RUN, FILES, STEPS)).toBe(true);
});

test('a right that is lost in the middle keeps what is left, and the next try goes on', async () => {
  const { remover, keys, setRole, roleArn } = await openWorld();
  const begin = async () => {
    setRole(roleOf(roleArn, [documentOf({ ...MAY_REMOVE, Resource: `acs:oss:*:*:${REPORTS}/*Z/*` })]));
    return true;
  };
  await expect(remover.remove(RUN, FILES, { ...STEPS, begin })).rejects.toMatchObject({ code: 'RoleLost' });
  expect(await keys()).toEqual([1, 2, 3].map((name) => `${ROOT}/data/${name}.csv.gz`));
  expect(await remover.isVisible(RUN, FILES)).toBe(false);
  setRole(roleOf(roleArn, [documentOf(MAY_REMOVE)]));
  expect(await remover.remove(RUN, FILES, STEPS)).toBe(true);
  expect(await keys()).toEqual([`${ROOT}/data/3.csv.gz`]);
});

test('with its bucket gone, a report counts as removed', async () => {
  const { store, remover, keys, setRole } = await openWorld();
  for (const key of await keys()) await store.delete({ bucket: REPORTS, key });
  await store.deleteBucket(REPORTS);
  setRole(undefined);
  expect(await remover.isVisible(RUN, FILES)).toBe(false);
  expect(await remover.remove(RUN, FILES, STEPS)).toBe(true);
});

test('in a bucket that another account made under the same name, nothing is read or touched', async () => {
  const { store, remover, deliver, keys } = await openWorld();
  for (const key of await keys()) await store.delete({ bucket: REPORTS, key });
  await store.deleteBucket(REPORTS);
  await store.createBucket({ ...photos, name: REPORTS, owner: '2000000000000000' });
  await deliver();
  expect(await remover.isVisible(RUN, FILES)).toBe(false);
  expect(await remover.remove(RUN, FILES, STEPS)).toBe(true);
  expect(await keys()).toHaveLength(6);
});

test('a bucket that changes hands after the removal began is left alone from then on', async () => {
  const { store, remover, deliver, keys } = await openWorld();
  const begin = async () => {
    for (const key of await keys()) await store.delete({ bucket: REPORTS, key });
    await store.deleteBucket(REPORTS);
    await store.createBucket({ ...photos, name: REPORTS, owner: '2000000000000000' });
    await deliver();
    return true;
  };
  expect(await remover.remove(RUN, FILES, { ...STEPS, begin })).toBe(true);
  expect(await keys()).toHaveLength(6);
});

test('with versioning, the files of a report stay behind delete markers, once', async () => {
  const { store, remover, deliver, keys } = await openWorld();
  await store.changeBucket(REPORTS, { versioning: 'Enabled' });
  await deliver();
  await remover.remove(RUN, FILES, STEPS);
  await remover.remove(RUN, FILES, STEPS);
  expect(await keys()).toEqual([`${ROOT}/data/3.csv.gz`]);
  const { versions } = store.listVersions(REPORTS, {
    prefix: `${ROOT}/data/1`,
    delimiter: '',
    keyMarker: '',
    versionIdMarker: '',
    maxKeys: 100,
  });
  expect(versions.map(({ record }) => record.isDeleteMarker)).toEqual([true, false, false]);
});

test('each run says where its report lies, whatever its rule has become', async () => {
  const { store, remover } = await openWorld();
  const elsewhere = { ...RUN.rule.destination, prefix: 'elsewhere' };
  const moved = { ...RUN, rule: { ...RUN.rule, destination: elsewhere } };
  await expect(remover.remove(moved, FILES, STEPS)).rejects.toMatchObject({ code: 'ReportStays' });
  expect(await contentOf(store, manifestKey(FOLDER), REPORTS)).toBeDefined();
});

test('the role is the one that the rule names now; that of the run when the rule is gone', async () => {
  const { remover, setRule, keys } = await openWorld();
  const destination = { ...RUN.rule.destination, roleArn: `acs:ram::${ACCOUNT}:role/another` };
  setRule({ ...RUN.rule, destination });
  await expect(remover.remove(RUN, FILES, STEPS)).rejects.toThrow(
    'There is no role "acs:ram::1000000000000000:role/another"',
  );
  expect(await keys()).toHaveLength(6);
  setRule(undefined);
  expect(await remover.remove(RUN, FILES, STEPS)).toBe(true);
});

test('what keeps a role from removing is told before there is a report', async () => {
  const { remover } = await openWorld({});
  expect(remover.removalFault(RUN)).toMatch(/^Old reports can't be removed\. .*"oss:DeleteObject"/);
  const { remover: able } = await openWorld();
  expect(able.removalFault(RUN)).toBeUndefined();
});
