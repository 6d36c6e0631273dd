/** `access export` and `access apply`, against a server in a process of its own; each test has an account of its own. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml';
import type { AccountAccess } from '../../src/access/account-access.ts';
import { ServerClient } from '../../src/cli/server-client.ts';
import type { AccountView, NewAccessKeyView, UserView } from '../../src/core/access-entities.ts';
import { runCommand, type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { commandsAt } from './commands-at.ts';

let server: ServerProcess;
let account: string;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

const stocktake = commandsAt(() => server.endpoint, { prefix: ['access'] });
/** A command about the account of the test. */
const run = (...args: string[]) => stocktake.run(...args, '--account', account);
const runJson = <T>(...args: string[]) => stocktake.runJson<T>(...args, '--account', account);
const expectFailure = (words: string, ...args: string[]) =>
  stocktake.expectFailure(words, ...args, '--account', account);

let accounts = 0;

beforeEach(async () => {
  account = (await stocktake.runJson<AccountView>('account', 'create', `of-test-${++accounts}`)).id;
});

const exported = () => runJson<AccountAccess>('export');

function file(name: string, document: unknown): string {
  const place = path.join(temporaryFolder(), name);
  writeFileSync(place, typeof document === 'string' ? document : JSON.stringify(document));
  return place;
}

const allow = (Action: string) => ({ Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

const TRUST = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['oss.aliyuncs.com'] } }],
};

/** As a person writes it. */
const BY_HAND = `
policies:
  - name: read-photos
    document:
      Version: "1"
      Statement:
        - { Effect: Allow, Action: "oss:GetObject", Resource: "acs:oss:*:*:photos/*" }
users:
  - name: anna
    description: of the lab
    policies: [read-photos, StocktakeReadOnlyAccess]
  - name: bert
    state: disabled
roles:
  - name: writer
    trust: oss.aliyuncs.com
    policies: [AliyunOSSFullAccess]
`;

test('a document makes what it names, once; what was made is exported, and changes nothing when it is applied', async () => {
  const byHand = file('access.yaml', BY_HAND);
  expect(await run('apply', byHand)).toMatch(/^8 changes made:\n {2}make policy "read-photos"\n/);
  const access = await exported();
  expect(access).toEqual({
    account,
    policies: [
      {
        name: 'read-photos',
        description: '',
        document: {
          Version: '1',
          Statement: [{ Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:photos/*' }],
        },
      },
    ],
    users: [
      {
        name: 'anna',
        description: 'of the lab',
        state: 'enabled',
        policies: ['StocktakeReadOnlyAccess', 'read-photos'],
        accessKeys: [],
      },
      { name: 'bert', description: '', state: 'disabled', policies: [], accessKeys: [] },
    ],
    roles: [
      { name: 'writer', description: '', trust: TRUST, maxSessionSeconds: 3600, policies: ['AliyunOSSFullAccess'] },
    ],
  });

  const nothing = '0 changes: everything is as the document says.\n';
  expect(await run('apply', byHand, '--prune')).toBe(nothing);
  const out = path.join(temporaryFolder(), 'out.yaml');
  expect(await run('export', '--out', out)).toContain(out);
  expect(await run('apply', out, '--prune')).toBe(nothing);
  expect(await run('import', file('access.json', await run('export', '--format', 'json')), '--prune')).toBe(nothing);
  expect(parseYaml(await run('export'))).toEqual(access);
});

test('the document in the help is one', async () => {
  const help = await stocktake.run('apply', '--help');
  const text = help.slice(help.indexOf('  policies:'), help.indexOf('What it names')).replaceAll(/^ {2}/gm, '');
  expect(await run('apply', file('help.yaml', text), '--prune')).toMatch(/^5 changes made:/);
});

test('a document is read from standard input', async () => {
  const { endpoint } = server;
  const args = ['access', 'apply', '-', '--json', '--account', account];
  const { code, stdout } = await runCommand(args, { endpoint, input: BY_HAND });
  expect({ code, applied: JSON.parse(stdout) }).toMatchObject({ code: 0, applied: { applied: true } });
  expect(await exported()).toMatchObject({ users: [{ name: 'anna' }, { name: 'bert' }] });
});

test('a dry run shows each change with the values before and after, and makes none', async () => {
  await run('apply', file('access.yaml', BY_HAND));
  const before = await exported();
  const changed = file('changed.json', {
    policies: [{ name: 'read-photos', document: allow('oss:*') }],
    users: [{ name: 'anna', description: 'on leave', state: 'disabled', policies: ['read-photos'] }],
    roles: [{ name: 'auditor', trust: 'oss.aliyuncs.com' }],
  });
  expect(await run('apply', changed, '--prune', '--dry-run')).toBe(
    `${[
      '8 changes to make:',
      '  detach policy "StocktakeReadOnlyAccess" from user "anna"',
      '  detach policy "AliyunOSSFullAccess" from role "writer"',
      '  delete user "bert"',
      '  delete role "writer"',
      '  change policy "read-photos"',
      `    document: ${JSON.stringify(before.policies[0]?.document)}`,
      `           -> ${JSON.stringify(allow('oss:*'))}`,
      '  change user "anna"',
      '    description: "of the lab" -> "on leave"',
      '  make role "auditor"',
      `    trust: ${JSON.stringify(TRUST)}`,
      '    maxSessionSeconds: 3600',
      '  disable user "anna"',
      '    state: "enabled" -> "disabled"',
    ].join('\n')}\n`,
  );
  expect(await runJson('apply', changed, '--prune', '--dry-run')).toMatchObject({ applied: false });
  expect(await exported()).toEqual(before);
});

test('what a document does not name stays, and goes with --prune, a user with the keys it has', async () => {
  await run('apply', file('access.yaml', BY_HAND));
  const { id, secret } = await runJson<NewAccessKeyView>('key', 'create', 'anna');
  const less = file('less.json', { policies: [], users: [{ name: 'bert' }], roles: [] });
  expect(await run('apply', less)).toMatch(/^0 changes/);
  expect(await run('apply', less, '--prune')).toContain(`delete access key ${id} of user "anna"`);
  const bert = { name: 'bert', description: '', state: 'disabled', policies: [], accessKeys: [] };
  expect(await exported()).toEqual({ account, policies: [], users: [bert], roles: [] });
  const environment = { STOCKTAKE_ACCESS_KEY_ID: id, STOCKTAKE_ACCESS_KEY_SECRET: secret };
  await commandsAt(() => server.endpoint, { environment }).expectFailure('InvalidAccessKeyId', 'bucket', 'list');
});

test('access keys are switched off and on with their user, and none is made', async () => {
  await run('user', 'create', 'anna');
  const { id } = await runJson<NewAccessKeyView>('key', 'create', 'anna');
  const withKeys = (...ids: string[]) =>
    file('keys.json', { users: [{ name: 'anna', accessKeys: ids.map((key) => ({ id: key, state: 'disabled' })) }] });
  expect(await run('apply', withKeys(id))).toContain(`disable access key ${id} of user "anna"`);
  const { accessKeys } = await runJson<UserView>('user', 'show', 'anna');
  expect(accessKeys).toMatchObject([{ id, state: 'disabled' }]);

  const { code, stdout, stderr } = await stocktake.attempt('apply', withKeys('LTAIgone'), '--account', account);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '0 changes: everything is as the document says.\n' });
  expect(stderr).toContain('names the access key LTAIgone of user "anna", which is not there');
  expect(await runJson<UserView>('user', 'show', 'anna')).toMatchObject({ accessKeys });
});

test('a document is applied whole or not at all, and a dry run fails as it would', async () => {
  const broken = file('broken.json', {
    policies: [{ name: 'made', document: allow('oss:*') }],
    users: [
      { name: 'anna', policies: ['made'] },
      { name: 'bert', policies: ['nonesuch'] },
    ],
  });
  for (const options of [[], ['--dry-run'], []]) {
    await expectFailure('no policy "nonesuch"', 'apply', broken, ...options);
    expect(await exported()).toEqual({ account, policies: [], users: [], roles: [] });
  }
});

test.each([
  ['is not there', undefined, 'There is no file "/nowhere" to read the access document from.'],
  ['is cut short', '{"users": [', 'is neither JSON nor plain YAML'],
  [
    'has a tag of a programming language',
    'users: !!js/function "x"\n',
    'Unresolved tag: tag:yaml.org,2002:js/function at line 1',
  ],
  ['has a list for a key', '? [a]\n: b\n', 'the document: '],
  ['names what is unknown', 'users:\n  - { name: anna, polices: [] }\n', 'users[0]: "polices" is not known there'],
  ['is of another account', 'account: "1000000000000000"\n', 'is of the account 1000000000000000'],
  ['is empty', '', 'the document: null; expected: an object'],
])('a document that %s is refused in words', async (_what, text, words) => {
  await expectFailure(words, 'apply', text === undefined ? '/nowhere' : file('access', text));
});

test('a policy of a document is warned about where it can never do anything', async () => {
  const idle = file('idle.json', { policies: [{ name: 'idle', document: allow('oss:Foo') }] });
  const { code, stdout, stderr } = await stocktake.attempt('apply', idle, '--account', account);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('1 change made') });
  expect(stderr).toMatch(/^warning: policy "idle", Statement\[0\]: "oss:Foo" allows nothing: /);

  const [Statement] = allow('').Statement;
  const Action = Array.from({ length: 101 }, (_, index) => `oss:Foo${index}`);
  const long = file('long.json', {
    policies: [{ name: 'long', document: { Version: '1', Statement: { ...Statement, Action } } }],
  });
  const { stdout: answer } = await stocktake.attempt('apply', long, '--account', account, '--json');
  expect(JSON.parse(answer).warnings).toHaveLength(100);
});

test('a document that lacks a list prunes nothing', async () => {
  await run('apply', file('access.yaml', BY_HAND));
  await expectFailure(
    'roles: missing; expected: a list.',
    'apply',
    file('cut.yaml', 'policies: []\nusers: []\n'),
    '--prune',
  );
  expect((await exported()).users).toHaveLength(2);
});

test('only who may apply documents does, and only who may export them', async () => {
  const policy = file('policy.json', allow('stocktake:ExportAccess'));
  await stocktake.run('policy', 'put', 'may-export', policy);
  const args = ['user', 'create', 'exporter', '--policy', 'may-export', '--key'];
  const { newAccessKey } = await stocktake.runJson<{ newAccessKey: NewAccessKeyView }>(...args);
  const { id, secret } = newAccessKey;
  const environment = { STOCKTAKE_ACCESS_KEY_ID: id, STOCKTAKE_ACCESS_KEY_SECRET: secret };
  const exporter = commandsAt(() => server.endpoint, { prefix: ['access'], environment });
  expect(await exporter.runJson('export')).toMatchObject({ account: '1000000000000000' });
  await exporter.expectFailure('stocktake:ApplyAccess', 'apply', file('access.yaml', BY_HAND));
});

/** The API itself, for what no command sends. */
async function withApi<T>(work: (apply: (body: string) => Promise<T>) => Promise<void>): Promise<void> {
  const settings = { ...TEST_KEY, region: 'cn-hangzhou', accountId: '1000000000000000', data: '' };
  const client = new ServerClient({ endpoint: server.endpoint, ...settings });
  try {
    await work((body) => client.sendForAdmin<T>({ method: 'POST', path: 'access/apply', query: { account }, body }));
  } finally {
    await client.close();
  }
}

test('documents that are applied at the same time take turns: each finds the account as the one before left it', async () => {
  const usersOf = (letter: string) => Array.from({ length: 30 }, (_, index) => ({ name: `${letter}-${index + 10}` }));
  const documents = ['a', 'b'].map((letter) => ({ policies: [], users: usersOf(letter), roles: [] }));
  const bodies = documents.map((document) => JSON.stringify({ document, prune: true }));
  await withApi<{ changes: unknown[] }>(async (apply) => {
    const replies = await Promise.all(Array.from({ length: 12 }, (_, turn) => apply(bodies[turn % 2] ?? '')));
    for (const { changes } of replies) expect([0, 30, 60]).toContain(changes.length);
  });
  const names = (await exported()).users.map(({ name }) => name);
  expect(documents.map(({ users }) => users.map(({ name }) => name))).toContainEqual(names);
});

test('a document may be larger than other bodies, up to a bound', async () => {
  const description = 'x'.repeat(1000);
  const users = Array.from({ length: 300 }, (_, index) => ({ name: `user-${index}`, description }));
  expect(await run('apply', file('large.yaml', stringifyYaml({ users })))).toMatch(/^300 changes made:/);
  await withApi(async (apply) => {
    const tooLarge = JSON.stringify({ document: 'x'.repeat(24 * 1024 * 1024) });
    await expect(apply(tooLarge)).rejects.toMatchObject({ code: 'EntityTooLarge' });
  });
});

test('the audit log lists the changes of a document', async () => {
  await run('apply', file('access.yaml', BY_HAND));
  const logs = readdirSync(server.data).filter((name) => name.startsWith('audit'));
  const entries = logs
    .flatMap((name) => readFileSync(path.join(server.data, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { operation: string; resource: string; target: string });
  const mine = entries.filter(({ resource }) => resource?.includes(account));
  expect(mine).toMatchObject([
    { operation: 'ApplyAccess', target: expect.stringMatching(/^8 made: make policy "read-photos"; /) },
  ]);
  expect(mine[0]?.target).toContain('; attach policy "AliyunOSSFullAccess" to role "writer"');
});
