import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { testLog } from '../test/captured-output.ts';
import { openDataFolder } from '../test/data-folder.ts';
import { temporaryFolder } from '../test/store-fixture.ts';
import { startApp } from './app.ts';
import { loadSettings } from './config.ts';
import { DomainError } from './core/errors.ts';
import { HttpServer } from './http/http-server.ts';
import { openReadiness } from './readiness-checks.ts';

/** Readiness over a data folder, and its clock, which a test moves past what is kept. */
async function openChecks() {
  const { data, db, store } = await openDataFolder();
  const spool = path.join(data, 'spool');
  await mkdir(spool);
  const scheduler = { isWell: true };
  const { promise: unusable, resolve: loseStore } = Promise.withResolvers<DomainError>();
  const databases = { control: db, store };
  const readiness = openReadiness({ settings: { data }, databases, log: testLog(), unusable, scheduler });
  const elapsed = vi.spyOn(performance, 'now');
  onTestFinished(() => elapsed.mockRestore());
  const failing = async () => {
    elapsed.mockReturnValue(performance.now() + 5000);
    return (await readiness.report()).checks.filter(({ isOk }) => !isOk).map(({ name }) => name);
  };
  return { failing, db, spool, scheduler, unusable, loseStore };
}

test('each thing that keeps the server from its work is told by its check, and forgotten when it is mended', async () => {
  const { failing, db, spool, scheduler } = await openChecks();
  expect(await failing()).toEqual([]);

  await sql`pragma query_only = on`.execute(db);
  expect(await failing()).toEqual(['control']);
  await sql`pragma query_only = off`.execute(db);

  await rm(spool, { recursive: true });
  scheduler.isWell = false;
  expect(await failing()).toEqual(['disk', 'scheduler']);
  await mkdir(spool);
  scheduler.isWell = true;
  expect(await failing()).toEqual([]);
});

test('a store that has to be opened again keeps the server from being ready', async () => {
  const { failing, loseStore, unusable } = await openChecks();
  expect(await failing()).toEqual([]);
  loseStore(new DomainError('StorageUnusable', 'Nobody knows whether the commit is on disk.'));
  await unusable;
  expect(await failing()).toEqual(['store']);
});

test('a server that is told to stop says that it is not ready before its door closes', async () => {
  const settings = loadSettings({ data: temporaryFolder(), port: 0 }, {});
  const app = await startApp({ settings, log: testLog() });
  const ask = async () => {
    const reply = await fetch(`${app.endpoint}/-/ready`);
    const { checks } = (await reply.json()) as { checks: { name: string; isOk: boolean }[] };
    return [reply.status, checks.find(({ name }) => name === 'serving')?.isOk];
  };
  expect(await ask()).toEqual([200, true]);
  const { close } = HttpServer.prototype;
  let atTheDoor: unknown;
  vi.spyOn(HttpServer.prototype, 'close').mockImplementationOnce(async function (this: HttpServer, graceMs) {
    atTheDoor = await ask();
    await close.call(this, graceMs);
  });
  await app.close();
  expect(atTheDoor).toEqual([503, false]);
});
