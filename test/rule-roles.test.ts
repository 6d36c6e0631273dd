/** The role of a rule on a real server: asked when the rule is put, and at each of its runs. */

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { AccessBook } from '../src/access/access-book.ts';
import { serviceTrust } from '../src/core/service-trust.ts';
import { node } from '../src/core/xml.ts';
import { bucketPolicyText, documentOf } from './role-fixture.ts';
import {
  ACCOUNT,
  countReportFiles,
  endOfRun,
  openWorld,
  REPORTS,
  ruleXml,
  runAgain,
  runsOf,
  SOURCE,
  TRUSTS_OSS,
  type World,
} from './rule-world.ts';
import { WireClient } from './wire-client.ts';

interface Fault {
  readonly make: (world: World) => Promise<unknown>;
  readonly words: RegExp;
  /** Does what the words end on. */
  readonly mend: (world: World, document: object) => Promise<unknown>;
}

const grantIt = ({ grant }: World, document: object) => grant('granted', document);
const trustIt = ({ admin }: World, trust: object) => admin('PUT', 'roles/writer', { trust });
const detach = ({ admin }: World) => admin('DELETE', 'roles/writer/policies/write-reports');
const setBucketPolicy = ({ send }: World, body: string) =>
  send({ method: 'PUT', bucket: REPORTS, query: 'policy', body });

const FAULTS: readonly [string, Fault][] = [
  [
    'that is gone',
    {
      make: async (world) => {
        await detach(world);
        await world.admin('DELETE', 'roles/writer');
      },
      words: /^(?:.*: )?There is no role "acs:ram::1000000000000000:role\/writer"\. Make it with the trust policy \{/,
      mend: async (world, document) => {
        await trustIt(world, document);
        await world.admin('PUT', 'roles/writer/policies/write-reports');
      },
    },
  ],
  [
    'that lost its policy',
    { make: detach, words: /may not oss:PutObject on .*: no policy of it allows that/, mend: grantIt },
  ],
  [
    'whose policy is about another prefix',
    {
      make: ({ grant }) => grant('write-reports', documentOf({ Resource: `acs:oss:*:*:${REPORTS}/other/*` })),
      words: /may not oss:PutObject on "acme-reports\/inv\/photos\/nightly\/\*"/,
      mend: grantIt,
    },
  ],
  [
    'that does not trust OSS',
    {
      make: (world) => trustIt(world, serviceTrust('ecs.aliyuncs.com')),
      words: /does not trust oss\.aliyuncs/,
      mend: trustIt,
    },
  ],
  [
    'that a policy of its own denies',
    {
      make: ({ grant }) => grant('no-more', documentOf({ Effect: 'Deny' })),
      words: /the policy "no-more" of the role denies it/,
      mend: ({ admin }) => admin('DELETE', 'roles/writer/policies/no-more'),
    },
  ],
  [
    'that the destination denies',
    {
      make: (world) =>
        setBucketPolicy(
          world,
          bucketPolicyText(REPORTS, { Effect: 'Deny', Resource: `acs:oss:*:${ACCOUNT}:${REPORTS}/*` }),
        ),
      words: /the policy of the bucket "acme-reports" denies it/,
      mend: ({ send }) => send({ method: 'DELETE', bucket: REPORTS, query: 'policy' }),
    },
  ],
];

/** The first document that the words print, if they print one. */
function documentIn(words: string): object {
  const [first = '{}'] = words.match(/\{.*?\}(?= Besides: |$)/) ?? [];
  return JSON.parse(first) as object;
}

describe.each(FAULTS)('a role %s', (_, { make, words, mend }) => {
  test('keeps a rule from being put, until it is mended as the refusal says', async () => {
    const world = await openWorld();
    await make(world);
    const { status, error, text } = await world.putRule();
    expect([status, error?.code, error?.ec], text).toEqual([400, 'InvalidArgument', '0020-00000029']);
    expect(error?.message).toMatch(words);
    expect(text).toContain('<ArgumentName>RoleArn</ArgumentName>');
    expect(await runsOf(world)).toEqual([]);
    await mend(world, documentIn(error?.message ?? ''));
    expect((await world.putRule()).status).toBe(200);
    expect(await endOfRun(world)).toMatchObject({ state: 'published' });
  });

  test('makes a run fail, which says why, until it is mended as the reason says', async () => {
    const world = await openWorld();
    await world.putRule();
    expect(await endOfRun(world)).toMatchObject({ state: 'published' });
    await make(world);
    const { state, reason } = await runAgain(world);
    expect([state, reason?.code]).toEqual(['failed', 'RoleLost']);
    expect(reason?.text).toMatch(words);
    expect(await countReportFiles(world)).toBe(5);
    await mend(world, documentIn(reason?.text ?? ''));
    expect(await runAgain(world)).toMatchObject({ state: 'published' });
    // Four files of each report, and one latest.json.
    expect(await countReportFiles(world)).toBe(9);
  });
});

test('a role that may not use the key keeps a rule from being put and makes a run fail', async () => {
  const world = await openWorld();
  const kms = { encryption: node('SSE-KMS', [node('KeyId', 'our-key')]) };
  await world.send({ method: 'POST', bucket: '-', key: 'api/v1/keys', body: JSON.stringify({ id: 'our-key' }) });
  const { error } = await world.putRule(kms);
  expect(error).toMatchObject({ code: 'InvalidArgument', ec: '0020-00000029' });
  expect(error?.message).toContain('may not kms:GenerateDataKey on "acs:kms:*:1000000000000000:key/our-key"');
  await world.grant('use-key', documentIn(error?.message ?? ''));
  expect((await world.putRule(kms)).status).toBe(200);
  expect(await endOfRun(world)).toMatchObject({ state: 'published' });
  await world.admin('DELETE', 'roles/writer/policies/use-key');
  const { state, reason } = await runAgain(world);
  expect([state, reason?.code]).toEqual(['failed', 'KeyUseDenied']);
  await world.grant('use-key-again', documentIn(reason?.text ?? ''));
  expect(await runAgain(world)).toMatchObject({ state: 'published' });
});

test('a refusal and a reason tell all that the role lacks, and with what they print all of it is mended', async () => {
  const world = await openWorld();
  const kms = { encryption: node('SSE-KMS', [node('KeyId', 'our-key')]) };
  await world.send({ method: 'POST', bucket: '-', key: 'api/v1/keys', body: JSON.stringify({ id: 'our-key' }) });
  await trustIt(world, serviceTrust('ecs.aliyuncs.com'));
  await detach(world);
  const mendAll = async (words: string) => {
    const [trust = '', policy = ''] = words.match(/\{.*?\}(?= Besides: |$)/g) ?? [];
    await trustIt(world, JSON.parse(trust) as object);
    await grantIt(world, JSON.parse(policy) as object);
  };
  const { error } = await world.putRule(kms);
  expect(error).toMatchObject({ code: 'InvalidArgument', ec: '0020-00000029' });
  await mendAll(error?.message ?? '');
  expect((await world.putRule(kms)).status).toBe(200);
  expect(await endOfRun(world)).toMatchObject({ state: 'published' });
  await trustIt(world, serviceTrust('ecs.aliyuncs.com'));
  await world.admin('DELETE', 'roles/writer/policies/granted');
  const { state, reason } = await runAgain(world);
  expect([state, reason?.code]).toEqual(['failed', 'RoleLost']);
  await mendAll(reason?.text ?? '');
  expect(await runAgain(world)).toMatchObject({ state: 'published' });
});

test('a role of another account can write no report', async () => {
  const { error } = await (await openWorld()).putRule({ roleAccount: '2000000000000000' });
  expect(error).toMatchObject({ code: 'InvalidArgument', ec: '0020-00000029' });
  expect(error?.message).toContain('does not belong to the account that owns the bucket, 1000000000000000');
});

describe('a role that is lost in mid-run', () => {
  afterEach(() => vi.restoreAllMocks());

  // Asked before the work, for the data file, before publishing, for the checksum, for the manifest.
  test.each([0, 1, 2, 3, 4])(
    'after it was asked for %i times ends the run, and nothing of it is left',
    async (times) => {
      const world = await openWorld();
      await world.putRule({ isEnabled: false });
      const { findRole } = AccessBook.prototype;
      let asked = 0;
      vi.spyOn(AccessBook.prototype, 'findRole').mockImplementation(function lose(this: AccessBook, arn) {
        return asked++ <= times ? findRole.call(this, arn) : undefined;
      });
      // The first time is that of the PUT.
      await world.putRule({}, { 'x-oss-stocktake-replace': 'true' });
      const { state, reason } = await endOfRun(world);
      expect([state, reason?.code]).toEqual(['failed', 'RoleLost']);
      expect(asked).toBe(times + 2);
      await vi.waitFor(async () => expect(await countReportFiles(world)).toBe(0));
    },
  );
});

test('a user who may manage the rules of a bucket, and no more, has reports written by the role', async () => {
  const world = await openWorld();
  await world.admin('POST', 'users', { name: 'anna' });
  const document = documentOf({ Action: 'oss:*BucketInventory', Resource: `acs:oss:*:*:${SOURCE}` });
  const { text } = await world.admin('POST', 'users/anna/keys');
  const { id: accessKeyId, secret: accessKeySecret } = JSON.parse(text) as {
    readonly id: string;
    readonly secret: string;
  };
  const anna = new WireClient({ endpoint: world.endpoint, key: { accessKeyId, accessKeySecret } });
  onTestFinished(() => anna.close());
  const put = (headers: Readonly<Record<string, string>> = {}) =>
    anna.send({ method: 'PUT', bucket: SOURCE, query: 'inventory&inventoryId=nightly', headers, body: ruleXml() });

  for (const headers of [{}, { 'x-oss-stocktake-dry-run': 'true' }]) {
    expect(await put(headers)).toMatchObject({ status: 403, error: { code: 'AccessDenied' } });
  }
  await world.admin('PUT', 'policies/manage-rules', { document });
  await world.admin('PUT', 'users/anna/policies/manage-rules');
  expect((await anna.send({ method: 'PUT', bucket: REPORTS, key: 'x', body: 'x' })).status).toBe(403);
  expect(await put()).toMatchObject({ status: 200 });
  expect(await endOfRun(world)).toMatchObject({ state: 'published' });
});

describe('a dry run', () => {
  test('of a good rule tells what would happen, and nothing does', async () => {
    const world = await openWorld();
    expect(await world.dryRun()).toEqual({
      bucket: SOURCE,
      rule: 'nightly',
      isAccepted: true,
      wouldReplace: false,
      findings: [],
      effects: [
        'The rule would be stored.',
        'Each report would go to the bucket "acme-reports", its manifest below "inv/photos/nightly/YYYY-MM-DDTHH-MMZ/" and its data below "inv/photos/nightly/data/".',
        'Its first run would start at once.',
        'By what the bucket holds now, a report would have this many rows at most: 1.',
      ],
    });
    expect((await world.wire.send({ bucket: SOURCE, query: 'inventory' })).error?.code).toBe('NoSuchInventory');
    expect(await runsOf(world)).toEqual([]);
    expect(await countReportFiles(world)).toBe(0);
  });

  test('tells everything that is in the way at once, each as the refusal would', async () => {
    const world = await openWorld();
    await trustIt(world, serviceTrust('ecs.aliyuncs.com'));
    await detach(world);
    await world.grant('no-keys', documentOf({ Effect: 'Deny', Action: 'kms:*', Resource: '*' }));
    const encryption = node('SSE-KMS', [node('KeyId', 'nobody')]);
    const { isAccepted, findings } = await world.dryRun({ accountId: '2000', encryption });
    expect(isAccepted).toBe(false);
    const invalid = (number: string, words: string) => ({
      code: 'InvalidArgument',
      ec: `0020-000000${number}`,
      message: expect.stringContaining(words),
    });
    expect(findings).toEqual([
      invalid('28', 'AccountId is "2000"'),
      { ...invalid('29', 'does not trust'), grant: TRUSTS_OSS },
      invalid('29', 'the policy "no-keys" of the role denies it'),
      { ...invalid('29', 'no policy of it allows'), grant: expect.objectContaining({ Version: '1' }) },
      { code: 'InvalidArgument', message: expect.stringContaining('names "nobody"') },
    ]);
    expect((await world.putRule({ accountId: '2000', encryption })).error?.message).toBe(findings[0]?.message);
  });

  test('with an unknown destination and an unknown role tells both', async () => {
    const { findings } = await (await openWorld()).dryRun({ bucket: 'nowhere', role: 'nobody' });
    expect(findings.map(({ ec }) => ec)).toEqual(['0020-00000032', '0020-00000029']);
  });

  test('tells that the id is taken, and with --replace that its rule would be replaced without a first run', async () => {
    const world = await openWorld();
    await world.putRule();
    await endOfRun(world);
    const taken = await world.dryRun({ isEnabled: false });
    expect(taken.findings).toMatchObject([{ code: 'InventoryAlreadyExist', ec: '0020-00000042' }]);
    const replacing = await world.dryRun({}, { 'x-oss-stocktake-replace': 'True' });
    expect(replacing).toMatchObject({ isAccepted: true, wouldReplace: true, findings: [] });
    expect(replacing.effects).toContain('No run would start by that: it has had its first.');
    const { text } = await world.wire.send({ bucket: SOURCE, query: 'inventory&inventoryId=nightly' });
    expect(text).toContain('<IsEnabled>true</IsEnabled>');
    expect(await runsOf(world)).toHaveLength(1);
  });

  test('refuses what is malformed as a PUT does', async () => {
    const { wire } = await openWorld();
    const headers = { 'x-oss-stocktake-dry-run': 'true' };
    const query = 'inventory&inventoryId=nightly';
    const send = (body: string) => wire.send({ method: 'PUT', bucket: SOURCE, query, headers, body });
    expect(await send('<InventoryConfiguration>')).toMatchObject({ status: 400, error: { ec: '0020-00000004' } });
    expect(await send(ruleXml({ id: 'other' }))).toMatchObject({ status: 400, error: { ec: '0020-00000043' } });
  });

  test.each(['x-oss-stocktake-dry-run', 'x-oss-stocktake-replace'])('%s is true or false', async (header) => {
    const world = await openWorld();
    const { status, error } = await world.putRule({}, { [header]: 'yes' });
    expect([status, error?.code]).toEqual([400, 'InvalidArgument']);
    expect(error?.message).toBe(`${header} is "yes" where true, false are accepted.`);
    expect(await world.putRule({}, { [header]: 'false' })).toMatchObject({ status: 200, text: '' });
  });
});
