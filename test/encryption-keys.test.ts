/** Encryption keys from start to start: the key file that is needed, and secrets that are told to nobody. */

import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { type App, startApp } from '../src/app.ts';
import { loadSettings } from '../src/config.ts';
import { openControlDatabase } from '../src/control/control-database.ts';
import { KeyTable } from '../src/control/key-table.ts';
import { systemClock } from '../src/core/clock.ts';
import { openKeyFile } from '../src/data-folder/key-file.ts';
import { KeyService } from '../src/keys/key-service.ts';
import { openKey } from '../src/keys/sealed-key.ts';
import { openOutput } from './captured-output.ts';
import { temporaryFolder } from './store-fixture.ts';
import { WireClient } from './wire-client.ts';

interface Place {
  readonly data: string;
  readonly keyFile?: string;
  readonly logged?: string[];
}

async function start({ data, keyFile, logged = [] }: Place): Promise<App> {
  const keep = openOutput('server');
  const write = (line: string) => {
    logged.push(line);
    keep(line);
  };
  const log = pino({ level: 'trace' }, { write });
  const app = await startApp({ settings: loadSettings({ data, keyFile, port: 0 }, {}), log });
  onTestFinished(() => app.close());
  return app;
}

/** A data folder that a server has used, its key file beside it. */
async function usedFolder(): Promise<{ data: string; keyFile: string }> {
  const data = temporaryFolder();
  await (await start({ data })).close();
  return { data, keyFile: path.join(data, 'encryption-key.json') };
}

async function ask(app: App, method: string, key: string, body?: string) {
  const client = new WireClient({ endpoint: app.endpoint, key: app.rootKey });
  onTestFinished(() => client.close());
  return await client.send({ method, bucket: '-', key: `api/v1/${key}`, ...(body !== undefined && { body }) });
}

test('the first start makes a key file for the owner alone, and later ones go on with it', async () => {
  const { data, keyFile } = await usedFolder();
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  const before = readFileSync(keyFile, 'utf8');
  await (await start({ data })).close();
  expect(readFileSync(keyFile, 'utf8')).toBe(before);
});

test('a key file may lie elsewhere, and the data folder holds none then', async () => {
  const [data, keyFile] = [temporaryFolder(), path.join(temporaryFolder(), 'key.json')];
  await (await start({ data, keyFile })).close();
  expect(existsSync(keyFile)).toBe(true);
  expect(existsSync(path.join(data, 'encryption-key.json'))).toBe(false);
  await start({ data, keyFile });
});

test('a start without the key file is refused, and none is made in its place', async () => {
  const { data, keyFile } = await usedFolder();
  const kept = path.join(temporaryFolder(), 'key.json');
  renameSync(keyFile, kept);
  await expect(start({ data })).rejects.toThrow(/is missing.*Bring it back.*--key-file/);
  expect(existsSync(keyFile)).toBe(false);
  await start({ data, keyFile: kept });
});

test("a start with another folder's key file is refused, and the right one still opens", async () => {
  const [first, second] = [await usedFolder(), await usedFolder()];
  const kept = path.join(temporaryFolder(), 'key.json');
  renameSync(first.keyFile, kept);
  copyFileSync(second.keyFile, first.keyFile);
  await expect(start(first)).rejects.toThrow(/does not open the encryption key "service".*Bring the right file back/);
  await start({ ...first, keyFile: kept });
});

test('a start with a key file that others can read is refused', async () => {
  const { data, keyFile } = await usedFolder();
  chmodSync(keyFile, 0o644);
  await expect(start({ data })).rejects.toThrow('chmod 600');
  chmodSync(keyFile, 0o600);
  await start({ data });
});

test('keys are made over the admin API, and are there after a restart', async () => {
  const data = temporaryFolder();
  const first = await start({ data });
  expect(await ask(first, 'POST', 'keys', '{"id": "photos"}')).toMatchObject({ status: 201 });
  await first.close();
  const { status, text } = await ask(await start({ data }), 'GET', 'keys/photos');
  expect({ status, key: JSON.parse(text) }).toMatchObject({ status: 200, key: { id: 'photos', state: 'enabled' } });
});

test('a host that names a bucket has no admin API: the whole path is a key there', async () => {
  const app = await start({ data: temporaryFolder() });
  const client = new WireClient({ endpoint: app.endpoint, key: app.rootKey, domain: 'localhost' });
  onTestFinished(() => client.close());
  await client.send({ method: 'PUT', bucket: 'photos' });
  for (const key of ['-/health', '-/api/v1/keys']) {
    expect(await client.send({ bucket: 'photos', key })).toMatchObject({ status: 404, error: { code: 'NoSuchKey' } });
  }
});

test('no key is told in plain to any file but the key file, nor to the log', async () => {
  const { data, keyFile } = await usedFolder();
  const logged: string[] = [];
  const app = await start({ data, logged });
  expect(await ask(app, 'POST', 'keys', '{"id": "photos"}')).toMatchObject({ status: 201 });
  await ask(app, 'GET', 'keys/photos');
  await ask(app, 'GET', 'keys/none');
  await app.close();

  const db = await openControlDatabase(data);
  onTestFinished(() => db.destroy());
  const records = new KeyTable(db);
  const sealedBy = openKeyFile(keyFile, { mayCreate: false });
  const service = await KeyService.open({ records, sealedBy, clock: systemClock, isOn: true });
  const dataKey = await service.generate({ kind: 'kms', keyId: 'photos' });
  const secrets = [sealedBy.key, dataKey.plain];
  for (const id of ['service', 'photos']) {
    const master = openKey(sealedBy.key, (await records.find(id))?.sealed?.bytes ?? new Uint8Array(), id);
    expect(master).toHaveLength(32);
    if (master !== undefined) secrets.push(master);
  }

  const files = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  expect(files).toContain(path.join(data, 'control.sqlite'));
  for (const secret of secrets) {
    const forms = (['latin1', 'hex', 'base64', 'base64url'] as const).map((form) => Buffer.from(secret).toString(form));
    const holders = files.filter((file) => forms.some((form) => readFileSync(file, 'latin1').includes(form)));
    expect(holders).toEqual(secret === sealedBy.key ? [keyFile] : []);
    expect(forms.filter((form) => logged.join('').includes(form))).toEqual([]);
  }
});
