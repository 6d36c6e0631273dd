/** Multipart uploads, as the unmodified ali-oss SDK makes them and as they go over the wire. */

import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childrenNamed, childText, parseXml } from '../../src/core/xml.ts';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { rawQuery, WireClient, type WireReply, type WireRequest } from '../wire-client.ts';
import { type AliOss, aliOss } from './ali-oss-client.ts';
import { refusal } from './refusal.ts';

/** The least that a part may have that isn't the last one. */
const PART_BYTES = 100 * 1024;
const AWKWARD_KEY = 'dir/\u0001 + 封面&.bin';

const content = randomBytes(2 * PART_BYTES + 12_345);

let server: ServerProcess;
let wire: WireClient;
let folder: string;
let file: string;

beforeAll(async () => {
  server = await startServer();
  wire = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  folder = await mkdtemp(path.join(tmpdir(), 'stocktake-multipart-'));
  file = path.join(folder, 'content.bin');
  await writeFile(file, content);
});

afterAll(async () => {
  wire.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each([
  { version: 'v1', isV4: false },
  { version: 'v4', isV4: true },
])('ali-oss signing with $version', ({ version, isV4 }) => {
  const bucket = `parts-${version}`;
  let client: AliOss;

  /** Uploads the file in three parts, in the order of these numbers, and gives what completes it. */
  async function uploadFile(key: string, uploadId: string, numbers = [1, 2, 3]) {
    const parts: { number: number; etag: string }[] = [];
    for (const number of numbers) {
      const start = (number - 1) * PART_BYTES;
      const end = Math.min(start + PART_BYTES, content.length);
      parts.push({ number, etag: (await client.uploadPart(key, uploadId, number, file, start, end)).etag });
    }
    return parts;
  }

  beforeAll(async () => {
    client = aliOss({ endpoint: server.endpoint, isV4 });
    await client.putBucket(bucket);
    client.useBucket(bucket);
  });

  test('an object is the bytes of its parts in order, with what was said of it at the beginning', async () => {
    const { uploadId } = await client.initMultipartUpload('whole', {
      mime: 'video/mp4',
      meta: { author: 'someone' },
      headers: { 'x-oss-storage-class': 'IA', 'x-oss-tagging': 'team=a' },
    });
    expect(uploadId).toMatch(/^[0-9A-F]{32}$/);
    const parts = await uploadFile('whole', uploadId, [3, 1, 2]);
    expect(await refusal(client.get('whole'))).toMatchObject({ code: 'NoSuchKey' });

    const { etag, res } = await client.completeMultipartUpload('whole', uploadId, parts);
    expect(etag).toMatch(/^"[0-9A-F]{32}-3"$/);
    const got = await client.get('whole');
    expect(got.content.equals(content)).toBe(true);
    const { headers } = (await client.put('plain', content)).res;
    expect(got.res.headers).toMatchObject({
      etag,
      'content-type': 'video/mp4',
      'x-oss-meta-author': 'someone',
      'x-oss-object-type': 'Multipart',
      'x-oss-storage-class': 'IA',
      'x-oss-tagging-count': '1',
      'x-oss-hash-crc64ecma': headers['x-oss-hash-crc64ecma'],
    });
    expect(got.res.headers).not.toHaveProperty('content-md5');
    expect(res.headers).toMatchObject({ 'x-oss-hash-crc64ecma': headers['x-oss-hash-crc64ecma'] });
  });

  test('multipartUpload brings a file and a buffer over, headers that it repeats on each part and all', async () => {
    for (const source of [file, content]) {
      // Anew each time, because ali-oss writes headers of its own into it.
      const options = { partSize: PART_BYTES, meta: { author: 'a' }, headers: { 'x-oss-tagging': 'k=v' } };
      const { etag } = await client.multipartUpload('dir/from a file', source, options);
      expect(etag).toMatch(/-3"$/);
      expect((await client.get('dir/from a file')).content.equals(content)).toBe(true);
    }
    expect((await client.listUploads({ prefix: 'dir/from' })).uploads).toEqual([]);
  });

  test('a part that comes again takes the place of the one before', async () => {
    const { uploadId } = await client.initMultipartUpload('again');
    const before = await client.uploadPart('again', uploadId, 1, file, 0, 10);
    const after = await client.uploadPart('again', uploadId, 1, file, 10, 30);
    const { parts } = await client.listParts('again', uploadId);
    expect(parts).toMatchObject({ PartNumber: '1', ETag: after.etag, Size: '20' });
    const old = client.completeMultipartUpload('again', uploadId, [{ number: 1, etag: before.etag }]);
    expect(await refusal(old)).toMatchObject({ status: 400, code: 'InvalidPart' });
    await client.completeMultipartUpload('again', uploadId, [{ number: 1, etag: after.etag }]);
    expect((await client.get('again')).content).toEqual(content.subarray(10, 30));
  });

  test('listParts tells of each part, a page at a time', async () => {
    const { uploadId } = await client.initMultipartUpload(AWKWARD_KEY);
    const [first, second, third] = await uploadFile(AWKWARD_KEY, uploadId);
    const page = await client.listParts(AWKWARD_KEY, uploadId, { 'max-parts': 2, 'encoding-type': 'url' });
    expect(page).toMatchObject({
      bucket,
      name: encodeURIComponent(AWKWARD_KEY),
      uploadId,
      partNumberMarker: '0',
      nextPartNumberMarker: '2',
      maxParts: '2',
      isTruncated: 'true',
      parts: [
        { PartNumber: '1', ETag: first?.etag, Size: String(PART_BYTES) },
        { PartNumber: '2', ETag: second?.etag, Size: String(PART_BYTES) },
      ],
    });
    const rest = await client.listParts(AWKWARD_KEY, uploadId, { 'part-number-marker': 2, 'encoding-type': 'url' });
    expect(rest).toMatchObject({ isTruncated: 'false', parts: { PartNumber: '3', ETag: third?.etag, Size: '12345' } });
    await client.abortMultipartUpload(AWKWARD_KEY, uploadId);
  });

  test('a part may be the whole of another object or a range of it', async () => {
    const other = `copied-${version}`;
    await client.putBucket(other);
    client.useBucket(other);
    await client.put('source 源', content);
    client.useBucket(bucket);
    const source = { sourceKey: 'source 源', sourceBucketName: other };

    const { uploadId } = await client.initMultipartUpload('copied');
    const whole = await client.uploadPartCopy('copied', uploadId, 1, undefined, source);
    const range = await client.uploadPartCopy('copied', uploadId, 2, '100-299', source);
    expect(whole.etag).toBe(quotedMd5(content));
    expect(range.etag).toBe(quotedMd5(content.subarray(100, 300)));
    await client.completeMultipartUpload('copied', uploadId, [
      { number: 1, etag: whole.etag },
      { number: 2, etag: range.etag },
    ]);
    const expected = Buffer.concat([content, content.subarray(100, 300)]);
    expect((await client.get('copied')).content.equals(expected)).toBe(true);

    await client.multipartUploadCopy('copied at once', source, { partSize: PART_BYTES });
    expect((await client.get('copied at once')).content.equals(content)).toBe(true);
  });

  test('a copy of a part keeps to the conditions on its source', async () => {
    await client.put('conditional', Buffer.from('x'));
    const source = { sourceKey: 'conditional', sourceBucketName: bucket };
    const { uploadId } = await client.initMultipartUpload('of conditions');
    const copy = (headers: Record<string, string>) =>
      client.uploadPartCopy('of conditions', uploadId, 1, undefined, source, { headers });
    const unfit = copy({ 'x-oss-copy-source-if-match': '"0"' });
    expect(await refusal(unfit)).toMatchObject({ status: 412, code: 'PreconditionFailed' });
    expect(await refusal(copy({ 'x-oss-copy-source-if-none-match': '*' }))).toMatchObject({ status: 304 });
    expect((await copy({ 'x-oss-copy-source-if-match': quotedMd5(Buffer.from('x')) })).res.status).toBe(200);
    await client.abortMultipartUpload('of conditions', uploadId);
  });

  test('an abort takes the parts and the upload away', async () => {
    const { uploadId } = await client.initMultipartUpload('aborted');
    await uploadFile('aborted', uploadId);
    expect((await client.abortMultipartUpload('aborted', uploadId)).res.status).toBe(204);
    const gone = { status: 404, code: 'NoSuchUpload' };
    expect(await refusal(client.listParts('aborted', uploadId))).toMatchObject(gone);
    expect(await refusal(client.abortMultipartUpload('aborted', uploadId))).toMatchObject(gone);
    expect(await refusal(client.uploadPart('aborted', uploadId, 1, file, 0, 10))).toMatchObject(gone);
    expect(await refusal(client.completeMultipartUpload('aborted', uploadId, []))).toMatchObject(gone);
  });

  test('parts that make no object are refused by name, and the upload stays', async () => {
    const { uploadId } = await client.initMultipartUpload('unfit');
    const parts = await uploadFile('unfit', uploadId, [1, 2]);
    const small = await client.uploadPart('unfit', uploadId, 3, file, 0, PART_BYTES - 1);
    const last = await client.uploadPart('unfit', uploadId, 7, file, 0, 1);
    const complete = (...further: { number: number; etag: string }[]) =>
      client.completeMultipartUpload('unfit', uploadId, [...parts, ...further]);
    const invalid = { status: 400, code: 'InvalidPart' };
    expect(await refusal(complete({ number: 4, etag: last.etag }))).toMatchObject(invalid);
    expect(await refusal(complete({ number: 7, etag: small.etag }))).toMatchObject(invalid);
    const between = complete({ number: 3, etag: small.etag }, { number: 7, etag: last.etag });
    expect(await refusal(between)).toMatchObject({ status: 400, code: 'EntityTooSmall' });

    await complete({ number: 7, etag: last.etag });
    const expected = Buffer.concat([content.subarray(0, 2 * PART_BYTES), content.subarray(0, 1)]);
    expect((await client.get('unfit')).content.equals(expected)).toBe(true);
  });

  test('uploads are listed by key and then by id, grouped and a page at a time', async () => {
    const keys = ['list/a', 'list/b', 'list/b', 'list/sub/c', 'list/sub/d', 'list/z\u0001'];
    const begun: { key: string; uploadId: string }[] = [];
    for (const key of keys) begun.push({ key, uploadId: (await client.initMultipartUpload(key)).uploadId });
    const inOrder = begun
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.key + a.uploadId), Buffer.from(b.key + b.uploadId)))
      .map(({ key, uploadId }) => [key, uploadId]);

    const all = await client.listUploads({ prefix: 'list/', 'encoding-type': 'url' });
    expect(all.uploads.map(({ name, uploadId }) => [decodeURIComponent(name), uploadId])).toEqual(inOrder);
    expect([all.isTruncated, all.nextKeyMarker, all.nextUploadIdMarker]).toEqual([false, '', '']);

    const paged: string[][] = [];
    for (let from = {}, page = 0; page < keys.length; page++) {
      const query = { prefix: 'list/', 'encoding-type': 'url', 'max-uploads': 2, ...from };
      const { uploads, isTruncated, nextKeyMarker = '', nextUploadIdMarker = '' } = await client.listUploads(query);
      paged.push(...uploads.map(({ name, uploadId }) => [decodeURIComponent(name), uploadId]));
      if (!isTruncated) break;
      from = { 'key-marker': decodeURIComponent(nextKeyMarker), 'upload-id-marker': nextUploadIdMarker };
    }
    expect(paged).toEqual(inOrder);

    const grouped = await wire.send({
      bucket,
      query: rawQuery({ uploads: undefined, prefix: 'list/', delimiter: '/', 'encoding-type': 'url' }),
    });
    const root = parseXml(grouped.body, { maxBytes: 100_000, maxDepth: 5, maxElements: 1_000 });
    expect(childrenNamed(root, 'Upload').map((upload) => childText(upload, 'Key'))).toEqual([
      'list%2Fa',
      'list%2Fb',
      'list%2Fb',
      'list%2Fz%01',
    ]);
    expect(childrenNamed(root, 'CommonPrefixes').map((group) => childText(group, 'Prefix'))).toEqual(['list%2Fsub%2F']);
    for (const { key, uploadId } of begun) await client.abortMultipartUpload(key, uploadId);
  });

  test('an upload under way keeps its bucket from being deleted', async () => {
    const brief = `brief-${version}`;
    await client.putBucket(brief);
    client.useBucket(brief);
    const { uploadId } = await client.initMultipartUpload('unfinished');
    client.useBucket(bucket);
    expect(await refusal(client.deleteBucket(brief))).toMatchObject({ status: 409, code: 'BucketNotEmpty' });
    client.useBucket(brief);
    await client.abortMultipartUpload('unfinished', uploadId);
    client.useBucket(bucket);
    expect((await client.deleteBucket(brief)).res.status).toBe(204);
  });

  test('where versions are kept, a completed upload is one more of them', async () => {
    const versioned = `versioned-parts-${version}`;
    await client.putBucket(versioned);
    await client.putBucketVersioning(versioned, 'Enabled');
    client.useBucket(versioned);
    await client.put('doc', Buffer.from('before'));
    const { res } = await client.multipartUpload('doc', file, { partSize: PART_BYTES });
    const versionId = res.headers['x-oss-version-id'] ?? '';
    expect(versionId).toMatch(/^CAEQ/);
    expect((await client.get('doc', { versionId })).content.equals(content)).toBe(true);
    const { objects } = await client.getBucketVersions({ prefix: 'doc' });
    expect(objects.map(({ type, isLatest }) => [type, isLatest])).toEqual([
      ['Multipart', true],
      ['Normal', false],
    ]);
    client.useBucket(bucket);
  });

  test('an object that is there is kept when the upload may not overwrite', async () => {
    await client.put('kept', Buffer.from('kept'));
    const { uploadId } = await client.initMultipartUpload('kept');
    const parts = await uploadFile('kept', uploadId);
    const headers = { 'x-oss-forbid-overwrite': 'true' };
    const exists = { status: 409, code: 'FileAlreadyExists' };
    expect(await refusal(client.initMultipartUpload('kept', { headers }))).toMatchObject(exists);
    expect(await refusal(client.completeMultipartUpload('kept', uploadId, parts, { headers }))).toMatchObject(exists);
    expect((await client.get('kept')).content.toString()).toBe('kept');
    await client.completeMultipartUpload('kept', uploadId, parts);
    expect((await client.get('kept')).content.equals(content)).toBe(true);
  });
});

describe('over the wire', () => {
  const bucket = 'wire-parts';
  const key = 'k';
  let uploadId: string;

  const send = (request: WireRequest) => wire.send({ bucket, key, ...request });
  const part = (partNumber: string, change: WireRequest = {}) =>
    send({ method: 'PUT', query: rawQuery({ partNumber, uploadId }), body: 'x', ...change });
  const copy = (headers: Record<string, string>) =>
    part('1', { body: '', headers: { 'x-oss-copy-source': `/${bucket}/source`, ...headers } });
  const complete = (body: string, headers: Record<string, string> = {}) =>
    send({ method: 'POST', query: rawQuery({ uploadId }), body, headers });
  const initiate = async (headers: Record<string, string> = {}, query = 'uploads') =>
    await send({ method: 'POST', query, headers });
  const idOf = ({ text }: WireReply) => /<UploadId>(\w+)<\/UploadId>/.exec(text)?.[1] ?? '';

  beforeAll(async () => {
    await wire.send({ method: 'PUT', bucket });
    await send({ method: 'PUT', key: 'source', body: '0123456789' });
    uploadId = idOf(await initiate());
    for (const partNumber of ['1', '2']) await part(partNumber);
  });

  test('x-oss-complete-all takes every part there is, and the answer says where the object lies', async () => {
    const awkward = 'dir/a b&c';
    const query = rawQuery({ uploadId: idOf(await send({ method: 'POST', key: awkward, query: 'uploads' })) });
    for (const [partNumber, body] of [
      ['2', 'second'],
      ['9', ' and last'],
    ] as const) {
      const bytes = partNumber === '2' ? body.padEnd(PART_BYTES, '.') : body;
      await send({ method: 'PUT', key: awkward, query: `partNumber=${partNumber}&${query}`, body: bytes });
    }
    const reply = await send({
      method: 'POST',
      key: awkward,
      query: `${query}&encoding-type=url`,
      headers: { 'x-oss-complete-all': 'yes' },
      body: '',
    });
    expect(reply.status, reply.text).toBe(200);
    const root = parseXml(reply.body, { maxBytes: 10_000, maxDepth: 5, maxElements: 100 });
    expect(['EncodingType', 'Location', 'Bucket', 'Key', 'ETag'].map((name) => childText(root, name))).toEqual([
      'url',
      `${server.endpoint}/${bucket}/dir/a%20b%26c`,
      bucket,
      'dir%2Fa%20b%26c',
      reply.headers.etag,
    ]);
    expect((await send({ key: awkward })).text).toBe(`${'second'.padEnd(PART_BYTES, '.')} and last`);
  });

  test('encryption that is chosen at the beginning is told of the upload, its parts and its object', async () => {
    const encrypted = { 'x-oss-server-side-encryption': 'AES256' };
    const begun = await send({ method: 'POST', key: 'secret', query: 'uploads', headers: encrypted });
    expect(begun.headers).toMatchObject(encrypted);
    const query = rawQuery({ uploadId: idOf(begun) });
    const sent = await send({ method: 'PUT', key: 'secret', query: `partNumber=1&${query}`, body: 'hidden' });
    expect(sent.headers).toMatchObject(encrypted);
    const done = await send({
      method: 'POST',
      key: 'secret',
      query,
      headers: { 'x-oss-complete-all': 'yes' },
      body: '',
    });
    expect(done.headers).toMatchObject(encrypted);
    const got = await send({ key: 'secret' });
    expect([got.text, got.headers['x-oss-server-side-encryption']]).toEqual(['hidden', 'AES256']);
  });

  test.each(['nothing', 'F', '0'.repeat(1000), '\u0001'])(
    'an upload id marker that is no upload id, "%s", is a place like any other',
    async (marker) => {
      const query = rawQuery({ uploads: undefined, 'key-marker': 'j', 'upload-id-marker': marker });
      const { status, text } = await wire.send({ bucket, query });
      expect([status, text.includes(uploadId)]).toEqual([200, true]);
    },
  );

  const refused = (status: number, code: string, ec?: string) => ({ status, code, ec });
  const invalid = refused(400, 'InvalidArgument');
  const malformed = refused(400, 'MalformedXML', '0042-00000205');
  const noUpload = refused(404, 'NoSuchUpload');

  test.each<[string, ReturnType<typeof refused>, () => Promise<WireReply>]>([
    ['part 0', invalid, () => part('0')],
    ['part 10001', invalid, () => part('10001')],
    ['a part that has no number', invalid, () => part('')],
    ['a part number that is none', invalid, () => part('1e3')],
    ['a part without its number', invalid, () => send({ method: 'PUT', query: rawQuery({ uploadId }), body: 'x' })],
    ['an upload id of nobody', noUpload, () => part('1', { query: `partNumber=1&uploadId=${'0'.repeat(32)}` })],
    ['an upload id of another key', noUpload, () => part('1', { key: 'another' })],
    ['an empty upload id', noUpload, () => part('1', { query: 'partNumber=1&uploadId=' })],
    [
      'an upload id of 10,000 characters',
      noUpload,
      () => part('1', { query: `partNumber=1&uploadId=${'A'.repeat(10_000)}` }),
    ],
    ['a list of the parts of an upload of nobody', noUpload, () => send({ query: 'uploadId=0' })],
    ['an end of an upload of nobody', noUpload, () => send({ method: 'POST', query: 'uploadId=0', body: '' })],
    [
      'a part that is not what its MD5 says',
      refused(400, 'InvalidDigest'),
      () => part('1', { headers: { 'content-md5': md5(Buffer.from('y')).toString('base64') } }),
    ],
    [
      'a part that is not what its CRC says',
      refused(400, 'InvalidCRC64'),
      () => part('1', { headers: { 'x-oss-hash-crc64ecma': '1' } }),
    ],
    [
      'a part of more than 5 GiB',
      refused(400, 'EntityTooLarge'),
      () => part('1', { headers: { 'content-length': String(5 * 1024 ** 3 + 1) } }),
    ],
    [
      'a part that asks for encryption',
      invalid,
      () => part('1', { headers: { 'x-oss-server-side-encryption': 'AES256' } }),
    ],
    [
      'a part in another transfer coding',
      refused(400, 'NotImplemented'),
      () => part('1', { headers: { 'transfer-encoding': 'gzip, chunked' } }),
    ],
    [
      'a copy of bytes beyond the source',
      refused(416, 'InvalidRange'),
      () => copy({ 'x-oss-copy-source-range': 'bytes=5-10' }),
    ],
    ['a copy of no range', invalid, () => copy({ 'x-oss-copy-source-range': 'first ten' })],
    [
      'a copy of nothing that is there',
      refused(404, 'NoSuchKey', '0026-00000001'),
      () => copy({ 'x-oss-copy-source': `/${bucket}/missing` }),
    ],
    ['a copy without a source key', invalid, () => copy({ 'x-oss-copy-source': bucket })],
    ['an end without a body', malformed, () => complete('')],
    ['an end that is no XML', malformed, () => complete('all of them')],
    ['an end without parts', malformed, () => complete('<CompleteMultipartUpload/>')],
    ['an end of 4 MiB and one byte', malformed, () => complete(' '.repeat(4 * 1024 * 1024 + 1))],
    ['an end that is another document', malformed, () => complete('<Delete/>')],
    [
      'both a body and x-oss-complete-all',
      refused(400, 'InvalidArgument', '0042-00000216'),
      () => complete(parts(1), { 'x-oss-complete-all': 'yes' }),
    ],
    ['x-oss-complete-all: no', invalid, () => complete('', { 'x-oss-complete-all': 'no' })],
    [
      'an end that is not what its MD5 says',
      refused(400, 'InvalidDigest'),
      () => complete(parts(1), { 'content-md5': md5(Buffer.from('y')).toString('base64') }),
    ],
    ['parts that descend', refused(400, 'InvalidPartOrder'), () => complete(parts(2, 1))],
    ['a part that is named twice', refused(400, 'InvalidPartOrder'), () => complete(parts(1, 1))],
    ['an upload that begins with a made-up class', invalid, () => initiate({ 'x-oss-storage-class': 'Cold' })],
    [
      'an upload that begins with SM4',
      refused(400, 'NotImplemented'),
      () => initiate({ 'x-oss-server-side-encryption': 'SM4' }),
    ],
    ['an answer in another encoding', invalid, () => initiate({}, 'uploads&encoding-type=xml')],
    [
      'more parts a page than there may be',
      invalid,
      () => send({ query: rawQuery({ uploadId, 'max-parts': '1001' }) }),
    ],
    ['no part a page', invalid, () => send({ query: rawQuery({ uploadId, 'max-parts': '0' }) })],
    ['a part marker that is none', invalid, () => send({ query: rawQuery({ uploadId, 'part-number-marker': '-1' }) })],
    ['more uploads a page than there may be', invalid, () => wire.send({ bucket, query: 'uploads&max-uploads=1001' })],
    [
      'a prefix of uploads that no key has',
      invalid,
      () => wire.send({ bucket, query: `uploads&prefix=${'p'.repeat(1024)}` }),
    ],
    [
      'uploads of a bucket that is not there',
      refused(404, 'NoSuchBucket', '0015-00000101'),
      () => wire.send({ bucket: 'no-such-bucket', query: 'uploads' }),
    ],
  ])('%s is refused, and the upload is as it was', async (_what, expected, request) => {
    const reply = await request();
    const got = { status: reply.status, code: reply.error?.code, ec: reply.error?.ec };
    expect(got, reply.text).toEqual(expected);
    const { text } = await send({ query: rawQuery({ uploadId }) });
    const etag = `<ETag>${quotedMd5(Buffer.from('x'))}</ETag>`;
    expect(text.match(/<PartNumber>\d+<\/PartNumber>|<ETag>.*<\/ETag>/g)).toEqual([
      '<PartNumber>1</PartNumber>',
      etag,
      '<PartNumber>2</PartNumber>',
      etag,
    ]);
    const uploads = await wire.send({ bucket, query: 'uploads' });
    expect(uploads.text.match(/<UploadId>\w+<\/UploadId>/g)).toEqual([`<UploadId>${uploadId}</UploadId>`]);
    expect((await send({ method: 'HEAD' })).status).toBe(404);
  });
});

/** A list of parts that are all of the byte "x". */
function parts(...numbers: number[]): string {
  const etag = quotedMd5(Buffer.from('x'));
  const named = numbers.map((number) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  return `<CompleteMultipartUpload>${named.join('')}</CompleteMultipartUpload>`;
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

function quotedMd5(bytes: Uint8Array): string {
  return `"${md5(bytes).toString('hex').toUpperCase()}"`;
}
