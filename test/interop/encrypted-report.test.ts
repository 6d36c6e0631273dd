/**
 * Reports that are encrypted: as clients read them, as they lie in a data folder that somebody took at whatever moment,
 * and what becomes of rules and runs whose key can't be used. The key service is the real one.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startApp } from '../../src/app.ts';
import { loadSettings, type SettingFlags } from '../../src/config.ts';
import { openControlDatabase } from '../../src/control/control-database.ts';
import { armFailpoints, type Failpoint } from '../../src/core/failpoint.ts';
import { testLog } from '../captured-output.ts';
import { TEST_KEY } from '../server-process.ts';
import { bytesOf, openStore, photos, put, temporaryFolder } from '../store-fixture.ts';
import { WireClient, type WireReply } from '../wire-client.ts';
import { aliOss, type Inventory } from './ali-oss-client.ts';

const REPORTS = 'reports';
/** Enough rows, with keys that don't compress, for a data file that is stored as a file. */
const OBJECTS = 3000;
const keyOf = (n: number) => bytesOf(24, n + 1).toString('hex');

type Encryption = NonNullable<Inventory['OSSBucketDestination']['encryption']>;

/** A server in this process on a data folder with a bucket of many objects and an empty one for reports. */
async function startServer(settings: SettingFlags = {}) {
  const data = temporaryFolder();
  const folder = path.join(data, 'store');
  mkdirSync(folder);
  // The index has buckets now, and a folder that has these and no control database has lost it.
  await (await openControlDatabase(data)).destroy();
  const store = await openStore(folder);
  for (const name of [photos.name, REPORTS]) await store.createBucket({ ...photos, name });
  await Promise.all(Array.from({ length: OBJECTS }, (_, n) => put(store, keyOf(n), 'x')));
  await store.close();

  const app = await startApp({
    settings: loadSettings({ data, port: 0, ...TEST_KEY, ...settings }, {}),
    log: testLog(),
  });
  const wire = new WireClient({ endpoint: app.endpoint, key: TEST_KEY });
  const client = aliOss({ endpoint: app.endpoint, isV4: true });
  client.useBucket(REPORTS);
  onTestFinished(async () => {
    armFailpoints(undefined);
    wire.close();
    await app.close();
  });

  const admin = async (method: string, key: string, body?: object) => {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await wire.send({ method, bucket: '-', key: `api/v1/keys${key}`, ...text });
    expect(reply.status, reply.text).toBeLessThan(300);
  };
  const putRule = (encryption?: Encryption) => client.putBucketInventory(photos.name, ruleWith(encryption));
  return { data, wire, client, admin, putRule };
}

type Server = Awaited<ReturnType<typeof startServer>>;

function ruleWith(encryption: Encryption | undefined): Inventory {
  return {
    id: 'nightly',
    isEnabled: true,
    prefix: '',
    OSSBucketDestination: {
      format: 'CSV',
      accountId: photos.owner,
      rolename: 'AliyunOSSRole',
      bucket: REPORTS,
      prefix: 'inv',
      ...(encryption && { encryption }),
    },
    frequency: 'Weekly',
    includedObjectVersions: 'Current',
    optionalFields: { field: ['Size', 'ETag'] },
  };
}

interface Run {
  readonly state: string;
  readonly manifest: string | null;
  readonly reason: { readonly code: string; readonly text: string } | null;
}

/** The newest run of the rule, when it is over. */
async function endOfRun({ wire }: Server): Promise<Run> {
  return await vi.waitFor(
    async () => {
      const { text } = await wire.send({ bucket: photos.name, query: 'inventory&inventoryId=nightly&runs' });
      const [run] = (JSON.parse(text) as { readonly runs: readonly Run[] }).runs;
      if (run === undefined || ['planned', 'scanning', 'publishing'].includes(run.state)) throw new Error(text);
      return run;
    },
    { timeout: 20_000, interval: 50 },
  );
}

/** The keys and contents of all that was delivered, by the kind of the file. */
async function deliveredBy(server: Server) {
  const { manifest } = await endOfRun(server);
  if (manifest === null) throw new Error('the run delivered no report');
  const read = async (key: string) => (await server.client.get(key)).content;
  const checksum = manifest.replace('manifest.json', 'manifest.checksum');
  const report = manifest.replace('manifest.json', 'report.json');
  const latest = path.posix.join(manifest, '../../latest.json');
  const bytes = await read(manifest);
  const { files } = JSON.parse(bytes.toString()) as { readonly files: readonly { readonly key: string }[] };
  const [data = ''] = files.map(({ key }) => key);
  return {
    keys: [data, manifest, checksum, report, latest],
    contents: { data: await read(data), manifest: bytes, checksum: await read(checksum) },
  };
}

/** The headers that say how each of the objects is encrypted. */
async function encryptionOf({ wire }: Server, keys: readonly string[]) {
  const heads = await Promise.all(keys.map((key) => wire.send({ method: 'HEAD', bucket: REPORTS, key })));
  return heads.map(({ headers }: WireReply) => [
    headers['x-oss-server-side-encryption'],
    headers['x-oss-server-side-encryption-key-id'],
  ]);
}

test.each<[string, Encryption | undefined, string | undefined, string | undefined]>([
  ['SSE-OSS', { 'SSE-OSS': '' }, 'AES256', undefined],
  ['SSE-KMS', { 'SSE-KMS': { keyId: 'our-key' } }, 'KMS', 'our-key'],
  ['no encryption', undefined, undefined, undefined],
])('a report with %s says so of each of its files, and every client can read it', async (_, encryption, ...shown) => {
  const server = await startServer();
  await server.admin('POST', '', { id: 'our-key' });
  await server.putRule(encryption);
  const { keys, contents } = await deliveredBy(server);
  expect(await encryptionOf(server, keys)).toEqual(keys.map(() => shown));
  expect(gunzipSync(contents.data).toString().split('\n')).toHaveLength(OBJECTS + 1);
});

/** Moments at which a data file lies in the spool, half in the store, and in both. */
const ON_THE_WAY: readonly Failpoint[] = ['report.put-data', 'body.write', 'body.placed'];

describe('a data folder that somebody took', () => {
  /** The folder as it was at each moment of a body's way into the store, and as it is after the run. */
  async function take(encryption?: Encryption) {
    const server = await startServer();
    const copies = temporaryFolder();
    const isData = () => readdirSync(path.join(server.data, 'spool')).length > 0;
    armFailpoints((point: Failpoint) => {
      const copy = path.join(copies, point);
      if (!existsSync(copy) && isData()) cpSync(server.data, copy, { recursive: true });
    });
    await server.putRule(encryption);
    const { contents } = await deliveredBy(server);
    armFailpoints(undefined);
    cpSync(server.data, path.join(copies, 'in the end'), { recursive: true });
    return { copies, contents };
  }

  /** Pieces of what was delivered, compressed and not, such that one at least is in whatever shows some of it. */
  function piecesOf({ data, manifest, checksum }: Awaited<ReturnType<typeof take>>['contents']): Buffer[] {
    const pieces = [Buffer.from(`${photos.name},"${keyOf(0)}"`), Buffer.from('"MD5checksum"'), checksum];
    for (let at = 0; at + 24 <= data.length; at += 2048) pieces.push(data.subarray(at, at + 24));
    expect(manifest.includes('"MD5checksum"')).toBe(true);
    return pieces;
  }

  /** The files in which one of the pieces is, under the moment at which the folder was taken. */
  function findPieces(folder: string, pieces: readonly Buffer[]): string[] {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const found = files.filter((entry) => {
      const bytes = readFileSync(path.join(entry.parentPath, entry.name));
      return pieces.some((piece) => bytes.includes(piece));
    });
    return found.map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)));
  }

  test.each<[string, Encryption]>([
    ['SSE-OSS', { 'SSE-OSS': '' }],
    ['SSE-KMS', { 'SSE-KMS': { keyId: '' } }],
  ])('shows nothing of a report with %s, in mid-run either', async (_, encryption) => {
    const { copies, contents } = await take(encryption);
    expect(readdirSync(copies)).toEqual(expect.arrayContaining([...ON_THE_WAY, 'in the end']));
    expect(findPieces(copies, piecesOf(contents))).toEqual([]);
  });

  test('shows a report that is not encrypted, in mid-run too', async () => {
    const { copies, contents } = await take();
    const found = findPieces(copies, piecesOf(contents)).join('\n');
    expect(found).toMatch(/^body\.\S+\/spool\//m);
    expect(found).toMatch(/^in the end\/store\/bodies\//m);
  });
});

describe('a key that can not be used', () => {
  const byOurKey = { 'SSE-KMS': { keyId: 'our-key' } } as const;

  test.each<[string, (admin: Server['admin']) => Promise<unknown>, RegExp]>([
    ['unknown', async () => undefined, /no encryption key "our-key"/],
    [
      'disabled',
      async (admin) => {
        await admin('POST', '', { id: 'our-key' });
        await admin('POST', '/our-key/disable');
      },
      /"our-key" is disabled/,
    ],
    [
      'to be deleted',
      async (admin) => {
        await admin('POST', '', { id: 'our-key' });
        await admin('POST', '/our-key/schedule-deletion');
      },
      /"our-key" is to be deleted/,
    ],
  ])('because it is %s is refused when the rule is put, and nothing is stored', async (_, prepare, words) => {
    const { wire, admin, putRule } = await startServer();
    await prepare(admin);
    const refusal = await putRule(byOurKey).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 400, code: 'InvalidArgument', message: expect.stringMatching(words) });
    expect((await wire.send({ bucket: photos.name, query: 'inventory' })).error?.code).toBe('NoSuchInventory');
  });

  test('and is the default key is refused when a rule that names none is put', async () => {
    const { wire, admin, putRule } = await startServer();
    await wire.send({
      method: 'PUT',
      bucket: photos.name,
      key: 'k',
      headers: { 'x-oss-server-side-encryption': 'KMS' },
    });
    const { text } = await wire.send({ bucket: '-', key: 'api/v1/keys' });
    const [{ id } = { id: '' }] = (JSON.parse(text) as { readonly keys: readonly { readonly id: string }[] }).keys;
    await admin('POST', `/${id}/disable`);
    const refusal = await putRule({ 'SSE-KMS': { keyId: '' } }).catch((error: unknown) => error);
    const message = expect.stringMatching(`names no key, which means the default key.*"${id}" is disabled`);
    expect(refusal).toMatchObject({ status: 400, code: 'InvalidArgument', message });
  });

  test('because it was disabled since then makes the run fail, in words that name it, and delivers nothing', async () => {
    const server = await startServer();
    const { wire, client, admin, putRule } = server;
    await admin('POST', '', { id: 'our-key' });
    await putRule(byOurKey);
    const { keys } = await deliveredBy(server);
    await admin('POST', '/our-key/disable');
    await wire.send({ method: 'POST', bucket: photos.name, query: 'inventory&inventoryId=nightly&run' });
    expect(await endOfRun(server)).toMatchObject({
      state: 'failed',
      manifest: null,
      reason: { code: 'ReportKeyUnusable', text: expect.stringContaining('"our-key" is disabled') },
    });
    const { objects } = await client.listV2({ 'max-keys': 1000 });
    expect(objects.map(({ name }) => name).toSorted()).toEqual(keys.toSorted());

    await admin('POST', '/our-key/enable');
    await wire.send({ method: 'POST', bucket: photos.name, query: 'inventory&inventoryId=nightly&run' });
    expect(await endOfRun(server)).toMatchObject({ state: 'published' });
  });

  test('because there is no key service is refused when the rule is put', async () => {
    const { putRule } = await startServer({ keyService: false });
    const refusal = await putRule(byOurKey).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 400, code: 'InvalidArgument', ecCode: '0005-00000201' });
    expect((await putRule({ 'SSE-OSS': '' })).res.status).toBe(200);
  });
});
