/** Accounts, users, roles and policies over the admin API: what is made, who may make it, and what the audit log says. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serviceTrust } from '../src/core/service-trust.ts';
import { allowing, OTHER_ACCOUNT, SERVER_ACCOUNT } from './access-fixture.ts';
import { type AdminServer, addUser, startAdminServer } from './admin-server.ts';
import { TEST_KEY } from './server-process.ts';
import type { WireKey } from './wire-client.ts';

let server: AdminServer;
const ask: AdminServer['ask'] = (...request) => server.ask(...request);

beforeEach(async () => {
  server = await startAdminServer();
});

afterEach(() => server.close());

const refused = (code: string, words = '') => ({ error: { code, message: expect.stringContaining(words) } });

/** Another account, with a root key of its own. */
async function createOther(): Promise<WireKey> {
  await ask('POST', 'access/accounts', { json: { name: 'other', id: OTHER_ACCOUNT } });
  const { json } = await ask('POST', `access/accounts/${OTHER_ACCOUNT}/keys`);
  return { accessKeyId: json.id, accessKeySecret: json.secret };
}

describe('a user', () => {
  const view = {
    id: expect.stringMatching(/^\d{18}$/),
    accountId: SERVER_ACCOUNT,
    name: 'anna',
    arn: `acs:ram::${SERVER_ACCOUNT}:user/anna`,
    description: 'of the team',
    state: 'enabled',
    policies: [],
    accessKeys: [],
    createdAt: expect.any(String),
  };

  test('is created, shown, listed, disabled, enabled and deleted', async () => {
    const created = await ask('POST', 'access/users', { json: { name: 'anna', description: 'of the team' } });
    expect(created).toMatchObject({ status: 201, json: view });
    expect(await ask('GET', 'access/users/anna')).toMatchObject({ status: 200, json: created.json });
    expect((await ask('GET', 'access/users')).json).toEqual({ items: [created.json], nextAfter: null });
    expect((await ask('POST', 'access/users/anna/disable')).json).toEqual({ ...created.json, state: 'disabled' });
    expect((await ask('POST', 'access/users/anna/enable')).json).toEqual(created.json);
    expect(await ask('DELETE', 'access/users/anna')).toMatchObject({ status: 200, json: {} });
    expect(await ask('GET', 'access/users/anna')).toMatchObject({ status: 404, json: refused('NoSuchUser', '"anna"') });
  });

  test('has keys that sign until they are disabled or deleted; a secret is shown once', async () => {
    const key = await addUser(server, 'anna', [{ Action: 'stocktake:*' }]);
    const lastsAs = async (status: number, code?: string) => {
      const reply = await ask('GET', 'access/users/anna', {}, key);
      expect(reply).toMatchObject({ status, ...(code && { json: refused(code) }) });
      expect(JSON.stringify(reply.json)).not.toContain(key.accessKeySecret);
    };
    await lastsAs(200);
    const path = `access/users/anna/keys/${key.accessKeyId}`;
    expect((await ask('POST', `${path}/disable`)).json).toMatchObject({ id: key.accessKeyId, state: 'disabled' });
    await lastsAs(403, 'InvalidAccessKeyId');
    expect((await ask('POST', `${path}/enable`)).json).toMatchObject({ id: key.accessKeyId, state: 'enabled' });
    await lastsAs(200);
    await ask('POST', 'access/users/anna/disable');
    await lastsAs(403, 'UserDisable');
    await ask('POST', 'access/users/anna/enable');
    expect(await ask('DELETE', path)).toMatchObject({ status: 200 });
    await lastsAs(403, 'InvalidAccessKeyId');
  });

  test('with keys and policies is deleted by force alone, and all of it goes', async () => {
    const key = await addUser(server, 'anna', [{ Action: 'oss:GetObject' }]);
    const kept = await ask('DELETE', 'access/users/anna');
    expect(kept).toMatchObject({ status: 409, json: refused('DeleteConflict', key.accessKeyId) });
    expect(await ask('DELETE', 'access/users/anna', { query: 'force=yes' })).toMatchObject({ status: 400 });
    expect(await ask('DELETE', 'access/users/anna', { query: 'force=true' })).toMatchObject({ status: 200 });
    expect((await ask('GET', 'access/users', {}, key)).json).toMatchObject(refused('InvalidAccessKeyId'));
    expect(await ask('DELETE', 'access/policies/of-anna')).toMatchObject({ status: 200 });
  });

  const deep = `{"name":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
  test.each(['{}', '{"name":1}', '{"name":"anna","key":1}', '{"name":"a b"}', deep])(
    'is not made of %s',
    async (body) => {
      expect(await ask('POST', 'access/users', { body })).toMatchObject({
        status: 400,
        json: refused('InvalidArgument'),
      });
      expect((await ask('GET', 'access/users')).json.items).toEqual([]);
    },
  );
});

test('a role is made, changed, given policies, and deleted; by force with policies too', async () => {
  const trust = serviceTrust('oss.aliyuncs.com');
  const made = await ask('PUT', 'access/roles/writer', { json: { trust } });
  expect(made).toMatchObject({
    status: 201,
    json: { name: 'writer', trust, description: '', maxSessionSeconds: 3600 },
  });
  const changed = await ask('PUT', 'access/roles/writer', { json: { trust, maxSessionSeconds: 7200 } });
  expect(changed).toMatchObject({ status: 200, json: { id: made.json.id, maxSessionSeconds: 7200 } });
  expect((await ask('PUT', 'access/roles/writer/policies/AliyunOSSFullAccess')).json.policies).toEqual([
    'AliyunOSSFullAccess',
  ]);
  expect((await ask('GET', 'access/roles')).json.items).toMatchObject([{ name: 'AliyunOSSRole' }, { name: 'writer' }]);
  expect(await ask('DELETE', 'access/roles/writer')).toMatchObject({ status: 409, json: refused('DeleteConflict') });
  expect(await ask('DELETE', 'access/roles/writer', { query: 'force=true' })).toMatchObject({ status: 200 });
  expect(await ask('GET', 'access/roles/writer')).toMatchObject({ status: 404, json: refused('NoSuchRole') });
  const inShort = await ask('PUT', 'access/roles/writer', { json: { trust: 'oss.aliyuncs.com' } });
  expect(inShort).toMatchObject({ status: 201, json: { trust } });
  const unknown = await ask('PUT', 'access/roles/writer', { json: { trust: 'nobody' } });
  expect(unknown).toMatchObject({ status: 400, json: refused('InvalidPolicyDocument', '"nobody"') });
  const untrusted = await ask('PUT', 'access/roles/writer', { json: {} });
  expect(untrusted).toMatchObject({ status: 400, json: refused('InvalidArgument', 'trust') });
});

test('a policy is made, changed, attached, detached and deleted', async () => {
  await ask('POST', 'access/users', { json: { name: 'anna' } });
  const document = allowing('oss:GetObject');
  const made = await ask('PUT', 'access/policies/reads', { json: { document } });
  expect(made).toMatchObject({ status: 201, json: { name: 'reads', kind: 'custom', document } });
  const changed = await ask('PUT', 'access/policies/reads', { json: { document, description: 'reads all' } });
  expect(changed).toMatchObject({ status: 200, json: { description: 'reads all' } });
  expect((await ask('PUT', 'access/users/anna/policies/reads')).json).toMatchObject({ policies: ['reads'] });
  expect((await ask('GET', 'access/policies/reads')).json.attachedTo).toEqual({ users: ['anna'], roles: [] });
  expect(await ask('DELETE', 'access/policies/reads')).toMatchObject({
    status: 409,
    json: refused('DeleteConflict', 'anna'),
  });
  expect((await ask('DELETE', 'access/users/anna/policies/reads')).json).toMatchObject({ policies: [] });
  expect(await ask('DELETE', 'access/users/anna/policies/reads')).toMatchObject({ status: 404 });
  expect(await ask('DELETE', 'access/policies/reads')).toMatchObject({ status: 200 });
  const { items } = (await ask('GET', 'access/policies', { query: 'limit=2' })).json;
  expect(items).toMatchObject([{ kind: 'system' }, { kind: 'system' }]);
});

test.each(['user', 'role'])(
  'who may attach policies to one %s attaches those alone that they may hand out',
  async (kind) => {
    const path = (policy: string) => `access/${kind}s/anna/policies/${policy}`;
    await ask('POST', 'access/users', { json: { name: 'anna' } });
    await ask('PUT', 'access/roles/anna', { json: { trust: serviceTrust('oss.aliyuncs.com') } });
    await ask('PUT', 'access/policies/reads', { json: { document: allowing('oss:GetObject') } });
    const Resource = [`${kind}/anna`, 'policy/reads'].map((name) => `acs:stocktake:*:*:${name}`);
    const Action = ['stocktake:AttachPolicy', 'stocktake:DetachPolicy'];
    const key = await addUser(server, 'helper', [{ Action, Resource }]);
    expect((await ask('PUT', path('StocktakeFullAccess'), {}, key)).json).toMatchObject(
      refused('AccessDenied', 'stocktake:AttachPolicy on acs:stocktake:*:1000000000000000:policy/StocktakeFullAccess'),
    );
    expect((await ask('PUT', path('reads'), {}, key)).json).toMatchObject({ policies: ['reads'] });
    await ask('PUT', path('AliyunOSSFullAccess'));
    expect((await ask('DELETE', path('AliyunOSSFullAccess'), {}, key)).status).toBe(403);
    expect((await ask('DELETE', path('reads'), {}, key)).json).toMatchObject({ policies: ['AliyunOSSFullAccess'] });
    const other = path('reads').replace('anna', 'helper');
    expect((await ask('PUT', other, {}, key)).status).toBe(403);
  },
);

describe('an account', () => {
  test('is created with an id that is given or made, shown, disabled, enabled and deleted', async () => {
    const made = await ask('POST', 'access/accounts', { json: { name: 'team' } });
    expect(made).toMatchObject({
      status: 201,
      json: { id: expect.stringMatching(/^[1-9]\d{15}$/), isServerAccount: false },
    });
    await createOther();
    const path = `access/accounts/${OTHER_ACCOUNT}`;
    expect((await ask('GET', path)).json).toMatchObject({ name: 'other', accessKeys: [{ state: 'enabled' }] });
    expect((await ask('POST', `${path}/disable`)).json).toMatchObject({ state: 'disabled' });
    expect((await ask('POST', `${path}/enable`)).json).toMatchObject({ state: 'enabled' });
    expect(await ask('DELETE', path)).toMatchObject({ status: 409, json: refused('DeleteConflict', 'LTAI5t') });
    const [key] = (await ask('GET', path)).json.accessKeys;
    expect((await ask('POST', `${path}/keys/${key.id}/disable`)).json).toMatchObject({ state: 'disabled' });
    await ask('DELETE', `${path}/keys/${key.id}`);
    expect(await ask('DELETE', path)).toMatchObject({ status: 200 });
    expect((await ask('GET', 'access/accounts')).json.items).toHaveLength(2);
  });

  test('of the server is neither disabled nor deleted', async () => {
    const path = `access/accounts/${SERVER_ACCOUNT}`;
    expect(await ask('POST', `${path}/disable`)).toMatchObject({ status: 409, json: refused('DeleteConflict') });
    expect(await ask('DELETE', path)).toMatchObject({ status: 409, json: refused('DeleteConflict') });
  });

  test('that is disabled is shut out with its root and its users', async () => {
    const root = await createOther();
    expect((await ask('GET', 'access/users', {}, root)).status).toBe(200);
    await ask('POST', `access/accounts/${OTHER_ACCOUNT}/disable`);
    expect(await ask('GET', 'access/users', {}, root)).toMatchObject({ status: 403, json: refused('UserDisable') });
  });
});

describe('whose things', () => {
  test('are administered is the account of whoever asks', async () => {
    const root = await createOther();
    await ask('POST', 'access/users', { json: { name: 'anna' } });
    await ask('POST', 'access/users', { json: { name: 'anna', description: 'theirs' } }, root);
    expect((await ask('GET', 'access/users/anna', {}, root)).json).toMatchObject({ accountId: OTHER_ACCOUNT });
    expect((await ask('GET', 'access/users/anna')).json).toMatchObject({ accountId: SERVER_ACCOUNT, description: '' });
    const same = await ask('GET', 'access/users/anna', { query: `account=${OTHER_ACCOUNT}` }, root);
    expect(same).toMatchObject({ status: 200, json: { description: 'theirs' } });
  });

  test("the server's account may name another account; no other may", async () => {
    const root = await createOther();
    const query = `account=${OTHER_ACCOUNT}`;
    expect((await ask('POST', 'access/users', { query, json: { name: 'ben' } })).json).toMatchObject({
      accountId: OTHER_ACCOUNT,
    });
    expect((await ask('GET', 'access/users', { query: `${query}&limit=1` })).json.items).toMatchObject([
      { name: 'ben' },
    ]);
    const foreign = await ask(
      'POST',
      'access/users',
      { query: `account=${SERVER_ACCOUNT}`, json: { name: 'x' } },
      root,
    );
    expect(foreign).toMatchObject({ status: 403, json: refused('AccessDenied') });
    expect((await ask('GET', 'access/users')).json.items).toEqual([]);
  });

  test('other accounts administer neither accounts nor keys nor backups, though their policies allow everything', async () => {
    const root = await createOther();
    await ask('POST', 'access/users', { json: { name: 'ben' } }, root);
    await ask('PUT', 'access/users/ben/policies/StocktakeFullAccess', {}, root);
    const { json } = await ask('POST', 'access/users/ben/keys', {}, root);
    const user = { accessKeyId: json.id, accessKeySecret: json.secret };
    expect((await ask('GET', 'access/users', {}, user)).status).toBe(200);
    for (const key of [root, user]) {
      for (const path of ['access/accounts', `access/accounts/${OTHER_ACCOUNT}`, 'keys', 'keys/a', 'backup']) {
        expect(await ask('GET', path, {}, key)).toMatchObject({ status: 403, json: refused('AccessDenied') });
      }
      expect((await ask('POST', `access/accounts/${OTHER_ACCOUNT}/keys`, {}, key)).status).toBe(403);
    }
  });

  test("a policy about the users of one's own account gives no power over those of another", async () => {
    await createOther();
    const query = `account=${OTHER_ACCOUNT}`;
    const arn = `acs:stocktake:*:${SERVER_ACCOUNT}`;
    const own = await addUser(server, 'anna', [{ Action: 'stocktake:*', Resource: `${arn}:user/*` }]);
    expect((await ask('GET', 'access/users', {}, own)).status).toBe(200);
    expect(await ask('GET', 'access/users', { query }, own)).toMatchObject({
      status: 403,
      json: refused('AccessDenied', `${arn}:account/${OTHER_ACCOUNT}/user/*`),
    });
    const theirs = [{ Action: 'stocktake:*', Resource: `${arn}:account/${OTHER_ACCOUNT}/*` }];
    const helper = await addUser(server, 'ben', theirs);
    expect((await ask('GET', 'access/users', { query }, helper)).status).toBe(200);
    expect((await ask('GET', 'access/users', {}, helper)).status).toBe(403);
  });

  test.each(['x', '', '*', '1'.repeat(21), '1 '])('can not be those of an account "%s"', async (account) => {
    const query = `account=${encodeURIComponent(account)}`;
    expect(await ask('GET', 'access/users', { query })).toMatchObject({
      status: 400,
      json: refused('InvalidArgument', 'digits'),
    });
  });

  test('an account that is not there is told of to those who may know', async () => {
    const query = 'account=4000000000000000';
    const users = await ask('GET', 'access/users', { query });
    expect(users).toMatchObject({ status: 404, json: refused('NoSuchAccount', '4000000000000000') });
    const anna = await addUser(server, 'anna', []);
    expect((await ask('GET', 'access/users', { query }, anna)).status).toBe(403);
  });

  test("what belongs to the server takes no account's name", async () => {
    const query = `account=${SERVER_ACCOUNT}`;
    for (const path of ['access/accounts', 'keys', 'backup']) {
      expect(await ask('GET', path, { query })).toMatchObject({
        status: 400,
        json: refused('InvalidArgument', 'account'),
      });
    }
  });
});

test('a session administers with the rights of its role', async () => {
  await ask('PUT', 'access/roles/admin', { json: { trust: serviceTrust('oss.aliyuncs.com') } });
  const role = server.book.findRole(`acs:ram::${SERVER_ACCOUNT}:role/admin`);
  if (role === undefined) throw new Error('the role was not made');
  const session = server.sessions.issue({ role, sessionName: 'job', seconds: 900, nowMs: Date.now() });
  const asSession = () =>
    ask(
      'GET',
      'access/users',
      { headers: { 'x-oss-security-token': session.securityToken } },
      { accessKeyId: session.accessKeyId, accessKeySecret: session.secret },
    );
  expect((await asSession()).status).toBe(403);
  await ask('PUT', 'access/roles/admin/policies/StocktakeReadOnlyAccess');
  expect((await asSession()).status).toBe(200);
});

describe('the audit log', () => {
  test('is told who did what to what, and never a secret', async () => {
    const headers = { 'user-agent': 'curl/8' };
    await ask('POST', 'access/users', { json: { name: 'anna' }, headers });
    const { json: key } = await ask('POST', 'access/users/anna/keys');
    await ask('PUT', 'access/users/anna/policies/AliyunOSSFullAccess');
    await ask('POST', `access/users/anna/keys/${key.id}/disable`);
    const { json: account } = await ask('POST', 'access/accounts', { json: { name: 'team' } });
    await ask('GET', 'access/users');
    expect(server.audited.map(({ operation, target }) => [operation, target])).toEqual([
      ['CreateUser', 'user/anna'],
      ['CreateAccessKey', `user/anna key ${key.id}`],
      ['AttachPolicy', 'user/anna policy AliyunOSSFullAccess'],
      ['DisableAccessKey', `user/anna key ${key.id}`],
      ['CreateAccount', `account/${account.id}`],
    ]);
    expect(server.audited[0]).toEqual({
      outcome: 'done',
      requestId: expect.stringMatching(/^[0-9A-F]{24}$/),
      operation: 'CreateUser',
      action: 'stocktake:CreateUser',
      resource: `acs:stocktake:*:${SERVER_ACCOUNT}:user/*`,
      identity: { kind: 'root', accountId: SERVER_ACCOUNT, accessKeyId: TEST_KEY.accessKeyId },
      sourceIp: '127.0.0.1',
      userAgent: 'curl/8',
      target: 'user/anna',
    });
    expect(JSON.stringify(server.audited)).not.toContain(key.secret);
  });

  test('is told of each refusal, what was asked included', async () => {
    const key = await addUser(server, 'anna', []);
    await ask('GET', 'access/users', {}, key);
    await ask('GET', 'access/users', { signature: 'none' });
    await ask('GET', 'access/users', {}, { accessKeyId: 'nobody', accessKeySecret: 'x' });
    await ask('GET', 'access/users', { signature: 'v1' });
    const identity = { kind: 'user', name: 'anna', accessKeyId: key.accessKeyId };
    expect(server.audited).toMatchObject([
      { outcome: 'refused', code: 'AccessDenied', operation: 'ListUsers', identity },
      { outcome: 'refused', code: 'AccessDenied', operation: 'ListUsers', identity: { kind: 'anonymous' } },
      { outcome: 'refused', code: 'InvalidAccessKeyId', claimedAccessKeyId: 'nobody' },
      { outcome: 'refused', code: 'AccessDenied', identity: { kind: 'root' } },
    ]);
    expect(server.audited[2]).not.toHaveProperty('identity');
  });

  test('is told all that a document changed', async () => {
    const users = Array.from({ length: 40 }, (_, n) => ({ name: `user-${n}` }));
    await ask('POST', 'access/apply', { json: { document: { users } } });
    const made = users.map(({ name }) => `make user "${name}"`);
    expect(server.audited).toMatchObject([{ operation: 'ApplyAccess', target: `40 made: ${made.join('; ')}` }]);
  });

  test('is told of a change that failed, and of none that was only a look', async () => {
    await ask('DELETE', 'access/users/nobody');
    await ask('GET', 'access/users/nobody');
    await ask('PUT', 'access/nothing');
    expect(server.audited).toMatchObject([{ outcome: 'failed', code: 'NoSuchUser', target: 'user/nobody' }]);
  });
});
