import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anyRule } from '../test/any-rule.ts';
import { testLog } from '../test/captured-output.ts';
import { temporaryFolder } from '../test/store-fixture.ts';
import { WireClient } from '../test/wire-client.ts';
import { DEFAULT_ROLE } from './access/entities/server-account.ts';
import { startApp } from './app.ts';
import { loadSettings } from './config.ts';
import { openControlDatabase } from './control/control-database.ts';
import { RuleBook } from './control/rule-book.ts';
import { systemClock } from './core/clock.ts';
import { ObjectStore } from './store/object-store.ts';

async function start(data: string) {
  const app = await startApp({ settings: loadSettings({ data, port: 0 }, {}), log: testLog() });
  onTestFinished(() => app.close());
  return app;
}

test('an app is healthy while it is open, and lets go of all it holds when it is closed', async () => {
  const data = temporaryFolder();
  const first = await start(data);
  expect(first.isFirstStart).toBe(true);
  expect(await (await fetch(`${first.endpoint}/-/health`)).json()).toEqual({ status: 'ok' });
  await first.close();
  await expect(fetch(`${first.endpoint}/-/health`)).rejects.toThrow();
  const second = await start(data);
  expect(second).toMatchObject({ isFirstStart: false, rootKey: first.rootKey });
});

test('closing twice is closing once', async () => {
  const app = await start(temporaryFolder());
  await Promise.all([app.close(), app.close()]);
});

test('a start that fails lets go of the data folder', async () => {
  const data = temporaryFolder();
  const other = await start(temporaryFolder());
  const settings = loadSettings({ data, port: new URL(other.endpoint).port }, {});
  await expect(startApp({ settings, log: testLog() })).rejects.toThrow("can't be listened on");
  await start(data);
});

test('rules of a bucket that is gone, because a process died between its end and theirs, go at the next start', async () => {
  const data = temporaryFolder();
  await (await start(data)).close();
  const control = () => openControlDatabase(data);
  const before = await control();
  const rules = new RuleBook(before, systemClock, { maxRules: 10, schedule: { time: '00:00', zone: 'Asia/Shanghai' } });
  await rules.put({ id: 'gone', name: 'photos' }, anyRule(), { replace: false });
  await before.destroy();

  await (await start(data)).close();
  const after = await control();
  onTestFinished(() => after.destroy());
  expect(await after.selectFrom('rules').selectAll().execute()).toEqual([]);
  expect(await after.selectFrom('runs').select(['state', 'reason_code', 'swept']).execute()).toEqual([
    { state: 'cancelled', reason_code: 'RuleDeleted', swept: 1 },
  ]);
});

test('a step of closing that fails keeps none of the others from being taken', async () => {
  const data = temporaryFolder();
  const app = await start(data);
  const close = ObjectStore.prototype.close;
  vi.spyOn(ObjectStore.prototype, 'close').mockImplementationOnce(async function (this: ObjectStore) {
    await close.call(this);
    throw new Error('the disk said no');
  });
  await expect(app.close()).rejects.toThrow('the disk said no');
  await start(data);
});

test('a rule that is put while its bucket is deleted is refused, and is gone', async () => {
  const data = temporaryFolder();
  const app = await start(data);
  const client = new WireClient({ endpoint: app.endpoint, key: app.rootKey });
  const other = new WireClient({ endpoint: app.endpoint, key: app.rootKey });
  onTestFinished(() => {
    client.close();
    other.close();
  });
  for (const bucket of ['photos', 'acme-reports']) await client.send({ method: 'PUT', bucket });
  const document = readFileSync(
    new URL('../test/vectors/inventory/01-put-minimal.request.xml', import.meta.url),
    'utf8',
  );
  const rule = document
    .replaceAll('1420563387190042', '1000000000000000')
    .replace('acme-inventory-writer', DEFAULT_ROLE);
  const put = RuleBook.prototype.put;
  vi.spyOn(RuleBook.prototype, 'put').mockImplementationOnce(async function (this: RuleBook, ...asked) {
    expect(await other.send({ method: 'DELETE', bucket: 'photos' })).toMatchObject({ status: 204 });
    return await put.apply(this, asked);
  });
  const query = 'inventory&inventoryId=nightly-min';
  const reply = await client.send({ method: 'PUT', bucket: 'photos', query, body: rule });
  expect(reply).toMatchObject({ status: 404, error: { code: 'NoSuchBucket' } });

  await app.close();
  const after = await openControlDatabase(data);
  onTestFinished(() => after.destroy());
  expect(await after.selectFrom('rules').selectAll().execute()).toEqual([]);
  expect(await after.selectFrom('runs').select('state').execute()).toEqual([{ state: 'cancelled' }]);
});

test('a bucket that is made while its account is deleted is refused, and is gone', async () => {
  const app = await start(temporaryFolder());
  const clientOf = (key: typeof app.rootKey) => {
    const client = new WireClient({ endpoint: app.endpoint, key });
    onTestFinished(() => client.close());
    return client;
  };
  const root = clientOf(app.rootKey);
  const ask = async (method: string, path: string, body?: string) => {
    const reply = await root.send({ method, bucket: '-', key: `api/v1/access/accounts${path}`, ...(body && { body }) });
    expect(reply.status, reply.text).toBeLessThan(300);
    return JSON.parse(reply.text);
  };
  const account = '2000000000000000';
  await ask('POST', '', JSON.stringify({ name: 'lab', id: account }));
  const { id, secret } = await ask('POST', `/${account}/keys`);
  const { createBucket } = ObjectStore.prototype;
  vi.spyOn(ObjectStore.prototype, 'createBucket').mockImplementationOnce(async function (this: ObjectStore, bucket) {
    await ask('DELETE', `/${account}/keys/${id}`);
    await ask('DELETE', `/${account}`);
    return await createBucket.call(this, bucket);
  });
  const reply = await clientOf({ accessKeyId: id, accessKeySecret: secret }).send({ method: 'PUT', bucket: 'photos' });
  expect(reply).toMatchObject({ status: 404, error: { code: 'NoSuchAccount' } });
  expect(await root.send({ method: 'PUT', bucket: 'photos' })).toMatchObject({ status: 200 });
});
