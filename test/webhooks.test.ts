/** Webhooks on a real server: made over the admin API, told of the ends of real runs, checked as receivers do. */

import { rmSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startApp } from '../src/app.ts';
import { loadSettings } from '../src/config.ts';
import { openControlDatabase } from '../src/control/control-database.ts';
import type { Rule } from '../src/core/rule.ts';
import { serviceTrust } from '../src/core/service-trust.ts';
import type { NewWebhookView } from '../src/core/webhook.ts';
import type { DeliveryView } from '../src/core/webhook-delivery.ts';
import { noteSecret, testLog } from './captured-output.ts';
import { startFailingServer } from './crash/failing-server.ts';
import { documentOf } from './role-fixture.ts';
import { TEST_KEY } from './server-process.ts';
import { temporaryFolder } from './store-fixture.ts';
import { type Received, startReceiver } from './webhook-receiver.ts';
import { rawQuery, WireClient } from './wire-client.ts';

const SOURCE = 'photos';
const REPORTS = 'acme-reports';
const ACCOUNT = '1000000000000000';
const OTHER = '3000000000000000';

async function openWorld(settings: Readonly<Record<string, unknown>> = {}) {
  const data = temporaryFolder();
  const app = await startApp({
    settings: loadSettings({ data, port: 0, ...TEST_KEY, ...settings }, {}),
    log: testLog(),
  });
  onTestFinished(() => app.close());
  return { data, app, ...clientOf(app.endpoint) };
}

function clientOf(endpoint: string) {
  const wire = new WireClient({ endpoint, key: TEST_KEY });
  onTestFinished(() => wire.close());
  const send = async (request: Parameters<WireClient['send']>[0]) => {
    const reply = await wire.send(request);
    expect(reply.status, reply.text).toBeLessThan(300);
    return reply;
  };
  const ask = async (method: string, path: string, json?: object, query = '') => {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const request = { method, bucket: '-', key: `api/v1/${path}`, query, ...(body !== undefined && { body }) };
    const { status, text } = await wire.send(request);
    return { status, json: JSON.parse(text) };
  };
  return {
    send,
    ask,
    async create(settings: object): Promise<NewWebhookView> {
      const { status, json } = await ask('POST', 'webhooks', settings);
      expect(status, JSON.stringify(json)).toBe(201);
      const webhook = json as NewWebhookView;
      noteSecret(webhook.secret);
      noteSecret(Buffer.from(webhook.secret.replace('whsec_', ''), 'base64'));
      return webhook;
    },
    /** Buckets, an object, and a role that may write reports. */
    async prepare() {
      for (const bucket of [SOURCE, REPORTS]) await send({ method: 'PUT', bucket });
      await send({ method: 'PUT', bucket: SOURCE, key: 'a.jpg', body: 'x' });
      await ask('PUT', 'access/roles/writer', { trust: serviceTrust('oss.aliyuncs.com') });
      const document = documentOf({ Resource: `acs:oss:*:*:${REPORTS}/inv/*` });
      await ask('PUT', 'access/policies/write-reports', { document });
      await ask('PUT', 'access/roles/writer/policies/write-reports');
    },
    /** Puts a rule, whose first run begins at once. */
    async putRule(id: string, filter: Rule['filter'] = {}) {
      const prefix = filter.prefix === undefined ? '' : `<Filter><Prefix>${filter.prefix}</Prefix></Filter>`;
      await send({
        method: 'PUT',
        bucket: SOURCE,
        query: rawQuery({ inventory: undefined, inventoryId: id }),
        body: `<InventoryConfiguration><Id>${id}</Id><IsEnabled>true</IsEnabled>${prefix}<Destination><OSSBucketDestination><Format>CSV</Format><AccountId>${ACCOUNT}</AccountId><RoleArn>acs:ram::${ACCOUNT}:role/writer</RoleArn><Bucket>acs:oss:::${REPORTS}</Bucket><Prefix>inv</Prefix></OSSBucketDestination></Destination><Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>Current</IncludedObjectVersions></InventoryConfiguration>`,
      });
    },
    async deliveries(webhook: string): Promise<readonly DeliveryView[]> {
      return (await ask('GET', `webhooks/${webhook}/deliveries`)).json.items;
    },
  };
}

/** What a receiver reads of a request, once its library has checked it. */
function checked({ headers, body }: Received, secret: string) {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
  const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
  return new Webhook(secret).verify(body, signed);
}

describe('the end of a run', () => {
  test('that published a report is told once, signed, with the run as it is', async () => {
    const world = await openWorld();
    const receiver = await startReceiver();
    await world.prepare();
    const { id, secret } = await world.create({ url: receiver.url });
    await world.putRule('nightly');
    const [request] = await receiver.until(1);
    const payload = checked(request as Received, secret);
    expect(payload).toMatchObject({
      type: 'run.published',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      data: {
        account: ACCOUNT,
        run: { rule: 'nightly', bucket: SOURCE, state: 'published', matched: 1, destination: REPORTS },
      },
    });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Stocktake\/\d/),
    });
    await vi.waitFor(async () =>
      expect(await world.deliveries(id)).toMatchObject([
        { id: request?.headers['webhook-id'], event: 'run.published', state: 'delivered', tries: 1, lastStatus: 200 },
      ]),
    );
    expect(receiver.received).toHaveLength(1);
  });

  test('that found nothing, and one that failed, are told with the reason', async () => {
    const world = await openWorld();
    const receiver = await startReceiver();
    await world.prepare();
    const { secret } = await world.create({ url: receiver.url, bucket: SOURCE, events: ['run.empty', 'run.failed'] });
    await world.putRule('nothing', { prefix: 'none/' });
    const [empty] = await receiver.until(1);
    expect(checked(empty as Received, secret)).toMatchObject({
      type: 'run.empty',
      data: { run: { rule: 'nothing', state: 'empty', reason: { code: 'NothingMatched' } } },
    });
    await world.ask('DELETE', 'access/roles/writer/policies/write-reports');
    const query = rawQuery({ inventory: undefined, inventoryId: 'nothing', run: undefined });
    await world.send({ method: 'PUT', bucket: SOURCE, key: 'none/a', body: 'x' });
    await world.send({ method: 'POST', bucket: SOURCE, query });
    const [, failed] = await receiver.until(2);
    expect(checked(failed as Received, secret)).toMatchObject({
      type: 'run.failed',
      data: { run: { rule: 'nothing', state: 'failed', reason: { code: 'RoleLost' } } },
    });
  });
});

test('a process that is killed between sending and writing that down sends again, under the same id', async () => {
  const data = temporaryFolder();
  const receiver = await startReceiver();
  const first = await startFailingServer({ data });
  onTestFinished(() => first.stop());
  const world = clientOf(first.endpoint);
  const { id, secret } = await world.create({ url: receiver.url });
  await first.order({ act: 'kill', point: 'sql.delivery-settle.commit', nth: 1 });
  const { json: sent } = await world.ask('POST', `webhooks/${id}/test`);
  await receiver.until(1);
  await vi.waitFor(() => expect(first.process.signalCode).toBe('SIGKILL'), { timeout: 10_000 });

  const second = await startFailingServer({ data });
  onTestFinished(() => second.stop());
  const requests = await receiver.until(2);
  expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([sent.id, sent.id]);
  for (const request of requests) expect(checked(request, secret)).toMatchObject({ type: 'webhook.test' });
  const { deliveries } = clientOf(second.endpoint);
  await vi.waitFor(async () => expect(await deliveries(id)).toMatchObject([{ id: sent.id, state: 'delivered' }]));
}, 60_000);

describe('a webhook', () => {
  test('is made, shown, changed, disabled, enabled and deleted; its secret is in the answer that made it alone', async () => {
    const world = await openWorld();
    const made = await world.create({
      url: 'https://hooks.example.com/a?b=c',
      rule: 'nightly',
      description: 'für uns',
    });
    const { secret, ...shown } = made;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(shown).toEqual({
      id: expect.stringMatching(/^wh-[0-9a-f]{16}$/),
      accountId: ACCOUNT,
      url: 'https://hooks.example.com/a?b=c',
      bucket: null,
      rule: 'nightly',
      events: ['run.published', 'run.empty', 'run.failed'],
      description: 'für uns',
      state: 'enabled',
      createdAt: expect.any(String),
      updatedAt: made.createdAt,
    });
    const path = `webhooks/${made.id}`;
    expect(await world.ask('GET', path)).toEqual({ status: 200, json: shown });
    expect(await world.ask('GET', 'webhooks')).toEqual({ status: 200, json: { items: [shown], nextAfter: null } });
    const change = { url: 'http://hooks.example.com/', bucket: SOURCE, events: ['run.failed'] };
    expect((await world.ask('PUT', path, change)).json).toMatchObject({ ...change, rule: null, description: '' });
    expect((await world.ask('POST', `${path}/disable`)).json).toMatchObject({ state: 'disabled' });
    expect(await world.ask('POST', `${path}/test`)).toMatchObject({
      status: 409,
      json: { error: { code: 'WebhookDisabled' } },
    });
    expect((await world.ask('POST', `${path}/enable`)).json).toMatchObject({ state: 'enabled' });
    const rotated = await world.ask('POST', `${path}/rotate-secret`);
    expect(rotated.json.secret).not.toBe(secret);
    const { secret: _, ...rest } = rotated.json;
    expect((await world.ask('GET', path)).json).toEqual(rest);
    expect(await world.ask('DELETE', path)).toEqual({ status: 200, json: {} });
    for (const [method, below] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/test'],
      ['GET', '/deliveries'],
      ['POST', '/enable'],
    ] as const) {
      expect(await world.ask(method, `${path}${below}`)).toMatchObject({
        status: 404,
        json: { error: { code: 'NoSuchWebhook' } },
      });
    }
  });

  test.each([
    [{}, 'url: missing'],
    [{ url: 'ftp://example.com/' }, 'http:// or https://'],
    [{ url: 'http://169.254.169.254/' }, 'no webhook may reach'],
    [{ url: 'https://example.com/', events: [] }, 'events: '],
    [{ url: 'https://example.com/', events: ['run.cancelled'] }, 'events.0: '],
    [{ url: 'https://example.com/', secret: 'mine' }, '"secret" is not known'],
    [{ url: 'https://example.com/', description: 'a'.repeat(1025) }, 'description: '],
  ])('of %j is refused in words', async (settings, words) => {
    const world = await openWorld();
    const refusal = { code: 'InvalidArgument', message: expect.stringContaining(words) };
    expect(await world.ask('POST', 'webhooks', settings)).toMatchObject({ status: 400, json: { error: refusal } });
    expect((await world.ask('GET', 'webhooks')).json.items).toEqual([]);
  });

  test('of the server reaches this machine, one of another account does not, unless the settings name the network', async () => {
    const receiver = await startReceiver();
    const closed = await openWorld();
    await closed.ask('POST', 'access/accounts', { name: 'other', id: OTHER });
    const ofOther = `account=${OTHER}`;
    const refused = await closed.ask('POST', 'webhooks', { url: receiver.url }, ofOther);
    expect(refused).toMatchObject({
      status: 400,
      json: { error: { message: expect.stringContaining('webhookNetworks') } },
    });
    const byName = await closed.ask('POST', 'webhooks', { url: `http://localhost:${receiver.port}/` }, ofOther);
    await closed.ask('POST', `webhooks/${byName.json.id}/test`, undefined, ofOther);
    await vi.waitFor(async () => {
      const { json } = await closed.ask('GET', `webhooks/${byName.json.id}/deliveries`, undefined, ofOther);
      const lastFault = 'The host stands for an address that this webhook may not reach.';
      expect(json.items).toMatchObject([{ state: 'failed', lastStatus: null, lastFault }]);
    });
    expect(receiver.received).toEqual([]);

    const open = await openWorld({ webhookNetworks: '127.0.0.0/8,::1' });
    await open.ask('POST', 'access/accounts', { name: 'other', id: OTHER });
    const allowed = await open.ask('POST', 'webhooks', { url: receiver.url }, ofOther);
    await open.ask('POST', `webhooks/${allowed.json.id}/test`, undefined, ofOther);
    expect(await receiver.until(1)).toHaveLength(1);
  });

  test('is another account’s alone, and goes with its account', async () => {
    const world = await openWorld();
    await world.ask('POST', 'access/accounts', { name: 'other', id: OTHER });
    const ofOther = `account=${OTHER}`;
    const { json } = await world.ask('POST', 'webhooks', { url: 'https://hooks.example.com/' }, ofOther);
    expect((await world.ask('GET', 'webhooks')).json.items).toEqual([]);
    expect((await world.ask('GET', `webhooks/${json.id}`)).status).toBe(404);
    expect((await world.ask('DELETE', `webhooks/${json.id}`)).status).toBe(404);
    expect((await world.ask('GET', `webhooks/${json.id}`, undefined, ofOther)).status).toBe(200);
    expect((await world.ask('DELETE', `access/accounts/${OTHER}`)).status).toBe(200);
    expect((await world.ask('GET', 'webhooks', undefined, ofOther)).json.items).toEqual([]);
    const nobody = await world.ask(
      'POST',
      'webhooks',
      { url: 'https://hooks.example.com/' },
      'account=4000000000000000',
    );
    expect(nobody).toMatchObject({ status: 404, json: { error: { code: 'NoSuchAccount' } } });
  });

  test('signs with the secret before, too, for as long as it is said', async () => {
    const world = await openWorld();
    const receiver = await startReceiver();
    const { id, secret: old } = await world.create({ url: receiver.url });
    const rotate = async (graceHours: number) =>
      (await world.ask('POST', `webhooks/${id}/rotate-secret`, { graceHours })).json.secret as string;
    const newer = await rotate(1);
    await world.ask('POST', `webhooks/${id}/test`);
    const [both] = await receiver.until(1);
    for (const secret of [old, newer])
      expect(checked(both as Received, secret)).toMatchObject({ type: 'webhook.test' });
    const newest = await rotate(0);
    await world.ask('POST', `webhooks/${id}/test`);
    const [, one] = await receiver.until(2);
    expect(checked(one as Received, newest)).toMatchObject({ type: 'webhook.test' });
    expect(() => checked(one as Received, newer)).toThrow('No matching signature');
  });

  test('tells of a receiver by its status and our words, and by nothing that it answered', async () => {
    const world = await openWorld();
    const receiver = await startReceiver();
    receiver.answer((response) => response.writeHead(500, { 'x-inner': 's3cret-header' }).end('s3cret-body'));
    const { id } = await world.create({ url: receiver.url });
    const { json } = await world.ask('POST', `webhooks/${id}/test`);
    await vi.waitFor(async () =>
      expect(await world.deliveries(id)).toMatchObject([{ state: 'failed', lastStatus: 500 }]),
    );
    const shown = await world.ask('GET', `webhooks/${id}/deliveries/${json.id}`);
    expect(shown.json).toMatchObject({ lastFault: 'The receiver answered 500.', payload: { type: 'webhook.test' } });
    expect(JSON.stringify(shown.json)).not.toContain('s3cret');
    expect((await world.ask('GET', `webhooks/${id}/deliveries/none`)).json.error.code).toBe('NoSuchDelivery');
    expect(await world.ask('POST', `webhooks/${id}/deliveries/${json.id}/retry`)).toMatchObject({ status: 202 });
    await receiver.until(2);
  });
});

test('the key file is not made anew while a webhook is sealed by it', async () => {
  const world = await openWorld();
  await world.create({ url: 'https://hooks.example.com/' });
  await world.app.close();
  rmSync(path.join(world.data, 'encryption-key.json'));
  const control = await openControlDatabase(world.data);
  await control.deleteFrom('keys').execute();
  await control.destroy();
  const settings = loadSettings({ data: world.data, port: 0, ...TEST_KEY }, {});
  await expect(startApp({ settings, log: testLog() })).rejects.toThrow('encryption-key.json');
});
