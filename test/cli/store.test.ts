/** The commands of `store`, on data folders without a server and with one. */

import { copyFile, mkdir, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openControlDatabase } from '../../src/control/control-database.ts';
import type { BackupView } from '../../src/core/backup.ts';
import { backedUpData, storeFolder } from '../../src/data-folder/data-backup.ts';
import { BodyFiles } from '../../src/store/bodies/body-files.ts';
import { openDataFolder } from '../data-folder.ts';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { bodyFilesIn, bytesOf, put, temporaryFolder } from '../store-fixture.ts';
import { WireClient } from '../wire-client.ts';
import { runMain } from './main-in-process.ts';

const attempt = (...args: string[]) => runMain(['store', ...args]);

/** A command that is to succeed; what it printed as JSON. */
async function run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await attempt(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

async function expectFailure(words: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await attempt(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(words);
}

/** A data folder that nobody has, with a short object and a long one: content 2. */
async function closedFolder(): Promise<string> {
  const { data, store, close } = await openDataFolder();
  await put(store, 'short', 'bytes');
  await put(store, 'long', bytesOf(100_000));
  await close();
  return data;
}

async function servedFolder(data?: string): Promise<{ server: ServerProcess; client: WireClient }> {
  const server = await startServer(data === undefined ? {} : { data });
  onTestFinished(() => server.stop());
  const client = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  onTestFinished(() => client.close());
  return { server, client };
}

async function send(client: WireClient, method: string, bucket: string, key?: string, body?: string | Uint8Array) {
  const reply = await client.send({
    method,
    bucket,
    ...(key !== undefined && { key }),
    ...(body !== undefined && { body }),
  });
  expect(reply.status, reply.text).toBeLessThan(300);
  return reply;
}

const newFolder = (): string => path.join(temporaryFolder(), 'folder');
const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

test('a folder with nothing wrong is checked, with its bytes and without', async () => {
  const data = await closedFolder();
  for (const quick of [[], ['--quick']]) {
    expect(await run('check', '--data', data, ...quick)).toEqual({
      objects: 2,
      versions: 2,
      uploads: 0,
      bodies: 2,
      bytes: 100_005,
      unopened: 0,
      filesToRemove: 0,
      findingCount: 0,
      findings: [],
      notes: [],
    });
  }
  const { code, stdout } = await attempt('check', '--data', data);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '2 objects in 2 versions, 100.0 kB: nothing is wrong.\n' });
});

test('a folder of the version before, which knew no access keys, is checked as it is', async () => {
  const { data, db, close } = await openDataFolder();
  for (const table of ['attachments', 'policies', 'roles', 'access_keys', 'users', 'accounts']) {
    await db.schema.dropTable(table).execute();
  }
  await close();
  expect(await run('check', '--data', data)).toMatchObject({ findings: [], notes: [] });
});

test('a fault is told with its place, and the exit code is 1', async () => {
  const data = await closedFolder();
  await truncate(BodyFiles.at(storeFolder(data)).pathOf(2), 5);
  const text = await attempt('check', '--data', data);
  expect(text.code).toBe(1);
  expect(text.stdout).toBe(
    'body-length-wrong: "long" of the bucket "photos", version null, has the body 2 of 5 bytes instead of 100000\n' +
      '2 objects in 2 versions, 100.0 kB: 1 fault.\n',
  );
  const json = await attempt('check', '--data', data, '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    findingCount: 1,
    findings: [{ kind: 'body-length-wrong', bucket: 'photos', key: 'long', contentId: 2 }],
  });
});

test.each([
  ['lost', (file: string) => rm(file)],
  ['no database', (file: string) => writeFile(file, 'x'.repeat(10_000))],
  ['cut', (file: string) => truncate(file, 8192)],
])('a control database that is %s is a finding', async (_, damage) => {
  const data = await closedFolder();
  await damage(path.join(data, 'control.sqlite'));
  const { code, stdout } = await attempt('check', '--data', data, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ findings: [{ kind: 'control-damaged' }] });
});

test('rules of a bucket that is gone are told, and no fault', async () => {
  const { data, db, close } = await openDataFolder();
  const row = {
    uid: 'u',
    bucket_id: 'gone',
    bucket: 'logs',
    id: 'nightly',
    document: '{}',
    created_at: 0,
    updated_at: 0,
  };
  await db.insertInto('rules').values(row).execute();
  await close();
  expect((await run<{ notes: string[] }>('check', '--data', data)).notes).toEqual([
    'The rule "nightly" is of a bucket "logs" that is gone; the next start of a server removes it.',
  ]);
});

test('encrypted objects are opened by the key file, and without it checked by their lengths', async () => {
  const { server, client } = await servedFolder();
  await send(client, 'PUT', 'photos');
  const body = bytesOf(50_000);
  const headers = { 'x-oss-server-side-encryption': 'KMS' };
  expect((await client.send({ method: 'PUT', bucket: 'photos', key: 'k', headers, body })).status).toBe(200);
  await server.terminate();
  expect(await run('check', '--data', server.data)).toMatchObject({ unopened: 0, notes: [], findings: [] });

  const elsewhere = path.join(temporaryFolder(), 'key.json');
  await rename(path.join(server.data, 'encryption-key.json'), elsewhere);
  const without = await run<{ notes: string[] }>('check', '--data', server.data);
  expect(without).toMatchObject({ unopened: 1, findings: [] });
  expect(without.notes).toEqual([
    `Encrypted contents were checked by their length alone. There is no key file "${server.data}/encryption-key.json"; name it with --key-file to have them checked.`,
  ]);
  await expectFailure('is missing', 'check', '--data', server.data, '--key-file', `${elsewhere}x`);

  const file = BodyFiles.at(storeFolder(server.data)).pathOf(1);
  const damaged = bytesOf((await stat(file)).size, 9);
  await writeFile(file, damaged);
  expect((await attempt('check', '--data', server.data)).code).toBe(0);
  const { code, stdout } = await attempt('check', '--data', server.data, '--key-file', elsewhere);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('body-damaged: "k"') });
}, 60_000);

test('a key file that is not there is no matter while nothing is encrypted', async () => {
  const { server, client } = await servedFolder();
  const made = { method: 'POST', bucket: '-', key: 'api/v1/keys', body: JSON.stringify({ id: 'unused' }) };
  expect((await client.send(made)).status).toBeLessThan(300);
  await server.terminate();
  await rm(path.join(server.data, 'encryption-key.json'));
  expect(await run('check', '--data', server.data)).toMatchObject({ unopened: 0, notes: [], findings: [] });
}, 60_000);

test('what is no data folder is refused, and nothing is made of it', async () => {
  const data = newFolder();
  for (const command of [['check'], ['backup', newFolder()]]) {
    await expectFailure('is no data folder', ...command, '--data', data);
  }
  expect(await isThere(data)).toBe(false);
});

test('a backup of a folder without a server is restored elsewhere', async () => {
  const data = await closedFolder();
  const [backup, target] = [newFolder(), newFolder()];
  expect(await run('backup', backup, '--data', data)).toMatchObject({
    folder: backup,
    files: 1,
    keyFile: path.join(data, 'encryption-key.json'),
  });
  const restored = await run('restore', backup, '--data', target);
  expect(restored).toMatchObject({ data: target, objects: 2, versions: 2, bytes: 100_005, hasRootKey: false });
  expect(await run('check', '--data', target)).toMatchObject({ findings: [] });
  await expectFailure('is not empty', 'restore', backup, '--data', target);
});

test('a backup while a server has the folder is made by the server, and restored it is served', async () => {
  const { server, client } = await servedFolder();
  await send(client, 'PUT', 'photos');
  await send(client, 'PUT', 'photos', 'long', bytesOf(100_000));
  await send(client, 'PUT', 'photos', 'short', 'bytes');
  await expectFailure('is in use by another process', 'check', '--data', server.data);

  const [backup, target] = [newFolder(), newFolder()];
  const { code, stdout, stderr } = await runMain(['store', 'backup', backup, '--data', server.data], {
    STOCKTAKE_ENDPOINT: server.endpoint,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(
    `The key file is not in it. Keep a copy of it elsewhere: ${server.data}/encryption-key.json`,
  );
  await send(client, 'PUT', 'photos', 'later', 'x');
  await send(client, 'DELETE', 'photos', 'long');

  await mkdir(target);
  const restored = await attempt('restore', backup, '--data', target, '--verify');
  expect(restored.stdout).toMatch(
    /bring the key file back: the one with the id [0-9a-f-]{36}, as .*encryption-key.json/,
  );
  await copyFile(path.join(server.data, 'encryption-key.json'), path.join(target, 'encryption-key.json'));
  const { client: other } = await servedFolder(target);
  expect((await send(other, 'GET', 'photos', 'long')).body).toEqual(bytesOf(100_000));
  expect((await other.send({ bucket: 'photos', key: 'later' })).status).toBe(404);
  // Numbers go on from where the backup left them.
  await send(other, 'PUT', 'photos', 'more', bytesOf(100_000, 2));
  expect((await send(other, 'GET', 'photos', 'long')).body).toEqual(bytesOf(100_000));
}, 60_000);

test('users of before sign in at a restored folder, and the check names the secrets that stay shut', async () => {
  const { server, client } = await servedFolder();
  const ask = (method: string, below: string, body?: string) =>
    send(client, method, '-', `api/v1/access/${below}`, body);
  await ask('POST', 'users', JSON.stringify({ name: 'anna' }));
  await ask('PUT', 'users/anna/policies/StocktakeReadOnlyAccess');
  const { id, secret } = JSON.parse((await ask('POST', 'users/anna/keys')).text);
  const [backup, target] = [newFolder(), newFolder()];
  await run('backup', backup, '--endpoint', server.endpoint);
  await run('restore', backup, '--data', target);
  const secretsUntried = 'Whether the secrets of access keys and webhooks can be opened was not tried.';
  expect(await run('check', '--data', target)).toMatchObject({
    findings: [],
    notes: [expect.stringContaining(`${secretsUntried} There is no key file`)],
  });

  await copyFile(path.join(server.data, 'encryption-key.json'), path.join(target, 'encryption-key.json'));
  expect(await run('check', '--data', target)).toMatchObject({ findings: [], notes: [] });
  const restored = await startServer({ data: target });
  onTestFinished(() => restored.stop());
  const key = { accessKeyId: id, accessKeySecret: secret };
  const anna = new WireClient({ endpoint: restored.endpoint, key });
  onTestFinished(() => anna.close());
  const { name, accessKeys } = JSON.parse((await send(anna, 'GET', '-', 'api/v1/access/users/anna')).text);
  expect({ name, keys: accessKeys.map((each: { id: string }) => each.id) }).toEqual({ name: 'anna', keys: [id] });

  await restored.terminate();
  const control = await openControlDatabase(target);
  await control
    .updateTable('access_keys')
    .set({ sealed: Buffer.alloc(64) })
    .execute();
  await control.destroy();
  const { code, stdout } = await attempt('check', '--data', target);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(`secret-shut: the access key "${id}"`) });
}, 60_000);

test('a server backs up no other folder than the one that is meant', async () => {
  const { server } = await servedFolder();
  const { server: other } = await servedFolder();
  const { code, stderr } = await runMain(['store', 'backup', newFolder(), '--data', server.data], {
    STOCKTAKE_ENDPOINT: other.endpoint,
  });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('is not the one of this server') });
}, 60_000);

test('a server that is asked by its endpoint says why it does not make a backup', async () => {
  const { server } = await servedFolder();
  const taken = temporaryFolder();
  const endpoint = ['--endpoint', server.endpoint];
  await expectFailure('InvalidArgument: The folder of the backup is', 'backup', taken, ...endpoint);
  await expectFailure('whose parent is no folder', 'backup', path.join(taken, 'a', 'b'), ...endpoint);
  expect(await run('backup', path.join(taken, 'a'), ...endpoint)).toMatchObject({ state: 'done', reason: null });
});

test('a server that is killed while it makes a backup has lost nothing, and the rest is no backup', async () => {
  const { server, client } = await servedFolder();
  await send(client, 'PUT', 'photos');
  for (let n = 0; n < 300; n++) await send(client, 'PUT', 'photos', `k${n}`, bytesOf(40_000, n));
  const backup = newFolder();
  const reply = await client.send({
    method: 'POST',
    bucket: '-',
    key: 'api/v1/backup',
    body: JSON.stringify({ folder: backup }),
  });
  expect(reply.status, reply.text).toBe(202);
  expect((JSON.parse(reply.text) as BackupView).state).toBe('running');
  const again = { method: 'POST', bucket: '-', key: 'api/v1/backup', body: JSON.stringify({ folder: newFolder() }) };
  expect((await client.send(again)).status).toBe(409);
  const copied = storeFolder(backedUpData(backup));
  await vi.waitFor(async () => expect(await readdir(path.join(copied, 'bodies'))).not.toEqual([]), { interval: 1 });
  await send(client, 'DELETE', 'photos', 'k299');
  await server.kill();

  expect(await isThere(path.join(backup, 'backup.json'))).toBe(false);
  await expectFailure('holds no backup.json', 'restore', backup, '--data', newFolder());
  expect(await run('check', '--data', server.data)).toMatchObject({ objects: 299, findings: [] });
  const { server: next } = await servedFolder(server.data);
  await next.terminate();
  expect(await run('check', '--data', server.data)).toMatchObject({ objects: 299, findings: [], filesToRemove: 0 });
  expect(await bodyFilesIn(storeFolder(server.data))).toHaveLength(299);
}, 60_000);

test.each([
  [
    'a body that was cut',
    'has the body 2 of 5 bytes',
    (data: string) => truncate(BodyFiles.at(storeFolder(data)).pathOf(2), 5),
  ],
  [
    'another control database',
    'is not what was written',
    (data: string) => writeFile(path.join(data, 'control.sqlite'), ''),
  ],
  ['a body that is lost', 'has lost the body 2', (data: string) => rm(BodyFiles.at(storeFolder(data)).pathOf(2))],
])('a backup with %s is not restored, and nothing is left of the attempt', async (_, words, damage) => {
  const backup = newFolder();
  await run('backup', backup, '--data', await closedFolder());
  await damage(backedUpData(backup));
  const target = newFolder();
  const { code, stderr } = await attempt('restore', backup, '--data', target);
  expect(code).toBe(1);
  expect(stderr).toContain('Nothing was restored.');
  expect(stderr).toContain(words);
  expect(await readdir(path.dirname(target))).toEqual([]);
});

test('bytes that changed in a backup are found when every byte is to be verified', async () => {
  const backup = newFolder();
  await run('backup', backup, '--data', await closedFolder());
  await writeFile(BodyFiles.at(storeFolder(backedUpData(backup))).pathOf(2), bytesOf(100_000, 9));
  await run('restore', backup, '--data', newFolder());
  await expectFailure('has the MD5', 'restore', backup, '--data', newFolder(), '--verify');
});
