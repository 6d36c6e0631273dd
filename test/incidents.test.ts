/**
 * What may happen to a run on a real server, while its files are being written and while its report is about to become
 * visible: how it ends, what it says, and that nothing lies in the destination that no report names.
 */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { armFailpoints, type FaultPoint } from '../src/core/failpoint.ts';
import { node } from '../src/core/xml.ts';
import { endOfRun, openWorld, REPORTS, runsOf, SOURCE, type World } from './rule-world.ts';

afterEach(() => armFailpoints(undefined));

const rule = (query = '') => ({ bucket: SOURCE, query: `inventory&inventoryId=nightly${query}` });
const diskFault = (code: string) =>
  Object.assign(new Error(`${code}: write '/data/secret-path'`), { code, syscall: 'write', path: '/data/secret-path' });

/** Makes every try at `point` fail until `end` is called; resolves when the first has. */
function failWhile(point: FaultPoint, error = diskFault('EIO')) {
  const { promise: failed, resolve } = Promise.withResolvers<void>();
  armFailpoints((reached) => {
    if (reached !== point) return;
    resolve();
    throw error;
  });
  return { failed, end: () => armFailpoints(undefined) };
}

/** All that a destination holds, without what reports name: nothing is to be left. */
async function strays({ send }: World): Promise<string[]> {
  const { text } = await send({ bucket: REPORTS });
  const keys = [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = '']) => key);
  const named = new Set<string>();
  for (const key of keys.filter((each) => each.endsWith('/manifest.json'))) {
    const folder = key.slice(0, -'manifest.json'.length);
    const manifest = JSON.parse((await send({ bucket: REPORTS, key })).text) as { files: readonly { key: string }[] };
    const beside = ['manifest.json', 'manifest.checksum', 'report.json'].map((name) => `${folder}${name}`);
    const latest = `${folder.split('/').slice(0, -2).join('/')}/latest.json`;
    for (const each of [...beside, latest, ...manifest.files.map((file) => file.key)]) named.add(each);
  }
  return keys.filter((key) => !named.has(key));
}

/** Of a bucket that is gone nothing is left. */
async function expectNoStrays(world: World): Promise<void> {
  if ((await world.wire.send({ bucket: REPORTS })).status === 404) return;
  await vi.waitFor(async () => expect(await strays(world)).toEqual([]), { interval: 20, timeout: 5_000 });
}

async function deleteDestination({ wire, send }: World): Promise<void> {
  const { text } = await send({ bucket: REPORTS });
  for (const [, key = ''] of text.matchAll(/<Key>(.*?)<\/Key>/g))
    await send({ method: 'DELETE', bucket: REPORTS, key });
  // Whatever the run writes in between is in the way.
  const { status, text: answer } = await wire.send({ method: 'DELETE', bucket: REPORTS });
  expect(status, answer).toBe(204);
}

async function deleteSource({ send }: World): Promise<void> {
  await send({ method: 'DELETE', bucket: SOURCE, key: 'a' });
  await send({ method: 'DELETE', bucket: SOURCE });
}

async function runUnderWay(world: World): Promise<string> {
  const [run] = await runsOf(world);
  return run?.id ?? '';
}

interface End {
  readonly state: string;
  readonly code?: string;
  readonly words?: RegExp;
}

interface Incident {
  readonly happens: (world: World) => Promise<unknown>;
  /** When it happens while data files are written, and when the manifest is about to be. */
  readonly whileWriting: End;
  readonly whilePublishing: End;
}

const PUBLISHED: End = { state: 'published' };
const cancelled = (code: string, words: RegExp): End => ({ state: 'cancelled', code, words });
const failed = (code: string, words: RegExp): Pick<Incident, 'whileWriting' | 'whilePublishing'> => ({
  whileWriting: { state: 'failed', code, words },
  whilePublishing: { state: 'failed', code, words },
});

const INCIDENTS: readonly [string, Incident][] = [
  ['nothing else happens', { happens: async () => undefined, whileWriting: PUBLISHED, whilePublishing: PUBLISHED }],
  [
    'the run is cancelled',
    {
      happens: async (world) => {
        const { wire } = world;
        const { status } = await wire.send({ method: 'POST', ...rule(`&run=${await runUnderWay(world)}&cancel`) });
        expect([200, 409]).toContain(status);
      },
      whileWriting: cancelled('Cancelled', /^Cancelled by .+\.$/),
      whilePublishing: PUBLISHED,
    },
  ],
  [
    'the rule is disabled',
    {
      happens: ({ send }) => send({ method: 'POST', ...rule('&disable') }),
      whileWriting: cancelled('RuleDisabled', /disabled/),
      whilePublishing: PUBLISHED,
    },
  ],
  [
    'the rule is replaced by a disabled one',
    {
      happens: ({ putRule }) => putRule({ isEnabled: false }, { 'x-oss-stocktake-replace': 'true' }),
      whileWriting: cancelled('RuleDisabled', /disabled/),
      whilePublishing: PUBLISHED,
    },
  ],
  [
    'the rule is deleted',
    {
      happens: ({ send }) => send({ method: 'DELETE', ...rule() }),
      whileWriting: cancelled('RuleDeleted', /"nightly" was deleted/),
      whilePublishing: PUBLISHED,
    },
  ],
  [
    'the destination is deleted',
    { happens: deleteDestination, ...failed('DestinationGone', /"acme-reports".*Create it/) },
  ],
  [
    'the role is revoked',
    {
      happens: ({ admin }) => admin('DELETE', 'roles/writer/policies/write-reports'),
      ...failed('RoleLost', /may not oss:PutObject .*Mend this|Mend this.* may not oss:PutObject/),
    },
  ],
  [
    'the key is disabled',
    {
      happens: ({ send }) => send({ method: 'POST', bucket: '-', key: 'api/v1/keys/our-key/disable' }),
      ...failed('ReportKeyUnusable', /"our-key" is disabled.*start the run again/),
    },
  ],
];

/** A world with an encrypted report, so that a run needs all that it may lose. */
async function openEncrypted(): Promise<World> {
  const world = await openWorld();
  await world.send({ method: 'POST', bucket: '-', key: 'api/v1/keys', body: JSON.stringify({ id: 'our-key' }) });
  await world.admin('PUT', 'roles/writer/policies/AliyunKMSCryptoUserAccess');
  return world;
}

const ENCRYPTED = { encryption: node('SSE-KMS', [node('KeyId', 'our-key')]) };

describe.each(INCIDENTS)('when %s', (_, { happens, whileWriting, whilePublishing }) => {
  test.each([
    ['a data file', 'report.put-data', whileWriting],
    ['the manifest', 'report.put-manifest', whilePublishing],
  ] as const)(
    'while %s is put, the run ends as it says, and leaves nothing',
    async (_, point, { state, code, words }) => {
      const world = await openEncrypted();
      const fault = failWhile(point);
      expect((await world.putRule(ENCRYPTED)).status).toBe(200);
      await fault.failed;
      await happens(world);
      fault.end();
      const run = await endOfRun(world);
      expect([run.state, run.reason?.code]).toEqual([state, code]);
      if (words !== undefined) expect(run.reason?.text).toMatch(words);
      expect(run.reason?.text ?? '').not.toContain('secret-path');
      await expectNoStrays(world);
    },
  );
});

test('when the source is deleted, the run is cancelled, and is not seen any more than its bucket', async () => {
  const world = await openWorld();
  const fault = failWhile('report.put-data');
  await world.putRule();
  await fault.failed;
  await deleteSource(world);
  fault.end();
  await expectNoStrays(world);
  expect((await world.wire.send(rule('&runs'))).error?.code).toBe('NoSuchBucket');
});

test('a disk that is full for a while delays a run, which says so meanwhile', async () => {
  const world = await openWorld();
  const fault = failWhile('report.put-data', diskFault('ENOSPC'));
  await world.putRule();
  const waiting = await vi.waitFor(
    async () => {
      const [run] = await runsOf(world);
      expect(run).toMatchObject({ state: 'planned', tries: 1, retryAt: expect.any(String) });
      return run;
    },
    { timeout: 10_000, interval: 20 },
  );
  expect(waiting?.reason).toMatchObject({ code: 'StorageFull', text: expect.stringContaining('goes on by itself') });
  expect(await strays(world)).toEqual([]);
  fault.end();
  expect(await endOfRun(world)).toMatchObject({ state: 'published', tries: 2, retryAt: null, reason: null });
  await expectNoStrays(world);
});

test('a disk that stays full keeps no run from being cancelled', async () => {
  const world = await openWorld();
  failWhile('report.put-data', diskFault('ENOSPC'));
  await world.putRule();
  await vi.waitFor(async () => expect(await runsOf(world)).toMatchObject([{ state: 'planned', tries: 2 }]), {
    timeout: 20_000,
    interval: 20,
  });
  await world.send({ method: 'POST', ...rule(`&run=${await runUnderWay(world)}&cancel`) });
  expect(await endOfRun(world)).toMatchObject({ state: 'cancelled', reason: { code: 'Cancelled' } });
  await expectNoStrays(world);
});
