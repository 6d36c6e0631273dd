/** What a real server tells whoever watches over it. */

import { expect, onTestFinished, test, vi } from 'vitest';
import { startApp } from '../src/app.ts';
import { noteSecret, testLog } from './captured-output.ts';
import { canLimitFiles, limitFiles } from './crash/file-limit.ts';
import { endOfRun, openWorld } from './rule-world.ts';
import { startServer } from './server-process.ts';

const TOKEN = 'a-token-for-prometheus-2026';

async function metricsOf(endpoint: string): Promise<string> {
  const reply = await fetch(`${endpoint}/-/metrics`);
  expect(reply.status).toBe(200);
  expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return await reply.text();
}

test('a server tells of its runs, rules and requests; after a start the state is right at once', async () => {
  const world = await openWorld();
  await world.putRule();
  const run = await endOfRun(world);
  expect(run).toMatchObject({ state: 'published', matched: 1 });
  await world.wire.send({ bucket: 'nobodys', key: 'a', signature: 'none' });
  const before = await vi.waitFor(async () => {
    const text = await metricsOf(world.endpoint);
    expect(text).toContain('stocktake_runs_ended_total{state="published",reason="none"} 1\n');
    return text;
  });
  const lastSuccess = `stocktake_rule_last_success_timestamp_seconds{bucket="photos",rule="nightly"} ${Date.parse(run.finishedAt ?? '') / 1000}\n`;
  for (const line of [
    'stocktake_run_rows_total 1\n',
    'stocktake_run_duration_seconds_count{state="published"} 1\n',
    'stocktake_http_request_duration_seconds_count{operation="PutObject"} 1\n',
    'stocktake_http_request_duration_seconds_count{operation="PutRole"} 1\n',
    'stocktake_runs{state="scanning"} 0\n',
    'stocktake_rules 1\n',
    'stocktake_rule_period_seconds{bucket="photos",rule="nightly"} 604800\n',
    'stocktake_ready{check="control"} 1\n',
    lastSuccess,
  ]) {
    expect(before).toContain(line);
  }
  expect(before).toMatch(/^stocktake_http_errors_total\{code="\w+"\} 1$/m);
  expect(before).not.toContain('nobodys');

  await world.app.close();
  const next = await startApp({ settings: world.settings, log: testLog() });
  onTestFinished(() => next.close());
  const after = await metricsOf(next.endpoint);
  expect(after).toContain(lastSuccess);
  expect(after).toContain('stocktake_runs_ended_total{state="published",reason="none"} 0\n');
});

test('metrics are for this machine and for who has the token; all others learn nothing', async () => {
  noteSecret(TOKEN);
  const { endpoint } = await openWorld({ metricsToken: TOKEN });
  const status = async (headers: Record<string, string>) => (await fetch(`${endpoint}/-/metrics`, { headers })).status;
  const elsewhere = { 'X-Forwarded-For': '203.0.113.9' };
  expect(await status({})).toBe(200);
  expect(await status({ ...elsewhere, Authorization: `Bearer ${TOKEN}` })).toBe(200);
  const refused = [
    elsewhere,
    { 'X-Forwarded-For': '127.0.0.1' },
    { Forwarded: 'for=127.0.0.1' },
    { ...elsewhere, Authorization: 'Bearer another-token-of-this-length' },
    { ...elsewhere, Authorization: `Basic ${TOKEN}` },
  ];
  for (const headers of refused) expect(await status(headers), JSON.stringify(headers)).toBe(403);
  const texts = await Promise.all(
    refused.map(async (headers) => await (await fetch(`${endpoint}/-/metrics`, { headers })).text()),
  );
  const withoutId = texts.map((text) => text.replace(/"requestId":"\w+"/, ''));
  const message = 'Metrics are for this machine, and for who sends the metricsToken of the server as a bearer token.';
  expect(new Set(withoutId)).toEqual(new Set([`{"error":{"code":"AccessDenied","message":"${message}",}}\n`]));
});

test('behind a proxy on this machine that is trusted, the client counts and not the proxy', async () => {
  const { endpoint } = await openWorld({ trustedProxies: ['127.0.0.1'] });
  const status = async (client: string) =>
    (await fetch(`${endpoint}/-/metrics`, { headers: { 'X-Forwarded-For': client } })).status;
  expect(await status('203.0.113.9')).toBe(403);
  expect(await status('127.0.0.1, 203.0.113.9')).toBe(403);
  expect(await status('127.0.0.1')).toBe(200);
});

test.runIf(canLimitFiles)(
  'a server whose disk is full says that it is not ready, until there is room again',
  async () => {
    const server = await startServer();
    onTestFinished(() => server.stop());
    const ask = async () => {
      const reply = await fetch(`${server.endpoint}/-/ready`);
      return { status: reply.status, text: await reply.text() };
    };
    limitFiles(server.process.pid, 0);
    const full = await ask();
    limitFiles(server.process.pid, 'unlimited');
    expect(full.status).toBe(503);
    expect(full.text).toContain('"name":"disk","isOk":false,"text":"The disk refuses writes');
    expect(full.text).toContain('"name":"control","isOk":false');
    expect(full.text).not.toContain(server.data);
    await vi.waitFor(async () => expect(await ask()).toMatchObject({ status: 200 }), {
      timeout: 15_000,
      interval: 250,
    });
    expect(server.log()).toContain('not ready: The disk refuses writes');
    for (const method of ['GET', 'HEAD']) {
      expect((await fetch(`${server.endpoint}/-/health`, { method })).status).toBe(200);
    }
  },
);
