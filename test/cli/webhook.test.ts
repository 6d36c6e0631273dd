/** The commands of `webhook`, against a server in this process and a receiver beside it. */

import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type App, startApp } from '../../src/app.ts';
import { loadSettings } from '../../src/config.ts';
import { openControlDatabase } from '../../src/control/control-database.ts';
import type { NewWebhookView, WebhookView } from '../../src/core/webhook.ts';
import type { DeliveryDetails, DeliveryView } from '../../src/core/webhook-delivery.ts';
import { testLog } from '../captured-output.ts';
import { TEST_KEY } from '../server-process.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { startReceiver } from '../webhook-receiver.ts';
import { commandsAt } from './commands-at.ts';

const URL = 'https://hooks.example.com/stocktake';

let app: App;
let data: string;

beforeEach(async () => {
  data = temporaryFolder();
  app = await startApp({ settings: loadSettings({ data, port: 0, ...TEST_KEY }, {}), log: testLog() });
  return () => app.close();
});

const { attempt, run, runJson, expectFailure } = commandsAt(() => app.endpoint, { prefix: ['webhook'] });

test('a webhook is made, listed, shown, changed, disabled, enabled and deleted', async () => {
  expect(await run('list')).toContain('The account has no webhook yet.');
  const { secret, ...made } = await runJson<NewWebhookView>(
    'create',
    URL,
    '--bucket',
    'photos',
    '--event',
    'run.failed',
  );
  expect(secret).toMatch(/^whsec_/);
  expect(made).toMatchObject({ url: URL, bucket: 'photos', rule: null, events: ['run.failed'], state: 'enabled' });
  const { id } = made;
  expect(await runJson('show', id)).toEqual(made);
  expect(await runJson('list')).toEqual({ webhooks: [made] });
  const changed = await runJson<WebhookView>(
    'change',
    id,
    '--any-bucket',
    '--rule',
    'nightly',
    '--description',
    'for us',
  );
  expect(changed).toMatchObject({
    url: URL,
    bucket: null,
    rule: 'nightly',
    events: ['run.failed'],
    description: 'for us',
  });
  expect(await run('list')).toMatch(
    new RegExp(`^WEBHOOK +STATE +BUCKET +RULE +EVENTS +URL\n${id} +enabled +any +nightly +failed +${URL}\n$`),
  );
  expect(await run('disable', id)).toContain(`Webhook ${id} is disabled.\n`);
  await expectFailure('WebhookDisabled', 'test', id);
  expect(await run('enable', id)).toContain(`Webhook ${id} is enabled.\n`);
  expect(await run('delete', id)).toBe(`Webhook ${id} is gone.\n`);
  await expectFailure('NoSuchWebhook', 'show', id);
});

test('the secret is shown when it is made, and nowhere else', async () => {
  const made = await run('create', URL);
  const [, id = '', secret = ''] = /Webhook (wh-\w+) is.*STOCKTAKE_WEBHOOK_SECRET=(whsec_\S+)\n$/s.exec(made) ?? [];
  expect(made).toContain('It is shown this once; keep it now:');
  const [, newer = ''] = /STOCKTAKE_WEBHOOK_SECRET=(whsec_\S+)\n$/.exec(await run('rotate-secret', id)) ?? [];
  expect(newer).toMatch(/^whsec_.{44}$/);
  expect(newer).not.toBe(secret);
  for (const words of [['show', id], ['list'], ['list', '--json'], ['deliveries', id, '--json']]) {
    expect(await run(...words)).not.toContain('whsec_');
  }
});

test('a test says what came of it, and the log shows it with what was sent', async () => {
  const receiver = await startReceiver();
  const { id } = await runJson<NewWebhookView>('create', receiver.url);
  expect(await run('deliveries', id)).toContain(`To try it: stocktake webhook test ${id}`);
  expect(await run('test', id)).toMatch(
    /^Delivery msg-\w+ is delivered\.\n {2}event +webhook\.test\n {2}tries +1\n {2}last answer +200\n/,
  );
  receiver.answer(503);
  const { code, stdout, stderr } = await attempt('test', id, '--json');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining(`The test of webhook ${id} did not arrive.`),
  });
  const failed = JSON.parse(stdout) as DeliveryView;
  expect(failed).toMatchObject({ state: 'failed', lastStatus: 503, lastFault: 'The receiver answered 503.' });

  expect((await runJson<{ deliveries: DeliveryView[] }>('deliveries', id)).deliveries).toMatchObject([
    failed,
    { state: 'delivered' },
  ]);
  expect((await runJson<{ deliveries: DeliveryView[] }>('deliveries', id, '--limit', '1')).deliveries).toEqual([
    failed,
  ]);
  expect(await run('deliveries', id)).toContain('The receiver answered 503.');
  const details = await runJson<DeliveryDetails>('delivery', id, failed.id);
  expect(details.payload).toEqual(JSON.parse(receiver.received[1]?.body ?? ''));
  expect(await run('delivery', id, failed.id)).toContain('"type": "webhook.test"');
  expect(await runJson('retry', id, failed.id)).toMatchObject({ id: failed.id, state: 'pending', tries: 0 });
  await receiver.until(3);
});

test.each([
  ['--event is "run.cancelled"', 'create', URL, '--event', 'run.cancelled'],
  ['--grace-hours is "169"', 'rotate-secret', 'wh-1', '--grace-hours', '169'],
  ['Name --bucket or --any-bucket', 'change', 'wh-1', '--bucket', 'a', '--any-bucket'],
  ['Name --rule or --any-rule', 'change', 'wh-1', '--rule', 'a', '--any-rule'],
  ['--limit is "0"', 'deliveries', 'wh-1', '--limit', '0'],
  ['is no name', 'delete', 'wh-1/deliveries/msg-1'],
])('wrong usage says so: %s', async (words, ...args) => {
  expect(await attempt(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
});

test('the check of a data folder names a webhook whose secret the key file does not open', async () => {
  const { id } = await runJson<NewWebhookView>('create', URL);
  await app.close();
  const check = commandsAt(() => app.endpoint, { prefix: ['store', 'check'] });
  expect(await check.runJson('--data', data)).toMatchObject({ findings: [] });
  await shutSecrets();
  const { code, stdout } = await check.attempt('--data', data);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(`secret-shut: the webhook "${id}"`) });
});

test('a webhook whose secret is shut is sent nothing, says so, and keeps no server from starting', async () => {
  const receiver = await startReceiver();
  const { id } = await runJson<NewWebhookView>('create', receiver.url);
  await app.close();
  await shutSecrets();
  app = await startApp({ settings: loadSettings({ data, port: 0, ...TEST_KEY }, {}), log: testLog() });
  onTestFinished(() => app.close());
  const { code, stdout } = await attempt('test', id);
  expect(code).toBe(1);
  expect(stdout).toContain('The key file of this server does not open the secret of the webhook.');
  expect(receiver.received).toEqual([]);
});

/** Leaves in the data folder no secret of a webhook that its key file opens. */
async function shutSecrets(): Promise<void> {
  const control = await openControlDatabase(data);
  const sealed = Buffer.alloc(64);
  await control.updateTable('webhooks').set({ sealed }).execute();
  await control.destroy();
}
