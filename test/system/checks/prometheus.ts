/** The metrics in Prometheus' own eyes: what a server tells is well-formed, is taken in, and the alerts do what they say. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServerClient } from '../../../src/cli/server-client.ts';
import { isOpen, type RunView } from '../../../src/core/run.ts';
import { connect } from '../../crash/change.ts';
import { ruleDocument } from '../../crash/load-control.ts';
import { startServer } from '../../server-process.ts';
import type { Stage, SystemCheck } from '../check.ts';
import { debianTool } from '../debian-tool.ts';

const ALERTS = fileURLToPath(new URL('../../../docs/monitoring/alerts.yml', import.meta.url));
const ALERTS_TEST = fileURLToPath(new URL('../../../docs/monitoring/alerts-test.yml', import.meta.url));
const TOKEN = 'a-token-for-prometheus-2026';
const SOURCE = 'photos';
/** How long Prometheus may take until it has scraped the server. */
const SCRAPE_MS = 30_000;

export const checks: readonly SystemCheck[] = [
  {
    name: 'promtool finds nothing wrong with the alerts',
    run: async () => void (await promtool(['check', 'rules', ALERTS])),
  },
  {
    name: 'the alerts are raised when they should be, and only then',
    run: async () => void (await promtool(['test', 'rules', ALERTS_TEST])),
  },
  {
    name: 'promtool finds nothing wrong with the metrics of a server that has made reports',
    run: async (stage) => {
      const { endpoint } = await serveReports(stage);
      const metrics = await (await fetch(`${endpoint}/-/metrics`)).text();
      assert.match(metrics, /^stocktake_runs_ended_total\{state="published",reason="none"\} 1$/m);
      assert.equal((await promtool(['check', 'metrics'], metrics)).trim(), '');
    },
  },
  { name: 'Prometheus reads the metrics with the token, and evaluates the alerts', run: scrape },
];

async function scrape(stage: Stage): Promise<void> {
  const { endpoint } = await serveReports(stage);
  const prometheus = await startPrometheus(stage, new URL(endpoint).host);
  const ask = async (expression: string) => {
    const query = new URLSearchParams({ query: expression });
    const reply = await fetch(`${prometheus}/api/v1/query?${query}`).catch(() => undefined);
    if (reply?.ok !== true) return [];
    const { data } = (await reply.json()) as { readonly data: { readonly result: readonly Sample[] } };
    return data.result;
  };
  const deadline = Date.now() + SCRAPE_MS;
  while ((await ask('stocktake_build_info')).length === 0) {
    assert.ok(Date.now() < deadline, `Prometheus has not read the metrics within ${SCRAPE_MS} ms`);
    await delay(100);
  }
  const [success] = await ask('time() - stocktake_rule_last_success_timestamp_seconds{bucket="photos"}');
  assert.ok(success !== undefined && Math.abs(Number(success.value[1])) < 600, 'the last success was just now');
  const [ended] = await ask('sum(stocktake_runs_ended_total{state=~"published|empty"})');
  assert.equal(ended?.value[1], '2');
  const rules = (await (await fetch(`${prometheus}/api/v1/rules`)).json()) as RuleGroups;
  const alerts = rules.data.groups.flatMap((group) => group.rules);
  assert.ok(alerts.length > 5);
  const spoilt = alerts.filter(({ health }) => health === 'err');
  assert.deepEqual(spoilt, []);
}

interface Sample {
  readonly value: readonly [number, string];
}

interface RuleGroups {
  readonly data: { readonly groups: readonly { readonly rules: readonly { readonly health: string }[] }[] };
}

/** A server with a rule that delivered a report, and one that found nothing to deliver. */
async function serveReports({ onEnd }: Stage): Promise<{ readonly endpoint: string }> {
  const server = await startServer({ environment: { STOCKTAKE_METRICS_TOKEN: TOKEN } });
  onEnd(() => server.stop());
  const client = connect(server.endpoint);
  onEnd(() => client.close());
  for (const bucket of [SOURCE, 'reports']) await client.sendForNothing({ method: 'PUT', bucket });
  await client.sendForNothing({ method: 'PUT', bucket: SOURCE, key: 'a', body: 'x' });
  for (const [id, end] of [
    ['rule-0', 'published'],
    ['empty', 'empty'],
  ] as const) {
    const query = { inventory: undefined, inventoryId: id };
    await client.sendForNothing({ method: 'PUT', bucket: SOURCE, query, body: ruleDocument(id, '1') });
    assert.equal(await endOfRun(client, id), end);
  }
  return server;
}

async function endOfRun(client: ServerClient, inventoryId: string): Promise<RunView['state']> {
  const query = { inventory: undefined, inventoryId, runs: undefined };
  for (;;) {
    const { runs } = await client.sendForJson<{ runs: RunView[] }>({ method: 'GET', bucket: SOURCE, query });
    if (runs[0] !== undefined && !isOpen(runs[0].state)) return runs[0].state;
    await delay(20);
  }
}

async function startPrometheus({ folder, onEnd }: Stage, target: string): Promise<string> {
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [ALERTS],
    scrape_configs: [
      {
        job_name: 'stocktake',
        metrics_path: '/-/metrics',
        static_configs: [{ targets: [target] }],
        authorization: { credentials: TOKEN },
      },
    ],
  };
  const file = path.join(folder, 'prometheus.json');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configuration));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(await debianTool('prometheus', 'prometheus'), [
    `--config.file=${file}`,
    `--storage.tsdb.path=${path.join(folder, 'tsdb')}`,
    `--web.listen-address=${address}`,
  ]);
  onEnd(() => end(child));
  child.stdout.resume();
  child.stderr.resume();
  return `http://${address}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves with what it says on both streams; throws that when it finds something wrong. */
async function promtool(args: readonly string[], input = ''): Promise<string> {
  const child = spawn(await debianTool('promtool', 'prometheus'), args);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
  }
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, `promtool ${args.slice(0, 2).join(' ')} says:\n${said}`);
  return said;
}
