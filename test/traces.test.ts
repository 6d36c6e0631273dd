/** Traces of a real server, in a collector's eyes. */

import { expect, onTestFinished, test, vi } from 'vitest';
import { openCollector } from './collector.ts';
import { endOfRun, openWorld, SOURCE } from './rule-world.ts';
import { startServer } from './server-process.ts';
import { startReceiver } from './webhook-receiver.ts';

const ENTRY = new URL('./module-list-command.ts', import.meta.url).pathname;

test('requests and runs arrive as spans, with what they were about and without the names of objects', async () => {
  const collector = await openCollector();
  const world = await openWorld({ traceEndpoint: `${collector.endpoint}/` });
  const traceparent = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
  const secretive = { bucket: SOURCE, key: 'payroll-2026.csv', headers: { traceparent } };
  await world.send({ ...secretive, method: 'PUT', body: 'x' });
  await world.putRule();
  const run = await endOfRun(world);
  await world.wire.send({ ...secretive, signature: 'none' });
  await world.app.close();

  const spans = collector.spans();
  const put = spans.filter(({ name }) => name === 'PutObject');
  expect(put).toHaveLength(2);
  expect(put[1]).toMatchObject({
    kind: 2,
    status: 0,
    attributes: {
      'http.request.method': 'PUT',
      'http.response.status_code': 200,
      'stocktake.request_id': expect.stringMatching(/^[0-9A-F]{24}$/),
    },
  });
  expect(put[1]?.traceId).not.toBe('0123456789abcdef0123456789abcdef');
  const refused = spans.filter(({ attributes }) => attributes['http.response.status_code'] === 403);
  expect(refused).toMatchObject([{ name: 'GetObject', status: 0, attributes: { 'error.type': expect.any(String) } }]);

  const [runSpan, ...others] = spans.filter(({ name }) => name === 'run');
  expect(others).toEqual([]);
  expect(runSpan).toMatchObject({
    status: 0,
    attributes: {
      'stocktake.run': run.id,
      'stocktake.bucket': SOURCE,
      'stocktake.rule': 'nightly',
      'stocktake.trigger': 'first',
      'stocktake.state': 'published',
      'stocktake.scanned': 2,
      'stocktake.matched': 2,
    },
  });
  const below = spans.filter(({ parentSpanId }) => parentSpanId === runSpan?.spanId);
  expect(below.map(({ name }) => name).sort()).toEqual([...Array(run.shards.total).fill('attempt'), 'publish']);
  for (const { traceId, startMs, endMs } of below) {
    expect(traceId).toBe(runSpan?.traceId);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
  }
  for (const { path, body } of collector.received) {
    expect(path).toBe('/v1/traces');
    expect(body).not.toMatch(/payroll|test-secret/);
  }
});

test('a run that fails is an error, by its reason', async () => {
  const { endpoint, spans } = await openCollector();
  const world = await openWorld({ traceEndpoint: endpoint });
  await world.putRule();
  await endOfRun(world);
  await world.admin('DELETE', 'roles/writer/policies/write-reports');
  await world.send({ method: 'POST', bucket: SOURCE, query: 'inventory&inventoryId=nightly&run' });
  expect(await endOfRun(world)).toMatchObject({ state: 'failed' });
  await world.app.close();
  expect(spans().filter(({ name, status }) => name === 'run' && status === 2)).toMatchObject([
    { attributes: { 'stocktake.state': 'failed', 'stocktake.reason': 'RoleLost' } },
  ]);
});

test('a collector that never answers holds up nothing, the end of the server included', async () => {
  const { endpoint } = await openCollector({ answers: false });
  const world = await openWorld({ traceEndpoint: endpoint });
  await world.putRule();
  expect(await endOfRun(world)).toMatchObject({ state: 'published' });
  await world.app.close();
});

test('a collector that is not there costs one line of the log', async () => {
  const environment = { STOCKTAKE_TRACE_ENDPOINT: 'http://127.0.0.1:1' };
  const server = await startServer({ environment, entry: ENTRY });
  onTestFinished(() => server.stop());
  for (let i = 0; i < 5; i++) expect((await fetch(server.endpoint)).status).toBe(403);
  expect(await server.terminate()).toBe(0);
  expect(server.log().match(/traces are lost/g)).toHaveLength(1);
  expect(server.log()).not.toContain('Modules of the SDK: 0\n');
});

test("without a collector nothing of OpenTelemetry's SDK is loaded", async () => {
  const server = await startServer({ entry: ENTRY });
  onTestFinished(() => server.stop());
  expect((await fetch(server.endpoint)).status).toBe(403);
  expect(await server.terminate()).toBe(0);
  expect(server.log()).toContain('Modules of the SDK: 0\n');
});

test('a try to tell a webhook is a span and is counted, by what came of it', async () => {
  const { endpoint, spans } = await openCollector();
  const world = await openWorld({ traceEndpoint: endpoint });
  const receiver = await startReceiver();
  receiver.answer(410);
  const body = JSON.stringify({ url: receiver.url });
  const { text } = await world.send({ method: 'POST', bucket: '-', key: 'api/v1/webhooks', body });
  const { id } = JSON.parse(text) as { readonly id: string };
  await world.putRule();
  await endOfRun(world);
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${world.endpoint}/-/metrics`)).text();
    expect(metrics).toContain('stocktake_webhook_deliveries_total{outcome="gone"} 1\n');
  });
  await world.app.close();
  expect(spans().filter(({ name }) => name === 'webhook')).toMatchObject([
    {
      kind: 3,
      status: 2,
      attributes: { 'stocktake.webhook': id, 'stocktake.outcome': 'gone', 'http.response.status_code': 410 },
    },
  ]);
});
