/** Temporary credentials as clients use them: the unmodified STS client of ali-oss, then ali-oss with what it got. */

import OSS from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { WireClient, type WireKey, type WireRequest } from '../wire-client.ts';
import { type AliOss, aliOss } from './ali-oss-client.ts';
import { SIGNATURES } from './clients-of-a-server.ts';
import { refusal } from './refusal.ts';

const ACCOUNT = '1000000000000000';
const BUCKET = 'media';
const DOMAIN = 'oss-cn-hangzhou.aliyuncs.com';
const ROLE = `acs:ram::${ACCOUNT}:role/writer`;
const READ_ONLY = policy({ Effect: 'Allow', Action: ['oss:GetObject'], Resource: `acs:oss:*:*:${BUCKET}/*` });

type Sts = InstanceType<typeof OSS.STS>;
type Key = Awaited<ReturnType<Sts['assumeRole']>>['credentials'];

let server: ServerProcess;
let root: WireClient;
let anna: WireKey;
let sts: Sts;

beforeAll(async () => {
  server = await startServer();
  root = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  expect((await root.send({ method: 'PUT', bucket: BUCKET })).status).toBe(200);
  await administer('POST', 'access/users', { name: 'anna' });
  const { id, secret } = await administer('POST', 'access/users/anna/keys');
  anna = { accessKeyId: id, accessKeySecret: secret };
  await putPolicy('assume', { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ROLE });
  await administer('PUT', 'access/users/anna/policies/assume');
  await putPolicy('write', { Effect: 'Allow', Action: ['oss:*', 'stocktake:*'], Resource: '*' });
  sts = new OSS.STS({ ...anna, endpoint: server.endpoint } as OSS.Options);
});

beforeEach(async () => {
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${ACCOUNT}:root`] } };
  await administer('PUT', 'access/roles/writer', { trust: policy(trust) });
  await administer('PUT', 'access/roles/writer/policies/write');
});

afterAll(async () => {
  root.close();
  await server.stop();
});

describe.each(SIGNATURES)('a session that signs with $version', ({ isV4 }) => {
  test('puts, gets and lists objects, and puts a rule', async () => {
    const client = sessionClient(await assume(), isV4);
    await client.put('a/b', Buffer.from('by a session'));
    expect((await client.get('a/b')).content.toString()).toBe('by a session');
    expect((await client.list({ prefix: 'a/' })).objects.map(({ name }) => name)).toEqual(['a/b']);
    const destination = { format: 'CSV', accountId: ACCOUNT, rolename: 'AliyunOSSRole', bucket: BUCKET } as const;
    const rule = { id: isV4 ? 'by-v4' : 'by-v1', isEnabled: false, prefix: '', frequency: 'Daily' };
    await client.putBucketInventory(BUCKET, {
      ...rule,
      OSSBucketDestination: destination,
      includedObjectVersions: 'Current',
    });
    expect((await client.getBucketInventory(BUCKET, rule.id)).inventory.id).toBe(rule.id);
  });

  test('does no more than its own policy says', async () => {
    await sessionClient(await assume(), isV4).put('for-reading', Buffer.from('r'));
    const reader = sessionClient(await assume(READ_ONLY), isV4);
    expect((await reader.get('for-reading')).content.toString()).toBe('r');
    expect(await refusal(reader.put('for-reading', Buffer.from('w')))).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    });
    expect(await refusal(reader.list({}))).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  test('signs URLs that carry its token', async () => {
    const key = await assume();
    await sessionClient(key, isV4).put('by-url', Buffer.from('u'));
    // ali-oss signs no URL for an IP address, so it gets a name.
    const signer = sessionClient(key, isV4, `http://${DOMAIN}`);
    const url = isV4
      ? await signer.signatureUrlV4('GET', 600, {}, 'by-url')
      : signer.signatureUrl('by-url', { method: 'GET', expires: 600 });
    const { host, pathname, search } = new URL(url);
    const get = (target: string) => root.send({ signature: 'none', headers: { host }, target });
    expect(await get(pathname + search)).toMatchObject({ status: 200, text: 'u' });
    const withoutToken = search.replace(/[?&](?:x-oss-)?security-token=[^&]*/, '&').replace(/^&/, '?');
    expect((await get(pathname + withoutToken)).error?.code).toBe('InvalidAccessKeyId');
  });

  test('is nobody without its token, with that of another, or with one that was changed', async () => {
    const [key, other] = [await assume(), await assume()];
    const codeOf = async (change: Partial<Key>) =>
      (await refusal(sessionClient({ ...key, ...change }, isV4).put('x', Buffer.from('x')))).code;
    expect(await codeOf({ SecurityToken: '' })).toBe('InvalidAccessKeyId');
    expect(await codeOf({ SecurityToken: other.SecurityToken })).toBe('AccessKeyIdAndSecurityTokenNotMatch');
    expect(await codeOf({ SecurityToken: `${key.SecurityToken.slice(0, -2)}AA` })).toBe('InvalidSecurityToken');
    expect(await codeOf({ AccessKeySecret: other.AccessKeySecret })).toBe('SignatureDoesNotMatch');
  });

  test('ends when its role is deleted', async () => {
    const client = sessionClient(await assume(), isV4);
    await client.put('last', Buffer.from('1'));
    await administer('DELETE', 'access/roles/writer?force=true');
    expect(await refusal(client.put('last', Buffer.from('2')))).toMatchObject({
      status: 403,
      code: 'InvalidSecurityToken',
    });
  });
});

describe('the STS client of ali-oss', () => {
  test('is answered with what it asked for', async () => {
    const { credentials } = await sts.assumeRole(ROLE, READ_ONLY, 900, 'anna');
    expect(Object.keys(credentials).sort()).toEqual(['AccessKeyId', 'AccessKeySecret', 'Expiration', 'SecurityToken']);
    const leftMs = Date.parse(credentials.Expiration) - Date.now();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(900_000);
  });

  test.each([
    {
      what: 'a policy that is none',
      args: [ROLE, { Statements: [] }],
      status: 400,
      code: 'InvalidParameter.PolicyGrammar',
    },
    { what: 'a role of another name', args: [`${ROLE}x`], status: 403, code: 'NoPermission' },
    { what: 'too long a session', args: [ROLE, '', 3601], status: 400, code: 'InvalidParameter.DurationSeconds' },
  ])('is refused $what', async ({ args: [role, ...rest], status, code }) => {
    const asked = sts.assumeRole(role as string, ...(rest as [object, number]));
    expect(await refusal(asked)).toMatchObject({ status, code, requestId: expect.stringMatching(/^[0-9A-F]{24}$/) });
  });

  test('of the root key is refused', async () => {
    const ofRoot = new OSS.STS({ ...TEST_KEY, endpoint: server.endpoint } as OSS.Options);
    expect(await refusal(ofRoot.assumeRole(ROLE))).toMatchObject({ status: 403, code: 'NoPermission' });
  });
});

test('a session administers with its token in a header, as far as its role may', async () => {
  const list = async (key: Key): Promise<number> => {
    const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken } = key;
    const client = new WireClient({ endpoint: server.endpoint, key: { accessKeyId, accessKeySecret } });
    const headers = { 'x-oss-security-token': SecurityToken };
    const { status } = await client.send({ bucket: '-', key: 'api/v1/access/users', headers });
    client.close();
    return status;
  };
  expect(await list(await assume())).toBe(200);
  expect(await list(await assume(READ_ONLY))).toBe(403);
});

test('a listing of buckets is no matter of STS', async () => {
  expect((await root.send({})).text).toContain('<ListAllMyBucketsResult>');
});

async function assume(sessionPolicy?: object): Promise<Key> {
  return (await sts.assumeRole(ROLE, sessionPolicy ?? '', 3600, 'anna')).credentials;
}

function sessionClient(key: Key, isV4: boolean, endpoint = server.endpoint): AliOss {
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: stsToken } = key;
  const client = aliOss({ endpoint, isV4, accessKeyId, accessKeySecret, stsToken });
  client.useBucket(BUCKET);
  return client;
}

/** Asks the admin API, as root. */
async function administer(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object) {
  const [key = '', query] = path.split('?');
  const request: WireRequest = { method, bucket: '-', key: `api/v1/${key}`, ...(query !== undefined && { query }) };
  const reply = await root.send({ ...request, ...(body !== undefined && { body: JSON.stringify(body) }) });
  expect(reply.status, reply.text).toBeLessThan(300);
  return reply.text === '' ? {} : JSON.parse(reply.text);
}

async function putPolicy(name: string, statement: object): Promise<void> {
  await administer('PUT', `access/policies/${name}`, { document: policy(statement) });
}

function policy(statement: object): object {
  return { Version: '1', Statement: [statement] };
}
