/** What ACLs let in, and what is told of buckets and objects that are not there. */

import { describe, expect, test } from 'vitest';
import { ANONYMOUS } from '../src/access/identity.ts';
import { DomainError } from '../src/core/errors.ts';
import { OTHER_ACCOUNT, OTHER_ROOT, ROOT, userWith } from './identities.ts';
import { requestOf } from './operation-examples.ts';
import { anObject, BUCKET, systemPolicy, VERSION, type World } from './wire-ports.ts';
import { answerTo } from './wire-world.ts';

describe('ACLs', () => {
  test('that of the object decides before that of the bucket', async () => {
    const locked = await answerTo(ANONYMOUS, requestOf('GetObject'), {
      acl: 'public-read',
      object: { acl: 'private' },
    });
    const open = await answerTo(ANONYMOUS, requestOf('GetObject'), { acl: 'private', object: { acl: 'public-read' } });
    expect([locked.status, open.status]).toEqual([403, 200]);
  });

  test('that of another version lends nothing to a request about the latest', async () => {
    const world: World = {
      head: ({ versionId }) => anObject(versionId === undefined ? 'private' : 'public-read-write'),
    };
    const put = await answerTo(ANONYMOUS, { ...requestOf('PutObject'), query: `versionId=${VERSION}` }, world);
    expect(put).toMatchObject({ status: 403, effects: [] });
  });

  test('an object that is not there has that of the bucket, and so has a version that can not be', async () => {
    const none: World = { acl: 'public-read', head: () => undefined };
    expect((await answerTo(ANONYMOUS, requestOf('GetObject'), none)).status).toBe(200);
    const unreadable: World = {
      head: () => {
        throw new DomainError('VersionIdInvalid', 'Invalid version id specified.');
      },
    };
    expect((await answerTo(ANONYMOUS, requestOf('GetObjectVersion'), unreadable)).status).toBe(403);
  });
});

describe('a bucket that is not there', () => {
  const head = { method: 'GET', bucket: 'nowhere', query: 'bucketInfo' };

  test('is missing to who may ask about it, of whichever account', async () => {
    for (const identity of [ROOT, OTHER_ROOT, userWith([systemPolicy('AliyunOSSReadOnlyAccess')], OTHER_ACCOUNT)]) {
      const { status, text } = await answerTo(identity, head);
      expect([status, /<Code>(.*)<\/Code>/.exec(text)?.[1]]).toEqual([404, 'NoSuchBucket']);
    }
  });

  test('is no different from a private one to who may not', async () => {
    for (const identity of [ANONYMOUS, userWith([])]) {
      const missing = await answerTo(identity, head);
      const there = await answerTo(identity, { ...head, bucket: BUCKET });
      expect(missing.status).toBe(403);
      expect(missing.text.replaceAll('nowhere', BUCKET)).toBe(there.text);
    }
  });
});
