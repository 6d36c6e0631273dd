import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Access, Decision } from '../../access/access.ts';
import type { Identity } from '../../access/identity.ts';
import { signV4 } from '../../core/oss-signature-v4.ts';
import { isSignedSubresource } from '../../core/oss-signed-subresources.ts';
import { parseQuery } from '../../core/request-target.ts';
import type { HttpRequest, HttpResponse } from '../../http/http-server.ts';
import type { Operation } from './operation.ts';
import { copyObject } from './operations/copy-object.ts';
import { deleteMultipleObjects } from './operations/delete-multiple-objects.ts';
import { getBucketInfo } from './operations/get-bucket-info.ts';
import { getObject } from './operations/get-object.ts';
import { headObject } from './operations/head-object.ts';
import { listBuckets } from './operations/list-buckets.ts';
import { listObjects } from './operations/list-objects.ts';
import { uploadPartCopy } from './operations/upload-part-copy.ts';
import { OPERATIONS } from './operations.ts';
import { OssService } from './oss-service.ts';
import type { ObjectStorePort, Services, UploadPort } from './ports.ts';

const NOW = Date.UTC(2026, 10, 22, 15);
const ROOT: Identity = { kind: 'root', accountId: '1000', accessKeyId: 'ak' };
const BUCKET = {
  id: 'b1',
  name: 'logs',
  region: 'cn-beijing',
  owner: '2000',
  storageClass: 'Standard',
  redundancy: 'LRS',
  acl: 'private',
  createdAtMs: NOW,
} as const;

const UPLOAD = {
  uploadId: '',
  bucket: BUCKET.name,
  key: 'dir/key',
  initiatedMs: NOW,
  storageClass: 'Standard',
} as const;

interface Question {
  readonly identity: Identity;
  readonly action: string;
  readonly resource: string;
}

/** Writes down what it is asked, and gives one answer to all. */
function recordingAccess(decision: Decision) {
  const questions: Question[] = [];
  const access: Access = {
    allows(identity, action, resource) {
      questions.push({ identity, action, resource });
      return decision;
    },
  };
  return { access, questions };
}

/** A port that has these members alone: whoever is refused must not have been served in part. */
function only<T extends object>(name: string, members: Partial<T> = {}): T {
  return new Proxy(members as T, {
    get: (target, property, receiver) => {
      if (property in target) return Reflect.get(target, property, receiver);
      throw new Error(`${name}.${String(property)} was used`);
    },
  });
}

const findLogs = (name: string) => (name === BUCKET.name ? BUCKET : undefined);

function serviceWith(access: Access, store: Partial<ObjectStorePort> = {}) {
  const faults: unknown[] = [];
  const services: Services = {
    settings: {
      accountId: '1000',
      domain: 'localhost',
      regions: ['cn-hangzhou', 'cn-beijing'],
      inventory: true,
      allNeedsVersioning: false,
      maxDailyObjects: 10,
      maxWeeklyObjects: 10,
    },
    now: () => NOW,
    credentials: { find: (id) => (id === 'ak' ? { secret: 'secret', identity: ROOT } : undefined) },
    access,
    store: only<ObjectStorePort>('store', { findBucket: findLogs, ...store }),
    rules: only('rules'),
    runs: only('runs'),
    roles: only('roles'),
    keys: only('keys'),
  };
  return { service: new OssService(services, (fault) => faults.push(fault)), faults };
}

/** A signed request that means this operation. */
function requestFor(operation: Operation, more: Readonly<Record<string, string>> = {}): HttpRequest {
  const { method, level, subresource, with: needed = [], header } = operation;
  const rawQuery = [subresource, ...needed].filter((name) => name !== undefined).join('&');
  const bucket = level === 'service' ? undefined : BUCKET.name;
  const key = level === 'object' ? 'dir/key' : undefined;
  const path = [bucket, key].filter((part) => part !== undefined).join('/');
  const headers = { host: 'localhost', ...(header !== undefined && { [header]: 'value' }), ...more };
  const signed = signV4(
    { method, bucket, key, query: parseQuery(rawQuery), headers },
    { accessKeyId: 'ak', secret: 'secret', region: 'cn-hangzhou', signedAtMs: NOW },
  );
  const target = `/${path}${rawQuery === '' ? '' : `?${rawQuery}`}`;
  return { id: '6B030D4095C769C92A403DD2', method, target, headers: { ...headers, ...signed }, body: bytesOf('') };
}

const RESOURCES = {
  service: 'acs:oss:*:1000:*',
  bucket: 'acs:oss:cn-beijing:2000:logs',
  object: 'acs:oss:cn-beijing:2000:logs/dir/key',
} as const;

test.each(OPERATIONS)('$name does nothing before its permission $action is given', async (operation) => {
  const { access, questions } = recordingAccess({ allowed: false, reason: 'No.' });
  const { service, faults } = serviceWith(access);
  const reply = await service.handle(requestFor(operation));
  expect(reply.status).toBe(403);
  expect(documentOf(reply)).toContain('<Code>AccessDenied</Code>\n  <Message>No.</Message>');
  expect(questions).toEqual([{ identity: ROOT, action: operation.action, resource: RESOURCES[operation.level] }]);
  expect(faults).toEqual([]);
});

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

/** Allows all but one action on one resource. */
function allBut(action: string, resource: string): Access {
  return {
    allows: (_identity, asked, on) =>
      asked === action && on === resource ? { allowed: false, reason: 'Not that one.' } : { allowed: true },
  };
}

test.each([
  ['the permission for each key', 'oss:DeleteObject', 'secret'],
  ['that for a version where one is named', 'oss:DeleteObjectVersion', 'old'],
])('deleting many needs %s', async (_what, action, key) => {
  const objects = ['<Key>a</Key>', '<Key>secret</Key>', '<Key>old</Key><VersionId>1</VersionId>'];
  const body = `<Delete>${objects.map((object) => `<Object>${object}</Object>`).join('')}</Delete>`;
  const md5 = createHash('md5').update(body).digest('base64');
  const request = requestFor(deleteMultipleObjects, { 'content-md5': md5 });
  const { service, faults } = serviceWith(allBut(action, `acs:oss:cn-beijing:2000:logs/${key}`));
  const reply = await service.handle({ ...request, body: bytesOf(body) });
  expect(documentOf(reply)).toContain('<Code>AccessDenied</Code>\n  <Message>Not that one.</Message>');
  expect(faults).toEqual([]);
});

const copyPart: Operation = { ...uploadPartCopy, with: ['partNumber=1'] };
test.each([
  { operation: copyObject, source: '/logs/source', action: 'oss:GetObject' },
  { operation: copyObject, source: '/logs/source?versionId=1', action: 'oss:GetObjectVersion' },
  { operation: copyPart, source: '/logs/source', action: 'oss:GetObject' },
  { operation: copyPart, source: '/logs/source?versionId=1', action: 'oss:GetObjectVersion' },
])('$operation.name of $source needs $action on it, before anything of it is told', async (copying) => {
  const { operation, source, action } = copying;
  const request = requestFor(operation, { 'x-oss-copy-source': source });
  const uploads = only<UploadPort>('uploads', { find: () => UPLOAD });
  const { service, faults } = serviceWith(allBut(action, 'acs:oss:cn-beijing:2000:logs/source'), { uploads });
  expect(documentOf(await service.handle(request))).toContain('<Message>Not that one.</Message>');
  expect(faults).toEqual([]);
});

test('a copy from a bucket of another region is refused', async () => {
  const { access } = recordingAccess({ allowed: true });
  const find: ObjectStorePort['findBucket'] = (name) => ({
    ...BUCKET,
    name,
    ...(name === 'far' && { region: 'cn-hangzhou' }),
  });
  const { service } = serviceWith(access, { findBucket: find });
  const reply = await service.handle(requestFor(copyObject, { 'x-oss-copy-source': '/far/source' }));
  expect(reply.status).toBe(403);
  expect(documentOf(reply)).toContain('Target object does not reside in the same data center as source object.');
});

test.each([getObject, headObject])('$name lets nobody choose headers who did not sign', async (operation) => {
  const { access } = recordingAccess({ allowed: true });
  const { service } = serviceWith(access);
  const { headers, ...request } = requestFor(operation);
  const target = `${request.target}?response-content-type=text/html`;
  const reply = await service.handle({ ...request, target, headers: { host: headers.host } });
  expect(reply.status).toBe(400);
  expect(documentOf(reply)).toContain('<Code>InvalidRequest</Code>');
});

test('nobody is asked for permission before the signature is proven', async () => {
  const { access, questions } = recordingAccess({ allowed: true });
  const { service } = serviceWith(access);
  for (const operation of OPERATIONS) {
    const request = requestFor(operation);
    const headers = { ...request.headers, authorization: request.headers.authorization?.replace(/.$/, '~') };
    expect((await service.handle({ ...request, headers })).status).toBe(403);
  }
  expect(questions).toEqual([]);
});

test.each([
  { operation: listBuckets, number: '<EC>0003-00001201</EC>' },
  { operation: listObjects, number: undefined },
  { operation: getObject, number: undefined },
])('$operation.name refuses who did not sign, with the number there is for it', async ({ operation, number }) => {
  const { access } = recordingAccess({ allowed: false, reason: 'Nobody may.' });
  const { service } = serviceWith(access);
  const { headers, ...request } = requestFor(operation);
  const refused = documentOf(await service.handle({ ...request, headers: { host: headers.host } }));
  expect(refused).toContain('<Code>AccessDenied</Code>\n  <Message>Nobody may.</Message>');
  expect(/<EC>.*<\/EC>/.exec(refused)?.[0]).toBe(number);
});

test('a bucket that is not there is judged like one of the account, so that its owner learns that it is missing', async () => {
  const { access, questions } = recordingAccess({ allowed: true });
  const { service } = serviceWith(access, { findBucket: () => undefined });
  const reply = await service.handle(requestFor(getBucketInfo));
  expect(questions.map(({ resource }) => resource)).toEqual(['acs:oss:cn-hangzhou:1000:logs']);
  expect(documentOf(reply)).toContain('<Code>NoSuchBucket</Code>');
});

test('a fault of ours is logged, and tells the client nothing of itself', async () => {
  const { access } = recordingAccess({ allowed: true });
  const { service, faults } = serviceWith(access);
  const reply = await service.handle(requestFor(listObjects));
  expect(reply.status).toBe(500);
  expect(documentOf(reply)).toContain('<Code>InternalError</Code>');
  expect(documentOf(reply)).not.toContain('was used');
  expect(faults).toEqual([new Error('store.list was used')]);
});

function documentOf({ headers, body }: HttpResponse): string {
  return typeof body === 'string' ? body : Buffer.from(headers['x-oss-err'] ?? '', 'base64').toString();
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
