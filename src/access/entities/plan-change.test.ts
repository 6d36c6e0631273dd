import { describe, expect, test } from 'vitest';
import {
  allowing,
  createUser,
  OTHER_ACCOUNT,
  openBook,
  putPolicy,
  putRole,
  SERVER_ACCOUNT,
  type ShortChange,
} from '../../../test/access-fixture.ts';
import { ACCESS_LIMITS } from '../../core/access-entities.ts';

const ANNA = { kind: 'user', name: 'anna' } as const;
const WRITER = { kind: 'role', name: 'writer' } as const;
const createOther = (change: object = {}): ShortChange => {
  return { kind: 'createAccount', account: OTHER_ACCOUNT, name: 'other', ...change };
};
const attach = (policy: string, to: typeof ANNA | typeof WRITER): ShortChange => ({ kind: 'attach', policy, to });
const long = (length: number) => 'a'.repeat(length);
const LONG_POLICY = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: Array.from({ length: 60 }, () => `oss:${long(96)}`), Resource: '*' }],
};

/** A user, a role and a policy that both have. */
async function openTeam() {
  const team = await openBook();
  await team.make(
    createUser('anna'),
    putRole('writer'),
    putPolicy('reads'),
    attach('reads', ANNA),
    attach('reads', WRITER),
  );
  return team;
}

describe('what is refused', () => {
  test.each<[what: string, code: string, words: string, change: ShortChange]>([
    ['a user without a name', 'InvalidArgument', 'name of the user is ""', createUser('')],
    ['a user with a blank', 'InvalidArgument', '"anna b"; expected: 1 to 64 of', createUser('anna b')],
    ['a user with a slash', 'InvalidArgument', 'expected: 1 to 64 of', createUser('team/anna')],
    ['a user with a line feed', 'InvalidArgument', '"ben\uFFFD"', createUser('ben\n')],
    ['a user whose name no path may hold', 'InvalidArgument', 'not . or .. alone', createUser('..')],
    ['a user with a long name', 'InvalidArgument', 'expected: 1 to 64 of', createUser(long(65))],
    ['a user that is there', 'EntityExists', 'a user "anna" already', createUser('anna')],
    ['a user of no account', 'NoSuchAccount', 'no account "3"', createUser('ben', '3')],
    [
      'a long description',
      'InvalidArgument',
      'at most 1024 characters',
      { kind: 'describeUser', name: 'anna', description: long(1025) },
    ],
    [
      'a description of two lines',
      'InvalidArgument',
      'without control characters',
      { kind: 'describeUser', name: 'anna', description: 'a\nb' },
    ],
    ['no such user', 'NoSuchUser', 'no user "ben"', { kind: 'setUserState', name: 'ben', state: 'disabled' }],
    ['a key of no user', 'NoSuchUser', 'no user "ben"', { kind: 'createAccessKey', user: 'ben' }],
    [
      'no such key',
      'NoSuchAccessKey',
      'The user "anna" has no access key "k"',
      { kind: 'deleteAccessKey', user: 'anna', id: 'k' },
    ],
    ['no such root key', 'NoSuchAccessKey', `account ${SERVER_ACCOUNT} itself`, { kind: 'deleteAccessKey', id: 'k' }],
    ['a role whose name no path may hold', 'InvalidArgument', 'not . or .. alone', putRole('.')],
    ['a role with an underscore', 'InvalidArgument', 'name of the role', putRole('the_writer')],
    [
      'a role without trust',
      'PolicyMalformed',
      'Statement[0]',
      putRole('r', { trust: { Version: '1', Statement: [{}] } }),
    ],
    [
      'a role with sessions too short',
      'InvalidArgument',
      'from 3600 to 43200',
      putRole('r', { maxSessionSeconds: 3599 }),
    ],
    [
      'a role with sessions too long',
      'InvalidArgument',
      'from 3600 to 43200',
      putRole('r', { maxSessionSeconds: 43_201 }),
    ],
    ['a role with sessions of half seconds', 'InvalidArgument', '3600.5', putRole('r', { maxSessionSeconds: 3600.5 })],
    ['no such role', 'NoSuchRole', 'no role "reader"', { kind: 'deleteRole', name: 'reader' }],
    ['a policy with a dot', 'InvalidArgument', '1 to 128 of', putPolicy('a.b')],
    ['a policy of a system name', 'EntityExists', 'system policy', putPolicy('AliyunOSSFullAccess')],
    ['a policy that is none', 'PolicyMalformed', 'policy', putPolicy('p', 'text')],
    ['a policy too long', 'PolicyMalformed', 'at most 6144', putPolicy('p', LONG_POLICY)],
    [
      'deleting a system policy',
      'EntityExists',
      'never changed or deleted',
      { kind: 'deletePolicy', name: 'AliyunOSSFullAccess' },
    ],
    ['no such policy', 'NoSuchPolicy', 'no policy "none"', { kind: 'deletePolicy', name: 'none' }],
    ['attaching no such policy', 'NoSuchPolicy', 'no policy "none"', attach('none', ANNA)],
    [
      'detaching what is not attached',
      'NoSuchPolicy',
      'not attached to the user "anna"',
      { kind: 'detach', policy: 'AliyunOSSFullAccess', to: ANNA },
    ],
    [
      'attaching to no user',
      'NoSuchUser',
      'no user "ben"',
      { kind: 'attach', policy: 'reads', to: { kind: 'user', name: 'ben' } },
    ],
    ['an account with a short id', 'InvalidArgument', '16 digits', createOther({ account: '2' })],
    [
      'an account whose id begins with 0',
      'InvalidArgument',
      '16 digits',
      createOther({ account: `0${'1'.repeat(15)}` }),
    ],
    ['an account without a name', 'InvalidArgument', 'name of the account', createOther({ name: '' })],
    ['an account that is there', 'EntityExists', SERVER_ACCOUNT, createOther({ account: SERVER_ACCOUNT })],
    [
      'an account that is called by digits',
      'InvalidArgument',
      'not digits alone',
      createOther({ name: SERVER_ACCOUNT }),
    ],
    [
      'disabling the account of the server',
      'EntityInUse',
      SERVER_ACCOUNT,
      { kind: 'setAccountState', state: 'disabled' },
    ],
    [
      'deleting a user with policies',
      'EntityInUse',
      'while it has the policies reads',
      { kind: 'deleteUser', name: 'anna' },
    ],
    [
      'deleting a role with policies',
      'EntityInUse',
      'while it has the policies reads',
      { kind: 'deleteRole', name: 'writer' },
    ],
    [
      'deleting a policy that is attached',
      'EntityInUse',
      'attached to the users anna and is attached to the roles writer',
      { kind: 'deletePolicy', name: 'reads' },
    ],
  ])('%s', async (_, code, words, change) => {
    const { make, book } = await openTeam();
    const before = book.accountAccess(SERVER_ACCOUNT);
    await expect(make(change)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
    expect(book.accountAccess(SERVER_ACCOUNT)).toEqual(before);
  });

  test('a user with keys is not deleted; without keys and policies it is', async () => {
    const { make, makeKey, book } = await openBook();
    await make(createUser('anna'));
    const { id } = await makeKey({ user: 'anna' });
    await expect(make({ kind: 'deleteUser', name: 'anna' })).rejects.toMatchObject({
      code: 'EntityInUse',
      message: expect.stringContaining(id),
    });
    await make({ kind: 'deleteAccessKey', user: 'anna', id }, { kind: 'deleteUser', name: 'anna' });
    expect(() => book.user(SERVER_ACCOUNT, 'anna')).toThrow('no user "anna"');
  });

  test.each<[what: string, words: string, changes: readonly ShortChange[]]>([
    ['users', 'has the users anna', [createUser('anna', OTHER_ACCOUNT)]],
    ['roles', 'has the roles writer', [putRole('writer', { account: OTHER_ACCOUNT })]],
    ['policies', 'has the policies reads', [{ ...putPolicy('reads'), account: OTHER_ACCOUNT }]],
    ['keys', 'has the access keys LTAI', [{ kind: 'createAccessKey', account: OTHER_ACCOUNT }]],
  ])('an account with %s is not deleted', async (_, words, changes) => {
    const { make } = await openBook();
    await make(createOther(), ...changes);
    await expect(make({ kind: 'deleteAccount', account: OTHER_ACCOUNT })).rejects.toMatchObject({
      code: 'EntityInUse',
      message: expect.stringContaining(words),
    });
  });

  test('an account that owns buckets is not deleted; an empty one is, and its id is not given again', async () => {
    const { make, book, owners, reopen } = await openBook();
    await make(createOther());
    owners.add(OTHER_ACCOUNT);
    const deletion = { kind: 'deleteAccount', account: OTHER_ACCOUNT } as const;
    await expect(make(deletion)).rejects.toMatchObject({
      code: 'EntityInUse',
      message: expect.stringContaining('bucket'),
    });
    owners.clear();
    await make(deletion);
    for (const found of [book, (await reopen()).book]) {
      expect(found.accounts('', 10).items.map(({ id }) => id)).toEqual([SERVER_ACCOUNT]);
      expect(() => found.account(OTHER_ACCOUNT)).toThrow(`no account "${OTHER_ACCOUNT}"`);
    }
    await expect(make(createUser('anna', OTHER_ACCOUNT))).rejects.toMatchObject({ code: 'NoSuchAccount' });
    await expect(make(createOther({ name: 'heir' }))).rejects.toThrow('not given again');
    await make(createOther({ account: '3000000000000000' }));
  });

  test('the account of the server is not deleted, empty or not', async () => {
    const { make } = await openBook();
    await expect(make({ kind: 'deleteAccount' })).rejects.toMatchObject({ code: 'EntityInUse' });
  });
});

test('two accounts have two names, until one of them is deleted', async () => {
  const { make } = await openBook();
  await make(createOther());
  const namesake = createOther({ account: '3000000000000000' });
  await expect(make(namesake)).rejects.toMatchObject({
    code: 'EntityExists',
    message: `There is an account "other" (${OTHER_ACCOUNT}) already.`,
  });
  await make({ kind: 'deleteAccount', account: OTHER_ACCOUNT }, namesake);
});

describe('limits', () => {
  test('two access keys of a user, and of an account', async () => {
    const { make, makeKey } = await openBook();
    await make(createUser('anna'));
    for (const holder of [{ user: 'anna' }, {}]) {
      await makeKey(holder);
      const { id } = await makeKey(holder);
      const refusal = { code: 'EntityLimitReached', message: expect.stringContaining('2 of at most 2') };
      await expect(makeKey(holder)).rejects.toMatchObject(refusal);
      await make({ kind: 'deleteAccessKey', ...holder, id });
      await makeKey(holder);
    }
  });

  test.each<[what: string, most: number, has: number, change: (n: number) => ShortChange]>([
    ['users', ACCESS_LIMITS.usersPerAccount, 0, (n) => createUser(`user-${n}`)],
    ['roles', ACCESS_LIMITS.rolesPerAccount, 1, (n) => putRole(`role-${n}`)],
    ['policies', ACCESS_LIMITS.policiesPerAccount, 0, (n) => putPolicy(`policy-${n}`)],
    ['accounts', ACCESS_LIMITS.accounts, 1, (n) => createOther({ account: String(2e15 + n), name: `account-${n}` })],
  ])('so many %s and no more: %d', async (_, most, has, change) => {
    const { make } = await openBook();
    await make(...Array.from({ length: most - has }, (_, n) => change(n)));
    const refusal = { code: 'EntityLimitReached', message: expect.stringContaining(`${most} of at most ${most}`) };
    await expect(make(change(most))).rejects.toMatchObject(refusal);
  });

  test('a policy or role that is there may be put again when the account is full', async () => {
    const { make } = await openBook();
    await make(...Array.from({ length: ACCESS_LIMITS.policiesPerAccount }, (_, n) => putPolicy(`policy-${n}`)));
    await make(...Array.from({ length: ACCESS_LIMITS.rolesPerAccount - 1 }, (_, n) => putRole(`role-${n}`)));
    await make(putPolicy('policy-0', allowing('oss:ListObjects')), putRole('role-0', { description: 'changed' }));
  });

  test('so many policies of a user', async () => {
    const { make } = await openTeam();
    const names = Array.from({ length: ACCESS_LIMITS.policiesPerPrincipal }, (_, n) => `policy-${n}`);
    await make(...names.map((name) => putPolicy(name)), ...names.slice(1).map((name) => attach(name, ANNA)));
    await expect(make(attach('policy-0', ANNA))).rejects.toMatchObject({ code: 'EntityLimitReached' });
    await make(attach('reads', ANNA));
  });
});

describe('what was asked for already', () => {
  test.each<[string, ShortChange]>([
    ['attaching', attach('reads', ANNA)],
    ['enabling a user', { kind: 'setUserState', name: 'anna', state: 'enabled' }],
    ['enabling an account', { kind: 'setAccountState', state: 'enabled' }],
  ])('%s changes nothing', async (_, change) => {
    const { make, book } = await openTeam();
    const before = book.accountAccess(SERVER_ACCOUNT);
    await make(change);
    expect(book.accountAccess(SERVER_ACCOUNT)).toEqual(before);
  });

  test('a policy that is put again keeps when it was created', async () => {
    const { make, book, clock } = await openTeam();
    const { createdAt } = book.policy(SERVER_ACCOUNT, 'reads');
    clock.nowMs += 1000;
    await make(putPolicy('reads', allowing('oss:ListObjects')));
    expect(book.policy(SERVER_ACCOUNT, 'reads')).toMatchObject({
      createdAt,
      updatedAt: new Date(clock.nowMs).toISOString(),
      document: allowing('oss:ListObjects'),
      attachedTo: { users: ['anna'], roles: ['writer'] },
    });
  });
});

test('ids of users and roles have 18 digits, and no two are the same', async () => {
  const { make, book } = await openBook();
  await make(...['a', 'b', 'c'].flatMap((name) => [createUser(name), putRole(name)]));
  const { users, roles } = { users: book.users(SERVER_ACCOUNT, '', 9), roles: book.roles(SERVER_ACCOUNT, '', 9) };
  const ids = [...users.items, ...roles.items].map(({ id }) => id);
  for (const id of ids) expect(id).toMatch(/^[1-9]\d{17}$/);
  expect(new Set(ids).size).toBe(7);
});
