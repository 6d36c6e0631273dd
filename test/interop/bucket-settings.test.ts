/** What can be set of a bucket, as the unmodified ali-oss SDK sets it and as it goes over the wire. */

import { beforeAll, describe, expect, test } from 'vitest';
import { childText, parseXml } from '../../src/core/xml.ts';
import { startServer, TEST_KEY } from '../server-process.ts';
import { rawQuery, WireClient, type WireReply, type WireRequest } from '../wire-client.ts';
import type { AliOss } from './ali-oss-client.ts';
import { clientsOfAServer, SIGNATURES } from './clients-of-a-server.ts';
import { refusal } from './refusal.ts';

const ACCOUNT = '1000000000000000';

const { wire, newAliOss } = clientsOfAServer();

describe.each(SIGNATURES)('ali-oss signing with $version', ({ version, isV4 }) => {
  const bucket = `settings-${version}`;
  let client: AliOss;

  beforeAll(async () => {
    client = newAliOss(isV4);
    await client.putBucket(bucket);
    client.useBucket(bucket);
  });

  test('a bucket that nothing was set of says so, each setting in its own way', async () => {
    const { bucket: info } = await client.getBucketInfo(bucket);
    expect(info).toMatchObject({
      AccessControlList: { Grant: 'private' },
      Comment: '',
      ServerSideEncryptionRule: { SSEAlgorithm: 'None' },
    });
    expect(info).not.toHaveProperty('Versioning');
    expect((await client.getBucketVersioning(bucket)).versionStatus).toBeUndefined();
    expect((await client.getBucketTags(bucket)).tag).toEqual({});
    expect(await refusal(client.getBucketEncryption(bucket))).toMatchObject({
      status: 404,
      code: 'NoSuchServerSideEncryptionRule',
    });
  });

  test('the ACL is set and told, with the account as owner', async () => {
    for (const acl of ['public-read', 'public-read-write', 'private']) {
      expect((await client.putBucketACL(bucket, acl)).res.status).toBe(200);
      expect(await client.getBucketACL(bucket)).toMatchObject({ acl, owner: { id: ACCOUNT } });
      expect((await client.getBucketInfo(bucket)).bucket).toMatchObject({ AccessControlList: { Grant: acl } });
    }
  });

  test('versioning is enabled, suspended and enabled again', async () => {
    for (const status of ['Enabled', 'Suspended', 'Enabled'] as const) {
      await client.putBucketVersioning(bucket, status);
      expect((await client.getBucketVersioning(bucket)).versionStatus).toBe(status);
      expect((await client.getBucketInfo(bucket)).bucket).toMatchObject({ Versioning: status });
    }
  });

  test('what is put after a default encryption was set is encrypted by it, until it is taken away', async () => {
    await client.put('before', Buffer.from('plain'));
    await client.putBucketEncryption(bucket, { SSEAlgorithm: 'AES256' });
    expect((await client.getBucketEncryption(bucket)).encryption).toEqual({ SSEAlgorithm: 'AES256' });
    expect((await client.getBucketInfo(bucket)).bucket).toMatchObject({
      ServerSideEncryptionRule: { SSEAlgorithm: 'AES256' },
    });
    const { headers } = (await client.put('within', Buffer.from('secret'))).res;
    expect(headers).toMatchObject({ 'x-oss-server-side-encryption': 'AES256' });
    const within = await client.get('within');
    expect([within.content.toString(), within.res.headers['x-oss-server-side-encryption']]).toEqual([
      'secret',
      'AES256',
    ]);
    expect((await client.head('before')).res.headers).not.toHaveProperty('x-oss-server-side-encryption');

    expect((await client.deleteBucketEncryption(bucket)).res.status).toBe(204);
    expect((await client.deleteBucketEncryption(bucket)).res.status).toBe(204);
    expect(await refusal(client.getBucketEncryption(bucket))).toMatchObject({ status: 404 });
    expect((await client.put('after', Buffer.from('x'))).res.headers).not.toHaveProperty(
      'x-oss-server-side-encryption',
    );
    expect((await client.get('within')).content.toString()).toBe('secret');
  });

  test('a default encryption may name a master key, or leave that to the account', async () => {
    const named = { SSEAlgorithm: 'KMS', KMSMasterKeyID: '9468da86-3509-4f8d-a61e-6eab1eac0001' };
    await client.putBucketEncryption(bucket, named);
    expect((await client.getBucketEncryption(bucket)).encryption).toEqual(named);
    expect((await client.getBucketInfo(bucket)).bucket).toMatchObject({ ServerSideEncryptionRule: named });
    await client.putBucketEncryption(bucket, { SSEAlgorithm: 'KMS' });
    expect((await client.getBucketEncryption(bucket)).encryption).toEqual({ SSEAlgorithm: 'KMS' });
    await client.deleteBucketEncryption(bucket);
  });

  test('tags are put in place of those before, and deleted', async () => {
    await client.putBucketTags(bucket, { old: '1' });
    const tags = { team: 'Ünïcödé; any, text', 'cost centre': '' };
    await client.putBucketTags(bucket, tags);
    expect((await client.getBucketTags(bucket)).tag).toEqual(tags);
    expect((await client.deleteBucketTags(bucket)).res.status).toBe(204);
    expect((await client.deleteBucketTags(bucket)).res.status).toBe(204);
    expect((await client.getBucketTags(bucket)).tag).toEqual({});
  });

  test('getBucketStat counts objects, markers, uploads and bytes as they come and go', async () => {
    const counted = `counted-${version}`;
    await client.putBucket(counted);
    await client.putBucketVersioning(counted, 'Enabled');
    const stat = async () => (await client.getBucketStat(counted)).stat;
    expect(await stat()).toMatchObject({
      Storage: '0',
      ObjectCount: '0',
      MultipartUploadCount: '0',
      LiveChannelCount: '0',
      LastModifiedTime: '0',
      DeleteMarkerCount: '0',
      InfrequentAccessRealStorage: '0',
      DeepColdArchiveObjectCount: '0',
    });
    const before = Math.floor(Date.now() / 1000);
    client.useBucket(counted);
    await client.put('a', Buffer.from('12345'));
    await client.put('a', Buffer.from('123'));
    await client.put('b', Buffer.from('1'), { headers: { 'x-oss-storage-class': 'IA' } });
    await client.delete('a');
    const { uploadId } = await client.initMultipartUpload('unfinished');
    const counts = await stat();
    expect(counts).toMatchObject({
      Storage: '9',
      ObjectCount: '3',
      MultipartUploadCount: '1',
      StandardStorage: '8',
      StandardObjectCount: '2',
      InfrequentAccessStorage: '1',
      InfrequentAccessRealStorage: '1',
      InfrequentAccessObjectCount: '1',
      ArchiveStorage: '0',
      DeleteMarkerCount: '1',
    });
    expect(Number(counts.LastModifiedTime)).toBeGreaterThanOrEqual(before);
    expect(Number(counts.LastModifiedTime)).toBeLessThanOrEqual(Date.now() / 1000);
    await client.abortMultipartUpload('unfinished', uploadId);
    expect(await stat()).toMatchObject({ MultipartUploadCount: '0' });
    client.useBucket(bucket);
  });

  test('settings of a bucket that is not there are refused', async () => {
    const missing = { status: 404, code: 'NoSuchBucket' };
    const none = 'no-such-bucket';
    for (const call of [
      () => client.putBucketACL(none, 'private'),
      () => client.getBucketACL(none),
      () => client.getBucketVersioning(none),
      () => client.putBucketEncryption(none, { SSEAlgorithm: 'AES256' }),
      () => client.getBucketEncryption(none),
      () => client.deleteBucketEncryption(none),
      () => client.putBucketTags(none, { a: '1' }),
      () => client.getBucketTags(none),
      () => client.deleteBucketTags(none),
      () => client.getBucketStat(none),
    ]) {
      expect(await refusal(call())).toMatchObject(missing);
    }
  });
});

describe('over the wire', () => {
  const bucket = 'wire-settings';
  const send = (request: WireRequest) => wire.send({ bucket, ...request });
  const put = (query: string, body: string, headers: Record<string, string> = {}) =>
    send({ method: 'PUT', query, body, headers });
  const versioning = (inner: string) =>
    put('versioning', `<VersioningConfiguration>${inner}</VersioningConfiguration>`);
  const encryption = (inner: string) =>
    put(
      'encryption',
      `<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault>${inner}</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>`,
    );
  const tags = (...keys: string[]) => {
    const nodes = keys.map((key) => `<Tag><Key>${key}</Key><Value>v</Value></Tag>`);
    return put('tagging', `<Tagging><TagSet>${nodes.join('')}</TagSet></Tagging>`);
  };
  const settings = ['bucketInfo', 'acl', 'versioning', 'encryption', 'tagging'];
  const all = async () => {
    const texts = await Promise.all(settings.map(async (query) => (await send({ query })).text));
    return texts.map((text) => text.replace(/<(RequestId)>.*<\/\1>/, ''));
  };

  beforeAll(async () => {
    await send({ method: 'PUT' });
    await put('acl', '', { 'x-oss-acl': 'public-read' });
    await versioning('<Status>Suspended</Status>');
    await encryption('<SSEAlgorithm>KMS</SSEAlgorithm>');
    await tags('kept');
  });

  const refused = (status: number, code: string, ec?: string) => ({ status, code, ec });
  const invalid = refused(400, 'InvalidArgument');
  const malformed = refused(400, 'MalformedXML');

  test.each<[string, ReturnType<typeof refused>, () => Promise<WireReply>]>([
    ['no ACL', refused(400, 'MissingArgument', '0016-00000502'), () => put('acl', '')],
    ['an ACL that is none', invalid, () => put('acl', '', { 'x-oss-acl': 'default' })],
    [
      'versioning of a bucket that is not there',
      refused(404, 'NoSuchBucket', '0015-00000101'),
      () => wire.send({ method: 'PUT', bucket: 'no-such-bucket', query: 'versioning', body: '' }),
    ],
    ['versioning without a status', invalid, () => versioning('')],
    ['versioning that is None', malformed, () => versioning('<Status>None</Status>')],
    ['versioning that is Disabled', malformed, () => versioning('<Status>Disabled</Status>')],
    [
      'versioning of another root',
      malformed,
      () => put('versioning', '<Versioning><Status>Enabled</Status></Versioning>'),
    ],
    ['versioning without a body', malformed, () => put('versioning', '')],
    ['versioning of 64 KiB and more', malformed, () => put('versioning', ' '.repeat(64 * 1024 + 1))],
    [
      'versioning that is not what its MD5 says',
      refused(400, 'InvalidDigest'),
      () =>
        put('versioning', '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>', {
          'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==',
        }),
    ],
    [
      'encryption of a made-up kind',
      refused(400, 'InvalidEncryptionAlgorithmError'),
      () => encryption('<SSEAlgorithm>random</SSEAlgorithm>'),
    ],
    ['encryption by SM4', refused(400, 'NotImplemented'), () => encryption('<SSEAlgorithm>SM4</SSEAlgorithm>')],
    [
      'encryption of data by SM4',
      refused(400, 'NotImplemented'),
      () => encryption('<SSEAlgorithm>KMS</SSEAlgorithm><KMSDataEncryption>SM4</KMSDataEncryption>'),
    ],
    [
      'a master key without KMS',
      invalid,
      () => encryption('<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>test</KMSMasterKeyID>'),
    ],
    [
      'a master key that can be none',
      invalid,
      () => encryption('<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>a&#10;b</KMSMasterKeyID>'),
    ],
    ['encryption without a kind', malformed, () => encryption('')],
    ['encryption without a body', malformed, () => put('encryption', '')],
    ['twenty-one tags', refused(400, 'TooManyTags'), () => tags(...Array.from({ length: 21 }, (_, i) => `k${i}`))],
    ['a tag key twice', refused(400, 'RepeatedTags'), () => tags('a', 'a')],
    ['a tag key of 65 bytes', refused(400, 'InvalidTaggingKey'), () => tags('k'.repeat(65))],
    ['tags without a set', malformed, () => put('tagging', '<Tagging/>')],
    [
      'a setting by POST',
      refused(405, 'MethodNotAllowed', '0003-00000016'),
      () => send({ method: 'POST', query: 'versioning', body: '' }),
    ],
    [
      'the end of a versioning',
      refused(405, 'MethodNotAllowed', '0003-00000016'),
      () => send({ method: 'DELETE', query: 'versioning' }),
    ],
  ])('%s is refused, and every setting is as it was', async (_what, expected, request) => {
    const before = await all();
    const reply = await request();
    const got = { status: reply.status, code: reply.error?.code, ec: reply.error?.ec };
    expect(got, reply.text).toEqual(expected);
    expect(await all()).toEqual(before);
    expect(before.join('')).toMatch(/public-read[\s\S]*Suspended[\s\S]*KMS[\s\S]*kept/);
  });

  test('tags are deleted by their keys', async () => {
    const brief = 'wire-tags';
    await wire.send({ method: 'PUT', bucket: brief });
    const body = `<Tagging><TagSet>${['a', 'b', 'c'].map((key) => `<Tag><Key>${key}</Key></Tag>`).join('')}</TagSet></Tagging>`;
    await wire.send({ method: 'PUT', bucket: brief, query: 'tagging', body });
    const left = async () => {
      const { text } = await wire.send({ bucket: brief, query: 'tagging' });
      return text.match(/<Key>\w+<\/Key>/g) ?? [];
    };
    const drop = async (named: string) =>
      (await wire.send({ method: 'DELETE', bucket: brief, query: rawQuery({ tagging: named }) })).status;
    expect([await drop('a,c,none'), await left()]).toEqual([204, ['<Key>b</Key>']]);
    expect([await drop('b'), await left()]).toEqual([204, []]);
  });

  test('namespaces, comments, blanks and unknown elements are passed over', async () => {
    const body = `<?xml version="1.0" encoding="UTF-8"?><!-- on -->
      <VersioningConfiguration xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"><Later/><Status> Enabled </Status></VersioningConfiguration>`;
    const other = 'wire-namespaces';
    await wire.send({ method: 'PUT', bucket: other });
    expect((await wire.send({ method: 'PUT', bucket: other, query: 'versioning', body })).status).toBe(200);
    const { body: got } = await wire.send({ bucket: other, query: 'versioning' });
    expect(childText(parseXml(got, { maxBytes: 1_000, maxDepth: 3, maxElements: 5 }), 'Status')).toBe('Enabled');
  });

  test('settings outlive kill -9', async () => {
    const killed = await startServer();
    const before = new WireClient({ endpoint: killed.endpoint, key: TEST_KEY });
    await before.send({ method: 'PUT', bucket });
    await before.send({ method: 'PUT', bucket, query: 'acl', headers: { 'x-oss-acl': 'public-read' }, body: '' });
    const body = '<Tagging><TagSet><Tag><Key>kept</Key></Tag></TagSet></Tagging>';
    await before.send({ method: 'PUT', bucket, query: 'tagging', body });
    before.close();
    await killed.kill();

    const again = await startServer({ data: killed.data });
    const after = new WireClient({ endpoint: again.endpoint, key: TEST_KEY });
    expect((await after.send({ bucket, query: 'acl' })).text).toContain('<Grant>public-read</Grant>');
    expect((await after.send({ bucket, query: 'tagging' })).text).toContain('<Key>kept</Key>');
    after.close();
    await again.stop();
    await killed.stop();
  });
});
