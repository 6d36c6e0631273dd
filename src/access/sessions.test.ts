import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACCOUNT, anySealer, aUser, MemoryDirectory } from '../../test/session-fixture.ts';
import { DomainError, type ErrorCode } from '../core/errors.ts';
import { MAX_SESSION_POLICY_BYTES, MAX_TOKEN_CHARACTERS } from './session-tokens.ts';
import { Sessions } from './sessions.ts';

const NOW = Date.UTC(2026, 10, 22, 15, 0, 0, 123);
const root = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'LTAI5tRoot' } as const;
const readOnly = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:Get*","Resource":"*"}]}';

// Lasting keys

test('a lasting key stands for its holder', () => {
  const { directory, sessions } = world();
  directory.addKey('s1', root);
  directory.addKey('s2', aUser());
  expect(sessions.find('LTAI5tRoot', undefined, NOW)).toEqual({ secret: 's1', identity: root });
  expect(sessions.find('LTAI5tAnna', undefined, NOW)).toEqual({ secret: 's2', identity: aUser() });
});

test.each(['LTAI5tNobody', '', '__proto__', 'STS.nobody'])('the key %j that nobody has is refused by name', (id) => {
  expect(refusal(() => world().sessions.find(id, undefined, NOW))).toMatchObject({
    code: 'InvalidAccessKeyId',
    message: 'The OSS Access Key Id you provided does not exist in our records.',
    details: { OSSAccessKeyId: id },
  });
});

test('a key that nobody has is refused by name whatever the token beside it', () => {
  const { sessions, issue } = world();
  expect(codeOf(() => sessions.find('LTAI5tNobody', issue().securityToken, NOW))).toBe('InvalidAccessKeyId');
});

test('a key that is disabled, or whose holder is, stands for nobody', () => {
  const { directory, sessions } = world();
  directory.addKey('s', aUser(), { keyState: 'disabled' });
  expect(refusal(() => sessions.find('LTAI5tAnna', undefined, NOW))).toMatchObject({
    code: 'AccessKeyDisabled',
    message: 'The OSS Access Key Id you provided is disabled.',
    details: { OSSAccessKeyId: 'LTAI5tAnna' },
  });
  directory.addKey('s', aUser(), { holderState: 'disabled' });
  expect(codeOf(() => sessions.find('LTAI5tAnna', undefined, NOW))).toBe('UserDisabled');
});

// Sessions

test('a session has the rights that its role has now', () => {
  const { directory, sessions, role, issue } = world();
  const { accessKeyId, secret, securityToken } = issue();
  expect(accessKeyId).toMatch(/^STS\.[A-Za-z0-9]{24}$/);
  const identity = {
    kind: 'session',
    accountId: ACCOUNT,
    accessKeyId,
    roleId: role.id,
    roleName: 'writer',
    sessionName: 'anna',
    policies: role.policies,
  };
  expect(sessions.find(accessKeyId, securityToken, NOW)).toEqual({ secret, identity });
  directory.addRole({ policies: [] });
  expect(sessions.find(accessKeyId, securityToken, NOW)).toEqual({ secret, identity: { ...identity, policies: [] } });
});

test('a session is bound by the policy that it was given', () => {
  const { sessions, issue } = world();
  const { accessKeyId, securityToken } = issue({ sessionPolicy: readOnly });
  expect(sessions.find(accessKeyId, securityToken, NOW).identity).toMatchObject({
    sessionPolicy: { statements: [{ effect: 'Allow', actions: { isNot: false, patterns: ['oss:Get*'] } }] },
  });
});

test('no two sessions have a key, a secret or a token in common', () => {
  const { issue } = world();
  const [one, other] = [issue(), issue()];
  for (const part of ['accessKeyId', 'secret', 'securityToken'] as const) expect(one[part]).not.toBe(other[part]);
});

test('a session is good for its whole seconds, and not a millisecond longer', () => {
  const { sessions, issue } = world();
  const { accessKeyId, securityToken, expiresAtMs } = issue({ seconds: 900 });
  expect(new Date(expiresAtMs).toISOString()).toBe('2026-11-22T15:15:00.000Z');
  expect(sessions.find(accessKeyId, securityToken, expiresAtMs - 1).identity.kind).toBe('session');
  expect(codeOf(() => sessions.find(accessKeyId, securityToken, expiresAtMs))).toBe('SecurityTokenExpired');
});

test('a session ends when its role is deleted, and a role made anew under the name inherits none', () => {
  const { directory, role, sessions, issue } = world();
  const { accessKeyId, securityToken } = issue();
  directory.addRole({ id: '300000000000000002' });
  expect(codeOf(() => sessions.find(accessKeyId, securityToken, NOW))).toBe('InvalidSecurityToken');
  directory.roles.delete(role.arn);
  expect(codeOf(() => sessions.find(accessKeyId, securityToken, NOW))).toBe('InvalidSecurityToken');
});

test('a session rests while the account of its role is disabled', () => {
  const { directory, sessions, issue } = world();
  const { accessKeyId, securityToken } = issue();
  directory.addRole({ accountState: 'disabled' });
  expect(codeOf(() => sessions.find(accessKeyId, securityToken, NOW))).toBe('UserDisabled');
  directory.addRole();
  expect(sessions.find(accessKeyId, securityToken, NOW).identity.kind).toBe('session');
});

// Tokens

test('the token of a session is no good for the key of another', () => {
  const { sessions, issue } = world();
  const [one, other] = [issue(), issue()];
  expect(codeOf(() => sessions.find(one.accessKeyId, other.securityToken, NOW))).toBe('SecurityTokenMismatch');
});

test('the token of a server is nobody to one with another key file', () => {
  const { directory, issue } = world();
  const { accessKeyId, securityToken } = issue();
  const elsewhere = new Sessions(directory, anySealer());
  expect(codeOf(() => elsewhere.find(accessKeyId, securityToken, NOW))).toBe('InvalidSecurityToken');
});

test('what was sealed as something else is no token', () => {
  const { sealer, sessions, issue } = world();
  const { accessKeyId, securityToken } = issue();
  const session = sealer.open('session-token', Buffer.from(securityToken, 'base64url')) ?? new Uint8Array();
  const other = Buffer.from(sealer.seal('access-key', session).bytes).toString('base64url');
  expect(codeOf(() => sessions.find(accessKeyId, other, NOW))).toBe('InvalidSecurityToken');
});

test('no bit of a token can be another', () => {
  const { sessions, issue } = world();
  const { accessKeyId, securityToken } = issue();
  for (let at = 0; at < securityToken.length; at++) {
    for (let bit = 0; bit < 7; bit++) {
      const flipped = String.fromCharCode(securityToken.charCodeAt(at) ^ (1 << bit));
      const bent = securityToken.slice(0, at) + flipped + securityToken.slice(at + 1);
      expect(codeOf(() => sessions.find(accessKeyId, bent, NOW))).toBe('InvalidSecurityToken');
    }
  }
});

test('a token has one spelling', () => {
  const { sessions, issue } = world();
  const { accessKeyId, securityToken } = issue();
  const last = securityToken.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spellings = [
    `${securityToken}=`,
    ` ${securityToken}`,
    `${securityToken}\n`,
    securityToken.replaceAll('-', '+').replaceAll('_', '/').concat(' '),
    ...Array.from(alphabet.replace(last, ''), (character) => securityToken.slice(0, -1) + character),
  ];
  for (const spelling of spellings) {
    expect(codeOf(() => sessions.find(accessKeyId, spelling, NOW))).toBe('InvalidSecurityToken');
  }
});

test('the longest policy of a session makes a token that is short enough', () => {
  const { sessions, issue } = world();
  const start = readOnly.slice(0, -1);
  // A line feed takes two bytes in the JSON of a session, as a quote does; nothing takes more.
  const sessionPolicy = `${start}${'\n'.repeat(MAX_SESSION_POLICY_BYTES - start.length - 1)}}`;
  expect(Buffer.byteLength(sessionPolicy)).toBe(MAX_SESSION_POLICY_BYTES);
  const { accessKeyId, securityToken } = issue({ sessionPolicy, sessionName: 'n'.repeat(64) });
  expect(securityToken.length).toBeLessThan(MAX_TOKEN_CHARACTERS);
  expect(sessions.find(accessKeyId, securityToken, NOW).identity.kind).toBe('session');
});

test('a token stays good when many others were used since', () => {
  const { sessions, issue } = world();
  const keys = Array.from({ length: 1100 }, (_, n) => issue({ sessionName: `s${n}` }));
  for (let round = 0; round < 2; round++) {
    for (const [n, { accessKeyId, securityToken }] of keys.entries()) {
      expect(sessions.find(accessKeyId, securityToken, NOW).identity).toMatchObject({ sessionName: `s${n}` });
    }
  }
});

test('law: whatever is no token of ours, or was cut or spliced of some, is refused and never a fault', () => {
  const { sessions, issue } = world();
  const [one, other] = [issue(), issue({ sessionPolicy: readOnly })];
  const at = fc.nat({ max: one.securityToken.length });
  const anyBytes = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  const versioned = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from([1, ...bytes]).toString('base64url'));
  const cut = fc.tuple(at, at).map(([from, to]) => one.securityToken.slice(from, to));
  const spliced = fc.tuple(at, at).map(([a, b]) => one.securityToken.slice(0, a) + other.securityToken.slice(b));
  const long = fc.nat({ max: 100_000 }).map((length) => 'A'.repeat(length));
  const bad = fc.oneof(fc.string({ unit: 'binary' }), anyBytes, versioned, cut, spliced, long);
  fc.assert(
    fc.property(bad, fc.constantFrom(one.accessKeyId, other.accessKeyId, 'STS.other'), (token, accessKeyId) => {
      fc.pre(token !== one.securityToken && token !== other.securityToken);
      expect(codeOf(() => sessions.find(accessKeyId, token, NOW))).toBe('InvalidSecurityToken');
    }),
    { numRuns: 2000 },
  );
});

function world() {
  const directory = new MemoryDirectory();
  const sealer = anySealer();
  const sessions = new Sessions(directory, sealer);
  const role = directory.addRole();
  const issue = (change: { seconds?: number; sessionName?: string; sessionPolicy?: string } = {}) =>
    sessions.issue({ role, sessionName: 'anna', seconds: 3600, nowMs: NOW, ...change });
  return { directory, sealer, sessions, role, issue };
}

function refusal(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return error as DomainError;
  }
  throw new Error('it was accepted');
}

function codeOf(work: () => unknown): ErrorCode {
  return refusal(work).code;
}
