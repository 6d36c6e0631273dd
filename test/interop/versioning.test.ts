/** Versions and delete markers, as the unmodified ali-oss SDK sees them and as they go over the wire. */

import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { childrenNamed, childText, parseXml } from '../../src/core/xml.ts';
import { rawQuery } from '../wire-client.ts';
import type { AliOss } from './ali-oss-client.ts';
import { clientsOfAServer, SIGNATURES } from './clients-of-a-server.ts';
import { refusal } from './refusal.ts';

const ACCOUNT = '1000000000000000';
const UNKNOWN = 'CAEQARiBgID8rumR2hYiIGUyOTAyZGY2MzU5MjQ5ZjlhYzQzZjNlYTAyZDE3MDRk';

const { wire, newAliOss } = clientsOfAServer();

describe.each(SIGNATURES)('ali-oss signing with $version', ({ version, isV4 }) => {
  const bucket = `versioned-${version}`;
  let client: AliOss;

  /** Puts the texts as versions of the key, one after the other, and gives their ids. */
  async function putVersions(key: string, ...texts: string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const text of texts) ids.push(versionOf(await client.put(key, Buffer.from(text))));
    return ids;
  }

  /** What `getBucketVersions` lists of a key, versions before markers as it does. */
  async function listed(key: string): Promise<string[]> {
    const { objects, deleteMarker } = await client.getBucketVersions({ prefix: key });
    return [...objects, ...deleteMarker].map(({ versionId }) => versionId);
  }

  beforeAll(async () => {
    client = newAliOss(isV4);
    await client.putBucket(bucket);
    await client.putBucketVersioning(bucket, 'Enabled');
    client.useBucket(bucket);
  });

  test('each put answers with a version id of its own, and each version can be read', async () => {
    const ids = await putVersions('doc', 'one', 'two', 'three');
    expect(new Set(ids).size).toBe(3);
    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      const versionId = ids[index] ?? '';
      const { content, res } = await client.get('doc', { versionId });
      expect([content.toString(), res.headers['x-oss-version-id']]).toEqual([text, versionId]);
      expect((await client.head('doc', { versionId })).res.headers).toMatchObject({
        'content-length': String(text.length),
        'x-oss-version-id': versionId,
      });
      expect((await client.getObjectMeta('doc', { versionId })).res.headers).toMatchObject({
        'content-length': String(text.length),
        'x-oss-version-id': versionId,
      });
    }
    const latest = await client.get('doc');
    expect([latest.content.toString(), versionOf(latest)]).toEqual(['three', ids[2]]);
  });

  test('a delete hides the object behind a marker, and deleting the marker brings it back', async () => {
    const [id = ''] = await putVersions('hidden', 'kept');
    const { headers, status } = (await client.delete('hidden')).res;
    const marker = headers['x-oss-version-id'] ?? '';
    expect([status, headers['x-oss-delete-marker']]).toEqual([204, 'true']);
    expect(marker).not.toBe(id);

    expect(await refusal(client.get('hidden'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect(await refusal(client.head('hidden'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect((await client.get('hidden', { versionId: id })).content.toString()).toBe('kept');
    expect((await client.listV2({ prefix: 'hidden' })).objects ?? []).toEqual([]);

    const undone = await client.delete('hidden', { versionId: marker });
    expect(undone.res.headers).toMatchObject({ 'x-oss-delete-marker': 'true', 'x-oss-version-id': marker });
    expect((await client.get('hidden')).content.toString()).toBe('kept');
  });

  test('a version that is deleted by its id is gone for good', async () => {
    const [first = '', second = ''] = await putVersions('pruned', 'one', 'two');
    const { headers } = (await client.delete('pruned', { versionId: second })).res;
    expect(headers['x-oss-version-id']).toBe(second);
    expect(headers).not.toHaveProperty('x-oss-delete-marker');
    expect(versionOf(await client.get('pruned'))).toBe(first);
    const gone = client.get('pruned', { versionId: second });
    expect(await refusal(gone)).toMatchObject({ status: 404, code: 'NoSuchVersion' });
  });

  test('deleteMulti hides what it is given by key and removes what it is given by version', async () => {
    const [byKey = ''] = await putVersions('multi/by-key', 'a');
    const [old = '', kept = ''] = await putVersions('multi/by-version', 'b', 'c');
    const marker = versionOf(await client.delete('multi/marked'));
    const { deleted } = await client.deleteMulti([
      { key: 'multi/by-key' },
      { key: 'multi/by-version', versionId: old },
      { key: 'multi/marked', versionId: marker },
    ]);
    expect(deleted).toEqual([
      { Key: 'multi/by-key', DeleteMarker: 'true', DeleteMarkerVersionId: expect.stringMatching(/.{8,}/) },
      { Key: 'multi/by-version', VersionId: old },
      { Key: 'multi/marked', VersionId: marker, DeleteMarker: 'true', DeleteMarkerVersionId: marker },
    ]);
    expect(await listed('multi/')).toEqual([byKey, kept, deleted[0]?.DeleteMarkerVersionId]);
  });

  test('getBucketVersions lists all versions by key and newest first, markers apart', async () => {
    const a = await putVersions('list/a', '1', '22');
    const b = await putVersions('list/b', '333');
    const marker = versionOf(await client.delete('list/b'));
    const page = await client.getBucketVersions({ prefix: 'list/' });
    expect(page).toMatchObject({ isTruncated: false, prefixes: null });
    expect(page.objects.map(({ name, versionId, isLatest, size }) => [name, versionId, isLatest, size])).toEqual([
      ['list/a', a[1], true, 2],
      ['list/a', a[0], false, 1],
      ['list/b', b[0], false, 3],
    ]);
    expect(page.objects[0]).toMatchObject({
      etag: etagOf('22'),
      type: 'Normal',
      storageClass: 'Standard',
      owner: { id: ACCOUNT },
    });
    expect(page.deleteMarker).toMatchObject([{ name: 'list/b', versionId: marker, owner: { id: ACCOUNT } }]);
  });

  test('pages of one version add up to the whole', async () => {
    const a = await putVersions('paged/a', '1', '2', '3');
    const marker = versionOf(await client.delete('paged/a'));
    const b = await putVersions('paged/b', '4');
    const seen: string[] = [];
    for (let from = {}, pages = 0; pages < 10; pages++) {
      const page = await client.getBucketVersions({ prefix: 'paged/', maxKeys: 1, ...from });
      seen.push(...[...page.objects, ...page.deleteMarker].map(({ versionId }) => versionId));
      if (!page.isTruncated) break;
      from = { keyMarker: page.nextKeyMarker ?? '', versionIdMarker: page.nextVersionIdMarker ?? '' };
    }
    expect(seen).toEqual([marker, ...a.toReversed(), ...b]);
  });

  test('a suspended bucket writes the null version over and over, and keeps the others', async () => {
    const suspended = `suspended-${version}`;
    await client.putBucket(suspended);
    client.useBucket(suspended);
    try {
      const before = await client.put('doc', Buffer.from('before'));
      expect(before.res.headers).not.toHaveProperty('x-oss-version-id');
      await client.putBucketVersioning(suspended, 'Enabled');
      const [id = ''] = await putVersions('doc', 'enabled');
      expect((await client.get('doc', { versionId: 'null' })).content.toString()).toBe('before');

      await client.putBucketVersioning(suspended, 'Suspended');
      expect(await putVersions('doc', 'suspended')).toEqual(['null']);
      expect((await client.get('doc', { versionId: 'null' })).content.toString()).toBe('suspended');
      expect((await client.delete('doc')).res.headers).toMatchObject({
        'x-oss-delete-marker': 'true',
        'x-oss-version-id': 'null',
      });
      expect(await listed('doc')).toEqual([id, 'null']);
    } finally {
      client.useBucket(bucket);
    }
  });

  test('a bucket that never had versioning shows none: no header, and the null version in lists', async () => {
    const plain = `plain-${version}`;
    await client.putBucket(plain);
    client.useBucket(plain);
    try {
      expect((await client.put('doc', Buffer.from('x'))).res.headers).not.toHaveProperty('x-oss-version-id');
      expect((await client.get('doc')).res.headers).not.toHaveProperty('x-oss-version-id');
      const { objects, deleteMarker } = await client.getBucketVersions({});
      expect(objects).toMatchObject([{ name: 'doc', versionId: 'null', isLatest: true }]);
      expect(deleteMarker).toEqual([]);
      const { headers } = (await client.delete('doc')).res;
      expect(headers).not.toHaveProperty('x-oss-delete-marker');
      expect(headers).not.toHaveProperty('x-oss-version-id');
    } finally {
      client.useBucket(bucket);
    }
  });
});

describe('on the wire', () => {
  const bucket = 'wire-versions';
  let versionId: string;
  let markerId: string;

  const get = (key: string, query = '', method = 'GET') => wire.send({ method, bucket, key, query });

  beforeAll(async () => {
    await wire.send({ method: 'PUT', bucket });
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    expect(await wire.send({ method: 'PUT', bucket, query: 'versioning', body })).toMatchObject({ status: 200 });
    const put = await wire.send({ method: 'PUT', bucket, key: 'doc', body: 'text' });
    versionId = put.headers['x-oss-version-id'] ?? '';
    const deleted = await wire.send({ method: 'DELETE', bucket, key: 'doc' });
    markerId = deleted.headers['x-oss-version-id'] ?? '';
  });

  test.each(['GET', 'HEAD'])('%s of what a delete marker hides tells of the marker', async (method) => {
    expect(await get('doc', '', method)).toMatchObject({
      status: 404,
      error: { code: 'NoSuchKey', ec: '0026-00000001' },
      headers: { 'x-oss-delete-marker': 'true', 'x-oss-version-id': markerId, 'x-oss-ec': '0026-00000001' },
    });
  });

  test.each(['GET', 'HEAD'])('%s of a delete marker by its id is not allowed, where DELETE is', async (method) => {
    const reply = await get('doc', rawQuery({ versionId: markerId }), method);
    expect(reply).toMatchObject({ status: 405, error: { code: 'MethodNotAllowed', ec: '0003-00000016' } });
    expect(reply.headers).toMatchObject({
      allow: 'DELETE',
      'x-oss-delete-marker': 'true',
      'x-oss-version-id': markerId,
    });
    expect(reply.error?.document).toContain(`<Method>${method}</Method>\n  <ResourceType>DeleteMarker</ResourceType>`);
  });

  test.each([
    ['an id that no version has', { versionId: UNKNOWN }, 404, 'NoSuchVersion'],
    ['an id that can be none', { versionId: 'no/such id' }, 400, 'InvalidArgument'],
    ['an id of any length', { versionId: 'A'.repeat(2000) }, 400, 'InvalidArgument'],
    ['an empty id', { versionId: '' }, 400, 'InvalidArgument'],
    ['a bare id', { versionId: undefined }, 400, 'InvalidArgument'],
    ['the null version of an object without one', { versionId: 'null' }, 404, 'NoSuchVersion'],
  ])('%s is refused, for GET and HEAD', async (_what, query, status, code) => {
    for (const method of ['GET', 'HEAD']) {
      expect(await get('doc', rawQuery(query), method)).toMatchObject({ status, error: { code } });
    }
  });

  test('what can be no version id is refused for DELETE too, and deletes nothing', async () => {
    for (const query of ['versionId', 'versionId=', 'versionId=no/such']) {
      expect(await get('doc', query, 'DELETE')).toMatchObject({ status: 400, error: { code: 'InvalidArgument' } });
    }
    for (const id of ['', 'no/such']) {
      const body = `<Delete><Object><Key>doc</Key><VersionId>${id}</VersionId></Object></Delete>`;
      const headers = { 'content-md5': md5(body) };
      const reply = await wire.send({ method: 'POST', bucket, query: 'delete', body, headers });
      expect(reply).toMatchObject({ status: 400, error: { code: 'InvalidArgument' } });
    }
    expect(await versionsOf('doc')).toEqual([
      ['DeleteMarker', markerId, 'true'],
      ['Version', versionId, 'false'],
    ]);
  });

  test('a listing mixes versions and markers in one order, with keys encoded on demand', async () => {
    await wire.send({ method: 'PUT', bucket, key: 'mixed/a b', body: '1' });
    await wire.send({ method: 'DELETE', bucket, key: 'mixed/a b' });
    await wire.send({ method: 'PUT', bucket, key: 'mixed/a b', body: '2' });
    expect((await versionsOf('mixed/')).map(([name]) => name)).toEqual(['Version', 'DeleteMarker', 'Version']);

    const query = rawQuery({ versions: undefined, prefix: 'mixed/', delimiter: 'a', 'encoding-type': 'url' });
    const rolled = parseXml((await wire.send({ bucket, query })).body, LIMITS);
    expect(childText(rolled, 'EncodingType')).toBe('url');
    expect(childrenNamed(rolled, 'CommonPrefixes').map((each) => childText(each, 'Prefix'))).toEqual(['mixed%2Fa']);
  });

  test.each([
    ['a version-id-marker alone', { 'version-id-marker': UNKNOWN }, 'version-id-marker'],
    ['a version-id-marker beside an empty key', { 'key-marker': '', 'version-id-marker': 'null' }, 'version-id-marker'],
    ['too many keys', { 'max-keys': '1001' }, 'max-keys'],
    ['a prefix of 1024 bytes', { prefix: 'p'.repeat(1024) }, 'prefix'],
    ['an unknown encoding', { 'encoding-type': 'base64' }, 'encoding-type'],
  ])('a listing with %s is refused, by name', async (_what, parameters, name) => {
    const reply = await wire.send({ bucket, query: rawQuery({ versions: undefined, ...parameters }) });
    expect(reply).toMatchObject({ status: 400, error: { code: 'InvalidArgument' } });
    expect(reply.error?.document).toContain(`<ArgumentName>${name}</ArgumentName>`);
  });

  test('bare and empty parameters are none, as Go sends them', async () => {
    const reply = await wire.send({ bucket, query: 'versions&key-marker&version-id-marker&prefix=&delimiter' });
    expect(reply.status).toBe(200);
  });

  async function versionsOf(prefix: string): Promise<(string | undefined)[][]> {
    const reply = await wire.send({ bucket, query: rawQuery({ versions: undefined, prefix }) });
    return parseXml(reply.body, LIMITS)
      .children.filter(({ name }) => name === 'Version' || name === 'DeleteMarker')
      .map((each) => [each.name, childText(each, 'VersionId'), childText(each, 'IsLatest')]);
  }
});

const LIMITS = { maxBytes: 1024 * 1024, maxDepth: 8, maxElements: 10_000 };

function versionOf({ res }: { readonly res: { readonly headers: Readonly<Record<string, string>> } }): string {
  return res.headers['x-oss-version-id'] ?? '';
}

function etagOf(text: string): string {
  return `"${createHash('md5').update(text).digest('hex').toUpperCase()}"`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}
