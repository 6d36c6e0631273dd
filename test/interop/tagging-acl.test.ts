/** Tags and ACLs of objects, as the unmodified ali-oss SDK sets them and as they go over the wire. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WireReply, WireRequest } from '../wire-client.ts';
import type { AliOss } from './ali-oss-client.ts';
import { clientsOfAServer, SIGNATURES } from './clients-of-a-server.ts';
import { refusal } from './refusal.ts';

const ACCOUNT = '1000000000000000';
const UNKNOWN = 'CAEQARiBgID8rumR2hYiIGUyOTAyZGY2MzU5MjQ5ZjlhYzQzZjNlYTAyZDE3MDRk';

const { wire, newAliOss } = clientsOfAServer();

describe.each(SIGNATURES)('ali-oss signing with $version', ({ version, isV4 }) => {
  const bucket = `tagged-${version}`;
  let client: AliOss;

  beforeAll(async () => {
    client = newAliOss(isV4);
    await client.putBucket(bucket);
    client.useBucket(bucket);
  });

  test('tags take the place of those before, and the object stays as it was', async () => {
    await client.put('doc', Buffer.from('x'), { headers: { 'x-oss-tagging': 'old=1&older=2' } });
    const before = (await client.head('doc')).res.headers;
    expect((await client.getObjectTagging('doc')).tag).toEqual({ old: '1', older: '2' });
    const tags = { team: 'a b+c', 'path/to:it': '-=._/:', empty: '' };
    await client.putObjectTagging('doc', { team: 'a b+c', 'path/to:it': '-=._/:' });
    expect((await client.getObjectTagging('doc')).tag).toEqual({ team: tags.team, 'path/to:it': tags['path/to:it'] });
    const after = (await client.head('doc')).res.headers;
    expect(after).toMatchObject({
      'x-oss-tagging-count': '2',
      etag: before.etag,
      'last-modified': before['last-modified'],
    });
  });

  test('tags are deleted, and an object without any has an empty set', async () => {
    await client.put('bare', Buffer.from('x'));
    expect((await client.getObjectTagging('bare')).tag).toEqual({});
    await client.putObjectTagging('bare', { a: '1' });
    expect((await client.deleteObjectTagging('bare')).res.status).toBe(204);
    expect((await client.deleteObjectTagging('bare')).res.status).toBe(204);
    expect((await client.getObjectTagging('bare')).tag).toEqual({});
    expect((await client.head('bare')).res.headers).not.toHaveProperty('x-oss-tagging-count');
  });

  test('an ACL is set and told, with the account as owner', async () => {
    await client.put('shown', Buffer.from('x'));
    expect(await client.getACL('shown')).toMatchObject({ acl: 'default', owner: { id: ACCOUNT } });
    for (const acl of ['private', 'public-read', 'public-read-write', 'default']) {
      expect((await client.putACL('shown', acl)).res.status).toBe(200);
      expect((await client.getACL('shown')).acl).toBe(acl);
    }
  });

  test('an ACL that comes with the object is its ACL', async () => {
    await client.put('born public', Buffer.from('x'), { headers: { 'x-oss-object-acl': 'public-read' } });
    expect((await client.getACL('born public')).acl).toBe('public-read');
  });

  test('of an object that is not there nothing is set and nothing told', async () => {
    const missing = { status: 404, code: 'NoSuchKey' };
    expect(await refusal(client.putObjectTagging('missing', { a: '1' }))).toMatchObject(missing);
    expect(await refusal(client.getObjectTagging('missing'))).toMatchObject(missing);
    expect(await refusal(client.deleteObjectTagging('missing'))).toMatchObject(missing);
    expect(await refusal(client.putACL('missing', 'private'))).toMatchObject(missing);
    expect(await refusal(client.getACL('missing'))).toMatchObject(missing);
    expect(await refusal(client.head('missing'))).toMatchObject({ status: 404 });
  });

  describe('where versions are kept', () => {
    const versioned = `tagged-versions-${version}`;
    let first: string;
    let second: string;
    let marker: string;

    const versionOf = ({ res }: { readonly res: { readonly headers: Readonly<Record<string, string>> } }) =>
      res.headers['x-oss-version-id'] ?? '';

    beforeAll(async () => {
      await client.putBucket(versioned);
      await client.putBucketVersioning(versioned, 'Enabled');
      client.useBucket(versioned);
      first = versionOf(await client.put('doc', Buffer.from('one')));
      second = versionOf(await client.put('doc', Buffer.from('two')));
      await client.put('hidden', Buffer.from('x'));
      marker = versionOf(await client.delete('hidden'));
    });

    afterAll(() => client.useBucket(bucket));

    test('each version has tags of its own, and the answer says which it is', async () => {
      expect(versionOf(await client.putObjectTagging('doc', { of: 'first' }, { versionId: first }))).toBe(first);
      expect(versionOf(await client.putObjectTagging('doc', { of: 'second' }))).toBe(second);
      const old = await client.getObjectTagging('doc', { versionId: first });
      const latest = await client.getObjectTagging('doc');
      expect([old.tag, versionOf(old)]).toEqual([{ of: 'first' }, first]);
      expect([latest.tag, versionOf(latest)]).toEqual([{ of: 'second' }, second]);
      expect(versionOf(await client.deleteObjectTagging('doc', { versionId: first }))).toBe(first);
      expect((await client.getObjectTagging('doc', { versionId: first })).tag).toEqual({});
      expect((await client.getObjectTagging('doc')).tag).toEqual({ of: 'second' });
    });

    test('each version has an ACL of its own, and the answer says which it is', async () => {
      expect(versionOf(await client.putACL('doc', 'public-read', { versionId: first }))).toBe(first);
      expect(await client.getACL('doc', { versionId: first })).toMatchObject({
        acl: 'public-read',
        res: { headers: { 'x-oss-version-id': first } },
      });
      expect(await client.getACL('doc')).toMatchObject({
        acl: 'default',
        res: { headers: { 'x-oss-version-id': second } },
      });
    });

    test('a delete marker has neither, whether it is met or named', async () => {
      const calls = (versionId?: string) => {
        const options = versionId === undefined ? {} : { versionId };
        return [
          () => client.putObjectTagging('hidden', { a: '1' }, { ...options }),
          () => client.getObjectTagging('hidden', { ...options }),
          () => client.deleteObjectTagging('hidden', { ...options }),
          () => client.putACL('hidden', 'private', { ...options }),
          () => client.getACL('hidden', { ...options }),
        ];
      };
      for (const call of calls()) expect(await refusal(call())).toMatchObject({ status: 404, code: 'NoSuchKey' });
      for (const call of calls(marker)) {
        expect(await refusal(call())).toMatchObject({ status: 405, code: 'MethodNotAllowed' });
      }
    });

    test('a version that is not there is missed by name', async () => {
      const unknown = client.getObjectTagging('doc', { versionId: UNKNOWN });
      expect(await refusal(unknown)).toMatchObject({ status: 404, code: 'NoSuchVersion' });
    });
  });
});

describe('over the wire', () => {
  const bucket = 'wire-tagged';
  const key = 'k';
  const send = (request: WireRequest) => wire.send({ bucket, key, ...request });
  const tagging = (...tags: [string, string][]) => {
    const nodes = tags.map(([name, value]) => `<Tag><Key>${name}</Key><Value>${value}</Value></Tag>`);
    return `<Tagging><TagSet>${nodes.join('')}</TagSet></Tagging>`;
  };
  const tag = (body: string, change: WireRequest = {}) => send({ method: 'PUT', query: 'tagging', body, ...change });
  const setAcl = (acl: string | undefined) =>
    send({ method: 'PUT', query: 'acl', body: '', ...(acl !== undefined && { headers: { 'x-oss-object-acl': acl } }) });

  beforeAll(async () => {
    await wire.send({ method: 'PUT', bucket });
    await send({ method: 'PUT', body: 'x' });
    await tag(tagging(['kept', '1']));
    await setAcl('private');
  });

  const refused = (status: number, code: string, ec?: string) => ({ status, code, ec });
  const invalid = refused(400, 'InvalidArgument');
  const invalidTag = refused(400, 'InvalidTag');
  const invalidKey = refused(400, 'InvalidTaggingKey');
  const malformed = refused(400, 'MalformedXML');

  test.each<[string, ReturnType<typeof refused>, () => Promise<WireReply>]>([
    [
      'eleven tags',
      refused(400, 'TooManyTags'),
      () => tag(tagging(...Array.from({ length: 11 }, (_, i): [string, string] => [`k${i}`, 'v']))),
    ],
    ['a tag key of 129 bytes', invalidKey, () => tag(tagging(['k'.repeat(129), '']))],
    ['a tag value of 257 bytes', invalidTag, () => tag(tagging(['k', 'v'.repeat(257)]))],
    ['a tag key twice', refused(400, 'RepeatedTags'), () => tag(tagging(['k', '1'], ['k', '2']))],
    ['an empty tag key', invalidKey, () => tag(tagging(['', '1']))],
    ['a tag of other characters', invalidTag, () => tag(tagging(['k', 'a;b']))],
    ['tags without a set', malformed, () => tag('<Tagging/>')],
    ['tags that are another document', malformed, () => tag('<TagSet/>')],
    ['tags that are no XML', malformed, () => tag('{"k":"v"}')],
    ['tags of nothing', malformed, () => tag('')],
    ['tags of 64 KiB and more', malformed, () => tag(`<Tagging>${' '.repeat(64 * 1024)}</Tagging>`)],
    [
      'tags that are not what their MD5 says',
      refused(400, 'InvalidDigest'),
      () => tag(tagging(['k', 'v']), { headers: { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' } }),
    ],
    ['tags of a version without a name', invalid, () => tag(tagging(['k', 'v']), { query: 'tagging&versionId=' })],
    ['tags of a version that can be none', invalid, () => tag(tagging(['k', 'v']), { query: 'tagging&versionId=%00' })],
    ['no ACL', refused(400, 'MissingArgument', '0016-00000502'), () => setAcl(undefined)],
    ['an ACL that is none', refused(400, 'InvalidArgument', '0017-00000105'), () => setAcl('public')],
    ['an empty ACL', refused(400, 'InvalidArgument', '0017-00000105'), () => setAcl('')],
    [
      'the ACL of a bucket that is not there',
      refused(404, 'NoSuchBucket', '0015-00000101'),
      () => wire.send({ bucket: 'no-such-bucket', key, query: 'acl' }),
    ],
  ])('%s is refused, and the object is as it was', async (_what, expected, request) => {
    const reply = await request();
    const got = { status: reply.status, code: reply.error?.code, ec: reply.error?.ec };
    expect(got, reply.text).toEqual(expected);
    expect((await send({ query: 'tagging' })).text).toContain('<Key>kept</Key>');
    expect((await send({ query: 'acl' })).text).toContain('<Grant>private</Grant>');
  });

  test('ten tags at their longest are served, and an empty set takes them away', async () => {
    const longest = Array.from({ length: 10 }, (_, i): [string, string] => [`${i}`.padEnd(128, 'k'), 'v'.repeat(256)]);
    await send({ method: 'PUT', key: 'full', body: 'x' });
    expect((await tag(tagging(...longest), { key: 'full' })).status).toBe(200);
    expect((await send({ key: 'full', query: 'tagging' })).text.match(/<Tag>/g)).toHaveLength(10);
    expect((await tag(tagging(), { key: 'full' })).status).toBe(200);
    expect((await send({ key: 'full', query: 'tagging' })).text).toContain('<TagSet/>');
  });

  test('a bucket that never had versions says of none which it is', async () => {
    for (const query of ['tagging', 'acl']) {
      expect((await send({ query })).headers).not.toHaveProperty('x-oss-version-id');
    }
    expect((await tag(tagging(['kept', '1']))).headers).not.toHaveProperty('x-oss-version-id');
    expect((await send({ query: 'tagging&versionId=null' })).text).toContain('<Key>kept</Key>');
  });
});

test('an ACL lets in who signs nothing, that of the object before that of the bucket', async () => {
  const bucket = 'open';
  const anonymous = async (request: WireRequest) => (await wire.send({ bucket, ...request, signature: 'none' })).status;
  const setAcl = (key: string, acl: string) =>
    wire.send({ method: 'PUT', bucket, key, query: 'acl', headers: { 'x-oss-object-acl': acl } });
  await wire.send({ method: 'PUT', bucket, headers: { 'x-oss-acl': 'public-read' } });
  for (const key of ['open', 'locked']) await wire.send({ method: 'PUT', bucket, key, body: 'x' });
  await setAcl('locked', 'private');
  expect(await anonymous({ key: 'open' })).toBe(200);
  expect(await anonymous({ key: 'locked' })).toBe(403);
  expect(await anonymous({ key: 'missing' })).toBe(404);
  expect(await anonymous({ method: 'PUT', key: 'new', body: 'x' })).toBe(403);
  expect(await anonymous({})).toBe(403);

  await wire.send({ method: 'PUT', bucket, query: 'acl', headers: { 'x-oss-acl': 'public-read-write' } });
  expect(await anonymous({ method: 'PUT', key: 'new', body: 'x' })).toBe(200);
  const withAcl = { 'x-oss-object-acl': 'public-read' };
  expect(await anonymous({ method: 'PUT', key: 'newer', body: 'x', headers: withAcl })).toBe(403);
  expect(await anonymous({ method: 'PUT', key: 'locked', body: 'x' })).toBe(403);
  expect(await anonymous({ method: 'DELETE', key: 'new' })).toBe(204);
  expect((await wire.send({ bucket, key: 'new', query: 'acl' })).error?.code).toBe('NoSuchKey');

  await wire.send({ method: 'PUT', bucket, query: 'acl', headers: { 'x-oss-acl': 'private' } });
  expect(await anonymous({ key: 'open' })).toBe(403);
  await setAcl('open', 'public-read');
  expect(await anonymous({ key: 'open' })).toBe(200);
});
