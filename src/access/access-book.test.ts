import { describe, expect, test } from 'vitest';
import {
  allowing,
  createUser,
  OTHER_ACCOUNT,
  openBook,
  putPolicy,
  putRole,
  ROOT_KEY,
  SERVER_ACCOUNT,
  type ShortChange,
} from '../../test/access-fixture.ts';
import { MemoryAccessRecords } from '../../test/contract/memory-access-records.ts';
import { anySealer } from '../../test/session-fixture.ts';
import type { AccessWrite } from '../core/access-record.ts';
import { parsePolicy } from '../core/policy-document.ts';
import type { AccessBook } from './access-book.ts';
import { trustsService } from './trust.ts';

const DEFAULT_ROLE_ARN = `acs:ram::${SERVER_ACCOUNT}:role/AliyunOSSRole`;
const ALL = 1000;

/** Records whose writes wait until they are let go or fail. */
class SlowRecords extends MemoryAccessRecords {
  #isSlow = false;
  readonly waiting: { go(): void; fail(error: Error): void }[] = [];

  slowDown(): void {
    this.#isSlow = true;
  }

  override async write(writes: readonly AccessWrite[]): Promise<void> {
    if (this.#isSlow) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.waiting.push({ go: resolve, fail: reject });
      await promise;
    }
    await super.write(writes);
  }
}

describe('the first start', () => {
  test('makes the account of the server, with the role that reports are written with', async () => {
    const { book } = await openBook();
    expect(book.accounts('', ALL).items).toEqual([
      {
        id: SERVER_ACCOUNT,
        name: SERVER_ACCOUNT,
        state: 'enabled',
        isServerAccount: true,
        accessKeys: [],
        createdAt: expect.any(String),
      },
    ]);
    const role = book.findRole(DEFAULT_ROLE_ARN);
    expect(role).toMatchObject({ accountId: SERVER_ACCOUNT, accountState: 'enabled', name: 'AliyunOSSRole' });
    expect(role && trustsService(role.trust, 'oss.aliyuncs.com')).toBe(true);
    expect(role?.policies.map(({ name }) => name)).toEqual(['AliyunKMSCryptoUserAccess', 'AliyunOSSFullAccess']);
    expect(book.findRoleById(role?.id ?? '')).toBe(role);
  });

  test('writes all of it or nothing: a failed one leaves no account behind, and the next makes it', async () => {
    const records = new SlowRecords();
    records.slowDown();
    const opening = openBook({ records });
    await expect.poll(() => records.waiting.length).toBe(1);
    records.waiting[0]?.fail(new Error('disk full'));
    await expect(opening).rejects.toThrow('disk full');
    expect(await records.load()).toEqual([]);
  });

  test('is the first alone: a role that somebody deleted stays away', async () => {
    const { make, reopen } = await openBook();
    const to = { kind: 'role', name: 'AliyunOSSRole' } as const;
    await make(
      { kind: 'detach', policy: 'AliyunOSSFullAccess', to },
      { kind: 'detach', policy: 'AliyunKMSCryptoUserAccess', to },
      { kind: 'deleteRole', name: 'AliyunOSSRole' },
    );
    const { book } = await reopen();
    expect(book.roles(SERVER_ACCOUNT, '', ALL).items).toEqual([]);
  });
});

describe('another account in the settings', () => {
  const serverAccount = { id: OTHER_ACCOUNT, rootKey: ROOT_KEY };

  test('comes to be beside the first, which keeps what it has and can be administered', async () => {
    const { make, makeKey, reopen } = await openBook();
    await make(createUser('anna'));
    const key = await makeKey({ user: 'anna' });
    const { book } = await reopen({ serverAccount });
    expect(book.accounts('', ALL).items.map(({ id, isServerAccount }) => [id, isServerAccount])).toEqual([
      [SERVER_ACCOUNT, false],
      [OTHER_ACCOUNT, true],
    ]);
    expect(book.findAccessKey(ROOT_KEY.accessKeyId)?.identity).toMatchObject({
      kind: 'root',
      accountId: OTHER_ACCOUNT,
    });
    expect(book.findAccessKey(key.id)?.identity).toMatchObject({ kind: 'user', accountId: SERVER_ACCOUNT });
    expect(book.findRole(DEFAULT_ROLE_ARN)).toBeDefined();
    expect(book.findRole(`acs:ram::${OTHER_ACCOUNT}:role/AliyunOSSRole`)).toBeDefined();
  });

  test('that was there and disabled is enabled, for nobody else could do so', async () => {
    const { make, reopen } = await openBook();
    await make(
      { kind: 'createAccount', account: OTHER_ACCOUNT, name: 'other' },
      { kind: 'setAccountState', account: OTHER_ACCOUNT, state: 'disabled' },
    );
    const { book } = await reopen({ serverAccount });
    expect(book.account(OTHER_ACCOUNT)).toMatchObject({ name: 'other', state: 'enabled', isServerAccount: true });
    expect(book.roles(OTHER_ACCOUNT, '', ALL).items).toEqual([]);
  });

  test('that was deleted is refused, for its id is not given again', async () => {
    const { make, reopen } = await openBook();
    await make(
      { kind: 'createAccount', account: OTHER_ACCOUNT, name: 'other' },
      { kind: 'deleteAccount', account: OTHER_ACCOUNT },
    );
    await expect(reopen({ serverAccount })).rejects.toThrow(`${OTHER_ACCOUNT} was deleted`);
  });
});

describe('a start', () => {
  test('finds all that was there, secrets too', async () => {
    const { make, makeKey, book, reopen } = await openBook();
    await make(createUser('anna'), putPolicy('reads'), putRole('writer'));
    await make({ kind: 'attach', policy: 'reads', to: { kind: 'user', name: 'anna' } });
    const keys = [await makeKey({ user: 'anna' }), await makeKey()];
    const again = (await reopen()).book;
    for (const { id, secret } of keys) {
      expect(again.findAccessKey(id)).toEqual(book.findAccessKey(id));
      expect(again.findAccessKey(id)?.secret).toBe(secret);
    }
    expect(again.accountAccess(SERVER_ACCOUNT)).toEqual(book.accountAccess(SERVER_ACCOUNT));
    expect(again.user(SERVER_ACCOUNT, 'anna')).toEqual(book.user(SERVER_ACCOUNT, 'anna'));
    expect(again.policy(SERVER_ACCOUNT, 'reads')).toEqual(book.policy(SERVER_ACCOUNT, 'reads'));
    expect(again.role(SERVER_ACCOUNT, 'writer')).toEqual(book.role(SERVER_ACCOUNT, 'writer'));
  });

  test('refuses a key file that does not open the secrets, and names key and file but no secret', async () => {
    const { makeKey, reopen } = await openBook();
    const { id, secret } = await makeKey();
    const failure = await reopen({ sealer: anySealer() }).catch((error: Error) => error.message);
    expect(failure).toContain(id);
    expect(failure).toContain('key-file');
    expect(failure).not.toContain(secret);
  });

  test('refuses a root key that has the id of another access key', async () => {
    const { makeKey, reopen } = await openBook();
    const { id } = await makeKey();
    const rootKey = { accessKeyId: id, accessKeySecret: 'another' };
    await expect(reopen({ serverAccount: { id: SERVER_ACCOUNT, rootKey } })).rejects.toThrow(id);
  });
});

describe('changes', () => {
  test('happen all together or not at all, in memory as on disk', async () => {
    const { make, makeKey, book, reopen } = await openBook();
    const anna = { kind: 'user', name: 'anna' } as const;
    await make(
      createUser('anna'),
      createUser('ben'),
      putPolicy('reads'),
      putPolicy('old'),
      putRole('writer'),
      putRole('idle'),
    );
    await make(
      { kind: 'attach', policy: 'reads', to: anna },
      { kind: 'createAccount', account: OTHER_ACCOUNT, name: 'other' },
    );
    const [kept, gone] = [await makeKey({ user: 'anna' }), await makeKey({ user: 'anna' })];
    const shown = (found: AccessBook) => [
      found.accounts('', ALL),
      found.accountAccess(SERVER_ACCOUNT),
      [kept, gone].map(({ id }) => found.findAccessKey(id)),
      found.findRole(`acs:ram::${SERVER_ACCOUNT}:role/writer`),
    ];
    const before = shown(book);
    const changes: readonly ShortChange[] = [
      { kind: 'setAccessKeyState', user: 'anna', id: kept.id, state: 'disabled' },
      { kind: 'deleteAccessKey', user: 'anna', id: gone.id },
      { kind: 'createAccessKey' },
      { kind: 'detach', policy: 'reads', to: anna },
      { kind: 'attach', policy: 'old', to: { kind: 'role', name: 'writer' } },
      { kind: 'deletePolicy', name: 'reads' },
      putPolicy('old', allowing('oss:ListObjects')),
      putRole('writer', { maxSessionSeconds: 7200 }),
      { kind: 'deleteRole', name: 'idle' },
      { kind: 'deleteUser', name: 'ben' },
      { kind: 'setUserState', name: 'anna', state: 'disabled' },
      { kind: 'deleteAccount', account: OTHER_ACCOUNT },
    ];
    await expect(make(...changes, createUser('anna'))).rejects.toMatchObject({ code: 'EntityExists' });
    for (const found of [book, (await reopen()).book]) expect(shown(found)).toEqual(before);
    await make(...changes);
    for (const [index, facts] of shown(book).entries()) expect(facts).not.toEqual(before[index]);
    expect(shown((await reopen()).book)).toEqual(shown(book));
  });

  test('may build on those before them', async () => {
    const { make, book } = await openBook();
    const [, , key] = await make(
      createUser('anna'),
      putPolicy('reads'),
      { kind: 'createAccessKey', user: 'anna' },
      { kind: 'attach', policy: 'reads', to: { kind: 'user', name: 'anna' } },
    );
    expect(book.user(SERVER_ACCOUNT, 'anna')).toMatchObject({ policies: ['reads'], accessKeys: [{ id: key?.id }] });
  });

  test('that the disk refuses leave everything as it was, and the next are made', async () => {
    const records = new SlowRecords();
    const { make, makeKey, book } = await openBook({ records });
    await make(createUser('anna'));
    const { id } = await makeKey({ user: 'anna' });
    records.slowDown();
    const deletion = make({ kind: 'deleteAccessKey', user: 'anna', id }, createUser('ben'));
    const creation = make(createUser('cleo'));
    await expect.poll(() => records.waiting.length).toBe(1);
    records.waiting[0]?.fail(new Error('disk full'));
    await expect(deletion).rejects.toThrow('disk full');
    expect(book.findAccessKey(id)).toBeDefined();
    await expect.poll(() => records.waiting.length).toBe(2);
    records.waiting[1]?.go();
    await creation;
    expect(book.users(SERVER_ACCOUNT, '', ALL).items.map(({ name }) => name)).toEqual(['anna', 'cleo']);
  });

  test('are seen by nobody before they are on disk', async () => {
    const records = new SlowRecords();
    const { make, book } = await openBook({ records });
    records.slowDown();
    const creation = make(createUser('anna'));
    await expect.poll(() => records.waiting.length).toBe(1);
    expect(book.users(SERVER_ACCOUNT, '', ALL).items).toEqual([]);
    records.waiting[0]?.go();
    await creation;
    expect(book.user(SERVER_ACCOUNT, 'anna')).toMatchObject({ name: 'anna' });
  });

  test('that come at once are made one after the other: of two that make the same, one is refused', async () => {
    const { make, book } = await openBook();
    const made = await Promise.allSettled([1, 2, 3].map(() => make(createUser('anna'))));
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await make(createUser('ben'));
    await Promise.allSettled([1, 2, 3].map(() => make({ kind: 'createAccessKey', user: 'ben' })));
    expect(book.user(SERVER_ACCOUNT, 'ben').accessKeys).toHaveLength(2);
  });
});

describe('an access key', () => {
  test('has an id and a secret in the form of the original, and no other key has them', async () => {
    const { make, makeKey } = await openBook();
    await make(createUser('anna'));
    const keys = [await makeKey(), await makeKey(), await makeKey({ user: 'anna' })];
    for (const { id, secret } of keys) {
      expect(id).toMatch(/^LTAI5t[A-Za-z0-9]{18}$/);
      expect(secret).toMatch(/^[A-Za-z0-9]{30}$/);
    }
    expect(new Set(keys.flatMap(({ id, secret }) => [id, secret])).size).toBe(6);
  });

  test('is nowhere stored with its secret, nor shown with it again', async () => {
    const { book, makeKey, options } = await openBook();
    const { secret } = await makeKey();
    expect(JSON.stringify(book.account(SERVER_ACCOUNT))).not.toContain(secret);
    for (const record of await options.records.load()) {
      const text = record.kind === 'accessKey' ? Buffer.from(record.sealed.bytes).toString('latin1') : '';
      expect(text + JSON.stringify(record)).not.toContain(secret);
    }
  });

  test('of a user stands for the user with the policies attached, as they are now', async () => {
    const { book, make, makeKey } = await openBook();
    await make(createUser('anna'), putPolicy('reads'));
    const { id, secret } = await makeKey({ user: 'anna' });
    const userId = book.user(SERVER_ACCOUNT, 'anna').id;
    const identity = { kind: 'user', accountId: SERVER_ACCOUNT, accessKeyId: id, userId, name: 'anna' };
    const enabled = { secret, keyState: 'enabled', holderState: 'enabled' };
    expect(book.findAccessKey(id)).toEqual({ ...enabled, identity: { ...identity, policies: [] } });
    for (const policy of ['reads', 'AliyunOSSFullAccess']) {
      await make({ kind: 'attach', policy, to: { kind: 'user', name: 'anna' } });
    }
    const document = allowing('oss:PutObject');
    await make(putPolicy('reads', document));
    const policies = [
      { name: 'AliyunOSSFullAccess', policy: expect.anything() },
      { name: 'reads', policy: parsePolicy(document, 'identity') },
    ];
    expect(book.findAccessKey(id)).toEqual({ ...enabled, identity: { ...identity, policies } });
    await make({ kind: 'deleteAccessKey', user: 'anna', id });
    expect(book.findAccessKey(id)).toBeUndefined();
  });

  test('counts with policies of as many characters as there may be, whatever their bytes', async () => {
    const { book, make, makeKey } = await openBook();
    const wide = Array.from({ length: 6 }, () => `acs:oss:*:*:photos/${'\u76f8'.repeat(900)}`);
    const document = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:*', Resource: wide }] };
    const to = { kind: 'user', name: 'anna' } as const;
    await make(createUser('anna'), putPolicy('wide', document), { kind: 'attach', policy: 'wide', to });
    const { id } = await makeKey({ user: 'anna' });
    const policies = [{ name: 'wide', policy: parsePolicy(document, 'identity') }];
    expect(book.findAccessKey(id)).toMatchObject({ identity: { policies } });
  });

  test('of an account stands for its root', async () => {
    const { book, make, makeKey } = await openBook();
    await make({ kind: 'createAccount', account: OTHER_ACCOUNT, name: 'other' });
    const { id } = await makeKey({ account: OTHER_ACCOUNT });
    const identity = { kind: 'root', accountId: OTHER_ACCOUNT, accessKeyId: id };
    expect(book.findAccessKey(id)).toMatchObject({ identity });
    expect(book.findAccessKey(ROOT_KEY.accessKeyId)).toEqual({
      secret: ROOT_KEY.accessKeySecret,
      identity: { kind: 'root', accountId: SERVER_ACCOUNT, accessKeyId: ROOT_KEY.accessKeyId },
      keyState: 'enabled',
      holderState: 'enabled',
    });
  });

  test('is disabled by itself, with its user, and with its account', async () => {
    const { book, make, makeKey } = await openBook();
    const account = OTHER_ACCOUNT;
    await make({ kind: 'createAccount', account, name: 'other' }, createUser('anna', account));
    const { id } = await makeKey({ account, user: 'anna' });
    const root = await makeKey({ account });
    const states = (keyId: string) => {
      const { keyState, holderState } = book.findAccessKey(keyId) ?? {};
      return [keyState, holderState];
    };
    await make({ kind: 'setAccessKeyState', account, user: 'anna', id, state: 'disabled' });
    expect(states(id)).toEqual(['disabled', 'enabled']);
    await make({ kind: 'setAccessKeyState', account, user: 'anna', id, state: 'enabled' });
    await make({ kind: 'setUserState', account, name: 'anna', state: 'disabled' });
    expect(states(id)).toEqual(['enabled', 'disabled']);
    await make({ kind: 'setUserState', account, name: 'anna', state: 'enabled' });
    expect(states(id)).toEqual(['enabled', 'enabled']);
    await make({ kind: 'setAccountState', account, state: 'disabled' });
    expect([states(id), states(root.id)]).toEqual([
      ['enabled', 'disabled'],
      ['enabled', 'disabled'],
    ]);
  });
});

test('a role made anew under its name is another role', async () => {
  const { book, make } = await openBook();
  await make(putRole('writer'));
  const arn = `acs:ram::${SERVER_ACCOUNT}:role/writer`;
  const before = book.findRole(arn);
  await make(putRole('writer', { description: 'changed', maxSessionSeconds: 7200 }));
  expect(book.findRole(arn)).toMatchObject({ id: before?.id, maxSessionSeconds: 7200 });
  await make({ kind: 'deleteRole', name: 'writer' }, putRole('writer'));
  expect(book.findRole(arn)?.id).not.toBe(before?.id);
  expect(book.findRoleById(before?.id ?? '')).toBeUndefined();
});

test.each([
  '',
  'AliyunOSSRole',
  'acs:ram::1:role/AliyunOSSRole',
  `${DEFAULT_ROLE_ARN}x`,
  `acs:ram::${SERVER_ACCOUNT}:role/`,
])('there is no role "%s"', async (arn) => {
  expect((await openBook()).book.findRole(arn)).toBeUndefined();
});

test('lists are told in pages, in the order of names, system policies among them', async () => {
  const { book, make } = await openBook();
  await make(...['b', 'a', 'C'].map((name) => createUser(name)), putPolicy('own'));
  expect(book.users(SERVER_ACCOUNT, '', 2)).toMatchObject({ items: [{ name: 'C' }, { name: 'a' }], nextAfter: 'a' });
  expect(book.users(SERVER_ACCOUNT, 'a', 2)).toMatchObject({ items: [{ name: 'b' }], nextAfter: null });
  const policies = book.policies(SERVER_ACCOUNT, '', ALL).items;
  expect(policies.map(({ name, kind }) => [name, kind])).toEqual(
    expect.arrayContaining([
      ['AliyunOSSFullAccess', 'system'],
      ['own', 'custom'],
    ]),
  );
  expect(book.policy(SERVER_ACCOUNT, 'AliyunOSSFullAccess').attachedTo).toEqual({
    users: [],
    roles: ['AliyunOSSRole'],
  });
  expect(() => book.users('4', '', 1)).toThrow('no account "4"');
});
