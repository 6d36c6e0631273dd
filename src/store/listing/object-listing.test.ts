import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectKey } from '../../../test/arbitraries.ts';
import { openStore, photos, put, storeOfPhotos } from '../../../test/store-fixture.ts';
import type { ListRequest } from '../../core/stored-object.ts';
import type { ObjectStore } from '../object-store.ts';

const everything: ListRequest = { prefix: '', marker: '', delimiter: '', maxKeys: 1000 };

/** What a listing shows of one name: a key, or a common prefix. */
interface Entry {
  readonly kind: 'key' | 'common prefix';
  readonly name: string;
}

async function entriesOf(store: ObjectStore, request: ListRequest) {
  const page = await store.list('photos', request);
  const entries: Entry[] = [
    ...page.objects.map(({ key }) => ({ kind: 'key', name: key }) as const),
    ...page.commonPrefixes.map((name) => ({ kind: 'common prefix', name }) as const),
  ];
  return { ...page, entries: entries.sort(byName) };
}

/** The slow, obvious listing: every key becomes its entry, and a page is a slice of the sorted entries. */
function modelList(keys: readonly string[], { prefix, marker, delimiter, maxKeys }: ListRequest) {
  const all = new Map<string, Entry>();
  for (const key of keys.filter((key) => key.startsWith(prefix))) {
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = at < 0 ? key : key.slice(0, at + delimiter.length);
    all.set(name, { kind: at < 0 ? 'key' : 'common prefix', name });
  }
  const left = [...all.values()].sort(byName).filter(({ name }) => compare(name, marker) > 0);
  return { entries: left.slice(0, maxKeys), isTruncated: maxKeys > 0 && left.length > maxKeys };
}

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byName = (a: Entry, b: Entry) => compare(a.name, b.name);

async function storeWith(...keys: string[]): Promise<ObjectStore> {
  const store = await openStore();
  await store.createBucket(photos);
  await Promise.all(keys.map((key) => put(store, key, key)));
  return store;
}

/** Requests about the keys there are: their beginnings, their neighbours and what lies between. */
const requestAbout = (keys: readonly string[]) => {
  const key = fc.oneof(fc.constantFrom('', ...keys), objectKey);
  const beginning = fc.tuple(key, fc.nat(4)).map(([key, length]) => [...key].slice(0, length).join(''));
  return fc.record({
    prefix: beginning,
    marker: fc.oneof(key, beginning, fc.constant('')),
    delimiter: fc.oneof(fc.constantFrom('', '/', '/', '😀', 'a', 'ab', '\uFFFD'), beginning),
    maxKeys: fc.oneof(fc.nat(4), fc.constant(1000)),
  });
};

const keySet = fc.uniqueArray(objectKey, { minLength: 1, maxLength: 60 });

test('a page shows what the slow, obvious listing shows', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  const caseOf = keySet.chain((keys) =>
    fc.record({ keys: fc.constant(keys), requests: fc.array(requestAbout(keys), { minLength: 50, maxLength: 50 }) }),
  );
  await fc.assert(
    fc.asyncProperty(caseOf, async ({ keys, requests }) => {
      await Promise.all(keys.map((key) => put(store, key, key)));
      for (const request of requests) {
        const { entries, isTruncated } = await entriesOf(store, request);
        expect({ request, entries, isTruncated }).toEqual({ request, ...modelList(keys, request) });
      }
      await store.deleteMany(
        'photos',
        keys.map((key) => ({ key })),
      );
    }),
    { numRuns: 40 },
  );
});

test('page after page gives the whole listing, each entry once', async () => {
  const store = await openStore();
  await store.createBucket(photos);
  await fc.assert(
    fc.asyncProperty(keySet, fc.constantFrom('', '/', 'a', '😀'), fc.integer({ min: 1, max: 7 }), async (...drawn) => {
      const [keys, delimiter, maxKeys] = drawn;
      await Promise.all(keys.map((key) => put(store, key, key)));
      const entries: Entry[] = [];
      for (let marker: string | undefined = ''; marker !== undefined; ) {
        const page = await entriesOf(store, { ...everything, delimiter, marker, maxKeys });
        expect(page.nextMarker !== undefined).toBe(page.isTruncated);
        entries.push(...page.entries);
        expect(entries.length).toBeLessThanOrEqual(keys.length); // Lest a listing that goes in circles hang the test.
        marker = page.nextMarker;
      }
      expect(entries).toEqual(modelList(keys, { ...everything, delimiter }).entries);
      await store.deleteMany(
        'photos',
        keys.map((key) => ({ key })),
      );
    }),
    { numRuns: 40 },
  );
});

test('keys come in the order of their bytes, not of their UTF-16 units', async () => {
  const store = await storeWith('😀', '\uFFFD', 'z', 'é', 'Z', 'z\u0000', 'zz');
  const { objects } = await store.list('photos', everything);
  expect(objects.map(({ key }) => key)).toEqual(['Z', 'z', 'z\u0000', 'zz', 'é', '\uFFFD', '😀']);
});

test('a page ends after max-keys, counting common prefixes', async () => {
  const store = await storeWith('a', 'b/1', 'b/2', 'c', 'd/1');
  const first = await store.list('photos', { ...everything, delimiter: '/', maxKeys: 2 });
  expect(first).toMatchObject({ commonPrefixes: ['b/'], isTruncated: true, nextMarker: 'b/' });
  const second = await store.list('photos', { ...everything, delimiter: '/', maxKeys: 2, marker: 'b/' });
  expect(second).toMatchObject({ commonPrefixes: ['d/'], isTruncated: false });
  expect(second.objects.map(({ key }) => key)).toEqual(['c']);
});

test('a listed object brings its record', async () => {
  const store = await storeWith('a');
  expect((await store.list('photos', everything)).objects).toEqual([
    { key: 'a', record: store.head({ bucket: 'photos', key: 'a' })?.record },
  ]);
});

test('a bucket is listed without its neighbours', async () => {
  const store = await storeWith('\u{10FFFF}');
  await store.createBucket({ ...photos, name: 'films' });
  await put(store, '\u0000', 'x', { bucket: 'films' });
  for (const [bucket, key] of [
    ['photos', '\u{10FFFF}'],
    ['films', '\u0000'],
  ] as const) {
    expect((await store.list(bucket, everything)).objects.map((listed) => listed.key)).toEqual([key]);
    expect((await store.list(bucket, { ...everything, marker: key })).objects).toEqual([]);
  }
});

test('on the way by very many deleted keys others get their turn, and no key behind them is missed', async () => {
  const { store } = await storeOfPhotos({ versioning: 'Enabled' });
  for (const key of ['a', 'd/~', 'z']) await put(store, key, 'x');
  const deleted = Array.from({ length: 10_500 }, (_, at) => ({ key: `d/${at}` }));
  for (let at = 0; at < deleted.length; at += 1000) await store.deleteMany('photos', deleted.slice(at, at + 1000));
  let turns = 0;
  setImmediate(() => turns++);
  const flat = await store.list('photos', everything);
  expect(turns).toBe(1);
  expect(flat).toMatchObject({ isTruncated: false });
  expect(flat.objects.map(({ key }) => key)).toEqual(['a', 'd/~', 'z']);
  const rolledUp = await store.list('photos', { ...everything, delimiter: '/' });
  expect(rolledUp).toMatchObject({ commonPrefixes: ['d/'], isTruncated: false });
  expect(rolledUp.objects.map(({ key }) => key)).toEqual(['a', 'z']);
});
