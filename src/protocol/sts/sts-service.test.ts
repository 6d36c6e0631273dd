import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRequest, bytesOf } from '../../../test/any-request.ts';
import { type RpcKey, signRpc } from '../../../test/rpc-client.ts';
import { ACCOUNT, anySealer, aUser, MemoryDirectory, trustOf } from '../../../test/session-fixture.ts';
import type { RoleFacts } from '../../access/directory-facts.ts';
import { Sessions } from '../../access/sessions.ts';
import type { AuditEntry } from '../../core/audit.ts';
import { child, childText, parseXml } from '../../core/xml.ts';
import type { HttpRequest } from '../../http/http-server.ts';
import { StsService } from './sts-service.ts';

const NOW = Date.UTC(2026, 10, 22, 15, 0, 0);
const MINUTE_MS = 60_000;
const ROLE = `acs:ram::${ACCOUNT}:role/writer`;
const OTHER = '2000000000000000';
const anna: RpcKey = { accessKeyId: 'LTAI5tAnna', secret: 'secret-of-anna' };
const root: RpcKey = { accessKeyId: 'LTAI5tRoot', secret: 'secret-of-root' };
const mayAssume = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ROLE };
const ask = { Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'anna@work' };

// The answer

test('a user who may assume a role gets a session of it', async () => {
  const { call, sessions } = world();
  const { status, headers, json } = await call({});
  expect(status).toBe(200);
  expect(headers).toMatchObject({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  expect(json).toEqual({
    RequestId: headers['x-acs-request-id'],
    AssumedRoleUser: { AssumedRoleId: '300000000000000001:anna@work', Arn: `${ROLE}/anna@work` },
    Credentials: {
      AccessKeyId: expect.stringMatching(/^STS\./),
      AccessKeySecret: expect.stringMatching(/^\w{30}$/),
      SecurityToken: expect.stringMatching(/^[\w-]+$/),
      Expiration: '2026-11-22T16:00:00Z',
    },
  });
  const { AccessKeyId, AccessKeySecret, SecurityToken } = json.Credentials;
  expect(sessions.find(AccessKeyId, SecurityToken, NOW)).toMatchObject({
    secret: AccessKeySecret,
    identity: { kind: 'session', roleName: 'writer', sessionName: 'anna@work' },
  });
});

test('the answer is in XML unless JSON is asked for', async () => {
  const { call } = world();
  for (const Format of [undefined, 'XML', 'xml']) {
    const { status, headers, text } = await call({ parameters: { Format } });
    expect(status).toBe(200);
    expect(headers['Content-Type']).toBe('application/xml');
    const answer = parseXml(Buffer.from(text), LIMITS);
    expect(answer.name).toBe('AssumeRoleResponse');
    expect(childText(answer, 'RequestId')).toBe(headers['x-acs-request-id']);
    const [user, credentials] = ['AssumedRoleUser', 'Credentials'].map((name) => child(answer, name));
    expect(user && childText(user, 'Arn')).toBe(`${ROLE}/anna@work`);
    expect(credentials?.children.map(({ name }) => name)).toEqual(CREDENTIALS);
  }
  expect((await call({ parameters: { Format: 'json' } })).json.Credentials).toBeDefined();
});

test('the parameters may stand in the query, in the form or in both', async () => {
  const { call } = world();
  const places = [
    { method: 'GET', inForm: [] },
    { method: 'POST', inForm: [] },
    { method: 'POST', inForm: ['RoleArn', 'RoleSessionName', 'Policy'] },
    { method: 'POST', inForm: 'all' },
  ] as const;
  for (const place of places) {
    const Policy =
      '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:a/é +&=%"}]}';
    expect((await call({ ...place, parameters: { Policy } })).status).toBe(200);
  }
});

test('a session lasts as long as is asked, within what the role allows', async () => {
  const { call, directory } = world();
  directory.addRole({ maxSessionSeconds: 7200 });
  const expiration = async (DurationSeconds: string | undefined) =>
    (await call({ parameters: { DurationSeconds } })).json.Credentials?.Expiration;
  expect(await expiration(undefined)).toBe('2026-11-22T16:00:00Z');
  expect(await expiration('900')).toBe('2026-11-22T15:15:00Z');
  expect(await expiration('7200')).toBe('2026-11-22T17:00:00Z');
  for (const DurationSeconds of ['899', '7201', '', '-900', '1e3', '3600.0', '9'.repeat(40)]) {
    expect(await call({ parameters: { DurationSeconds } })).toMatchObject({
      status: 400,
      json: {
        Code: 'InvalidParameter.DurationSeconds',
        Message: 'The Min/Max value of DurationSeconds is 900/7200 for this role.',
      },
    });
  }
});

test('the policy of a session goes with it', async () => {
  const { call, sessions } = world();
  const Policy = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:GetObject","Resource":"*"}]}';
  const { AccessKeyId, SecurityToken } = (await call({ parameters: { Policy } })).json.Credentials;
  expect(sessions.find(AccessKeyId, SecurityToken, NOW).identity).toMatchObject({
    sessionPolicy: { statements: [{ actions: { patterns: ['oss:GetObject'] } }] },
  });
});

// Who may

test('the root key of an account assumes no role', async () => {
  const { call } = world();
  expect(await call({ key: root })).toMatchObject({
    status: 403,
    json: { Code: 'NoPermission', Message: 'Roles may not be assumed by root accounts.' },
  });
});

test.each([
  { by: 'nothing', statements: [], why: `no policy allows sts:AssumeRole on ${ROLE}.` },
  {
    by: 'another role',
    statements: [{ ...mayAssume, Resource: `${ROLE}2` }],
    why: `no policy allows sts:AssumeRole on ${ROLE}.`,
  },
  {
    by: 'a denial',
    statements: [mayAssume, { ...mayAssume, Effect: 'Deny' }],
    why: `a policy denies sts:AssumeRole on ${ROLE}.`,
  },
])('a user who is allowed $by is told what is missing', async ({ statements, why }) => {
  const { call, directory } = world();
  directory.addKey(anna.secret, aUser(statements));
  expect(await call({})).toMatchObject({
    status: 403,
    json: {
      Code: 'NoPermission',
      Message: `You are not authorized to do this action. You should be authorized by RAM: ${why}`,
    },
  });
});

test.each([
  { trusted: `acs:ram::${ACCOUNT}:root`, status: 200 },
  { trusted: `acs:ram::${ACCOUNT}:user/anna`, status: 200 },
  { trusted: `acs:ram::${ACCOUNT}:user/otto`, status: 403 },
  { trusted: `acs:ram::${OTHER}:root`, status: 403 },
])('a role that trusts $trusted answers anna with $status', async ({ trusted, status }) => {
  const { call, directory } = world();
  directory.addRole({ trust: trustOf(trusted) });
  expect((await call({})).status).toBe(status);
});

test('a user of another account needs its own permission and the trust of the role', async () => {
  const { call, directory } = world();
  const otto = { accountId: OTHER, accessKeyId: anna.accessKeyId, name: 'otto' };
  directory.addKey(anna.secret, aUser([mayAssume], otto));
  expect((await call({})).status).toBe(403);
  directory.addRole({ trust: trustOf(`acs:ram::${OTHER}:root`) });
  expect((await call({})).status).toBe(200);
  directory.addKey(anna.secret, aUser([], otto));
  expect((await call({})).status).toBe(403);
});

test('that there is no such role is told in its account only', async () => {
  const { call, directory } = world();
  directory.addKey(anna.secret, aUser([{ ...mayAssume, Resource: '*' }]));
  const own = `acs:ram::${ACCOUNT}:role/nobody`;
  expect(await call({ parameters: { RoleArn: own } })).toMatchObject({
    status: 404,
    json: { Code: 'EntityNotExist.Role', Message: `The specified Role not exists: ${own}.` },
  });
  directory.addRole({
    arn: `acs:ram::${OTHER}:role/there`,
    accountId: OTHER,
    trust: trustOf(`acs:ram::${OTHER}:root`),
  });
  const [there, absent] = await Promise.all(
    ['there', 'absent'].map((name) => call({ parameters: { RoleArn: `acs:ram::${OTHER}:role/${name}` } })),
  );
  expect(there).toMatchObject({ status: 403, json: { Code: 'NoPermission' } });
  expect(there?.json.Message.replace('there', 'absent')).toBe(absent?.json.Message);
});

test('a role whose account is disabled is assumed by nobody', async () => {
  const { call, directory } = world();
  directory.addRole({ accountState: 'disabled' });
  expect((await call({})).status).toBe(403);
});

test('a session assumes a further role as far as its role and its policy allow', async () => {
  const { call, addSession, directory } = world();
  const second = `acs:ram::${ACCOUNT}:role/second`;
  directory.addRole({ id: '300000000000000009', name: 'second', arn: second, trust: trustOf(ROLE) });
  const policies = aUser([{ ...mayAssume, Resource: second }]).policies;
  directory.addRole({ policies });
  const asSession = (sessionPolicy?: object) =>
    call({ key: addSession(sessionPolicy), parameters: { RoleArn: second } });
  expect((await asSession()).json.AssumedRoleUser).toMatchObject({ Arn: `${second}/anna@work` });
  const oss = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:*', Resource: '*' }] };
  expect(await asSession(oss)).toMatchObject({ status: 403, json: { Code: 'NoPermission' } });
  directory.addRole({ policies: [] });
  expect((await asSession()).status).toBe(403);
});

// Who asks

test('GetCallerIdentity says whose key it is, without any permission', async () => {
  const { call, addSession, directory } = world();
  directory.addKey(anna.secret, aUser());
  const identityOf = async (key: RpcKey) => {
    const { RequestId, ...facts } = (await call({ key, parameters: { Action: 'GetCallerIdentity' } })).json;
    expect(RequestId).toMatch(/^[0-9A-F]{24}$/);
    return facts;
  };
  expect(await identityOf(root)).toEqual({
    AccountId: ACCOUNT,
    UserId: ACCOUNT,
    IdentityType: 'Account',
    PrincipalId: ACCOUNT,
    Arn: `acs:ram::${ACCOUNT}:root`,
  });
  expect(await identityOf(anna)).toEqual({
    AccountId: ACCOUNT,
    UserId: '200000000000000001',
    IdentityType: 'RAMUser',
    PrincipalId: '200000000000000001',
    Arn: `acs:ram::${ACCOUNT}:user/anna`,
  });
  expect(await identityOf(addSession())).toEqual({
    AccountId: ACCOUNT,
    RoleId: '300000000000000001',
    IdentityType: 'AssumedRoleUser',
    PrincipalId: '300000000000000001:work',
    Arn: `acs:ram::${ACCOUNT}:assumed-role/writer/work`,
  });
});

test.each(['AccessKeyId', 'Signature', 'SignatureNonce', 'SignatureMethod', 'SignatureVersion', 'Timestamp'])(
  'a request without %s is refused',
  async (name) => {
    for (const value of [undefined, '']) {
      expect(await world().call({ over: { [name]: value } })).toMatchObject({
        status: 400,
        json: { Code: `Missing${name}`, Message: `${name} is mandatory for this action.` },
      });
    }
  },
);

test('a wrong signature is shown what was to be signed, as clients cut it off', async () => {
  const { status, json } = await world().call({ method: 'GET', over: { Signature: 'wrong' } });
  expect(status).toBe(400);
  expect(json.Code).toBe('SignatureDoesNotMatch');
  const start = 'Specified signature is not matched with our calculation. server string to sign is:';
  expect(json.Message.startsWith(`${start}GET&%2F&AccessKeyId%3DLTAI5tAnna%26Action%3DAssumeRole%26`)).toBe(true);
});

test('no parameter can be another than was signed, and none be added', async () => {
  const { call } = world();
  for (const over of [{ RoleSessionName: 'otto' }, { DurationSeconds: '3600' }, { Format: 'XML' }, { x: '' }]) {
    expect((await call({ over })).text).toContain('SignatureDoesNotMatch');
  }
  const asPost = await call({ method: 'GET', sentBy: 'POST' });
  expect(asPost.json.Code).toBe('SignatureDoesNotMatch');
});

test('a request is good once', async () => {
  const { call } = world();
  const over = { SignatureNonce: 'once' };
  const parameters = { SignatureNonce: 'once' };
  expect((await call({ parameters, over })).status).toBe(200);
  expect(await call({ parameters })).toMatchObject({
    status: 400,
    json: { Code: 'SignatureNonceUsed', Message: 'Specified signature nonce was used already.' },
  });
});

test('a nonce is used up by a right signature only', async () => {
  const { call } = world();
  const parameters = { SignatureNonce: 'mine' };
  expect((await call({ parameters, over: { Signature: 'wrong' } })).status).toBe(400);
  expect((await call({ parameters })).status).toBe(200);
});

test('the clock may differ by fifteen minutes either way, and no more', async () => {
  const { call } = world();
  for (const minutes of [-15, 15]) {
    const atMs = NOW + minutes * MINUTE_MS;
    expect((await call({ atMs })).status).toBe(200);
    expect(await call({ atMs: atMs + Math.sign(minutes) * 1000 })).toMatchObject({
      status: 400,
      json: { Code: 'InvalidTimeStamp.Expired', Message: 'Specified time stamp or date value is expired.' },
    });
  }
});

test.each(['2026-11-22T15:00:00Z', '2026-11-22T15:00:00.123Z'])('the Timestamp %s is understood', async (Timestamp) => {
  expect((await world().call({ parameters: { Timestamp } })).status).toBe(200);
});

test.each(['now', '2026-11-22', '2026-11-22T15:00:00', '20261122T150000Z', '2026-02-30T15:00:00Z', '1795359600'])(
  'the Timestamp %s is not',
  async (Timestamp) => {
    expect((await world().call({ parameters: { Timestamp } })).json.Code).toBe('InvalidTimeStamp.Format');
  },
);

test('a key that is unknown or disabled is refused in the words of STS', async () => {
  const { call, directory } = world();
  const nobody = { accessKeyId: 'LTAI5tNobody', secret: 's' };
  expect(await call({ key: nobody })).toMatchObject({
    status: 404,
    json: { Code: 'InvalidAccessKeyId.NotFound', Message: 'Specified access key is not found.' },
  });
  directory.addKey(anna.secret, aUser([mayAssume]), { keyState: 'disabled' });
  expect(await call({})).toMatchObject({ status: 400, json: { Code: 'InvalidAccessKeyId.Inactive' } });
  directory.addKey(anna.secret, aUser([mayAssume]), { holderState: 'disabled' });
  expect(await call({})).toMatchObject({ status: 400, json: { Code: 'InvalidAccessKeyId.Inactive' } });
});

test('a session that asks brings its token, and a user brings none', async () => {
  const { call, addSession, clock } = world();
  const [one, other] = [addSession(), addSession()];
  const codeOf = async (key: RpcKey) => (await call({ key })).json.Code;
  const { accessKeyId, secret, securityToken } = one;
  expect(await codeOf({ accessKeyId, secret })).toBe('MissingSecurityToken');
  expect(await codeOf({ ...one, securityToken: 'x' })).toBe('InvalidSecurityToken.Malformed');
  expect(await codeOf({ ...one, ...other, accessKeyId })).toBe('InvalidSecurityToken.MismatchWithAccessKey');
  expect(await codeOf({ ...anna, ...(securityToken !== undefined && { securityToken }) })).toBe(
    'InvalidSecurityToken.Malformed',
  );
  clock.nowMs += 60 * MINUTE_MS;
  expect(await codeOf(one)).toBe('InvalidSecurityToken.Expired');
});

// What is asked

test.each([
  [{ Action: 'AssumeRoleWithSAML' }, 404, 'InvalidAction.NotFound'],
  [{ Action: undefined }, 400, 'MissingAction'],
  [{ Version: '2011-06-15' }, 400, 'InvalidVersion'],
  [{ Version: undefined }, 400, 'MissingVersion'],
  [{ SignatureMethod: 'HMAC-SHA256' }, 400, 'InvalidSignatureMethod'],
  [{ SignatureVersion: '2.0' }, 400, 'InvalidSignatureMethod'],
  [{ RoleArn: undefined }, 400, 'MissingRoleArn'],
  [{ RoleArn: 'd' }, 400, 'InvalidParameter.RoleArn'],
  [{ RoleArn: `acs:ram::${ACCOUNT}:user/anna` }, 400, 'InvalidParameter.RoleArn'],
  [{ RoleArn: `${ROLE}\n` }, 400, 'InvalidParameter.RoleArn'],
  [{ RoleSessionName: undefined }, 400, 'MissingRoleSessionName'],
  [{ RoleSessionName: 'a' }, 400, 'InvalidParameter.RoleSessionName'],
  [{ RoleSessionName: 'a'.repeat(65) }, 400, 'InvalidParameter.RoleSessionName'],
  [{ RoleSessionName: 'a/b' }, 400, 'InvalidParameter.RoleSessionName'],
  [{ RoleSessionName: '忍者' }, 400, 'InvalidParameter.RoleSessionName'],
  [{ Policy: '' }, 400, 'InvalidParameter.PolicyGrammar'],
  [{ Policy: '{}' }, 400, 'InvalidParameter.PolicyGrammar'],
  [{ Policy: `{${' '.repeat(2048)}}` }, 400, 'InvalidParameter.PolicySize'],
  [{ ExternalId: 'x' }, 400, 'InvalidParameter.ExternalId'],
  [{ SourceIdentity: 'Alice' }, 400, 'UnsupportedParameter'],
  [{ SerialNumber: 'acs:ram::1:mfa/a', TokenCode: '123456' }, 400, 'UnsupportedParameter'],
])('%j is refused with %i %s', async (parameters, status, code) => {
  expect(await world().call({ parameters })).toMatchObject({
    status,
    json: { Code: code, HostId: 'sts.example:9300' },
  });
});

test('an ExternalId of the right form changes nothing', async () => {
  expect((await world().call({ parameters: { ExternalId: 'abcd1234' } })).status).toBe(200);
});

test('a parameter that comes twice is refused, wherever', async () => {
  const { send } = world();
  const form = (body: string, target = '/') => send({ method: 'POST', target, headers: FORM, body: bytesOf(body) });
  for (const reply of [await form('Action=A&Action=B'), await form('Action=A', '/?Action=A')]) {
    expect(reply).toMatchObject({ status: 400 });
    expect(childText(parseXml(Buffer.from(reply.text), LIMITS), 'Code')).toBe('InvalidParameter');
    expect(reply.text).toContain('The parameter Action comes twice: send it once.');
  }
});

test.each([
  [
    'a body that is no form',
    { headers: { 'content-type': 'application/json' }, body: '{}' },
    'InvalidParameter.ContentType',
  ],
  ['a form too long', { body: `Action=${'a'.repeat(32 * 1024)}` }, 'RequestEntityTooLarge'],
  ['a form of too many parameters', { body: 'a&'.repeat(200) }, 'InvalidParameter'],
  ['bytes that are no UTF-8', { body: 'Action=%ff' }, 'InvalidParameter'],
  [
    'a signature of another kind',
    { target: '/', headers: { 'x-acs-action': 'AssumeRole' }, body: '' },
    'InvalidSignatureMethod',
  ],
])('%s is refused', async (_, { body, ...request }, code) => {
  const reply = await world().send({ method: 'POST', headers: FORM, ...request, body: bytesOf(body) });
  expect(childText(parseXml(Buffer.from(reply.text), LIMITS), 'Code')).toBe(code);
});

test('law: whatever comes is answered, and nobody gets a session by chance', async () => {
  const { send, faults } = world();
  const name = fc.constantFrom('Action', 'Version', 'AccessKeyId', 'Signature', 'Timestamp', 'RoleArn', 'Policy', 'x');
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('AssumeRole', '2015-04-01', anna.accessKeyId));
  const pairs = fc.array(fc.tuple(name, value)).map((all) => new URLSearchParams(all).toString());
  await fc.assert(
    fc.asyncProperty(pairs, fc.oneof(pairs, fc.string({ unit: 'binary' })), async (query, body) => {
      const request = {
        method: 'POST',
        target: `/?${query}`,
        headers: FORM,
        body: bytesOf(Buffer.from(body, 'latin1')),
      };
      expect((await send(request)).status).toBeGreaterThanOrEqual(400);
    }),
  );
  expect(faults).toEqual([]);
});

// The audit log

test('a session is audited, and neither its secret nor its token', async () => {
  const { call, audited } = world();
  const { AccessKeyId, AccessKeySecret, SecurityToken } = (await call({})).json.Credentials;
  expect(audited).toEqual([
    {
      outcome: 'done',
      requestId: expect.any(String),
      operation: 'AssumeRole',
      action: 'sts:AssumeRole',
      resource: ROLE,
      identity: { kind: 'user', accountId: ACCOUNT, name: 'anna', accessKeyId: anna.accessKeyId },
      sourceIp: '127.0.0.1',
      userAgent: 'test/1',
      target: `session anna@work with access key ${AccessKeyId} until 2026-11-22T16:00:00Z`,
    },
  ]);
  for (const secret of [AccessKeySecret, SecurityToken]) expect(JSON.stringify(audited)).not.toContain(secret);
});

test('who asks is not audited', async () => {
  const { call, audited } = world();
  await call({ parameters: { Action: 'GetCallerIdentity' } });
  expect(audited).toEqual([]);
});

test('a refusal is audited by who asked, or who said to', async () => {
  const { call, audited, addSession } = world();
  await call({ key: root });
  await call({ over: { Signature: 'wrong' } });
  await call({ parameters: { RoleArn: 'd' } });
  expect(audited).toMatchObject([
    { outcome: 'refused', identity: { kind: 'root' }, code: 'NoPermission', resource: ROLE },
    { outcome: 'refused', claimedAccessKeyId: anna.accessKeyId, code: 'SignatureDoesNotMatch' },
    { outcome: 'failed', identity: { kind: 'user' }, code: 'InvalidParameter.RoleArn' },
  ]);
  const key = addSession();
  await call({ key, over: { Signature: 'wrong' } });
  expect(JSON.stringify(audited)).not.toContain(key.securityToken);
});

test('a fault of ours tells the client nothing of itself', async () => {
  const { call, directory, faults, audited } = world();
  directory.findRole = () => {
    throw new Error('the table of roles is on fire');
  };
  const { status, text, json } = await call({});
  expect(status).toBe(500);
  expect(json).toMatchObject({ Code: 'InternalError', Message: 'STS Server Internal Error happened.' });
  expect(text).not.toContain('fire');
  expect(faults).toHaveLength(1);
  expect(audited).toMatchObject([{ outcome: 'failed', code: 'InternalError' }]);
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const CREDENTIALS = ['AccessKeyId', 'AccessKeySecret', 'SecurityToken', 'Expiration'];
const LIMITS = { maxBytes: 10_000, maxDepth: 4, maxElements: 20 };

interface Call {
  readonly key?: RpcKey;
  readonly method?: 'GET' | 'POST';
  readonly sentBy?: 'GET' | 'POST';
  readonly atMs?: number;
  readonly parameters?: Readonly<Record<string, string | undefined>>;
  readonly inForm?: readonly string[] | 'all';
  /** Put over the parameters once they are signed. */
  readonly over?: Readonly<Record<string, string | undefined>>;
}

/** A service that anna may ask for the role `writer`. */
function world() {
  const clock = { nowMs: NOW };
  const directory = new MemoryDirectory();
  directory.addKey(anna.secret, aUser([mayAssume]));
  directory.addKey(root.secret, { kind: 'root', accountId: ACCOUNT, accessKeyId: root.accessKeyId });
  const role: RoleFacts = directory.addRole();
  const sessions = new Sessions(directory, anySealer());
  const audited: AuditEntry[] = [];
  const faults: unknown[] = [];
  const audit = { record: (entry: AuditEntry) => audited.push(entry) };
  const service = new StsService({ directory, sessions, now: () => clock.nowMs, audit }, (fault) => faults.push(fault));

  const send = async (request: Partial<HttpRequest>) => {
    const { status, headers, body } = await service.handle(anyRequest(request));
    return { status, headers, text: String(body) };
  };
  const call = async ({
    key = anna,
    method = 'POST',
    sentBy = method,
    atMs,
    parameters,
    inForm = 'all',
    over,
  }: Call) => {
    const asked = { ...ask, ...parameters };
    const signed = { ...signRpc({ key, method, atMs: atMs ?? clock.nowMs, parameters: asked }), ...over };
    const pairs = Object.entries(signed).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const isInForm = ([name]: [string, string]) => sentBy === 'POST' && (inForm === 'all' || inForm.includes(name));
    const query = new URLSearchParams(pairs.filter((pair) => !isInForm(pair))).toString();
    const form = new URLSearchParams(pairs.filter(isInForm)).toString();
    const headers = { host: 'sts.example:9300', 'user-agent': 'test/1', ...FORM };
    const reply = await send({ method: sentBy, target: `/?${query}`, headers, body: bytesOf(form) });
    return { ...reply, json: reply.text.startsWith('{') ? JSON.parse(reply.text) : {} };
  };
  const addSession = (policy?: object): RpcKey =>
    sessions.issue({
      role,
      sessionName: 'work',
      ...(policy !== undefined && { sessionPolicy: JSON.stringify(policy) }),
      seconds: 3600,
      nowMs: NOW,
    });
  return { clock, directory, sessions, audited, faults, send, call, addSession };
}
