/** The unmodified ali-oss SDK against a server process, signing with V1 and with V4. */

import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { rawQuery, WireClient } from '../wire-client.ts';
import { type AliOss, aliOss, type Inventory } from './ali-oss-client.ts';
import { refusal } from './refusal.ts';

const ACCOUNT = '1000000000000000';

/** Characters that XML 1.0 can't carry, so that these keys need encoding-type=url. */
const UNPRINTABLE_KEYS = ['\u0001start\u001fof heading', 'line\nfeed\r\ttab', 'nul\0'];

/** Keys that encodings get wrong: blanks, signs, quotes, markup, and scripts in and above the basic plane, two of them
 *  chosen because UTF-16 sorts them the other way round. (`..` is missing: ali-oss resolves it before it sends.) */
const AWKWARD_KEYS = [
  ...UNPRINTABLE_KEYS,
  ' leading and trailing blank ',
  '"double" and \'single\'',
  '%41 is not A',
  '100%',
  'a+b=c&d',
  'a<b>&amp;c',
  'dir//empty segment',
  'dir/.../up',
  'emoji 😀',
  'back\\slash',
  'query?acl#fragment',
  'semi;colon,comma*(~)!',
  'Ünïcödé/封面.jpg',
  '\uFFFD replacement',
  '𠮷野家',
];

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

describe.each([
  { version: 'v1', isV4: false },
  { version: 'v4', isV4: true },
])('ali-oss signing with $version', ({ version, isV4 }) => {
  const bucket = `media-${version}`;
  const reports = `reports-${version}`;
  let client: AliOss;

  beforeAll(async () => {
    client = aliOss({ endpoint: server.endpoint, isV4 });
    await client.putBucket(bucket);
    await client.putBucket(reports);
    client.useBucket(bucket);
  });

  describe('buckets', () => {
    test('putBucket names the bucket it made, and making it again is no error', async () => {
      expect(await client.putBucket(`cold-${version}`, { storageClass: 'IA' })).toMatchObject({
        bucket: `cold-${version}`,
        res: { status: 200 },
      });
      expect(await client.putBucket(`cold-${version}`, { storageClass: 'IA' })).toMatchObject({ res: { status: 200 } });
    });

    test('listBuckets shows them with the account as owner', async () => {
      const { buckets, owner, isTruncated } = await client.listBuckets();
      expect(owner.id).toBe(ACCOUNT);
      expect(isTruncated).toBe(false);
      expect(buckets).toContainEqual(
        expect.objectContaining({ name: `cold-${version}`, region: 'oss-cn-hangzhou', storageClass: 'IA' }),
      );
    });

    test('listBuckets pages by prefix, marker and max-keys', async () => {
      const first = await client.listBuckets({ prefix: 'media-', 'max-keys': 1 });
      expect(first.buckets?.map(({ name }) => name)).toHaveLength(1);
      const after = await client.listBuckets({ prefix: 'media-', marker: 'media-v0', 'max-keys': 1000 });
      expect(after.buckets?.map(({ name }) => name)).toContain(bucket);
    });

    test('getBucketInfo and getBucketLocation tell where and whose it is', async () => {
      const { bucket: info } = await client.getBucketInfo(bucket);
      expect(info).toMatchObject({
        Name: bucket,
        Location: 'oss-cn-hangzhou',
        StorageClass: 'Standard',
        DataRedundancyType: 'LRS',
        ExtranetEndpoint: 'oss-cn-hangzhou.aliyuncs.com',
        Owner: { ID: ACCOUNT },
        AccessControlList: { Grant: 'private' },
      });
      expect((await client.getBucketLocation(bucket)).location).toBe('oss-cn-hangzhou');
    });

    test('deleteBucket removes an empty bucket and refuses one that holds objects', async () => {
      await client.putBucket(`brief-${version}`);
      expect((await client.deleteBucket(`brief-${version}`)).res.status).toBe(204);
      await client.put('kept', Buffer.from('x'));
      expect(await refusal(client.deleteBucket(bucket))).toMatchObject({ status: 409, code: 'BucketNotEmpty' });
    });
  });

  describe('objects', () => {
    test.each([
      ['a buffer', 'buffer', Buffer.from('hello, 世界'), false],
      ['nothing at all', 'empty', Buffer.alloc(0), false],
      ['five megabytes', 'large', randomBytes(5 * 1024 * 1024), false],
      ['a stream of unknown length', 'stream', randomBytes(300_000), true],
    ])('%s put is what get and getStream bring back', async (_what, key, body, isStream) => {
      const put = await client.put(key, isStream ? Readable.from(pieces(body)) : body);
      const etag = `"${md5(body).toString('hex').toUpperCase()}"`;
      expect(put.res.headers).toMatchObject({ etag, 'content-md5': md5(body).toString('base64') });

      const got = await client.get(key);
      expect(got.content.equals(body)).toBe(true);
      expect(got.res.headers).toMatchObject({ etag, 'content-length': String(body.length) });
      const { stream } = await client.getStream(key);
      expect(md5(await collect(stream))).toEqual(md5(body));
    });

    test('a range is answered as a part, and one that makes no sense with the whole', async () => {
      await client.put('ranged', Buffer.from('0123456789'));
      const range = async (value: string) => await client.get('ranged', { headers: { Range: value } });
      expect(await range('bytes=2-4')).toMatchObject({
        content: Buffer.from('234'),
        res: { status: 206, headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3' } },
      });
      expect(await range('bytes=-3')).toMatchObject({ content: Buffer.from('789') });
      expect(await range('bytes=7-')).toMatchObject({ content: Buffer.from('789') });
      expect(await range('bytes=20-30')).toMatchObject({ content: Buffer.from('0123456789'), res: { status: 200 } });
    });

    test('head brings back what put was told: user metadata, type and caching', async () => {
      await client.put('described', Buffer.from('x'), {
        mime: 'text/css',
        meta: { author: 'someone', 'two-words': 'a, b' },
        headers: { 'Cache-Control': 'no-cache', 'Content-Disposition': 'attachment; filename="a b"' },
      });
      const { meta, res } = await client.head('described');
      expect(meta).toEqual({ author: 'someone', 'two-words': 'a, b' });
      expect(res.headers).toMatchObject({
        'content-type': 'text/css',
        'cache-control': 'no-cache',
        'content-disposition': 'attachment; filename="a b"',
        'content-length': '1',
        'x-oss-object-type': 'Normal',
        'x-oss-storage-class': 'Standard',
      });
    });

    test('getObjectMeta tells length, ETag and date alone', async () => {
      await client.put('plain', Buffer.from('four'), { meta: { author: 'someone' } });
      const { res } = await client.getObjectMeta('plain');
      expect(res.headers).toMatchObject({ etag: expect.any(String), 'content-length': '4' });
      expect(Date.parse(res.headers['last-modified'] ?? '')).toBeLessThanOrEqual(Date.now());
      expect(res.headers).not.toHaveProperty('x-oss-meta-author');
    });

    test('delete removes an object, and one that is not there too', async () => {
      await client.put('gone', Buffer.from('x'));
      expect((await client.delete('gone')).res.status).toBe(204);
      expect((await client.delete('gone')).res.status).toBe(204);
      expect(await refusal(client.get('gone'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    });
  });

  describe('listings', () => {
    const listed = `listed-${version}`;

    beforeAll(async () => {
      await client.putBucket(listed);
      client.useBucket(listed);
      for (const key of AWKWARD_KEYS) await client.put(key, Buffer.from(key));
    });

    afterAll(() => client.useBucket(bucket));

    test('awkward keys are read back under their own names', async () => {
      for (const key of AWKWARD_KEYS) expect.soft((await client.get(key)).content.toString(), key).toBe(key);
    });

    test('list and listV2 bring them in byte order, encoded on demand', async () => {
      const inOrder = AWKWARD_KEYS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const query = { 'encoding-type': 'url', 'max-keys': 1000 };
      const v1 = await client.list(query);
      const v2 = await client.listV2({ ...query, 'fetch-owner': true });
      for (const page of [v1, v2]) {
        expect(page.objects.map(({ name }) => decodeURIComponent(name))).toEqual(inOrder);
        expect(page).toMatchObject({ prefixes: null, isTruncated: false });
        expect(page.objects[0]).toMatchObject({ type: 'Normal', storageClass: 'Standard', owner: { id: ACCOUNT } });
      }
      expect(v2.keyCount).toBe(inOrder.length);
    });

    test('keys that XML can hold come as they are when no encoding is asked for', async () => {
      const page = await client.listV2({ prefix: 'a<b' });
      expect(page.objects.map(({ name }) => name)).toEqual(['a<b>&amp;c']);
    });

    test('pages of two, by marker and by token, add up to the whole', async () => {
      const url = { 'encoding-type': 'url', 'max-keys': 2 };
      const names: string[] = [];
      const byToken: string[] = [];
      // Without a marker rather than with an empty one, which ali-oss signs under V4 in a form of its own.
      for (let from = {}, page = 0; page < AWKWARD_KEYS.length; page++) {
        const { objects, nextMarker } = await client.list({ ...url, ...from });
        names.push(...objects.map(({ name }) => decodeURIComponent(name)));
        if (nextMarker === null) break;
        from = { marker: decodeURIComponent(nextMarker) };
      }
      for (let from = {}, page = 0; page < AWKWARD_KEYS.length; page++) {
        const { objects, nextContinuationToken } = await client.listV2({ ...url, ...from });
        byToken.push(...objects.map(({ name }) => decodeURIComponent(name)));
        if (nextContinuationToken === null) break;
        from = { 'continuation-token': nextContinuationToken };
      }
      expect(names.toSorted()).toEqual(AWKWARD_KEYS.toSorted());
      expect(byToken).toEqual(names);
    });

    test('a delimiter rolls up what lies behind it', async () => {
      const page = await client.listV2({ delimiter: '/', prefix: 'dir/' });
      expect(page).toMatchObject({ prefixes: ['dir/.../', 'dir//'], objects: [], keyCount: 2 });
      const below = await client.list({ delimiter: '/', prefix: 'dir//' });
      expect(below.objects.map(({ name }) => name)).toEqual(['dir//empty segment']);
    });

    test('deleteMulti removes the keys it is given, and says so unless told to be quiet', async () => {
      const [first = '', ...rest] = AWKWARD_KEYS.filter((key) => !UNPRINTABLE_KEYS.includes(key));
      const one = await client.deleteMulti([first]);
      expect(one.deleted.map(({ Key }) => Key)).toEqual([first]);
      expect((await client.deleteMulti(rest, { quiet: true })).deleted).toEqual([]);
      const left = await client.listV2({ 'encoding-type': 'url' });
      expect(left.keyCount).toBe(UNPRINTABLE_KEYS.length);
    });
  });

  describe('inventory', () => {
    const inventory = (change: Partial<Inventory> = {}): Inventory => ({
      id: 'nightly',
      isEnabled: false,
      prefix: 'raw/',
      OSSBucketDestination: {
        format: 'CSV',
        accountId: ACCOUNT,
        rolename: 'AliyunOSSRole',
        bucket: reports,
        prefix: 'inv',
        encryption: { 'SSE-OSS': '' },
      },
      frequency: 'Weekly',
      includedObjectVersions: 'Current',
      optionalFields: { field: ['Size', 'ETag'] },
      ...change,
    });

    /** ali-oss moves the frequency up and leaves the empty element where it was. */
    const parsed = (rule: Inventory) => ({ ...rule, schedule: {} });

    test('no rule at all is an error, as with the original', async () => {
      expect(await refusal(client.listBucketInventory(reports))).toMatchObject({
        status: 404,
        code: 'NoSuchInventory',
      });
    });

    test('a rule that was put is got and listed with all that it says', async () => {
      expect((await client.putBucketInventory(bucket, inventory())).res.status).toBe(200);
      expect((await client.getBucketInventory(bucket, 'nightly')).inventory).toEqual(parsed(inventory()));
      const { inventoryList, isTruncated, nextContinuationToken } = await client.listBucketInventory(bucket);
      expect(inventoryList).toEqual([parsed(inventory())]);
      expect([isTruncated, nextContinuationToken]).toEqual([false, undefined]);
    });

    test('a rule with nothing optional comes back with nothing optional', async () => {
      const { accountId, rolename } = inventory().OSSBucketDestination;
      const destination = { format: 'CSV', accountId, rolename, bucket: reports } as const;
      await client.putBucketInventory(
        bucket,
        inventory({ id: 'bare', prefix: '', OSSBucketDestination: destination, optionalFields: { field: [] } }),
      );
      const { inventory: got } = await client.getBucketInventory(bucket, 'bare');
      expect(got).toMatchObject({ id: 'bare', prefix: '', OSSBucketDestination: destination });
      expect(got).not.toHaveProperty('optionalFields');
    });

    test('the same id again is refused, and the rule stays', async () => {
      const again = client.putBucketInventory(bucket, inventory({ frequency: 'Daily' }));
      expect(await refusal(again)).toMatchObject({ status: 409, code: 'InventoryAlreadyExist' });
      expect((await client.getBucketInventory(bucket, 'nightly')).inventory.frequency).toBe('Weekly');
    });

    test('deleteBucketInventory removes it, and one that is not there too', async () => {
      expect((await client.deleteBucketInventory(bucket, 'nightly')).res.status).toBe(204);
      expect((await client.deleteBucketInventory(bucket, 'nightly')).res.status).toBe(204);
      const gone = client.getBucketInventory(bucket, 'nightly');
      expect(await refusal(gone)).toMatchObject({ status: 404, code: 'NoSuchInventory' });
    });

    test('after a rule is put its report lies in the destination, and says what listing and head say', async () => {
      const source = `source-${version}`;
      await client.putBucket(source);
      client.useBucket(source);
      for (const key of AWKWARD_KEYS) await client.put(key, Buffer.from(key));
      const { encryption: _, ...destination } = inventory().OSSBucketDestination;
      const field = ['Size', 'ETag', 'StorageClass', 'LastModifiedDate', 'ObjectType', 'Crc64'];
      await client.putBucketInventory(
        source,
        inventory({
          id: 'all',
          isEnabled: true,
          prefix: '',
          OSSBucketDestination: destination,
          optionalFields: { field },
        }),
      );
      const manifestKey = await manifestOfFirstRun(source, 'all');

      client.useBucket(reports);
      const manifestBytes = (await client.get(manifestKey)).content;
      const checksum = (await client.get(manifestKey.replace('manifest.json', 'manifest.checksum'))).content;
      expect(checksum.toString()).toBe(md5(manifestBytes).toString('hex').toUpperCase());
      const manifest = JSON.parse(manifestBytes.toString()) as Manifest;
      expect(manifest).toMatchObject({
        sourceBucket: source,
        destinationBucket: reports,
        fileFormat: 'CSV',
        fileSchema: ['Bucket', 'Key', ...field].join(', '),
        version: '2019-09-01',
      });
      const rows: string[][] = [];
      for (const file of manifest.files) {
        const { content } = await client.get(file.key);
        expect([content.length, md5(content).toString('hex').toUpperCase()]).toEqual([file.size, file.MD5checksum]);
        rows.push(...readRows(gunzipSync(content).toString()));
      }

      client.useBucket(source);
      const { objects } = await client.listV2({ 'encoding-type': 'url', 'max-keys': 1000 });
      const expected: string[][] = [];
      for (const object of objects) {
        const { headers } = (await client.head(decodeURIComponent(object.name))).res;
        expected.push([
          source,
          object.name,
          String(object.size),
          object.etag.replaceAll('"', ''),
          object.storageClass,
          `${object.lastModified.slice(0, 19).replaceAll(':', '-')}Z`,
          object.type,
          headers['x-oss-hash-crc64ecma'] ?? '',
        ]);
      }
      client.useBucket(bucket);
      expect(rows).toEqual(expected);
    });
  });

  describe('errors', () => {
    test('carry status, code, name, EC and the request id of the header', async () => {
      const error = await refusal(client.getBucketInfo('no-such-bucket'));
      expect(error).toMatchObject({
        name: 'NoSuchBucketError',
        code: 'NoSuchBucket',
        status: 404,
        ecCode: '0015-00000101',
        message: 'The specified bucket does not exist.',
        requestId: expect.stringMatching(/^[0-9A-F]{24}$/),
      });
    });

    test('of HEAD reach the client too, which has no body to read', async () => {
      expect(await refusal(client.head('no-such-key'))).toMatchObject({ status: 404, code: 'NoSuchKey' });
      const stranger = aliOss({ endpoint: server.endpoint, isV4, accessKeySecret: 'wrong' });
      stranger.useBucket(bucket);
      expect(await refusal(stranger.head('buffer'))).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    });

    test('of a wrong secret leave nothing behind', async () => {
      const stranger = aliOss({ endpoint: server.endpoint, isV4, accessKeySecret: 'wrong' });
      stranger.useBucket(bucket);
      const error = await refusal(stranger.put('intruder', Buffer.from('x')));
      expect(error).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
      expect(await refusal(client.get('intruder'))).toMatchObject({ code: 'NoSuchKey' });
    });
  });
});

interface Manifest {
  readonly files: readonly { readonly key: string; readonly size: number; readonly MD5checksum: string }[];
}

/** Asks for the rule's runs until the first one is published. */
async function manifestOfFirstRun(bucket: string, ruleId: string): Promise<string> {
  const wire = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  const query = rawQuery({ inventory: undefined, inventoryId: ruleId, runs: undefined });
  const published = async () => {
    const { text } = await wire.send({ bucket, query });
    const { runs } = JSON.parse(text) as { readonly runs: readonly { readonly manifest: string | null }[] };
    const manifest = runs[0]?.manifest;
    if (manifest) return manifest;
    throw new Error(`not yet published: ${text}`);
  };
  return await vi.waitFor(published, { timeout: 20_000, interval: 100 }).finally(() => wire.close());
}

/** Rows as the report writes them: the first column bare, the others in quotes. */
function readRows(csv: string): string[][] {
  return csv
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(',').map((column) => column.replace(/^"|"$/g, '')));
}

function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 40_000) yield body.subarray(at, at + 40_000);
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}
