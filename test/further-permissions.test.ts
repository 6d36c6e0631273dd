/** What requests need beside the permission of their operation, and what conditions of policies see of them. */

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Grant } from '../src/access/granting-policy.ts';
import { ANONYMOUS } from '../src/access/identity.ts';
import { OPERATIONS } from '../src/protocol/oss/operations.ts';
import { attached, granting, OTHER_ACCOUNT, OWNER, ROOT, userWith } from './identities.ts';
import { arnOf, grantsFor, NEW_BUCKET, operationNamed, requestOf } from './operation-examples.ts';
import { anObject, BUCKET, DESTINATION, KEY, SOURCE_KEY, VERSION, type World } from './wire-ports.ts';
import { answerTo } from './wire-world.ts';

const OBJECT = arnOf(BUCKET, KEY);
const SOURCE = arnOf(BUCKET, SOURCE_KEY);
const MASTER_KEY = `acs:kms:*:${OWNER}:key/mine`;
const DEFAULT_KEY = `acs:kms:*:${OWNER}:key/default`;
const KMS = { 'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': 'mine' };
const ENCRYPTED: World = { object: { encryption: 'KMS', keyId: 'mine' } };

const TAGS = { 'x-oss-tagging': 'team=red' };
const SOURCE_VERSION = { 'x-oss-copy-source': `/${BUCKET}/${SOURCE_KEY}?versionId=${VERSION}` };

interface Further {
  readonly name: string;
  readonly what: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly world?: World;
  readonly needs: Grant;
}

const FURTHER: readonly Further[] = [
  ...['PutObject', 'InitiateMultipartUpload'].flatMap((name) => [
    { name, what: 'tags in a header', headers: TAGS, needs: { action: 'oss:PutObjectTagging', resource: OBJECT } },
    {
      name,
      what: 'an ACL in a header',
      headers: { 'x-oss-object-acl': 'private' },
      needs: { action: 'oss:PutObjectAcl', resource: OBJECT },
    },
    { name, what: 'a master key', headers: KMS, needs: { action: 'kms:GenerateDataKey', resource: MASTER_KEY } },
    {
      name,
      what: "the bucket's default key",
      world: { bucket: { encryption: { algorithm: 'KMS' } } } as const,
      needs: { action: 'kms:GenerateDataKey', resource: DEFAULT_KEY },
    },
  ]),
  {
    name: 'CopyObject',
    what: 'tags in place of those of the source',
    headers: { ...TAGS, 'x-oss-tagging-directive': 'Replace' },
    needs: { action: 'oss:PutObjectTagging', resource: OBJECT },
  },
  {
    name: 'CopyObject',
    what: 'an ACL in a header',
    headers: { 'x-oss-object-acl': 'public-read' },
    needs: { action: 'oss:PutObjectAcl', resource: OBJECT },
  },
  {
    name: 'CopyObject',
    what: 'a master key',
    headers: KMS,
    needs: { action: 'kms:GenerateDataKey', resource: MASTER_KEY },
  },
  ...['CopyObject', 'UploadPartCopy'].flatMap((name) => [
    {
      name,
      what: 'a version of the source',
      headers: SOURCE_VERSION,
      needs: { action: 'oss:GetObjectVersion', resource: SOURCE },
    },
    { name, what: 'an encrypted source', world: ENCRYPTED, needs: { action: 'kms:Decrypt', resource: MASTER_KEY } },
  ]),
  ...['GetObject', 'GetObjectVersion'].map((name) => ({
    name,
    what: 'an encrypted object',
    world: ENCRYPTED,
    needs: { action: 'kms:Decrypt', resource: MASTER_KEY },
  })),
  {
    name: 'PutBucket',
    what: 'an ACL that lets others in',
    headers: { 'x-oss-acl': 'public-read' },
    needs: { action: 'oss:PutBucketAcl', resource: arnOf(NEW_BUCKET) },
  },
];

describe.each(FURTHER)('$name with $what', ({ name, headers = {}, world, needs }) => {
  const operation = operationNamed(name);
  const request = requestOf(name, { headers });

  test(`needs ${needs.action} besides, and does nothing without`, async () => {
    const without = await answerTo(userWith([granting(...grantsFor(operation))]), request, world);
    expect(without).toMatchObject({ status: 403, effects: [], faults: [], audited: [needs] });
    const withIt = await answerTo(userWith([granting(...grantsFor(operation), needs)]), request, world);
    expect(withIt.status, withIt.text).toBe(200);
  });

  test('is told in the table', () => {
    expect(operation.also?.map(({ action }) => action)).toContain(needs.action);
  });
});

test('what the table tells beside the permissions of operations is proven here', () => {
  const told = OPERATIONS.flatMap(({ name, also = [] }) => also.map(({ action }) => `${name} ${action}`));
  const proven = [
    ...FURTHER.map(({ name, needs }) => `${name} ${needs.action}`),
    // By the walk over the table, and by the test of versions in a batch.
    'CopyObject oss:GetObject',
    'UploadPartCopy oss:GetObject',
    'DeleteMultipleObjects oss:DeleteObjectVersion',
  ];
  expect(new Set(told)).toEqual(new Set(proven));
});

test.each(['HeadObject', 'GetObjectMeta', 'GetObjectTagging', 'DeleteObject', 'UploadPart', 'CompleteMultipartUpload'])(
  '%s needs no right to the master key of the object',
  async (name) => {
    const { status } = await answerTo(
      userWith([granting(...grantsFor(operationNamed(name)))]),
      requestOf(name),
      ENCRYPTED,
    );
    expect(status).toBeLessThan(300);
  },
);

test('who signs nothing never uses a master key, whatever the ACL', async () => {
  const world: World = { ...ENCRYPTED, acl: 'public-read-write' };
  const put = await answerTo(ANONYMOUS, requestOf('PutObject', { headers: KMS }), world);
  const get = await answerTo(ANONYMOUS, requestOf('GetObject'), world);
  expect([put.status, get.status, put.effects]).toEqual([403, 403, []]);
  expect(get.text).toContain('<Message>This request is forbidden by kms.</Message>');
});

test("a rule with another account's bucket as its destination is not told where that lies", async () => {
  const { body = '' } = requestOf('PutBucketInventory');
  const put = requestOf('PutBucketInventory', { body: body.replace(DESTINATION, 'elsewhere') });
  const refusalOf = async (owner: string) =>
    (await answerTo(ROOT, put, { more: [{ name: 'elsewhere', owner, region: 'cn-beijing' }] })).text;
  expect(await refusalOf(OWNER)).toContain('lies in cn-beijing');
  expect(await refusalOf(OTHER_ACCOUNT)).toContain('lies in another region');
  expect(await refusalOf(OTHER_ACCOUNT)).not.toContain('beijing');
});

test('a batch needs the permission for each key, and that for versions where one is named', async () => {
  const objects = ['<Key>a</Key>', `<Key>b</Key><VersionId>${VERSION}</VersionId>`];
  const body = `<Delete>${objects.map((object) => `<Object>${object}</Object>`).join('')}</Delete>`;
  const md5 = createHash('md5').update(body).digest('base64');
  const batch = requestOf('DeleteMultipleObjects', { headers: { 'content-md5': md5 }, body });
  const ofKey = { action: 'oss:DeleteObject', resource: arnOf(BUCKET, 'a') };
  const ofVersion = { action: 'oss:DeleteObjectVersion', resource: arnOf(BUCKET, 'b') };
  for (const [only, refused] of [
    [ofKey, ofVersion],
    [ofVersion, ofKey],
  ] as const) {
    const answer = await answerTo(userWith([granting(only)]), batch);
    expect(answer).toMatchObject({ status: 403, effects: [], audited: [refused] });
  }
  expect(await answerTo(userWith([granting(ofKey, ofVersion)]), batch)).toMatchObject({ status: 200 });
});

test('a long batch lets others have their turn between its questions', async () => {
  const body = `<Delete>${Array.from({ length: 1000 }, (_, n) => `<Object><Key>${n}</Key></Object>`).join('')}</Delete>`;
  const md5 = createHash('md5').update(body).digest('base64');
  let turns = 0;
  let counting = setImmediate(count);
  function count() {
    turns++;
    counting = setImmediate(count);
  }
  const { status } = await answerTo(
    ROOT,
    requestOf('DeleteMultipleObjects', { headers: { 'content-md5': md5 }, body }),
  );
  clearImmediate(counting);
  expect(status).toBe(200);
  expect(turns).toBeGreaterThan(20);
});

describe('conditions see', () => {
  const when = (Action: string | readonly string[], Condition: object) =>
    userWith([attached({ Effect: 'Allow', Action, Resource: ['*'], Condition })]);
  const statusOf = async (...question: Parameters<typeof answerTo>) => (await answerTo(...question)).status;

  test.each(['PutObject', 'InitiateMultipartUpload'])('the tags that the headers of %s give', async (name) => {
    const red = when(['oss:PutObject', 'oss:PutObjectTagging'], {
      StringEquals: { 'oss:RequestObjectTag/team': 'red' },
    });
    expect(await statusOf(red, requestOf(name, { headers: TAGS }))).toBe(200);
    expect(await statusOf(red, requestOf(name, { headers: { 'x-oss-tagging': 'team=blue' } }))).toBe(403);
    expect(await statusOf(red, requestOf(name))).toBe(403);
  });

  test('the tags that the body of PutObjectTagging gives', async () => {
    const red = when('oss:PutObjectTagging', { StringEquals: { 'oss:RequestObjectTag/a': '1' } });
    const blue = when('oss:PutObjectTagging', { StringEquals: { 'oss:RequestObjectTag/a': '2' } });
    expect(await statusOf(red, requestOf('PutObjectTagging'))).toBe(200);
    expect(await statusOf(blue, requestOf('PutObjectTagging'))).toBe(403);
  });

  test('the tags of the version that is named, and elsewhere those of the latest', async () => {
    const red = when('oss:*', { StringEquals: { 'oss:ExistingObjectTag/team': 'red' } });
    const tagsOf = (versionId: string | undefined) => [{ key: 'team', value: versionId === VERSION ? 'red' : 'blue' }];
    const world: World = { head: ({ versionId }) => ({ ...anObject(), tags: tagsOf(versionId) }) };
    expect(await statusOf(red, requestOf('GetObjectVersion'), world)).toBe(200);
    expect(await statusOf(red, requestOf('GetObject'), world)).toBe(403);
    const put = requestOf('PutObject');
    expect(await statusOf(red, { ...put, query: `versionId=${VERSION}` }, world)).toBe(403);
  });

  test('the prefix and the delimiter of a listing', async () => {
    const photos = when('oss:ListObjects', { StringEquals: { 'oss:Prefix': 'photos/', 'oss:Delimiter': '/' } });
    const list = requestOf('ListObjects');
    expect(await statusOf(photos, { ...list, query: 'prefix=photos/&delimiter=/' })).toBe(200);
    expect(await statusOf(photos, { ...list, query: 'prefix=photos/' })).toBe(403);
    expect(await statusOf(when('oss:ListObjects', { StringEquals: { 'oss:Prefix': '' } }), list)).toBe(200);
  });

  test('where the request comes from, over what, by which program and when', async () => {
    const get = requestOf('GetObject');
    const here = { 'acs:SourceIp': '127.0.0.0/8' };
    expect(await statusOf(when('oss:GetObject', { IpAddress: here }), get)).toBe(200);
    expect(await statusOf(when('oss:GetObject', { NotIpAddress: here }), get)).toBe(403);
    expect(await statusOf(when('oss:GetObject', { Bool: { 'acs:SecureTransport': 'false' } }), get)).toBe(200);
    expect(await statusOf(when('oss:GetObject', { Bool: { 'acs:SecureTransport': 'true' } }), get)).toBe(403);
    expect(await statusOf(when('oss:GetObject', { StringLike: { 'acs:UserAgent': 'walker/*' } }), get)).toBe(200);
    const until = (day: string) => ({ DateLessThan: { 'acs:CurrentTime': `${day}T00:00:00Z` } });
    expect(await statusOf(when('oss:GetObject', until('2026-11-23')), get)).toBe(200);
    expect(await statusOf(when('oss:GetObject', until('2026-11-22')), get)).toBe(403);
  });
});
