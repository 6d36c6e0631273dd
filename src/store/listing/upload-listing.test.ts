import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectKey } from '../../../test/arbitraries.ts';
import { photos, storeOfPhotos, uploadOf } from '../../../test/store-fixture.ts';
import type { UploadAddress, UploadListRequest } from '../../core/stored-object.ts';
import type { ObjectStore } from '../object-store.ts';

const everything: UploadListRequest = {
  prefix: '',
  keyMarker: '',
  uploadIdMarker: '',
  delimiter: '',
  maxUploads: 1000,
};
const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** One line of a listing: an upload, or a common prefix. */
interface Entry {
  readonly name: string;
  readonly uploadId?: string;
}

const inOrder = (a: Entry, b: Entry) => compare(a.name, b.name) || compare(a.uploadId ?? '', b.uploadId ?? '');

function entriesOf(store: ObjectStore, request: UploadListRequest) {
  const page = store.uploads.list('photos', request);
  const entries: Entry[] = [
    ...page.uploads.map(({ key, uploadId }) => ({ name: key, uploadId })),
    ...page.commonPrefixes.map((name) => ({ name })),
  ];
  return { ...page, entries: entries.sort(inOrder) };
}

/** The slow, obvious listing. */
function modelList(uploads: readonly UploadAddress[], request: UploadListRequest) {
  const { prefix, delimiter, keyMarker, uploadIdMarker, maxUploads } = request;
  const all = new Map<string, Entry>();
  for (const { key, uploadId } of uploads.filter(({ key }) => key.startsWith(prefix))) {
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = at < 0 ? { name: key, uploadId } : { name: key.slice(0, at + delimiter.length) };
    all.set(JSON.stringify(entry), entry);
  }
  const isBehind = ({ name, uploadId = '' }: Entry) => {
    const order = compare(name, keyMarker);
    return order > 0 || (order === 0 && uploadIdMarker !== '' && compare(uploadId, uploadIdMarker) > 0);
  };
  const left = [...all.values()].sort(inOrder).filter(isBehind);
  return { entries: left.slice(0, maxUploads), isTruncated: maxUploads > 0 && left.length > maxUploads };
}

async function storeWith(keys: readonly string[]) {
  const { store } = await storeOfPhotos();
  const uploads: UploadAddress[] = [];
  for (const key of keys) uploads.push((await uploadOf(store, key, [])).upload);
  return { store, uploads };
}

/** Keys, some of them with several uploads. */
const keySet = fc
  .uniqueArray(objectKey, { minLength: 1, maxLength: 25 })
  .chain((keys) => fc.array(fc.constantFrom(...keys), { maxLength: 8 }).map((again) => [...keys, ...again]));

const requestAbout = (uploads: readonly UploadAddress[]) => {
  const upload = fc.constantFrom(...uploads);
  const key = fc.oneof(
    upload.map(({ key }) => key),
    objectKey,
    fc.constant(''),
  );
  const beginning = fc.tuple(key, fc.nat(4)).map(([key, length]) => [...key].slice(0, length).join(''));
  const marker = fc.oneof(
    fc.oneof(key, beginning).map((keyMarker) => ({ keyMarker, uploadIdMarker: '' })),
    upload.map(({ key, uploadId }) => ({ keyMarker: key, uploadIdMarker: uploadId })),
    upload.map(({ key }) => ({ keyMarker: key, uploadIdMarker: '8'.repeat(32) })),
  );
  const place = fc.record({
    prefix: beginning,
    delimiter: fc.oneof(fc.constantFrom('', '/', 'a', '\u0000', '😀'), beginning),
    maxUploads: fc.oneof(fc.nat(4), fc.constant(1000)),
  });
  return fc.tuple(place, marker).map(([each, markers]): UploadListRequest => ({ ...each, ...markers }));
};

test('a page shows what the slow, obvious listing shows', async () => {
  await fc.assert(
    fc.asyncProperty(keySet, fc.nat(), async (keys, seed) => {
      const { store, uploads } = await storeWith(keys);
      for (const request of fc.sample(requestAbout(uploads), { numRuns: 60, seed })) {
        const { entries, isTruncated } = entriesOf(store, request);
        expect({ request, entries, isTruncated }).toEqual({ request, ...modelList(uploads, request) });
      }
      await store.close();
    }),
    { numRuns: 30 },
  );
});

test('page after page gives the whole listing, each entry once', async () => {
  await fc.assert(
    fc.asyncProperty(
      keySet,
      fc.constantFrom('', '/', 'a', '\u0000'),
      fc.integer({ min: 1, max: 7 }),
      async (...drawn) => {
        const [keys, delimiter, maxUploads] = drawn;
        const { store, uploads } = await storeWith(keys);
        const entries: Entry[] = [];
        let request: UploadListRequest | undefined = { ...everything, delimiter, maxUploads };
        while (request !== undefined) {
          const page = entriesOf(store, request);
          expect(page.nextKeyMarker !== undefined).toBe(page.isTruncated);
          entries.push(...page.entries);
          expect(entries.length).toBeLessThanOrEqual(keys.length); // Lest a listing that goes in circles hang the test.
          const { nextKeyMarker: keyMarker, nextUploadIdMarker: uploadIdMarker = '' } = page;
          request = keyMarker === undefined ? undefined : { ...request, keyMarker, uploadIdMarker };
        }
        expect(entries).toEqual(modelList(uploads, { ...everything, delimiter }).entries);
        await store.close();
      },
    ),
    { numRuns: 30 },
  );
});

test('keys of NUL characters stand in their order, before those that go on otherwise', async () => {
  const keys = ['a', 'a\u0000', 'a\u0000\u0000', 'a\u0000\u0001', 'a\u0000a', 'a\u0001', 'aa', 'b'];
  const { store } = await storeWith(keys.toReversed());
  expect(store.uploads.list('photos', everything).uploads.map(({ key }) => key)).toEqual(keys);
});

test('a prefix or a marker of more NUL characters than a key of an upload may hold finds its place too', async () => {
  const { store } = await storeWith(['a', '\u0000'.repeat(900), 'b']);
  const longest = '\u0000'.repeat(1023);
  const keysBehind = (request: Partial<UploadListRequest>) =>
    store.uploads.list('photos', { ...everything, ...request }).uploads.map(({ key }) => key);
  expect(keysBehind({ prefix: longest })).toEqual([]);
  expect(keysBehind({ keyMarker: longest })).toEqual(['a', 'b']);
  expect(keysBehind({ keyMarker: longest, uploadIdMarker: 'F'.repeat(32) })).toEqual(['a', 'b']);
  expect(keysBehind({ keyMarker: `a${longest.slice(1)}` })).toEqual(['b']);
});

test('an upload id marker that is none begins with the first upload of its key', async () => {
  const { store } = await storeWith(['a', 'b', 'b', 'c']);
  for (const uploadIdMarker of ['zz', 'no hex at all', 'x'.repeat(1023)]) {
    const { uploads } = store.uploads.list('photos', { ...everything, keyMarker: 'b', uploadIdMarker });
    expect(uploads.map(({ key }) => key)).toEqual(['b', 'b', 'c']);
  }
  const { uploads } = store.uploads.list('photos', { ...everything, keyMarker: 'b', uploadIdMarker: 'F'.repeat(1022) });
  expect(uploads.map(({ key }) => key)).toEqual(['c']);
});

test('a bucket shows none of the uploads of its neighbours', async () => {
  const { store } = await storeWith(['\u{10FFFF}']);
  await store.createBucket({ ...photos, name: 'films' });
  await uploadOf(store, '\u0000', [], { bucket: 'films' });
  for (const [bucket, key] of [
    ['photos', '\u{10FFFF}'],
    ['films', '\u0000'],
  ] as const) {
    expect(store.uploads.list(bucket, everything).uploads.map((upload) => upload.key)).toEqual([key]);
    expect(store.uploads.list(bucket, { ...everything, keyMarker: key }).uploads).toEqual([]);
  }
});

test('a listed upload shows what was chosen when it began', async () => {
  const { store } = await storeOfPhotos({ storageClass: 'IA' });
  const { upload: plain } = await uploadOf(store, 'a', []);
  const { upload: sealed } = await uploadOf(store, 'b', [], {
    storageClass: 'Archive',
    encryption: { algorithm: 'KMS', keyId: 'mine' },
  });
  expect(plain.storageClass).toBe('IA');
  expect(sealed).toMatchObject({ storageClass: 'Archive', encryption: { algorithm: 'KMS', keyId: 'mine' } });
  expect(store.uploads.list('photos', everything).uploads).toEqual([plain, sealed]);
});
