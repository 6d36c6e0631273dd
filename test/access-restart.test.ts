/** Who may do what, on a real server that is killed and started again. */

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type App, startApp } from '../src/app.ts';
import { ServerClient } from '../src/cli/server-client.ts';
import { loadSettings, type SettingFlags } from '../src/config.ts';
import type { AccountView, EntityPage, NewAccessKeyView, UserView } from '../src/core/access-entities.ts';
import type { Failpoint } from '../src/core/failpoint.ts';
import { testLog } from './captured-output.ts';
import { startFailingServer } from './crash/failing-server.ts';
import { TEST_KEY } from './server-process.ts';
import { temporaryFolder } from './store-fixture.ts';

const ALLOWED = 'StocktakeReadOnlyAccess';

/** A client of the admin API with the root key, or with another. */
function connect(endpoint: string, key: { accessKeyId: string; accessKeySecret: string } = TEST_KEY): ServerClient {
  const client = new ServerClient({ endpoint, ...key, region: 'cn-hangzhou', accountId: '', data: '' });
  onTestFinished(() => client.close());
  return client;
}

async function start(data: string) {
  const server = await startFailingServer({ data });
  onTestFinished(() => server.stop());
  return { server, client: connect(server.endpoint) };
}

function createUser(client: ServerClient, name: string): Promise<UserView> {
  return client.sendForAdmin({ method: 'POST', path: 'access/users', body: JSON.stringify({ name }) });
}

async function userNames(client: ServerClient): Promise<string[]> {
  const { items } = await client.sendForAdmin<EntityPage<UserView>>({ path: 'access/users' });
  return items.map(({ name }) => name);
}

test('users, keys and policies outlive kill -9', async () => {
  const data = temporaryFolder();
  const { server, client } = await start(data);
  await createUser(client, 'anna');
  const { id, secret } = await client.sendForAdmin<NewAccessKeyView>({
    method: 'POST',
    path: 'access/users/anna/keys',
  });
  await client.sendForAdmin({ method: 'PUT', path: `access/users/anna/policies/${ALLOWED}` });
  const anna = await client.sendForAdmin({ path: 'access/users/anna' });
  await server.kill();

  const again = await start(data);
  const asAnna = connect(again.server.endpoint, { accessKeyId: id, accessKeySecret: secret });
  expect(await asAnna.sendForAdmin({ path: 'access/users/anna' })).toEqual(anna);
});

test.each<[string, Failpoint, string[]]>([
  ['before it is on disk, it never was', 'sql.access-change.commit', ['anna']],
  ['when it is on disk and not yet seen, it is there after the start', 'sql.access-change.committed', ['anna', 'ben']],
])('a change: killed %s', async (_, point, names) => {
  const data = temporaryFolder();
  const { server, client } = await start(data);
  await createUser(client, 'anna');
  await server.order({ act: 'kill', point, nth: 1 });
  await expect(createUser(client, 'ben')).rejects.toThrow();
  const again = await start(data);
  expect(await userNames(again.client)).toEqual(names);
});

test('a change that the disk refuses is told of and not made, and the next one is', async () => {
  const { server, client } = await start(temporaryFolder());
  await server.order({ act: 'ENOSPC', point: 'sql.access-change.commit', nth: 1, isLasting: false });
  await expect(createUser(client, 'anna')).rejects.toThrow();
  expect(await userNames(client)).toEqual([]);
  await createUser(client, 'anna');
  expect(await userNames(client)).toEqual(['anna']);
});

test('another account in the settings owns the server from then on, and the first keeps what it has', async () => {
  const data = temporaryFolder();
  const first = await startHere(data);
  await createUser(connect(first.endpoint), 'anna');
  await first.close();
  const second = await startHere(data, { accountId: '2000000000000000' });
  const client = connect(second.endpoint);
  expect(await userNames(client)).toEqual([]);
  const { items } = await client.sendForAdmin<EntityPage<AccountView>>({ path: 'access/accounts' });
  expect(items.map(({ id, isServerAccount }) => [id, isServerAccount])).toEqual([
    ['1000000000000000', false],
    ['2000000000000000', true],
  ]);
  const query = { account: '1000000000000000' };
  expect(await client.sendForAdmin({ path: 'access/users', query })).toMatchObject({ items: [{ name: 'anna' }] });
});

test.each<[string, (file: string) => Promise<unknown>, RegExp]>([
  ['is missing', (file) => rm(file), /key file .* is missing/],
  [
    'is another',
    (file) =>
      writeFile(file, JSON.stringify({ id: 'another', key: randomBytes(32).toString('base64') }), { mode: 0o600 }),
    /does not open/,
  ],
])('a server whose key file %s does not start, and says so without a secret', async (_, spoil, words) => {
  const data = temporaryFolder();
  const app = await startHere(data);
  const client = connect(app.endpoint);
  await createUser(client, 'anna');
  const path = 'access/users/anna/keys';
  const { secret } = await client.sendForAdmin<NewAccessKeyView>({ method: 'POST', path });
  await app.close();
  await spoil(join(data, 'encryption-key.json'));
  const failure = await startHere(data).catch((error: Error) => error.message);
  expect(failure).toMatch(words);
  expect(failure).not.toContain(secret);
});

/** A server in this process. */
async function startHere(data: string, change: SettingFlags = {}): Promise<App> {
  const settings = loadSettings({ data, port: 0, ...TEST_KEY, ...change }, {});
  const app = await startApp({ settings, log: testLog() });
  onTestFinished(() => app.close());
  return app;
}
