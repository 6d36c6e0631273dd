/**
 * Whatever happened to a bucket: a report of it says, row for row, what its listings and HEAD say, and what a plain model
 * of its history says. REPORT_HISTORIES raises how many are tried, REPORT_SEED repeats them.
 */

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startApp } from '../../src/app.ts';
import { checkReport } from '../../src/cli/check-report.ts';
import { loadSettings } from '../../src/config.ts';
import { openControlDatabase } from '../../src/control/control-database.ts';
import type { Encryption, ObjectAcl, ObjectRecord, ObjectType, StorageClass } from '../../src/core/record.ts';
import { reportColumns } from '../../src/core/report-columns.ts';
import type { ObjectVersions } from '../../src/core/rule.ts';
import { OPTIONAL_FIELDS, type OptionalField } from '../../src/core/rule-fields.ts';
import { NULL_VERSION } from '../../src/core/stored-object.ts';
import { childrenNamed, childText, parseXml } from '../../src/core/xml.ts';
import type { RowForm } from '../../src/inventory/row-encoder.ts';
import { testLog } from '../captured-output.ts';
import { plainRecord } from '../plain-record.ts';
import { type ReferenceRow, referenceRow } from '../reference-encoder.ts';
import { TEST_KEY } from '../server-process.ts';
import { openStore, photos, temporaryFolder } from '../store-fixture.ts';
import { WireClient } from '../wire-client.ts';
import { type AliOss, aliOss, type Inventory } from './ali-oss-client.ts';
import { type History, history, OUR_KEY, perform, prepare } from './history.ts';
import { HistoryModel, referenceOf } from './history-model.ts';

const SEED = Number(process.env.REPORT_SEED ?? Date.now() % 2 ** 31);
const HISTORIES = Number(process.env.REPORT_HISTORIES ?? 8);
const PAGE = 7;
const REPORTS = 'reports';

const form = fc.record({
  fields: fc.shuffledSubarray([...OPTIONAL_FIELDS], { minLength: OPTIONAL_FIELDS.length }),
  isV4: fc.boolean(),
  isEncrypted: fc.boolean(),
});

test(`a report says what happened, and what listings and HEAD say (seed ${SEED})`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(history, form, async (past, { fields, ...options }) => {
      const server = await startServer(past, options);
      try {
        const { model, client } = server;
        for (const action of past.actions) await perform(server, action);
        const listed = await listVersions(client);
        const nullVersionId = model.versioning === undefined ? '' : NULL_VERSION;
        expect(await listedOrder(server.wire)).toEqual(
          model.rows().map(({ key, version }) => [key, version.versionId]),
        );

        for (const versions of ['All', 'Current'] as const) {
          const isTaken = ({ isLatest, isDeleteMarker }: ObjectRecord) =>
            versions === 'All' || (isLatest && !isDeleteMarker);
          const columns = reportColumns({ includedObjectVersions: versions, optionalFields: fields });
          const rowForm: RowForm = { bucket: photos.name, columns, nullVersionId };
          const lines = await reportOf(server, versions, fields);

          const told = [...listed.values()].filter(({ record }) => isTaken(record));
          expect(lines.toSorted()).toEqual(told.map((row) => lineOf(rowForm, row, model)).toSorted());
          const lived = model.rows().map((row) => {
            const listing = listed.get(`${row.key} ${row.version.versionId}`);
            return referenceOf(row, listing?.record.lastModifiedMs ?? Number.NaN);
          });
          expect(lines).toEqual(lived.filter(({ record }) => isTaken(record)).map((row) => referenceRow(rowForm, row)));
        }
        expect(await currentKeys(client)).toEqual(
          model
            .rows()
            .filter(({ version, isLatest }) => isLatest && !version.isMarker)
            .map(({ key }) => key),
        );
      } finally {
        await server.close();
      }
    }),
    { seed: SEED, numRuns: HISTORIES },
  );
});

interface ServerOptions {
  readonly isV4: boolean;
  /** Reports are. */
  readonly isEncrypted: boolean;
}

async function startServer(past: History, { isV4, isEncrypted }: ServerOptions) {
  const data = temporaryFolder();
  const folder = path.join(data, 'store');
  mkdirSync(folder);
  const model = new HistoryModel();
  // The index has buckets now, and a folder that has these and no control database has lost it.
  await (await openControlDatabase(data)).destroy();
  const store = await openStore(folder);
  await store.createBucket(photos);
  await store.createBucket({ ...photos, name: REPORTS });
  await prepare(store, model, past);
  await store.close();

  const settings = loadSettings({ data, port: 0, ...TEST_KEY }, {});
  const app = await startApp({ settings, log: testLog() });
  const wire = new WireClient({ endpoint: app.endpoint, key: TEST_KEY });
  const client = aliOss({ endpoint: app.endpoint, isV4 });
  client.useBucket(photos.name);
  await wire.send({ method: 'POST', bucket: '-', key: 'api/v1/keys', body: JSON.stringify({ id: OUR_KEY }) });
  const close = async () => {
    wire.close();
    await app.close();
  };
  onTestFinished(close);
  return { model, client, wire, folder: temporaryFolder(), isEncrypted, close };
}

type Server = Awaited<ReturnType<typeof startServer>>;

/** All versions by "key id", as `getBucketVersions` lists them in pages and HEAD and the ACL tell of each. */
async function listVersions(client: AliOss): Promise<Map<string, ReferenceRow>> {
  const rows = new Map<string, ReferenceRow>();
  let from = {};
  for (;;) {
    const page = await client.getBucketVersions({ 'max-keys': PAGE, ...from });
    for (const { name, versionId, lastModified } of page.deleteMarker) {
      // ali-oss leaves out which markers are the latest: those that no version hides are told by the others.
      const record = { ...plainRecord, versionId, lastModifiedMs: Date.parse(lastModified), isDeleteMarker: true };
      rows.set(`${name} ${versionId}`, { key: name, record });
    }
    for (const object of page.objects) {
      const { name: key, versionId } = object;
      const { headers } = (await client.head(key, { versionId })).res;
      const { acl } = await client.getACL(key, { versionId });
      expect(headers).toMatchObject({
        etag: object.etag,
        'content-length': String(object.size),
        'last-modified': new Date(Math.floor(Date.parse(object.lastModified) / 1000) * 1000).toUTCString(),
        'x-oss-object-type': object.type,
        'x-oss-storage-class': object.storageClass,
      });
      const record: ObjectRecord = {
        ...plainRecord,
        versionId,
        isLatest: object.isLatest,
        sizeBytes: object.size,
        lastModifiedMs: Date.parse(object.lastModified),
        etag: object.etag.replaceAll('"', ''),
        storageClass: object.storageClass as StorageClass,
        objectType: object.type as ObjectType,
        isMultipartUploaded: object.type === 'Multipart',
        acl: acl as ObjectAcl,
        encryption: (headers['x-oss-server-side-encryption'] ?? 'none') as Encryption,
        tagCount: Number(headers['x-oss-tagging-count'] ?? 0),
        crc64: BigInt(headers['x-oss-hash-crc64ecma'] ?? -1),
      };
      rows.set(`${key} ${versionId}`, { key, record });
    }
    if (!page.isTruncated) return rows;
    from = { keyMarker: page.nextKeyMarker ?? '', versionIdMarker: page.nextVersionIdMarker ?? '' };
  }
}

/** The report's line of a listed version. Neither listing nor HEAD tells of transitions, nor ali-oss which marker is latest. */
function lineOf(form: RowForm, { key, record }: ReferenceRow, model: HistoryModel): string {
  const row = model.rows().find(({ key: other, version }) => other === key && version.versionId === record.versionId);
  const transitionMs = row?.version.transitionMs;
  const versionId = record.versionId === NULL_VERSION ? '' : record.versionId;
  const isLatest = record.isDeleteMarker ? (row?.isLatest ?? false) : record.isLatest;
  const told = { ...record, versionId, isLatest, ...(transitionMs !== undefined && { transitionMs }) };
  return referenceRow(form, { key, record: told });
}

/** Keys and ids in the order in which ListObjectVersions gives them. */
async function listedOrder(wire: WireClient): Promise<string[][]> {
  const query = 'versions&encoding-type=url&max-keys=1000';
  const { body } = await wire.send({ bucket: photos.name, query });
  const root = parseXml(body, { maxBytes: 1024 * 1024, maxDepth: 8, maxElements: 20_000 });
  const entries = root.children.filter(({ name }) => name === 'Version' || name === 'DeleteMarker');
  expect(childrenNamed(root, 'CommonPrefixes')).toEqual([]);
  return entries.map((entry) => [
    decodeURIComponent(childText(entry, 'Key') ?? ''),
    childText(entry, 'VersionId') ?? '',
  ]);
}

async function currentKeys(client: AliOss): Promise<string[]> {
  const { objects } = await client.listV2({ 'max-keys': 1000, 'encoding-type': 'url' });
  return (objects ?? []).map(({ name }) => decodeURIComponent(name));
}

/** The lines of a report of all that is there now, verified as `stocktake verify` does it. */
async function reportOf(server: Server, versions: ObjectVersions, field: readonly OptionalField[]): Promise<string[]> {
  const { client, wire, isEncrypted } = server;
  const rule: Inventory = {
    id: versions,
    isEnabled: true,
    prefix: '',
    OSSBucketDestination: {
      format: 'CSV',
      accountId: photos.owner,
      rolename: 'AliyunOSSRole',
      bucket: REPORTS,
      ...(isEncrypted && { encryption: { 'SSE-KMS': { keyId: OUR_KEY } } }),
    },
    frequency: 'Weekly',
    includedObjectVersions: versions,
    optionalFields: { field },
  };
  await client.putBucketInventory(photos.name, rule);
  const manifest = await endOfRun(wire, versions);
  if (manifest === null) return [];

  const read = async (key: string) => (await wire.send({ bucket: REPORTS, key })).body;
  const stream = async (key: string) => Readable.from([await read(key)]);
  const source = {
    manifestName: manifest,
    manifest: () => stream(manifest),
    checksum: () => stream(manifest.replace('manifest.json', 'manifest.checksum')),
    reportJson: () => stream(manifest.replace('manifest.json', 'report.json')),
    dataFile: stream,
    close: async () => undefined,
  };
  expect((await checkReport(source, () => undefined)).problems).toEqual([]);
  const { files } = JSON.parse((await read(manifest)).toString()) as { readonly files: readonly { key: string }[] };
  const texts = await Promise.all(files.map(async ({ key }) => gunzipSync(await read(key)).toString()));
  return texts.join('').match(/.*\n/g) ?? [];
}

async function endOfRun(wire: WireClient, ruleId: string): Promise<string | null> {
  return await vi.waitFor(
    async () => {
      const { text } = await wire.send({ bucket: photos.name, query: `inventory&inventoryId=${ruleId}&runs` });
      const { runs } = JSON.parse(text) as { readonly runs: readonly { state: string; manifest: string | null }[] };
      const [run] = runs;
      expect(['published', 'empty'], text).toContain(run?.state);
      return run?.manifest ?? null;
    },
    { timeout: 20_000, interval: 20 },
  );
}
