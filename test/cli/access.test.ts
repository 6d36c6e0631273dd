/** The commands of `access` about one thing each, against a server in a process of its own. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { AccountView, NewAccessKeyView, PolicyView, RoleView, UserView } from '../../src/core/access-entities.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { commandsAt } from './commands-at.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

const { attempt, run, runJson, expectFailure } = commandsAt(() => server.endpoint, { prefix: ['access'] });

/** Commands of whoever has this key. */
function commandsOf({ id, secret }: NewAccessKeyView) {
  const environment = { STOCKTAKE_ACCESS_KEY_ID: id, STOCKTAKE_ACCESS_KEY_SECRET: secret };
  return commandsAt(() => server.endpoint, { environment });
}

type NewUser = UserView & { readonly newAccessKey: NewAccessKeyView };

/** A user who may do these things to whatever there is in the account. */
async function userWhoMay(name: string, ...actions: string[]) {
  await run('policy', 'put', `of-${name}`, '--allow', actions.join(','), '--on', '*');
  const { newAccessKey } = await runJson<NewUser>('user', 'create', name, '--policy', `of-${name}`, '--key');
  return commandsOf(newAccessKey);
}

function textFile(name: string, text: string): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

describe('a user', () => {
  test('is made with policies and a key, listed, shown, disabled, enabled and deleted', async () => {
    const made = await runJson<NewUser>(
      ...['user', 'create', 'dora', '--description', 'of the lab', '--key'],
      ...['--policy', 'AliyunOSSReadOnlyAccess', '--policy', 'StocktakeReadOnlyAccess'],
    );
    const { newAccessKey, ...dora } = made;
    expect(dora).toEqual({
      id: expect.stringMatching(/^\d+$/),
      accountId: '1000000000000000',
      name: 'dora',
      arn: 'acs:ram::1000000000000000:user/dora',
      description: 'of the lab',
      state: 'enabled',
      policies: ['AliyunOSSReadOnlyAccess', 'StocktakeReadOnlyAccess'],
      accessKeys: [{ id: newAccessKey.id, state: 'enabled', createdAt: expect.any(String) }],
      createdAt: expect.stringMatching(/^20.*Z$/),
    });
    expect(await runJson('user', 'show', 'dora')).toEqual(dora);
    expect((await runJson<{ users: UserView[] }>('user', 'list')).users).toContainEqual(dora);
    expect(await run('user', 'list')).toMatch(/^USER .*\n(?:.*\n)*dora +enabled +1 .* of the lab\n/);
    const asDora = commandsOf(newAccessKey);
    await asDora.run('bucket', 'list');

    expect(await runJson('user', 'disable', 'dora')).toEqual({ ...dora, state: 'disabled' });
    await asDora.expectFailure('is disabled', 'bucket', 'list');
    expect(await runJson('user', 'enable', 'dora')).toEqual(dora);
    await asDora.run('bucket', 'list');

    await expectFailure('stocktake access user delete dora --force', 'user', 'delete', 'dora');
    expect(await runJson('user', 'delete', 'dora', '--force')).toEqual({ user: 'dora' });
    await expectFailure('The account 1000000000000000 has no user "dora".', 'user', 'show', 'dora');
    await asDora.expectFailure('InvalidAccessKeyId', 'bucket', 'list');
  });

  test('is told of in words, its secret this once', async () => {
    const made = await run('user', 'create', 'emil', '--key');
    expect(made).toMatch(/^User "emil" is enabled\.\n +arn +acs:ram::1000000000000000:user\/emil\n/);
    expect(made).toContain('none: it may do nothing');
    expect(made).toContain('The secret is shown this once');
    const secret = /^ {2}export STOCKTAKE_ACCESS_KEY_SECRET=(\S+)$/m.exec(made)?.[1] ?? '';
    expect(secret).toMatch(/^\w{30}$/);
    for (const again of [
      await run('user', 'show', 'emil'),
      await run('user', 'show', 'emil', '--json'),
      await run('key', 'list', 'emil'),
      await run('key', 'list', 'emil', '--json'),
      await run('export'),
    ]) {
      expect(again).toContain('LTAI');
      expect(again).not.toContain(secret);
    }
  });

  test('who is disabled leaves open sessions, and that is told with what ends them', async () => {
    await run('user', 'create', 'erik');
    const words =
      /^User "erik" is disabled\.\n(?:.*\n)*Sessions .* go on .*: stocktake access role delete ROLE --force\n$/;
    expect(await run('user', 'disable', 'erik')).toMatch(words);
    expect(await run('user', 'enable', 'erik')).not.toContain('Sessions');
  });

  test('who is there already is not made, nor touched', async () => {
    await run('user', 'create', 'fred', '--description', 'the first');
    await expectFailure('already', 'user', 'create', 'fred', '--description', 'the second');
    expect(await runJson<UserView>('user', 'show', 'fred')).toMatchObject({ description: 'the first' });
  });

  test('is not left half made', async () => {
    const words = 'has no policy "nonesuch", and no system policy has that name. So the user "gina" was not made.';
    await expectFailure(
      words,
      'user',
      'create',
      'gina',
      '--policy',
      'AliyunOSSFullAccess',
      '--policy',
      'nonesuch',
      '--key',
    );
    await expectFailure('NoSuchUser', 'user', 'show', 'gina');
  });

  test('who is left half made all the same is told of', async () => {
    const maker = await userWhoMay('maker', 'stocktake:CreateUser', 'stocktake:CreateAccessKey');
    await maker.run('access', 'user', 'create', 'hugo', '--key');
    const advice =
      'The user "hans" is there, without all that was asked. Delete it with: stocktake access user delete hans --force';
    await maker.expectFailure(advice, 'access', 'user', 'create', 'hans', '--policy', 'AliyunOSSFullAccess');
    expect(await runJson<UserView>('user', 'show', 'hans')).toMatchObject({ policies: [] });
  });
});

describe('an access key', () => {
  test('is made, disabled, enabled and deleted', async () => {
    await run('user', 'create', 'ivan', '--policy', 'AliyunOSSFullAccess');
    expect(await run('key', 'list', 'ivan')).toContain('Make one with: stocktake access key create ivan');
    const { secret, ...key } = await runJson<NewAccessKeyView>('key', 'create', 'ivan');
    expect(await runJson('key', 'list', 'ivan')).toEqual({ accessKeys: [key] });
    const asIvan = commandsOf({ ...key, secret });

    expect(await runJson('key', 'disable', 'ivan', key.id)).toEqual({ ...key, state: 'disabled' });
    await asIvan.expectFailure('is disabled', 'bucket', 'list');
    expect(await run('key', 'enable', 'ivan', key.id)).toBe(`Access key ${key.id} of user "ivan" is enabled.\n`);
    await asIvan.run('bucket', 'list');
    expect(await runJson('key', 'delete', 'ivan', key.id)).toEqual({ user: 'ivan', accessKey: key.id });
    await expectFailure('The user "ivan" has no access key', 'key', 'disable', 'ivan', key.id);
  });

  test('is rotated: the new one works, and the old one is disabled', async () => {
    const { newAccessKey: old } = await runJson<NewUser>(
      'user',
      'create',
      'jane',
      '--policy',
      'AliyunOSSFullAccess',
      '--key',
    );
    const rotated = await runJson<{ newAccessKey: NewAccessKeyView; oldAccessKey: object }>('key', 'rotate', 'jane');
    expect(rotated.oldAccessKey).toEqual({ id: old.id, state: 'disabled', createdAt: old.createdAt });
    await commandsOf(rotated.newAccessKey).run('bucket', 'list');
    await commandsOf(old).expectFailure('is disabled', 'bucket', 'list');

    const advice = `Delete the one that nothing needs: stocktake access key delete jane ${old.id}`;
    await expectFailure(advice, 'key', 'rotate', 'jane');
    await run('key', 'delete', 'jane', old.id);
    const words = await run('key', 'rotate', 'jane');
    expect(words).toContain('The secret is shown this once');
    expect(words).toContain(`The old one, ${rotated.newAccessKey.id}, is disabled.`);
  });

  test('of a user who has none is rotated by making one', async () => {
    await run('user', 'create', 'karl', '--policy', 'AliyunOSSFullAccess');
    const rotated = await runJson<{ newAccessKey: NewAccessKeyView }>('key', 'rotate', 'karl');
    expect(rotated).toMatchObject({ oldAccessKey: null });
    await commandsOf(rotated.newAccessKey).run('bucket', 'list');
  });

  test('stays enabled, and the new one is shown, when a rotation ends halfway', async () => {
    const half = await userWhoMay('half', 'stocktake:GetUser', 'stocktake:CreateAccessKey');
    const { newAccessKey: old } = await runJson<NewUser>(
      'user',
      'create',
      'lena',
      '--policy',
      'AliyunOSSFullAccess',
      '--key',
    );
    const { code, stdout, stderr } = await half.attempt('access', 'key', 'rotate', 'lena', '--json');
    const rotated = JSON.parse(stdout) as { newAccessKey: NewAccessKeyView; oldAccessKey: object };
    expect({ code, old: rotated.oldAccessKey }).toMatchObject({ code: 1, old: { id: old.id, state: 'enabled' } });
    expect(stderr).toContain(`The new key is made, but the old one is still enabled.`);
    expect(stderr).toContain(`Disable it with: stocktake access key disable lena ${old.id}`);
    for (const key of [old, rotated.newAccessKey]) await commandsOf(key).run('bucket', 'list');
  });
});

describe('a role', () => {
  test('is made for a service, listed, shown and deleted', async () => {
    const role = await runJson<RoleView>(
      'role',
      'create',
      'writer',
      '--trust',
      'oss.aliyuncs.com',
      '--description',
      'writes',
    );
    expect(role).toMatchObject({
      arn: 'acs:ram::1000000000000000:role/writer',
      description: 'writes',
      trust: { Statement: [{ Effect: 'Allow', Principal: { Service: ['oss.aliyuncs.com'] } }] },
      maxSessionSeconds: 3600,
      policies: [],
    });
    expect(await runJson('role', 'show', 'writer')).toEqual(role);
    expect((await runJson<{ roles: RoleView[] }>('role', 'list')).roles).toContainEqual(role);
    expect(await run('role', 'list')).toMatch(/^ROLE .*\n(?:.*\n)*writer .* writes\n/);
    expect(await run('role', 'show', 'writer')).toContain('Role "writer" of the account 1000000000000000.\n');
    await expectFailure('There is a role "writer" already.', 'role', 'create', 'writer', '--trust', 'oss.aliyuncs.com');
    expect(await run('role', 'delete', 'writer')).toContain('Role "writer" is gone.');
    await expectFailure('The account 1000000000000000 has no role "writer".', 'role', 'show', 'writer');
  });

  test('is made with the trust policy of a file, in JSON or YAML', async () => {
    const json = textFile(
      'trust.json',
      '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":["acs:ram::1000000000000000:root"]}}]}',
    );
    const yaml = textFile(
      'trust.yaml',
      'Version: "1"\nStatement:\n  - { Effect: Allow, Action: "sts:AssumeRole", Principal: { RAM: ["acs:ram::1000000000000000:root"] } }\n',
    );
    const options = ['--max-session', '7200', '--policy', 'AliyunOSSReadOnlyAccess'];
    const one = await runJson<RoleView>('role', 'create', 'of-json', '--trust', json, ...options);
    const other = await runJson<RoleView>('role', 'create', 'of-yaml', '--trust', yaml, ...options);
    expect(one).toMatchObject({ maxSessionSeconds: 7200, policies: ['AliyunOSSReadOnlyAccess'] });
    expect(other.trust).toEqual(one.trust);
    await expectFailure('Or delete it with whatever is attached', 'role', 'delete', 'of-json');
    await run('role', 'delete', 'of-json', '--force');
  });

  test('is not left half made', async () => {
    const args = ['role', 'create', 'half-made', '--trust', 'oss.aliyuncs.com', '--policy', 'AliyunOSSFullAccess'];
    await expectFailure('So the role "half-made" was not made.', ...args, '--policy', 'nonesuch');
    await expectFailure('NoSuchRole', 'role', 'show', 'half-made');
  });
});

describe('a session of a role', () => {
  /** Commands of a user who may assume the role, and the role. */
  async function sessionOf(user: string, role: string, ...options: string[]) {
    const arn = `acs:ram::1000000000000000:role/${role}`;
    const statement = {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { RAM: ['acs:ram::1000000000000000:root'] },
    };
    const trust = textFile('trust.json', JSON.stringify({ Version: '1', Statement: [statement] }));
    await run('role', 'create', role, '--trust', trust, '--policy', 'AliyunOSSReadOnlyAccess');
    const asUser = await userWhoMay(user, 'sts:AssumeRole');
    return { arn, asUser, result: await asUser.attempt('access', 'assume-role', role, ...options) };
  }

  /** What a shell that is handed the lines has then. */
  function exported(lines: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...lines.matchAll(/^export (STOCKTAKE_\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
    );
  }

  test('is had as lines for a shell, and then commands may what the role may', async () => {
    const { arn, asUser, result } = await sessionOf('paul', 'reader', '--session', 'at-work', '--seconds', '900');
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining(`A session of ${arn}, until `) });
    expect(result.stdout.split('\n')).toHaveLength(4);
    const environment = exported(result.stdout);
    expect(Object.keys(environment)).toHaveLength(3);
    const inSession = commandsAt(() => server.endpoint, { environment });
    await asUser.expectFailure('oss:ListBuckets', 'bucket', 'list');
    await inSession.run('bucket', 'list');
    await inSession.expectFailure('oss:PutBucket', 'bucket', 'create', 'of-a-reader');
    await inSession.expectFailure('stocktake:ListUsers', 'access', 'user', 'list');
    await inSession.expectFailure('NoPermission', 'access', 'assume-role', 'reader');

    const { STOCKTAKE_SECURITY_TOKEN: token = '', ...key } = environment;
    for (const [broken, words] of [
      [key, 'signs nothing without its token: set STOCKTAKE_SECURITY_TOKEN too.'],
      [{ STOCKTAKE_SECURITY_TOKEN: token }, 'STOCKTAKE_SECURITY_TOKEN is set: unset it'],
    ] as const) {
      const { code, stdout, stderr } = await commandsAt(() => server.endpoint, { environment: broken }).attempt(
        'bucket',
        'list',
      );
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(words);
    }
  });

  test('is had as JSON too, of a role that its ARN names', async () => {
    const { asUser, arn } = await sessionOf('quin', 'second');
    const credentials = await asUser.runJson<Record<string, string>>('access', 'assume-role', arn);
    expect(credentials).toEqual({
      accessKeyId: expect.stringMatching(/^STS\./),
      accessKeySecret: expect.any(String),
      securityToken: expect.any(String),
      expiration: expect.stringMatching(/^20.*Z$/),
    });
  });

  test('is refused in the words of the server', async () => {
    const asNobody = await userWhoMay('rosa', 'oss:ListBuckets');
    const words = 'NoPermission: You are not authorized to do this action.';
    await asNobody.expectFailure(words, 'access', 'assume-role', 'AliyunOSSRole');
    await expectFailure('Roles may not be assumed by root accounts.', 'assume-role', 'AliyunOSSRole');
  });
});

describe('a policy', () => {
  test('that orders a terminal about does so neither when it is shown nor when it is exported', async () => {
    const odd = 'acs:oss:*:*:photos/\u001b[2J\u009b2J\u202e';
    const document = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:GetObject', Resource: odd }] };
    await run('policy', 'put', 'odd', textFile('odd.json', JSON.stringify(document)));
    const shown = await run('policy', 'show', 'odd');
    const inYaml = await run('export');
    const inJson = await run('export', '--format', 'json');
    for (const text of [shown, inYaml, inJson]) expect(text).not.toMatch(/(?!\n)\p{C}/u);
    expect(JSON.parse(shown.slice(shown.indexOf('{')))).toEqual(document);
    for (const exported of [parseYaml(inYaml), JSON.parse(inJson)]) {
      expect(exported.policies).toContainEqual({ name: 'odd', description: '', document });
    }
    await run('policy', 'delete', 'odd');
  });

  test('is put from actions and resources, which may be buckets and keys of them', async () => {
    const policy = await runJson<PolicyView>(
      ...['policy', 'put', 'flags', '--allow', 'oss:GetObject,oss:ListObjects', '--allow', 'kms:Decrypt'],
      ...['--on', 'photos', '--on', 'photos/a,b/*', '--on', 'acs:kms:*:*:*', '--on', '*', '--description', 'of flags'],
    );
    expect(policy).toMatchObject({
      name: 'flags',
      kind: 'custom',
      description: 'of flags',
      document: {
        Version: '1',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['oss:GetObject', 'oss:ListObjects', 'kms:Decrypt'],
            Resource: ['acs:oss:*:*:photos', 'acs:oss:*:*:photos/a,b/*', 'acs:kms:*:*:*', '*'],
          },
        ],
      },
    });
  });

  test('is put from a file, changed, attached, detached and deleted', async () => {
    const file = textFile('policy.yaml', 'Version: "1"\nStatement: { Effect: Deny, Action: "oss:*", Resource: "*" }\n');
    await run('policy', 'put', 'changing', '--allow', 'oss:GetObject', '--on', '*');
    const changed = await runJson<PolicyView>('policy', 'put', 'changing', file);
    expect(changed.document).toEqual({ Version: '1', Statement: { Effect: 'Deny', Action: 'oss:*', Resource: '*' } });
    expect((await runJson<{ policies: PolicyView[] }>('policy', 'list')).policies).toContainEqual(changed);

    await run('user', 'create', 'mona');
    expect(await runJson('attach', 'changing', '--user', 'mona')).toEqual({ policy: 'changing', user: 'mona' });
    expect(await run('attach', 'changing', '--role', 'AliyunOSSRole')).toBe(
      'Policy "changing" is attached to role "AliyunOSSRole".\n',
    );
    expect((await runJson<PolicyView>('policy', 'show', 'changing')).attachedTo).toEqual({
      users: ['mona'],
      roles: ['AliyunOSSRole'],
    });
    expect(await run('policy', 'list')).toMatch(/\nchanging +custom .* 1 +1 *\n/);
    await expectFailure('mona', 'policy', 'delete', 'changing');
    await run('detach', 'changing', '--user', 'mona');
    await run('detach', 'changing', '--role', 'AliyunOSSRole');
    expect(await run('policy', 'delete', 'changing')).toBe('Policy "changing" is gone.\n');
  });

  test('is warned about where it can never do anything, in flags and in files', async () => {
    const file = textFile('idle.yaml', 'Version: "1"\nStatement: { Effect: Deny, Action: "oss:Foo", Resource: "*" }\n');
    for (const [args, words] of [
      [['--allow', 'oss:GetObject', '--on', 'photos'], 'warning: Statement[0]: "oss:GetObject" allows nothing: '],
      [[file], 'warning: Statement[0]: "oss:Foo" denies nothing: '],
    ] as const) {
      const { code, stdout, stderr } = await attempt('policy', 'put', 'idle', ...args, '--json');
      expect({ code, policy: JSON.parse(stdout) }).toMatchObject({ code: 0, policy: { name: 'idle' } });
      expect(stderr).toContain(words);
    }
    await run('policy', 'delete', 'idle');
  });

  test('of the system is shown, and never changed', async () => {
    expect(await run('policy', 'show', 'AliyunOSSFullAccess')).toMatch(/^Policy "AliyunOSSFullAccess" \(system\)\.\n/);
    await expectFailure('AliyunOSSFullAccess', 'policy', 'put', 'AliyunOSSFullAccess', '--allow', 'oss:*', '--on', '*');
  });

  test.each([
    ['is not there', undefined, 'There is no file "/nowhere" to read the policy from.'],
    ['is neither JSON nor plain YAML', '{"Version": "1",', 'is neither JSON nor plain YAML'],
    ['says a thing twice in JSON', '{"Version": "1", "Version": "1"}', 'the key "Version" stands twice'],
    ['says a thing twice in YAML', 'Version: "1"\nVersion: "1"\n', 'unique'],
    ['is no policy', 'Version: "1"\n', 'Statement is missing'],
  ])('in a file that %s is refused in words', async (_what, text, words) => {
    const file = text === undefined ? '/nowhere' : textFile('policy', text);
    await expectFailure(words, 'policy', 'put', 'refused', file);
  });
});

test('an account is made, has keys and users of its own, and is disabled and deleted', async () => {
  const account = await runJson<AccountView>('account', 'create', 'research');
  expect(account).toMatchObject({ name: 'research', state: 'enabled', isServerAccount: false, accessKeys: [] });
  const { id } = account;
  expect(await runJson('account', 'show', id)).toEqual(account);
  expect((await runJson<{ accounts: AccountView[] }>('account', 'list')).accounts).toContainEqual(account);
  expect(await run('account', 'list')).toMatch(/^ACCOUNT .*\n(?:.*\n)*1000000000000000 \(the server's\) /);

  const key = await runJson<NewAccessKeyView>('account', 'key', 'create', id);
  const owner = commandsOf(key);
  await owner.run('access', 'user', 'create', 'nina');
  expect(await runJson<UserView>('user', 'show', 'nina', '--account', id)).toMatchObject({ accountId: id });
  await expectFailure('NoSuchUser', 'user', 'show', 'nina');

  await run('account', 'disable', id);
  await owner.expectFailure('is disabled', 'bucket', 'list');
  await run('account', 'enable', id);
  expect(await run('account', 'key', 'disable', id, key.id)).toBe(
    `Access key ${key.id} of account "${id}" is disabled.\n`,
  );
  await owner.expectFailure('is disabled', 'bucket', 'list');
  await run('account', 'key', 'enable', id, key.id);
  await owner.run('access', 'user', 'delete', 'nina');
  expect(await runJson('account', 'key', 'delete', id, key.id)).toEqual({ account: id, accessKey: key.id });
  expect(await run('account', 'delete', id)).toBe(`Account ${id} is gone.\n`);
  await expectFailure('NoSuchAccount', 'account', 'show', id);
});

test('an account that was just made is told to need a role for its rules', async () => {
  const [, command = ''] =
    /To make one: stocktake access (role .*)/.exec(await run('account', 'create', 'archive')) ?? [];
  const words = command.replace('ROLE', 'writer').replace('POLICY', 'AliyunOSSFullAccess').split(' ');
  const { accountId, policies } = await runJson<RoleView>(...words);
  expect(await runJson('account', 'show', accountId)).toMatchObject({ name: 'archive' });
  expect(policies).toEqual(['AliyunOSSFullAccess']);
});

test('what a person may not do is refused with the words of the server', async () => {
  const reader = await userWhoMay('reader', 'stocktake:ListUsers');
  expect(await reader.runJson('access', 'user', 'list')).toMatchObject({ users: expect.any(Array) });
  const { code, stdout, stderr } = await reader.attempt('access', 'user', 'create', 'oskar');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^stocktake: AccessDenied: .*stocktake:CreateUser/);
});

test('the five commands make a user who manages the rules of one bucket, and a role that writes below one prefix', async () => {
  const { run: stocktake, runJson: stocktakeJson } = commandsAt(() => server.endpoint);
  for (const bucket of ['photos', 'others', 'reports']) await stocktake('bucket', 'create', bucket);
  const ruleOf = (bucket: string, prefix: string) =>
    textFile(
      'rule.json',
      JSON.stringify({
        Id: bucket,
        IsEnabled: false,
        Destination: {
          OSSBucketDestination: {
            Format: 'CSV',
            AccountId: '1000000000000000',
            RoleArn: 'acs:ram::1000000000000000:role/inventory-writer',
            Bucket: 'acs:oss:::reports',
            Prefix: prefix,
          },
        },
        Schedule: { Frequency: 'Daily' },
        IncludedObjectVersions: 'Current',
      }),
    );

  await run('policy', 'put', 'rules-of-photos', '--allow', 'oss:*BucketInventory', '--on', 'photos');
  const anna = await runJson<NewUser>('user', 'create', 'anna', '--policy', 'rules-of-photos', '--key');
  await run('policy', 'put', 'write-inventory', '--allow', 'oss:PutObject', '--on', 'reports/inventory/*');
  await run('role', 'create', 'inventory-writer', '--trust', 'oss.aliyuncs.com', '--policy', 'write-inventory');
  const asAnna = commandsOf(anna.newAccessKey);
  await asAnna.run('rule', 'put', 'photos', ruleOf('photos', 'inventory'));

  expect(await asAnna.runJson('rule', 'list', 'photos')).toMatchObject({ rules: [{ Id: 'photos' }] });
  await asAnna.expectFailure('inventory-writer', 'rule', 'put', 'photos', ruleOf('elsewhere', 'elsewhere'));
  await asAnna.expectFailure('AccessDenied', 'rule', 'put', 'others', ruleOf('others', 'inventory'));
  await asAnna.expectFailure('AccessDenied', 'rule', 'list', 'others');
  await asAnna.expectFailure('AccessDenied', 'bucket', 'list');
  await asAnna.expectFailure('AccessDenied', 'access', 'user', 'list');
  expect(await stocktakeJson('rule', 'list', 'others')).toEqual({ rules: [] });
  await asAnna.run('rule', 'delete', 'photos', 'photos');
});
