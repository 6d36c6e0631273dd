import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { OWNER, ROOT, userWith } from '../../../test/identities.ts';
import { exampleOf } from '../../../test/operation-examples.ts';
import { BUCKET, type World } from '../../../test/wire-ports.ts';
import { answerTo, signedRequest, wireService } from '../../../test/wire-world.ts';
import { ANONYMOUS } from '../../access/identity.ts';
import { DomainError } from '../../core/errors.ts';
import { isSignedSubresource } from '../../core/oss-signed-subresources.ts';
import { copyObject } from './operations/copy-object.ts';
import { deleteBucket } from './operations/delete-bucket.ts';
import { deleteMultipleObjects } from './operations/delete-multiple-objects.ts';
import { getBucketInfo } from './operations/get-bucket-info.ts';
import { getObject } from './operations/get-object.ts';
import { headObject } from './operations/head-object.ts';
import { startInventoryRun } from './operations/inventory-runs.ts';
import { listBuckets } from './operations/list-buckets.ts';
import { listObjects } from './operations/list-objects.ts';
import { putBucket } from './operations/put-bucket.ts';
import { putBucketVersioning } from './operations/put-bucket-versioning.ts';
import { putObject } from './operations/put-object.ts';
import { OPERATIONS } from './operations.ts';

test.each(OPERATIONS)('$name is an action of OSS', ({ action }) => {
  expect(action).toMatch(/^oss:[A-Z][A-Za-z]+$/);
});

/** Those whose action is not their own name (protocol sheet, section 4.2). */
const SHARED_ACTIONS: Readonly<Record<string, string>> = {
  ListObjectsV2: 'ListObjects',
  DeleteMultipleObjects: 'DeleteObject',
  CopyObject: 'PutObject',
  HeadObject: 'GetObject',
  HeadObjectVersion: 'GetObjectVersion',
  GetObjectMeta: 'GetObject',
  GetObjectMetaVersion: 'GetObjectVersion',
  InitiateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  ListBucketInventory: 'GetBucketInventory',
  StartInventoryRun: 'PutBucketInventory',
  CancelInventoryRun: 'PutBucketInventory',
  ListInventoryRuns: 'GetBucketInventory',
  GetInventoryRun: 'GetBucketInventory',
  WatchInventoryRun: 'GetBucketInventory',
  GetInventoryStatus: 'GetBucketInventory',
  EnableInventory: 'PutBucketInventory',
  DisableInventory: 'PutBucketInventory',
  PutInventoryOptions: 'PutBucketInventory',
  GetInventoryOptions: 'GetBucketInventory',
  PostObject: 'PutObject',
  ProcessImage: 'GetObject',
  PutSymlink: 'PutObject',
  GetSymlink: 'GetObject',
  AppendObject: 'PutObject',
  SelectObject: 'GetObject',
};

test('an operation needs the action of its name, or one that it shares on purpose', () => {
  const others = OPERATIONS.filter(({ name, action }) => action !== `oss:${name}`);
  expect(Object.fromEntries(others.map(({ name, action }) => [name, action.slice('oss:'.length)]))).toEqual(
    SHARED_ACTIONS,
  );
});

test('no key that V1 leaves unsigned turns a request into another one', () => {
  const routing = OPERATIONS.filter(({ handle, needsV4 }) => handle !== undefined && !needsV4).flatMap(
    ({ subresource, with: needed = [] }) => [...(subresource === undefined ? [] : [subresource]), ...needed],
  );
  // The two forms of a listing need the same permission and show the same.
  expect(new Set(routing.filter((key) => !isSignedSubresource(key)))).toEqual(new Set(['list-type=2']));
});

test('every operation can be told from every other', () => {
  const signs = OPERATIONS.map(({ method, level, subresource, with: needed, header }) =>
    JSON.stringify([method, level, subresource, needed, header]),
  );
  expect(signs).toEqual([...new Set(signs)]);
  const names = OPERATIONS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test('a copy from a bucket of another region is refused', async () => {
  const far: World = { bucket: { region: 'cn-beijing' } };
  const request = { ...exampleOf(copyObject), headers: { 'x-oss-copy-source': '/near/source' } };
  const { status, text } = await answerTo(ROOT, request, { ...far, more: [{ name: 'near', region: 'cn-hangzhou' }] });
  expect(status).toBe(403);
  expect(text).toContain('Target object does not reside in the same data center as source object.');
});

test.each([getObject, headObject])('$name lets nobody choose headers who did not sign', async (operation) => {
  const request = { ...exampleOf(operation), query: 'response-content-type=text/html' };
  const { status, text } = await answerTo(ANONYMOUS, request, { acl: 'public-read' });
  expect(status).toBe(400);
  expect(text).toContain('<Code>InvalidRequest</Code>');
});

test.each(OPERATIONS)('$name is asked no permission for before the signature is proven', async (operation) => {
  const { service, audited, effects } = wireService(ROOT);
  const request = signedRequest(ROOT, exampleOf(operation));
  const headers = { ...request.headers, authorization: request.headers.authorization?.replace(/.$/, '~') };
  expect((await service.handle({ ...request, headers })).status).toBe(403);
  expect(effects).toEqual([]);
  expect(audited).toEqual([
    {
      outcome: 'refused',
      requestId: request.id,
      claimedAccessKeyId: 'root-key',
      sourceIp: '127.0.0.1',
      userAgent: 'walker/1',
      code: 'SignatureDoesNotMatch',
      message: expect.any(String),
    },
  ]);
});

test.each([
  { operation: listBuckets, number: '<EC>0003-00001201</EC>' },
  { operation: putBucket, number: '<EC>0003-00001201</EC>' },
  { operation: listObjects, number: undefined },
  { operation: getObject, number: undefined },
])('$operation.name refuses who did not sign, with the number there is for it', async ({ operation, number }) => {
  const { text } = await answerTo(ANONYMOUS, exampleOf(operation));
  expect(text).toContain('<Code>AccessDenied</Code>');
  expect(/<EC>.*<\/EC>/.exec(text)?.[0]).toBe(number);
});

test('a bucket that must be reached by another endpoint is told to who may ask about it', async () => {
  const world: World = { bucket: { region: 'cn-beijing' } };
  const sent = { ...exampleOf(getBucketInfo), headers: { host: 'oss-cn-hangzhou.aliyuncs.com' } };
  expect((await answerTo(ROOT, sent, world)).text).toContain('<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint>');
  expect((await answerTo(userWith([]), sent, world)).text).not.toContain('Endpoint');
});

test('what is signed by V4 alone is refused to who may not before it is refused for its signature', async () => {
  expect((await answerTo(ANONYMOUS, exampleOf(startInventoryRun))).text).not.toContain('V4');
});

test('an operation that answers without having asked for its permission is a fault of ours, and answers nothing', async () => {
  const handle = vi.spyOn(deleteMultipleObjects as Required<typeof deleteMultipleObjects>, 'handle');
  handle.mockResolvedValue({ status: 200, headers: {}, body: 'everything' });
  const { status, text, faults } = await answerTo(ROOT, exampleOf(deleteMultipleObjects));
  handle.mockRestore();
  expect(status).toBe(500);
  expect(text).not.toContain('everything');
  expect(faults).toEqual([expect.objectContaining({ message: expect.stringContaining('DeleteMultipleObjects') })]);
});

test('who signs nothing gets no long body read, even where everybody may delete', async () => {
  const sent = exampleOf(deleteMultipleObjects);
  const body = `${sent.body}${' '.repeat(64 * 1024)}`;
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  const open: World = { acl: 'public-read-write' };
  expect((await answerTo(ANONYMOUS, sent, open)).status).toBe(200);
  expect((await answerTo(ROOT, { ...sent, headers, body }, open)).status).toBe(200);
  expect(await answerTo(ANONYMOUS, { ...sent, headers, body }, open)).toMatchObject({
    status: 400,
    text: expect.stringContaining('The body is longer than the 65536 bytes that are accepted'),
    effects: [],
  });
});

test('a fault of ours is logged, and tells the client nothing of itself', async () => {
  const fault = new Error('what only we may know');
  const world: World = {
    head: () => {
      throw fault;
    },
  };
  const { status, text, faults } = await answerTo(ROOT, exampleOf(headObject), world);
  expect(status).toBe(500);
  expect(text).toContain('<Code>InternalError</Code>');
  expect(text).not.toContain('what only we may know');
  expect(faults).toEqual([fault]);
});

test('the audit log has each change of how a bucket is set up, done or failed', async () => {
  const done = await answerTo(ROOT, exampleOf(putBucketVersioning));
  expect(done.audited).toEqual([
    {
      outcome: 'done',
      requestId: '6B030D4095C769C92A403DD2',
      operation: 'PutBucketVersioning',
      action: 'oss:PutBucketVersioning',
      resource: `acs:oss:cn-hangzhou:${OWNER}:${BUCKET}`,
      identity: { kind: 'root', accountId: OWNER, accessKeyId: 'root-key' },
      sourceIp: '127.0.0.1',
      userAgent: 'walker/1',
    },
  ]);
  const failed = await answerTo(ROOT, { ...exampleOf(putBucketVersioning), body: '<Nonsense/>' });
  expect(failed.audited).toEqual([expect.objectContaining({ outcome: 'failed', code: 'MalformedXML' })]);
  const missing = await answerTo(ROOT, { ...exampleOf(deleteBucket), bucket: 'nowhere' });
  expect(missing.audited).toEqual([expect.objectContaining({ outcome: 'failed', code: 'NoSuchBucket' })]);
});

test('the audit log has nothing of what is read, nor of what is done to objects', async () => {
  for (const operation of [getBucketInfo, listObjects, getObject, putObject, deleteMultipleObjects]) {
    expect((await answerTo(ROOT, exampleOf(operation))).audited).toEqual([]);
  }
  const failed = await answerTo(ROOT, { ...exampleOf(deleteMultipleObjects), body: '<Nonsense/>' });
  expect(failed).toMatchObject({ status: 400, audited: [] });
});

test('whatever rule a refused request names, the audit log is told of it within a bound', async () => {
  const query = `inventory&inventoryId=${'r'.repeat(9000)}&run`;
  const { audited } = await answerTo(ANONYMOUS, { ...exampleOf(startInventoryRun), query });
  expect(audited).toEqual([expect.objectContaining({ target: `rule/${'r'.repeat(295)}…` })]);
});

test('a fault is in the audit log without its words', async () => {
  const change = () => Promise.reject(new DomainError('InvalidArgument', 'Told.'));
  const known = await answerTo(ROOT, exampleOf(putBucketVersioning), { change });
  expect(known.audited).toEqual([expect.objectContaining({ code: 'InvalidArgument', message: 'Told.' })]);
  const fault = () => Promise.reject(new Error('/a/secret/path'));
  const unknown = await answerTo(ROOT, exampleOf(putBucketVersioning), { change: fault });
  expect(JSON.stringify(unknown.audited)).not.toContain('secret');
  expect(unknown.audited).toEqual([expect.objectContaining({ outcome: 'failed', code: 'InternalError' })]);
});
