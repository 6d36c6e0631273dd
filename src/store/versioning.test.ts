/** Versions of objects: what the table of docs/spec/oss-protocol.md, section 5.10, promises. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordAt } from '../../test/record-at.ts';
import {
  bodyFilesIn,
  bytesOf,
  collect,
  contentOf,
  expectSame,
  openStore,
  put,
  putMultipart,
  storeOfPhotos,
} from '../../test/store-fixture.ts';
import { type ModelEntry, type ModelVersion, VersionModel } from '../../test/version-model.ts';
import type { Versioning } from '../core/bucket.ts';
import { prefixRange } from '../core/key-range.ts';
import { OBJECT_ACLS, type ObjectRecord, STORAGE_CLASSES } from '../core/record.ts';
import { shownVersionId, type VersionListRequest } from '../core/stored-object.ts';
import { MAX_INDEX_BODY_BYTES } from './bodies/body-intake.ts';
import { openIndex } from './index-database.ts';
import { BucketSource } from './inventory-source.ts';
import type { ObjectStore } from './object-store.ts';
import { openReader, type SnapshotOptions } from './snapshot-reader.ts';
import { newVersionId } from './version-ids.ts';

const code = (code: string) => expect.objectContaining({ code });
const everything: VersionListRequest = { prefix: '', keyMarker: '', versionIdMarker: '', delimiter: '', maxKeys: 1000 };
const enable = (store: ObjectStore, versioning: Versioning = 'Enabled') => store.changeBucket('photos', { versioning });

/** The versions of a key, newest first, as ids or with `x` for a delete marker. */
function versionsOf(store: ObjectStore, key: string) {
  const { versions } = store.listVersions('photos', everything);
  return versions.filter((listed) => listed.key === key).map(({ record }) => record);
}

const KEYS = ['a', 'a\u0000', 'a\u0000\u0000b', 'a/1', 'a/2', 'a/\uFFFD', 'a/😀', 'b'] as const;
/** Mostly the same, so that it comes to have many versions. */
const anyKey = fc.oneof({ weight: 3, arbitrary: fc.constant('a') }, { weight: 2, arbitrary: fc.constantFrom(...KEYS) });
/** Which version of a key: by its place, newest first; or one that isn't there. */
const anyVersion = fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.constantFrom('null', 'missing'));

const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      key: anyKey,
      sizeBytes: fc.oneof({ weight: 6, arbitrary: fc.nat(50) }, fc.constant(40_000)),
      storageClass: fc.constantFrom(...STORAGE_CLASSES),
      isMultipart: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: anyKey }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('delete version' as const), key: anyKey, version: anyVersion }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      key: anyKey,
      version: fc.nat(3),
      acl: fc.option(fc.constantFrom(...OBJECT_ACLS), { nil: undefined }),
      tags: fc.option(fc.constantFrom([], [{ key: 'k', value: 'v' }]), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('versioning' as const),
      to: fc.constantFrom<Versioning[]>('Enabled', 'Suspended'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** A store and the model of it, taking the same steps. The clock stands still, so the order of versions is the store's own. */
class Rehearsal {
  readonly model = new VersionModel();
  readonly folder: string;
  store: ObjectStore;
  readonly #ids = new Set<string>();
  #newest = 0;
  #seed = 0;

  constructor(store: ObjectStore, folder: string) {
    this.store = store;
    this.folder = folder;
  }

  async take(step: Step): Promise<void> {
    const { store, model } = this;
    switch (step.kind) {
      case 'put':
        return await this.#put(step);
      case 'delete': {
        const { versionId, isDeleteMarker } = await store.delete({ bucket: 'photos', key: step.key });
        expect(isDeleteMarker).toBe(model.versioning !== undefined);
        model.remove(step.key, versionId);
        if (isDeleteMarker) this.#noteNew(step.key);
        return;
      }
      case 'delete version': {
        const versionId = this.#idOf(step.key, step.version);
        const wasMarker = model.versions(step.key).some((each) => each.versionId === versionId && each.isDeleteMarker);
        const deleted = await store.delete({ bucket: 'photos', key: step.key, versionId });
        expect(deleted).toEqual({ versionId, isDeleteMarker: wasMarker });
        model.removeVersion(step.key, versionId);
        return;
      }
      case 'change':
        return await this.#change(step);
      case 'versioning':
        await store.changeBucket('photos', { versioning: step.to });
        model.versioning = step.to;
        return;
      case 'reopen':
        await store.close();
        this.store = await openStore(this.folder);
        return;
    }
  }

  async #put({ key, sizeBytes, storageClass, isMultipart }: Extract<Step, { kind: 'put' }>): Promise<void> {
    const bytes = bytesOf(sizeBytes, ++this.#seed);
    const { record } = isMultipart
      ? await putMultipart(this.store, key, [bytes], { storageClass })
      : await put(this.store, key, bytes, { storageClass });
    const versionId = shownVersionId(record);
    expect(versionId === 'null').toBe(this.model.versioning !== 'Enabled');
    this.model.add(key, { versionId, isDeleteMarker: false, bytes, storageClass, acl: 'default', tags: [] });
    this.#noteNew(key);
  }

  async #change({ key, version, acl, tags }: Extract<Step, { kind: 'change' }>): Promise<void> {
    const { store, model } = this;
    const versionId = this.#idOf(key, version);
    const address = { bucket: 'photos', key, versionId };
    const change = { ...(acl && { acl }), ...(tags && { tags }) };
    const found = model.versions(key).find((each) => each.versionId === versionId);
    if (found === undefined) await expect(store.change(address, change)).rejects.toThrow(code('NoSuchVersion'));
    else if (found.isDeleteMarker) {
      await expect(store.change(address, change)).rejects.toThrow(code('DeleteMarkerNotAllowed'));
    } else {
      await store.change(address, change);
      model.change(key, versionId, change);
    }
  }

  /** What is new is newer than all before it, and has an id that none had. */
  #noteNew(key: string): void {
    const { versionId, sequence } = this.store.head({ bucket: 'photos', key })?.record ?? {};
    expect(sequence).toBeGreaterThan(this.#newest);
    this.#newest = sequence ?? 0;
    if (versionId === undefined || versionId === '') return;
    expect(this.#ids.has(versionId)).toBe(false);
    this.#ids.add(versionId);
  }

  #idOf(key: string, version: number | 'null' | 'missing'): string {
    if (version === 'null') return version;
    const missing = newVersionId(this.#newest + 1);
    return version === 'missing' ? missing : (this.model.versions(key)[version]?.versionId ?? missing);
  }

  /** Everything that can be asked, but for listings in pages. */
  async check(): Promise<void> {
    const { store, model } = this;
    for (const key of KEYS) {
      const versions = model.versions(key);
      for (const [place, version] of versions.entries()) {
        const address = { bucket: 'photos', key, versionId: version.versionId };
        const isLatest = place === 0;
        expectVersion(store.head(address), version, { isLatest, hasNoncurrent: isLatest && versions.length > 1 });
        if (!version.isDeleteMarker) expectSame(await bodyOf(store, address), version.bytes);
      }
      const latest = store.head({ bucket: 'photos', key });
      expect(latest && shownVersionId(latest.record)).toBe(versions[0]?.versionId);
      const gone = { bucket: 'photos', key, versionId: newVersionId(this.#newest + 1) };
      expect(() => store.head(gone)).toThrow(code('NoSuchVersion'));
    }
    const page = store.listVersions('photos', everything);
    const listed = page.versions.map(({ key, record }) => ({ name: key, versionId: shownVersionId(record) }));
    expect(listed).toEqual(model.listVersions('', ''));
    for (const { key, record } of page.versions) {
      expect(record).toEqual(store.head({ bucket: 'photos', key, versionId: shownVersionId(record) })?.record);
    }
    expect(store.totals('photos')).toMatchObject({ ...model.totals(), uploads: 0 });
    expect(store.totals('photos').classes).toEqual(model.totals().classes);
  }

  /** Closes the store, and looks at what is in its index and among its files: nothing is left over. */
  async checkClosed(): Promise<void> {
    const all = [...this.model.keys.values()];
    const versions = all.flat();
    const isNull = ({ versionId }: ModelVersion) => versionId === 'null';
    const isFile = ({ bytes }: ModelVersion) => bytes.length > MAX_INDEX_BODY_BYTES;
    const listed = this.store.listVersions('photos', everything).versions;
    const { store, folder } = this;
    const { reader } = new BucketSource({ store, folder, bucket: 'photos', withNoncurrent: true, now: () => 0 });
    await store.close();
    expect(await rowsIn(reader.options)).toEqual(this.model.listVersions('', ''));
    expect(await bodyFilesIn(folder)).toHaveLength(versions.filter(isFile).length);
    const { root, ...db } = openIndex(folder);
    const counts = Object.entries(db).map(([name, table]) => [name, table.getKeysCount()]);
    await root.close();
    expect(Object.fromEntries(counts)).toMatchObject({
      objects: all.length,
      versions: versions.length - all.length,
      nulls: all.filter((each) => each.slice(1).some(isNull)).length,
      metadata: versions.filter(({ tags }) => tags.length > 0).length,
      bodies: versions.filter((version) => version.bytes.length > 0 && !isFile(version)).length,
      compositions: listed.filter(({ record }) => record.bodyPlace === 'parts').length,
      files: versions.filter(isFile).length,
      garbage: 0,
      uploads: 0,
      parts: 0,
    });
  }
}

async function bodyOf(store: ObjectStore, address: { bucket: string; key: string; versionId?: string }) {
  const found = await store.read(address);
  return found && (await collect(found.body));
}

function expectVersion(
  found: ReturnType<ObjectStore['head']>,
  { isDeleteMarker, bytes, storageClass, acl, tags }: ModelVersion,
  flags: Pick<ObjectRecord, 'isLatest' | 'hasNoncurrent'>,
): void {
  expect(found?.record).toMatchObject({
    isDeleteMarker,
    sizeBytes: bytes.length,
    acl,
    tagCount: tags.length,
    ...flags,
  });
  expect(found?.tags).toEqual(tags);
  if (!isDeleteMarker) expect(found?.record.storageClass).toBe(storageClass);
}

test('whatever is done with versions, the store shows what the table of the protocol says', async () => {
  const request = fc.record({
    prefix: fc.constantFrom('', 'a', 'a\u0000', 'a/', 'b', 'c'),
    delimiter: fc.constantFrom('', '/', '\u0000', 'a'),
    maxKeys: fc.integer({ min: 1, max: 9 }),
  });
  const caseOf = fc.record({
    steps: fc.array(anyStep, { minLength: 5, maxLength: 40, size: 'max' }),
    requests: fc.array(request, { minLength: 6, maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(caseOf, async ({ steps, requests }) => {
      const { store, folder } = await storeOfPhotos();
      const rehearsal = new Rehearsal(store, folder);
      for (const step of steps) {
        await rehearsal.take(step);
        await rehearsal.check();
      }
      for (const each of requests) {
        expectPages(
          versionPages(rehearsal.store, each),
          rehearsal.model.listVersions(each.prefix, each.delimiter),
          each,
        );
        expectPages(
          await objectPages(rehearsal.store, each),
          rehearsal.model.listObjects(each.prefix, each.delimiter),
          each,
        );
      }
      await rehearsal.take({ kind: 'reopen' });
      await rehearsal.check();
      await rehearsal.checkClosed();
    }),
    { numRuns: 25 },
  );
});

interface Page {
  readonly entries: readonly ModelEntry[];
  readonly isTruncated: boolean;
}

interface PagesOf {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
}

/** Every page is full but the last, which says so; and together they are the whole. */
function expectPages(pages: readonly Page[], entries: readonly ModelEntry[], { maxKeys }: PagesOf): void {
  expect(pages.flatMap((page) => page.entries)).toEqual(entries);
  expect(pages).toHaveLength(Math.max(1, Math.ceil(entries.length / maxKeys)));
  expect(pages.map(({ isTruncated }) => isTruncated)).toEqual(pages.map((_, index) => index < pages.length - 1));
}

const MOST_PAGES = 200; // Lest a listing that goes in circles hang the test.

function versionPages(store: ObjectStore, request: PagesOf): Page[] {
  const pages: Page[] = [];
  let marker = { keyMarker: '', versionIdMarker: '' };
  while (pages.length < MOST_PAGES) {
    const page = store.listVersions('photos', { ...request, ...marker });
    const versions = page.versions.map(({ key, record }) => ({ name: key, versionId: shownVersionId(record) }));
    pages.push({ entries: merged(versions, page.commonPrefixes), isTruncated: page.isTruncated });
    if (!page.isTruncated) break;
    marker = { keyMarker: page.nextKeyMarker ?? '', versionIdMarker: page.nextVersionIdMarker ?? '' };
  }
  return pages;
}

async function objectPages(store: ObjectStore, request: PagesOf): Promise<Page[]> {
  const pages: Page[] = [];
  let marker = '';
  while (pages.length < MOST_PAGES) {
    const page = await store.list('photos', { ...request, marker });
    const objects = page.objects.map(({ key }) => ({ name: key }));
    pages.push({ entries: merged(objects, page.commonPrefixes), isTruncated: page.isTruncated });
    if (!page.isTruncated) break;
    marker = page.nextMarker ?? '';
  }
  return pages;
}

function merged(entries: readonly ModelEntry[], commonPrefixes: readonly string[]): ModelEntry[] {
  const all = [...entries, ...commonPrefixes.map((name) => ({ name }))];
  return all.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** What a reader of the inventory sees of a store that is closed, a few rows at a time. */
async function rowsIn(options: SnapshotOptions): Promise<ModelEntry[]> {
  const reader = openReader(options);
  reader.begin();
  const rows: ModelEntry[] = [];
  const scan = reader.scan(prefixRange(''));
  for (let count = 1; count > 0; ) {
    count = scan.read(3, (keys, keyStart, keyEnd, records, at) => {
      const name = Buffer.from(keys.slice(keyStart, keyEnd)).toString();
      rows.push({ name, versionId: shownVersionId(recordAt(records, at)) });
    });
  }
  await reader.close();
  return rows;
}

test('what was there before versioning began is the null version, and new ones come before it', async () => {
  const { store } = await storeOfPhotos();
  await put(store, 'k', 'before');
  await enable(store);
  const { record } = await put(store, 'k', 'after');
  expect(record.versionId).toMatch(/^CAEQ/);
  expect(versionsOf(store, 'k').map(({ versionId }) => versionId)).toEqual([record.versionId, '']);
  expect(String(await contentOf(store, 'k'))).toBe('after');
  expect(String(await bodyOf(store, { bucket: 'photos', key: 'k', versionId: 'null' }))).toBe('before');
});

test('a delete hides the object behind a marker, and deleting the marker brings it back', async () => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  await put(store, 'k', 'x');
  const marker = await store.delete({ bucket: 'photos', key: 'k' });
  expect(marker).toEqual({ versionId: expect.stringMatching(/^CAEQ/), isDeleteMarker: true });
  expect(store.head({ bucket: 'photos', key: 'k' })?.record).toMatchObject({
    isDeleteMarker: true,
    hasNoncurrent: true,
    etag: '',
    sizeBytes: 0,
    bodyPlace: 'none',
  });
  const { objects } = await store.list('photos', { prefix: '', marker: '', delimiter: '', maxKeys: 10 });
  expect(objects).toEqual([]);
  await store.delete({ bucket: 'photos', key: 'k', versionId: marker.versionId ?? '' });
  expect(String(await contentOf(store, 'k'))).toBe('x');
});

test('a put while versioning is suspended replaces the null version wherever it is, and no other', async () => {
  const { store, folder } = await storeOfPhotos();
  await put(store, 'k', bytesOf(40_000));
  await enable(store);
  const { record: kept } = await put(store, 'k', bytesOf(40_001));
  await enable(store, 'Suspended');
  expect(await bodyFilesIn(folder)).toHaveLength(2);
  await put(store, 'k', 'null again');
  expect(versionsOf(store, 'k').map(({ versionId }) => versionId)).toEqual(['', kept.versionId]);
  expect(await bodyFilesIn(folder)).toHaveLength(1);
  const marker = await store.delete({ bucket: 'photos', key: 'k' });
  expect(marker).toEqual({ versionId: 'null', isDeleteMarker: true });
  expect(versionsOf(store, 'k').map(({ isDeleteMarker }) => isDeleteMarker)).toEqual([true, false]);
});

test('versions that come within one millisecond keep their order', async () => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  const bodies = Array.from({ length: 50 }, (_, n) => `body ${n}`);
  for (const body of bodies) await put(store, 'k', body);
  const versions = versionsOf(store, 'k');
  expect(new Set(versions.map(({ lastModifiedMs }) => lastModifiedMs)).size).toBe(1);
  const seen: string[] = [];
  for (const { versionId } of versions)
    seen.push(String(await bodyOf(store, { bucket: 'photos', key: 'k', versionId })));
  expect(seen).toEqual(bodies.toReversed());
});

test('forbidding to overwrite counts only where there never was versioning', async () => {
  const { store } = await storeOfPhotos();
  await put(store, 'k', 'first', { forbidOverwrite: true });
  await expect(put(store, 'k', 'second', { forbidOverwrite: true })).rejects.toThrow(code('FileAlreadyExists'));
  expect(String(await contentOf(store, 'k'))).toBe('first');
  for (const versioning of ['Enabled', 'Suspended'] as const) {
    await enable(store, versioning);
    await put(store, 'k', versioning, { forbidOverwrite: true });
    expect(String(await contentOf(store, 'k'))).toBe(versioning);
  }
});

test('a bucket is not empty as long as a marker or an older version is left', async () => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  const { record } = await put(store, 'k', 'x');
  const { versionId = '' } = await store.delete({ bucket: 'photos', key: 'k' });
  await expect(store.deleteBucket('photos')).rejects.toThrow(code('BucketNotEmpty'));
  await store.delete({ bucket: 'photos', key: 'k', versionId: record.versionId });
  await expect(store.deleteBucket('photos')).rejects.toThrow(code('BucketNotEmpty'));
  await store.delete({ bucket: 'photos', key: 'k', versionId });
  await store.deleteBucket('photos');
});

test('a common prefix shows in a listing only while one of its objects does', async () => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  for (const key of ['a/1', 'a/2', 'b/1', 'c']) await put(store, key, 'x');
  await store.deleteMany('photos', [{ key: 'a/1' }, { key: 'b/1' }]);
  const request = { prefix: '', marker: '', delimiter: '/', maxKeys: 10 };
  expect((await store.list('photos', request)).commonPrefixes).toEqual(['a/']);
  await store.delete({ bucket: 'photos', key: 'c' });
  // Nothing that can be seen comes behind it, though there are keys.
  expect(await store.list('photos', { ...request, maxKeys: 1 })).toMatchObject({
    commonPrefixes: ['a/'],
    isTruncated: false,
  });
});

test('many deletes in one request say of each what became of it', async () => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  const { record } = await put(store, 'k', 'x');
  const missing = newVersionId(record.sequence + 1000);
  const deleted = await store.deleteMany('photos', [
    { key: 'k' },
    { key: 'k', versionId: record.versionId },
    { key: 'k', versionId: missing },
    { key: 'nothing' },
  ]);
  const marker = { versionId: expect.stringMatching(/^CAEQ/), isDeleteMarker: true };
  const gone = { versionId: record.versionId, isDeleteMarker: false };
  expect(deleted).toEqual([marker, gone, { versionId: missing, isDeleteMarker: false }, marker]);
});

test.each([
  ['that cannot be one', 'x', 'VersionIdInvalid'],
  ['that no version has', newVersionId(1), 'NoSuchVersion'],
  ['of the original', 'CAEQNhiBgMDJgZCA0BYiIDc4MGZj', 'NoSuchVersion'],
])('a version id %s is told so', async (_, versionId, expected) => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  await put(store, 'k', 'x');
  await put(store, 'k', 'y');
  for (const key of ['k', 'nothing']) {
    expect(() => store.head({ bucket: 'photos', key, versionId })).toThrow(code(expected));
  }
});

test('a page of versions begins behind any marker, whether that is there or not', async () => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  for (const key of ['a', 'a', 'b']) await put(store, key, key);
  const [newest, oldest] = versionsOf(store, 'a').map(({ versionId }) => versionId);
  const keysBehind = (keyMarker: string, versionIdMarker = '') =>
    store.listVersions('photos', { ...everything, keyMarker, versionIdMarker }).versions.map(({ key }) => key);
  expect(keysBehind('a')).toEqual(['b']);
  expect(keysBehind('a', newest)).toEqual(['a', 'b']);
  expect(keysBehind('a', oldest)).toEqual(['b']);
  expect(keysBehind('A', newest)).toEqual(['a', 'a', 'b']);
  expect(keysBehind('aa', newest)).toEqual(['b']);
  expect(keysBehind('a', newVersionId(1000))).toEqual(['a', 'a', 'b']);
  expect(keysBehind('a', 'null')).toEqual(['a', 'a', 'b']); // There is none: rather twice than never.
  expect(keysBehind('a', `CAEQ${'A'.repeat(24)}`)).toEqual(['a', 'a', 'b']);
  expect(() => keysBehind('a', 'nonsense')).toThrow(code('VersionIdInvalid'));
});
