/** Bucket policies, as the unmodified ali-oss SDK sets them and as they go over the wire; and buckets of two accounts. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { WireClient, type WireRequest } from '../wire-client.ts';
import { aliOss } from './ali-oss-client.ts';
import { SIGNATURES } from './clients-of-a-server.ts';

const ACCOUNT = '1000000000000000';
const OTHER = '2000000000000000';

let server: ServerProcess;
let wire: WireClient;

beforeAll(async () => {
  server = await startServer();
  wire = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
});

afterAll(async () => {
  wire.close();
  await server.stop();
});

function policyOf(bucket: string, change: object = {}) {
  const statement = {
    Effect: 'Allow',
    Principal: ['*'],
    Action: ['oss:GetObject'],
    Resource: [`acs:oss:*:${ACCOUNT}:${bucket}/*`],
  };
  return { Version: '1', Statement: [{ ...statement, ...change }] };
}

describe.each(SIGNATURES)('ali-oss signing with $version', ({ version, isV4 }) => {
  const bucket = `policy-${version}`;
  const client = () => aliOss({ endpoint: server.endpoint, isV4 });

  test('a policy is put, holds, comes back as it was and is taken away', async () => {
    await client().putBucket(bucket);
    // It sets the accepted statuses too late, and so takes a 404 for an answer.
    expect(await client().getBucketPolicy(bucket)).toMatchObject({ status: 404, policy: null });
    const anonymous: WireRequest = { bucket, key: 'a', signature: 'none' };
    await wire.send({ method: 'PUT', bucket, key: 'a', body: 'x' });
    expect((await wire.send(anonymous)).status).toBe(403);

    expect((await client().putBucketPolicy(bucket, policyOf(bucket))).res.status).toBe(200);
    expect((await client().getBucketPolicy(bucket)).policy).toEqual(policyOf(bucket));
    expect((await wire.send(anonymous)).text).toBe('x');
    expect((await wire.send({ ...anonymous, method: 'DELETE' })).status).toBe(403);

    expect((await client().deleteBucketPolicy(bucket)).res.status).toBe(204);
    expect((await client().deleteBucketPolicy(bucket)).res.status).toBe(204);
    expect((await wire.send(anonymous)).status).toBe(403);
  });
});

describe('over the wire', () => {
  const bucket = 'policies';
  const put = (body: string | Uint8Array): WireRequest => ({ method: 'PUT', bucket, query: 'policy', body });

  beforeAll(async () => {
    await wire.send({ method: 'PUT', bucket });
  });

  test('the text comes back as it was put, blanks and all, with its type', async () => {
    const text = JSON.stringify(policyOf(bucket), null, 3);
    expect(await wire.send(put(text))).toMatchObject({ status: 200, text: '' });
    const got = await wire.send({ bucket, query: 'policy' });
    expect(got).toMatchObject({ status: 200, text, headers: { 'content-type': 'application/json' } });
  });

  test.each([
    ['is none', 'Allow everything', 'it is not JSON'],
    ['is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'UTF-8'],
    ['is over 16 KiB', JSON.stringify(policyOf(bucket)).padEnd(16 * 1024 + 1), '16384'],
    ['names nobody', JSON.stringify(policyOf(bucket, { Principal: undefined })), 'Statement[0].Principal'],
    ['is about another bucket', JSON.stringify(policyOf('another')), 'Statement[0].Resource'],
  ])('one that %s is refused, and the old one stays', async (_what, body, why) => {
    const before = await wire.send({ bucket, query: 'policy' });
    const { status, error } = await wire.send(put(body));
    expect({ status, code: error?.code }).toEqual({ status: 400, code: 'InvalidPolicyDocument' });
    expect(error?.message).toContain(why);
    expect((await wire.send({ bucket, query: 'policy' })).text).toBe(before.text);
  });

  test.each([
    ['lets everybody in', policyOf(bucket), 'true'],
    [
      'lets everybody in over TLS',
      policyOf(bucket, { Condition: { Bool: { 'acs:SecureTransport': 'true' } } }),
      'true',
    ],
    [
      'lets everybody in from anywhere',
      policyOf(bucket, { Condition: { IpAddress: { 'acs:SourceIp': '0.0.0.0/0' } } }),
      'true',
    ],
    [
      'lets everybody in from anywhere in other words',
      policyOf(bucket, { Condition: { IpAddress: { 'acs:SourceIp': ['10.0.0.0/8', '::ffff:0:0/96'] } } }),
      'true',
    ],
    [
      'lets everybody in from here',
      policyOf(bucket, { Condition: { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } } }),
      'false',
    ],
    ['lets an account in', policyOf(bucket, { Principal: [OTHER] }), 'false'],
    ['shuts everybody out', policyOf(bucket, { Effect: 'Deny' }), 'false'],
  ])('of one that %s it is told whether it is public', async (_what, policy, isPublic) => {
    await wire.send(put(JSON.stringify(policy)));
    const { text } = await wire.send({ bucket, query: 'policyStatus' });
    expect(text).toContain(`<PolicyStatus>\n  <IsPublic>${isPublic}</IsPublic>\n</PolicyStatus>`);
  });

  test('no policy is not public, and a bucket made anew has none', async () => {
    await wire.send({ method: 'DELETE', bucket });
    await wire.send({ method: 'PUT', bucket });
    expect((await wire.send({ bucket, query: 'policyStatus' })).text).toContain('<IsPublic>false</IsPublic>');
    expect((await wire.send({ bucket, query: 'policy' })).error?.code).toBe('NoSuchBucketPolicy');
  });

  test('whoever shut everybody out gets in again by its policy alone', async () => {
    const all = [`acs:oss:*:*:${bucket}`, `acs:oss:*:*:${bucket}/*`];
    const condition = { StringLike: { 'acs:UserAgent': '*' } };
    const shut = { Effect: 'Deny', Principal: ['*'], Action: ['oss:*'], Resource: all, Condition: condition };
    const headers = { 'user-agent': 'any' };
    await wire.send(put(JSON.stringify({ Version: '1', Statement: [shut] })));
    const listed = await wire.send({ bucket, headers });
    expect(listed.error).toMatchObject({
      code: 'AccessDenied',
      message: 'Access denied by bucket policy. The policy of the bucket denies it.',
    });
    expect((await wire.send({ bucket, query: 'policy', headers })).status).toBe(200);
    expect((await wire.send({ method: 'DELETE', bucket, query: 'policy', headers })).status).toBe(204);
    expect((await wire.send({ bucket, headers })).status).toBe(200);
  });
});

test('a policy is there after kill -9', async () => {
  const bucket = 'lasting';
  const text = JSON.stringify(policyOf(bucket));
  const first = await startServer();
  const before = new WireClient({ endpoint: first.endpoint, key: TEST_KEY });
  await before.send({ method: 'PUT', bucket });
  await before.send({ method: 'PUT', bucket, query: 'policy', body: text });
  await first.kill();
  before.close();
  const again = await startServer({ data: first.data });
  const after = new WireClient({ endpoint: again.endpoint, key: TEST_KEY });
  expect((await after.send({ bucket, query: 'policy' })).text).toBe(text);
  after.close();
  await again.stop();
  await first.stop();
});

describe('another account', () => {
  let other: WireClient;

  beforeAll(async () => {
    const admin = (key: string, body: object) =>
      wire.send({ method: 'POST', bucket: '-', key: `api/v1/${key}`, body: JSON.stringify(body) });
    await admin('access/accounts', { id: OTHER, name: 'other' });
    const made = await admin(`access/accounts/${OTHER}/keys`, {});
    expect(made.status, made.text).toBe(201);
    const { id, secret } = JSON.parse(made.text) as { id: string; secret: string };
    other = new WireClient({ endpoint: server.endpoint, key: { accessKeyId: id, accessKeySecret: secret } });
    await wire.send({ method: 'PUT', bucket: 'ours-alone' });
  });

  afterAll(() => other.close());

  test('owns the buckets that it makes, and sees no others', async () => {
    expect((await other.send({ method: 'PUT', bucket: 'theirs' })).status).toBe(200);
    const theirs = await other.send({});
    expect(theirs.text).toContain(`<ID>${OTHER}</ID>`);
    expect(theirs.text.match(/<Name>.*?<\/Name>/g)).toEqual(['<Name>theirs</Name>']);
    expect((await wire.send({})).text).not.toContain('<Name>theirs</Name>');
    expect((await other.send({ bucket: 'theirs', query: 'bucketInfo' })).text).toContain(`<ID>${OTHER}</ID>`);
  });

  test('does not get a name that is taken, and learns of a bucket that is missing', async () => {
    const taken = await other.send({ method: 'PUT', bucket: 'ours-alone' });
    expect({ status: taken.status, code: taken.error?.code }).toEqual({ status: 409, code: 'BucketAlreadyExists' });
    expect((await other.send({ bucket: 'no-such-bucket' })).error?.code).toBe('NoSuchBucket');
  });

  test('is shut out of the buckets of others until their policy lets it in', async () => {
    const bucket = 'ours-alone';
    await wire.send({ method: 'PUT', bucket, key: 'a', body: 'ours' });
    const refused = await other.send({ bucket });
    expect(refused.error).toMatchObject({
      code: 'AccessDenied',
      message: 'The bucket you access does not belong to you.',
    });
    const policy = policyOf(bucket, { Principal: [OTHER] });
    await wire.send({ method: 'PUT', bucket, query: 'policy', body: JSON.stringify(policy) });
    expect((await other.send({ bucket, key: 'a' })).text).toBe('ours');
    expect((await other.send({ bucket })).status).toBe(403);
  });
});
