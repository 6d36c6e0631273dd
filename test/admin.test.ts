/** The admin API over HTTP: who may ask, what is refused and how, and the keys behind it. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../src/admin/operations.ts';
import { MAX_BODY_BYTES } from '../src/admin/read-input.ts';
import { encodeKey, parseQuery } from '../src/core/request-target.ts';
import { type AdminServer, type Asked, addUser, startAdminServer } from './admin-server.ts';
import { presignV4 } from './presign.ts';
import { TEST_KEY } from './server-process.ts';

let server: AdminServer;

beforeEach(async () => {
  server = await startAdminServer();
});

afterEach(() => server.close());

const ask: AdminServer['ask'] = (...request) => server.ask(...request);

const refusal = (code: string, message: unknown = expect.any(String)) => ({
  error: { code, message, requestId: expect.stringMatching(/^[0-9A-F]{24}$/) },
});

describe('keys', () => {
  test('are created, shown, listed, disabled, enabled, scheduled for deletion and kept after all', async () => {
    const created = await ask('POST', 'keys', { json: { id: 'team/photos', description: 'of the team' } });
    const photos = {
      id: 'team/photos',
      description: 'of the team',
      spec: 'SYMMETRIC',
      state: 'enabled',
      isDefault: false,
      createdAt: new Date(server.clock.nowMs).toISOString(),
      deletionAt: null,
    };
    expect(created).toMatchObject({ status: 201, json: photos, headers: { 'content-type': 'application/json' } });
    expect(await ask('GET', 'keys/team/photos')).toMatchObject({ status: 200, json: photos });
    expect((await ask('GET', 'keys')).json).toEqual({ keys: [photos], nextAfter: null });
    expect((await ask('POST', 'keys/team/photos/disable')).json).toEqual({ ...photos, state: 'disabled' });
    expect((await ask('POST', 'keys/team/photos/enable', { json: {} })).json).toEqual(photos);
    const deletionAt = (days: number) => new Date(server.clock.nowMs + days * 86_400_000).toISOString();
    const pending = { ...photos, state: 'pendingDeletion' };
    const schedule = (json?: object) => ask('POST', 'keys/team/photos/schedule-deletion', { json });
    expect((await schedule({ days: 7 })).json).toEqual({ ...pending, deletionAt: deletionAt(7) });
    expect((await ask('POST', 'keys/team/photos/cancel-deletion')).json).toEqual(photos);
    expect((await schedule()).json).toEqual({ ...pending, deletionAt: deletionAt(30) });
    expect(await ask('POST', 'keys/team/photos/enable')).toMatchObject({
      status: 409,
      json: refusal('KeyPendingDeletion'),
    });
  });

  test('without a body get an id of their own', async () => {
    expect((await ask('POST', 'keys')).json.id).toMatch(/^key-[0-9a-f-]{36}$/);
  });

  test('are listed in pages', async () => {
    for (const id of ['a', 'b/c', 'd']) await ask('POST', 'keys', { json: { id } });
    const page = async (query: string) => {
      const { json } = await ask('GET', 'keys', { query });
      return [json.keys.map(({ id }: { id: string }) => id), json.nextAfter];
    };
    expect(await page('limit=2')).toEqual([['a', 'b/c'], 'b/c']);
    expect(await page('limit=2&after=b%2Fc')).toEqual([['d'], null]);
    expect(await page('limit=1000')).toEqual([['a', 'b/c', 'd'], null]);
  });

  test('are told from operations by the method, even when their id ends like one', async () => {
    await ask('POST', 'keys', { json: { id: 'a' } });
    await ask('POST', 'keys', { json: { id: 'a/disable' } });
    expect((await ask('POST', 'keys/a/disable/disable')).json).toMatchObject({ id: 'a/disable', state: 'disabled' });
    expect((await ask('GET', 'keys/a/disable')).json).toMatchObject({ id: 'a/disable', state: 'disabled' });
    expect((await ask('GET', 'keys/a')).json).toMatchObject({ id: 'a', state: 'enabled' });
  });

  test('that are not there, or there already, are told of by the codes of the wire', async () => {
    expect(await ask('GET', 'keys/none')).toMatchObject({ status: 404, json: refusal('KeyNotFound') });
    expect(await ask('GET', 'keys/service')).toMatchObject({ status: 404, json: refusal('KeyNotFound') });
    await ask('POST', 'keys', { json: { id: 'a' } });
    const again = await ask('POST', 'keys', { json: { id: 'a' } });
    expect(again).toMatchObject({ status: 409, json: refusal('KeyAlreadyExists') });
  });

  test('are refused while the key service is switched off', async () => {
    await server.close();
    server = await startAdminServer({ isOn: false });
    const message = expect.stringContaining('keyService');
    expect(await ask('GET', 'keys')).toMatchObject({ status: 400, json: refusal('InvalidArgument', message) });
  });
});

describe('what is asked', () => {
  test.each<[what: string, words: string, method: string, path: string, asked: Asked]>([
    ['no JSON', 'one JSON object', 'POST', 'keys', { body: '{' }],
    ['no UTF-8', 'one JSON object', 'POST', 'keys', { body: Buffer.of(0x22, 0xff, 0x22) }],
    ['no object', 'body: ', 'POST', 'keys', { json: [] }],
    ['of two minds', '"id" twice', 'POST', 'keys', { body: '{"id":"a","id":"b"}' }],
    ['null', 'body: ', 'POST', 'keys', { json: null }],
    ['with a field that is not known', '"name"', 'POST', 'keys', { json: { name: 'a' } }],
    ['with an id that is no text', 'id: ', 'POST', 'keys', { json: { id: 1 } }],
    ['with an id that is not legal', '"a b"', 'POST', 'keys', { json: { id: 'a b' } }],
    ['with a spec that is not known', 'spec: ', 'POST', 'keys', { json: { spec: 'EC_P256' } }],
    ['a deletion at once', 'from 7 to 366', 'POST', 'keys/a/schedule-deletion', { json: { days: 0 } }],
    ['a deletion in text', 'days: ', 'POST', 'keys/a/schedule-deletion', { json: { days: '7' } }],
    ['an operation with what it does not take', '"days"', 'POST', 'keys/a/disable', { json: { days: 7 } }],
    ['a page of nothing', 'limit: "0"; expected: a whole number from 1 to 1000', 'GET', 'keys', { query: 'limit=0' }],
    [
      'a page of too much',
      'limit: "1001"; expected: a whole number from 1 to 1000',
      'GET',
      'keys',
      { query: 'limit=1001' },
    ],
    [
      'a page of what is no number',
      'limit: "1e2"; expected: a whole number from 1 to 1000',
      'GET',
      'keys',
      { query: 'limit=1e2' },
    ],
    ['a page by a parameter that is not known', '"limti"', 'GET', 'keys', { query: 'limti=1' }],
    ['a parameter that nobody would read', '"acount", and there is none', 'POST', 'keys', { query: 'acount=2' }],
    ['a page after what no key can be', 'after: ', 'GET', 'keys', { query: `after=${'a'.repeat(65)}` }],
  ])('is refused when it is %s', async (_, words, method, path, asked) => {
    await ask('POST', 'keys', { json: { id: 'a' } });
    const message = expect.stringContaining(words);
    expect(await ask(method, path, asked)).toMatchObject({ status: 400, json: refusal('InvalidArgument', message) });
    expect((await ask('GET', 'keys')).json).toMatchObject({ keys: [{ id: 'a', state: 'enabled' }] });
    expect(server.faults).toEqual([]);
  });

  test('is refused when it is too long', async () => {
    const body = JSON.stringify({ description: 'a'.repeat(MAX_BODY_BYTES) });
    expect(await ask('POST', 'keys', { body })).toMatchObject({ status: 400, json: refusal('EntityTooLarge') });
  });

  test.each(['nothing', 'key', 'keys/', '', 'keysx'])('is not found at "%s"', async (path) => {
    expect(await ask('GET', path)).toMatchObject({ status: 404, json: refusal('NotFound') });
  });

  test.each(['/-/', '/-/api', '/-/api/v2/keys', '/-/nothing?a=b', '/-//api/v1/keys'])(
    'is not found at %s, whoever asks',
    async (target) => {
      const { status, text } = await server.client.send({ target, signature: 'none' });
      expect({ status, json: JSON.parse(text) }).toEqual({ status: 404, json: refusal('NotFound') });
    },
  );

  test.each([
    ['DELETE', 'keys', 'POST, GET'],
    ['DELETE', 'keys/a', 'GET'],
    ['POST', 'keys/a', 'GET'],
    ['PUT', 'keys/a/enable', 'GET, POST'],
  ])('%s %s is answered with the methods that are allowed', async (method, path, allow) => {
    const reply = await ask(method, path);
    expect(reply).toMatchObject({ status: 405, json: refusal('MethodNotAllowed'), headers: { allow } });
  });

  test('is answered without a word about a fault of the server, which its log has', async () => {
    await server.close();
    const fault = new Error('the disk said s3cret');
    server = await startAdminServer({ keys: { get: () => Promise.reject(fault) } });
    const { status, json } = await ask('GET', 'keys/a');
    expect({ status, json }).toEqual({ status: 500, json: refusal('InternalError') });
    expect(JSON.stringify(json)).not.toContain('s3cret');
    expect(server.faults).toEqual([fault]);
  });
});

describe('whoever asks', () => {
  const operations = OPERATIONS.map(({ method, path }) => [method, pathOf(path)] as const);

  test.each(operations)(
    '%s %s: is refused without a signature, with V1, and with a wrong key',
    async (method, path) => {
      expect(await ask(method, path, { signature: 'none' })).toMatchObject({
        status: 403,
        json: refusal('AccessDenied'),
      });
      const v1 = await ask(method, path, { signature: 'v1' });
      expect(v1).toMatchObject({ status: 403, json: refusal('AccessDenied', expect.stringContaining('V4')) });
      const forged = await ask(method, path, { signWith: { accessKeySecret: 'another' } });
      expect(forged).toMatchObject({ status: 403, json: refusal('SignatureDoesNotMatch') });
      const unknown = await ask(method, path, { signWith: { accessKeyId: 'nobody' } });
      expect(unknown).toMatchObject({ status: 403, json: refusal('InvalidAccessKeyId') });
    },
  );

  test.each(OPERATIONS)(
    '$method $path: needs $action, on its own resource',
    async ({ method, path, action, ...row }) => {
      const [resource, ...more] = [row.resource, row.also].flatMap((name) => name?.((param) => textFor(param)) ?? []);
      const arnOf = (path = '') => `acs:stocktake:*:1000000000000000:${path}`;
      const arn = arnOf(resource);
      const others = OPERATIONS.map((operation) => operation.action).filter((other) => other !== action);
      const elsewhere = { Action: 'stocktake:*', Resource: arn.replace(/.$/, '!') };
      const key = await addUser(server, 'ben', [{ Action: others }, elsewhere]);
      const before = server.book.accountAccess('1000000000000000');
      const refused = await ask(method, pathOf(path), {}, key);
      const message = expect.stringContaining(`${action} on ${arn}`);
      expect(refused).toMatchObject({ status: 403, json: { error: { code: 'AccessDenied', message } } });
      expect(server.book.accountAccess('1000000000000000')).toEqual(before);

      for (const other of more) {
        const half = await addUser(server, 'abel', [{ Action: action, Resource: arn }]);
        const refusedOther = await ask(method, pathOf(path), {}, half);
        const about = expect.stringContaining(`${action} on ${arnOf(other)}`);
        expect(refusedOther).toMatchObject({ status: 403, json: { error: { message: about } } });
      }
      const granted = await addUser(server, 'cleo', [{ Action: action, Resource: [arn, ...more.map(arnOf)] }]);
      expect((await ask(method, pathOf(path), {}, granted)).status).not.toBe(403);
      const denied = await addUser(server, 'dora', [
        { Action: '*' },
        { Effect: 'Deny', Action: action, Resource: arn },
      ]);
      expect((await ask(method, pathOf(path), {}, denied)).status).toBe(403);
    },
  );

  test.each(operations)(
    '%s %s: is refused in a signed URL, which would be handed on too easily',
    async (method, path) => {
      const { accessKeyId, accessKeySecret: secret } = TEST_KEY;
      const signer = { accessKeyId, secret, region: 'cn-hangzhou', signedAtMs: Date.now(), lifetimeSeconds: 60 };
      const request = { method, bucket: '-', key: `api/v1/${path}`, query: parseQuery(''), headers: {} };
      const target = `/-/api/v1/${encodeKey(path)}?${presignV4(request, signer)}`;
      const { status, text } = await server.client.send({ method, target, signature: 'none' });
      const message = expect.stringContaining('Authorization header only');
      expect({ status, json: JSON.parse(text) }).toEqual({ status: 403, json: refusal('AccessDenied', message) });
    },
  );

  test('has signed the path and the query that count', async () => {
    await ask('POST', 'keys', { json: { id: 'a' } });
    const path = await ask('POST', 'keys/b/disable', { target: '/-/api/v1/keys/a/disable' });
    expect(path).toMatchObject({ status: 403, json: refusal('SignatureDoesNotMatch') });
    const query = await ask('GET', 'keys', { query: 'limit=1', target: '/-/api/v1/keys?limit=2' });
    expect(query).toMatchObject({ status: 403, json: refusal('SignatureDoesNotMatch') });
    expect((await ask('GET', 'keys/a')).json).toMatchObject({ state: 'enabled' });
  });

  test('may escape the slashes of an id', async () => {
    await ask('POST', 'keys', { json: { id: 'team/photos' } });
    const reply = await ask('GET', 'keys/team/photos', { target: '/-/api/v1/keys/team%2Fphotos' });
    expect(reply).toMatchObject({ status: 200, json: { id: 'team/photos' } });
  });
});

/** A path with something in the place of each name. */
function pathOf(path: string): string {
  return path.replace(/\{\+?(\w+)\}/g, (_, name: string) => textFor(name));
}

/** Of an account, its id. */
function textFor(name: string): string {
  return name === 'account' ? '3000000000000000' : 'a';
}
