/** CopyObject, as the unmodified ali-oss SDK asks for it and as it goes over the wire. */

import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { childText, parseXml } from '../../src/core/xml.ts';
import { rawQuery, type WireReply } from '../wire-client.ts';
import type { AliOss } from './ali-oss-client.ts';
import { clientsOfAServer, SIGNATURES } from './clients-of-a-server.ts';
import { refusal } from './refusal.ts';

const BEFORE = 'Sat, 01 Jan 2000 00:00:00 GMT';
const AFTER = 'Fri, 01 Jan 2100 00:00:00 GMT';
const LIMITS = { maxBytes: 1024 * 1024, maxDepth: 8, maxElements: 100 };

const { wire, newAliOss } = clientsOfAServer({ args: ['--region', 'cn-hangzhou,cn-beijing'] });

describe.each(SIGNATURES)('ali-oss signing with $version', ({ version, isV4 }) => {
  const bucket = `copies-${version}`;
  const other = `copies-${version}-other`;
  let client: AliOss;

  beforeAll(async () => {
    client = newAliOss(isV4);
    for (const name of [bucket, other]) await client.putBucket(name);
    client.useBucket(bucket);
    await client.put('source', Buffer.from('original'), { mime: 'text/css', meta: { author: 'someone' } });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a few bytes', Buffer.from('few')],
    ['three megabytes', randomBytes(3 * 1024 * 1024)],
  ])('a copy of %s has the bytes, ETag, CRC and metadata of its source', async (what, body) => {
    const put = await client.put(`whole/${what}`, body, { mime: 'text/css', meta: { author: 'someone' } });
    const { data, res } = await client.copy(`copy/${what}`, `whole/${what}`);
    const crc = put.res.headers['x-oss-hash-crc64ecma'];
    expect(data?.etag).toBe(put.res.headers.etag);
    expect(Date.parse(data?.lastModified ?? '')).toBeLessThanOrEqual(Date.now());
    expect(res.headers['x-oss-hash-crc64ecma']).toBe(crc);
    const { content, res: got } = await client.get(`copy/${what}`);
    expect(content.equals(body)).toBe(true);
    expect(got.headers).toMatchObject({
      'content-type': 'text/css',
      'x-oss-meta-author': 'someone',
      'x-oss-hash-crc64ecma': crc,
    });
  });

  test('a copy from another bucket, of a key that has to be encoded', async () => {
    const key = 'Ünïcödé/a b+c?d&e%20/封面 😀.jpg';
    await client.put(key, Buffer.from('far'));
    client.useBucket(other);
    try {
      await client.copy(key, `/${bucket}/${key}`);
      expect((await client.get(key)).content.toString()).toBe('far');
    } finally {
      client.useBucket(bucket);
    }
  });

  test('putMeta, which is a copy onto itself, replaces the metadata and keeps the bytes', async () => {
    await client.put('meta', Buffer.from('kept'), { meta: { old: '1' } });
    expect((await client.putMeta('meta', { fresh: '2' })).res.status).toBe(200);
    expect((await client.head('meta')).meta).toEqual({ fresh: '2' });
    expect((await client.get('meta')).content.toString()).toBe('kept');
  });

  test('what a copy is stored as is said by its own headers', async () => {
    const headers = { 'x-oss-storage-class': 'IA', 'Cache-Control': 'no-cache' };
    await client.copy('cold', 'source', { headers, meta: { copied: 'yes' } });
    const { meta, res } = await client.head('cold');
    expect(meta).toEqual({ copied: 'yes' });
    expect(res.headers).toMatchObject({ 'x-oss-storage-class': 'IA', 'cache-control': 'no-cache' });
  });

  test('the conditions of a copy are about its source', async () => {
    const etag = (await client.head('source')).res.headers.etag ?? '';
    const conditional = (headers: Record<string, string>) => client.copy('conditional', 'source', { headers });
    expect((await conditional({ 'If-Match': etag })).res.status).toBe(200);
    expect(await refusal(conditional({ 'If-Match': '"other"' }))).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
    });
    expect((await conditional({ 'If-None-Match': etag })).res.status).toBe(304);
  });

  test('an older version is copied over the newest, and both ids are told', async () => {
    const versioned = `copies-${version}-versioned`;
    await client.putBucket(versioned);
    await client.putBucketVersioning(versioned, 'Enabled');
    client.useBucket(versioned);
    try {
      const old = (await client.put('doc', Buffer.from('old'))).res.headers['x-oss-version-id'] ?? '';
      await client.put('doc', Buffer.from('new'));
      const { res } = await client.copy('doc', 'doc', { versionId: old });
      expect(res.headers['x-oss-copy-source-version-id']).toBe(old);
      const { content, res: got } = await client.get('doc');
      expect([content.toString(), got.headers['x-oss-version-id']]).toEqual(['old', res.headers['x-oss-version-id']]);
      expect((await client.getBucketVersions({})).objects).toHaveLength(3);
    } finally {
      client.useBucket(bucket);
    }
  });

  test('a source that is not there is no key, and its bucket no bucket', async () => {
    expect(await refusal(client.copy('x', 'nowhere'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect(await refusal(client.copy('x', '/no-such-bucket/a'))).toMatchObject({ status: 404, code: 'NoSuchBucket' });
    expect(await refusal(client.head('x'))).toMatchObject({ status: 404 });
  });
});

describe('on the wire', () => {
  const bucket = 'wire-copies';

  const copy = (key: string, source: string, headers: Record<string, string> = {}): Promise<WireReply> =>
    wire.send({
      method: 'PUT',
      bucket,
      key,
      headers: { 'x-oss-copy-source': source, 'content-length': '0', ...headers },
    });
  const put = (key: string, headers: Record<string, string> = {}, body = 'body') =>
    wire.send({ method: 'PUT', bucket, key, headers, body });
  const head = async (key: string) => (await wire.send({ method: 'HEAD', bucket, key })).headers;

  beforeAll(async () => {
    await wire.send({ method: 'PUT', bucket });
    await put('source', {
      'x-oss-tagging': 'color=red&size=1',
      'x-oss-meta-a': '1',
      'x-oss-object-acl': 'public-read',
    });
  });

  test('answers with a document and the ETag', async () => {
    const reply = await copy('documented', `/${bucket}/source`);
    const root = parseXml(reply.body, LIMITS);
    expect([reply.status, root.name, childText(root, 'ETag')]).toEqual([200, 'CopyObjectResult', etagOf('body')]);
    expect(childText(root, 'LastModified')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(reply.headers).not.toHaveProperty('x-oss-copy-source-version-id');
  });

  test('the directives say whose metadata and tags it has, in whatever case', async () => {
    const own = { 'x-oss-meta-b': '2', 'x-oss-tagging': 'shape=round' };
    await copy('theirs', `/${bucket}/source`, own);
    expect(await head('theirs')).toMatchObject({ 'x-oss-meta-a': '1', 'x-oss-tagging-count': '2' });
    expect(await head('theirs')).not.toHaveProperty('x-oss-meta-b');

    const directives = { 'x-oss-metadata-directive': 'replace', 'x-oss-tagging-directive': 'Replace' };
    await copy('own', `/${bucket}/source`, { ...own, ...directives });
    expect(await head('own')).toMatchObject({ 'x-oss-meta-b': '2', 'x-oss-tagging-count': '1' });
    expect(await head('own')).not.toHaveProperty('x-oss-meta-a');

    await copy('none', `/${bucket}/source`, directives);
    expect(await head('none')).not.toHaveProperty('x-oss-tagging-count');
  });

  test.each([
    ['x-oss-metadata-directive', 'MERGE', 'InvalidArgument'],
    ['x-oss-tagging-directive', '', 'InvalidArgument'],
    ['x-oss-storage-class', 'Warm', 'InvalidArgument'],
    ['x-oss-server-side-encryption', 'ROT13', 'InvalidEncryptionAlgorithmError'],
    ['if-match', '*', 'NotImplemented'],
  ])('%s: %s is refused', async (name, value, code) => {
    const reply = await copy('refused', `/${bucket}/source`, { [name]: value });
    expect(reply).toMatchObject({ status: 400, error: { code } });
    expect(reply.error?.document).toContain(name);
  });

  test('an existing object is not overwritten where that is forbidden', async () => {
    await put('taken', {}, 'first');
    const reply = await copy('taken', `/${bucket}/source`, { 'x-oss-forbid-overwrite': 'true' });
    expect(reply).toMatchObject({ status: 409, error: { code: 'FileAlreadyExists' } });
    expect((await wire.send({ bucket, key: 'taken' })).text).toBe('first');
  });

  test('a copy onto itself changes its class and keeps the rest', async () => {
    await put('itself', { 'x-oss-meta-a': '1', 'x-oss-tagging': 'k=v' });
    expect((await copy('itself', `/${bucket}/itself`, { 'x-oss-storage-class': 'IA' })).status).toBe(200);
    expect(await head('itself')).toMatchObject({
      'x-oss-storage-class': 'IA',
      'x-oss-meta-a': '1',
      'x-oss-tagging-count': '1',
      'content-length': '4',
    });
  });

  test.each([
    ['if-match', '"other"', 412],
    ['if-unmodified-since', BEFORE, 412],
    ['if-none-match', '*', 304],
    ['if-modified-since', AFTER, 304],
    ['if-modified-since', BEFORE, 200],
    ['if-modified-since', 'soon', 200],
  ])('x-oss-copy-source-%s: %s is answered with %i', async (name, value, status) => {
    const key = `on-${name}-${status}`;
    expect((await copy(key, `/${bucket}/source`, { [`x-oss-copy-source-${name}`]: value })).status).toBe(status);
    expect((await wire.send({ method: 'HEAD', bucket, key })).status).toBe(status === 200 ? 200 : 404);
  });

  test.each([
    [`/${bucket}`, 400, 'InvalidArgument'],
    ['', 400, 'InvalidArgument'],
    [`/${bucket}/source?versionId=`, 400, 'InvalidArgument'],
    [`/${bucket}/source?acl`, 400, 'InvalidArgument'],
    ['/A/b', 400, 'InvalidBucketName'],
    [`/${bucket}/${'k'.repeat(1024)}`, 400, 'InvalidObjectName'],
    [`/${bucket}/%ff`, 400, 'InvalidObjectName'],
    [`/${bucket}//rooted`, 400, 'InvalidObjectName'],
  ])('the source "%.30s" is refused with %i %s', async (source, status, code) => {
    expect(await copy('x', source)).toMatchObject({ status, error: { code } });
  });

  test('a target that can be no key is refused, and the server goes on', async () => {
    expect(await copy('k'.repeat(1024), `/${bucket}/source`)).toMatchObject({ error: { code: 'InvalidObjectName' } });
    expect((await copy('after', `/${bucket}/source`)).status).toBe(200);
  });

  test('a source in another region is refused', async () => {
    const body =
      '<CreateBucketConfiguration><LocationConstraint>oss-cn-beijing</LocationConstraint></CreateBucketConfiguration>';
    await wire.send({ method: 'PUT', bucket: 'far-copies', body });
    const signWith = { region: 'cn-beijing' };
    await wire.send({ method: 'PUT', bucket: 'far-copies', key: 'a', body: 'x', signWith });
    const reply = await copy('near', '/far-copies/a');
    expect(reply).toMatchObject({ status: 403, error: { code: 'AccessDenied' } });
    expect(reply.error?.message).toBe('Target object does not reside in the same data center as source object.');
  });

  test('a delete marker is no source: found it is no key, named it is refused as one', async () => {
    const versioned = 'wire-copies-versioned';
    await wire.send({ method: 'PUT', bucket: versioned });
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    await wire.send({ method: 'PUT', bucket: versioned, query: 'versioning', body });
    await wire.send({ method: 'PUT', bucket: versioned, key: 'doc', body: 'x' });
    const deleted = await wire.send({ method: 'DELETE', bucket: versioned, key: 'doc' });
    const marker = deleted.headers['x-oss-version-id'] ?? '';
    expect(await copy('x', `/${versioned}/doc`)).toMatchObject({
      status: 404,
      error: { code: 'NoSuchKey' },
      headers: { 'x-oss-delete-marker': 'true', 'x-oss-version-id': marker },
    });
    expect(await copy('x', `/${versioned}/doc?${rawQuery({ versionId: marker })}`)).toMatchObject({
      status: 400,
      error: { code: 'InvalidArgument', ec: '0016-00000307' },
    });
  });
});

function etagOf(text: string): string {
  return `"${createHash('md5').update(text).digest('hex').toUpperCase()}"`;
}
