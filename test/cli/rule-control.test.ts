/** Commands that switch rules on and off, tell how they fare, and list runs over all of them. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { ruleRequest } from '../../src/cli/rule-request.ts';
import type { ServerClient } from '../../src/cli/server-client.ts';
import type { RuleStatus } from '../../src/core/rule-status.ts';
import type { RunView } from '../../src/core/run.ts';
import { ruleDocument } from '../crash/load-control.ts';
import { serverClient } from '../server-client.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import { commandsAt } from './commands-at.ts';

let server: ServerProcess;
let client: ServerClient;

beforeAll(async () => {
  server = await startServer();
  client = serverClient(server);
  await client.sendForNothing({ method: 'PUT', bucket: 'reports' });
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

const { run, runJson, expectFailure, attempt } = commandsAt(() => server.endpoint);

let names = 0;

/** A bucket that no other test has, with one object and a rule whose first run is over. */
async function ruleWithReport(): Promise<readonly [bucket: string, rule: string]> {
  const [bucket, rule] = [`source-${++names}`, 'rule-0'];
  await client.sendForNothing({ method: 'PUT', bucket });
  await client.sendForNothing({ method: 'PUT', bucket, key: 'a', body: 'x' });
  await client.sendForNothing({ ...ruleRequest('PUT', { bucket, rule }, {}), body: ruleDocument(rule, '1') });
  await run('run', 'watch', bucket, rule);
  return [bucket, rule];
}

test('the status of a rule tells when it is due, and how its last run and its last report are', async () => {
  const name = await ruleWithReport();
  const status = await runJson<RuleStatus>('rule', 'status', ...name);
  expect(status).toEqual({
    bucket: name[0],
    rule: name[1],
    isEnabled: true,
    frequency: expect.any(String),
    nextDueAt: expect.stringMatching(/Z$/),
    lastRun: expect.objectContaining({ state: 'published' }),
    lastReport: status.lastRun,
    options: { latest: true },
    retentionFault: null,
  });
  const words = await run('rule', 'status', ...name);
  expect(words).toMatch(/^Rule "rule-0" of bucket "source-\d+" is enabled, runs \w+, and is due next at .* UTC\.\n/);
  expect(words).toContain(`oss://reports/${status.lastReport?.manifest}\n`);
  await client.sendForNothing({ method: 'DELETE', bucket: name[0], key: 'a' });
  await run('run', 'start', ...name, '--watch');
  expect(await runJson<RuleStatus>('rule', 'status', ...name)).toMatchObject({
    lastRun: { state: 'empty' },
    lastReport: { id: status.lastRun?.id },
  });
  expect(await run('rule', 'status', ...name)).toMatch(/last run +\w+, empty .* UTC \(NothingMatched: /);
});

test('a rule that is disabled is not due and starts no run, until it is enabled', async () => {
  const name = await ruleWithReport();
  expect(await run('rule', 'disable', ...name)).toContain('is disabled: it has no due times.\n');
  expect(await runJson('rule', 'disable', ...name)).toMatchObject({ isEnabled: false, nextDueAt: null });
  await expectFailure('is disabled', 'run', 'start', ...name);
  expect(await run('rule', 'get', ...name)).toContain('<IsEnabled>false</IsEnabled>');
  expect(await run('rule', 'enable', ...name)).toContain('is enabled, runs ');
  expect(await runJson('rule', 'enable', ...name)).toMatchObject({ isEnabled: true, nextDueAt: expect.any(String) });
  await run('run', 'start', ...name, '--watch');
  for (const verb of ['enable', 'disable', 'status', 'options']) {
    await expectFailure('NoSuchInventory', 'rule', verb, name[0], 'none');
  }
});

test('options are changed one by one, and the others stay', async () => {
  const name = await ruleWithReport();
  const options = (...flags: string[]) => runJson('rule', 'options', ...name, ...flags);
  expect(await options()).toEqual({ latest: true });
  expect(await options('--keep-reports', '7')).toEqual({ latest: true, retention: { keepReports: 7 } });
  expect(await options('--latest', 'off')).toEqual({ latest: false, retention: { keepReports: 7 } });
  expect(await options('--keep-days', '30')).toEqual({ latest: false, retention: { keepReports: 7, keepDays: 30 } });
  expect(await run('rule', 'options', ...name)).toContain(
    'keeps the newest 7 reports, of these only those of the last 30 days, and does not keep latest.json',
  );
  expect(await options('--keep-all', '--latest', 'on')).toEqual({ latest: true });
  expect(await run('rule', 'options', ...name)).toContain('keeps all reports, and keeps latest.json');
});

test.each([
  [['--keep-reports', '0'], '--keep-reports is "0" where a whole number from 1 to 1000 is expected.'],
  [['--keep-days', 'week'], '--keep-days is "week"'],
  [['--keep-all', '--keep-days', '1'], '--keep-all goes with neither'],
  [['--latest', 'maybe'], 'Allowed choices are on, off.'],
])('options that can not be are refused as wrong words: %s', async (flags, words) => {
  const { code, stderr } = await attempt('rule', 'options', 'photos', 'nightly', ...flags);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) });
});

test('what the server refuses of options is told in its words', async () => {
  const [bucket, rule] = await ruleWithReport();
  const request = ruleRequest('PUT', { bucket, rule }, { options: undefined });
  const refused = (body: string) => expect(client.send({ ...request, body })).rejects;
  await refused('{"retention":{"keepReports":0}}').toMatchObject({ code: 'InvalidArgument', status: 400 });
  await refused('{"retention":{"keepReports":1.5}}').toThrow('retention.keepReports');
  await refused(`{"latest":true}${' '.repeat(5000)}`).toThrow('longer than the 4096 bytes');
});

test('runs are listed over all rules, of one bucket, and in one state', async () => {
  const [[bucket, rule], other] = [await ruleWithReport(), await ruleWithReport()];
  const list = async (...args: string[]) => (await runJson<{ runs: RunView[] }>('run', 'list', ...args)).runs;
  const all = await list('--limit', '2');
  expect(all.map((each) => each.bucket)).toEqual([other[0], bucket]);
  expect(await list(bucket)).toEqual([all[1]]);
  expect(await list(bucket, rule)).toEqual([all[1]]);
  expect(await list('--state', 'failed', bucket)).toEqual([]);
  expect(await run('run', 'list', bucket)).toMatch(/^BUCKET +RULE +RUN .*\nsource-\d+ +rule-0 +\w+ +first +published /);
  expect(await run('run', 'list', bucket, '--state', 'failed')).toBe(
    `The bucket "${bucket}" has no run that is failed.\n`,
  );
  await expectFailure('There is no bucket "no-such-bucket".', 'run', 'list', 'no-such-bucket');
});

test('the runs of a rule are listed in one state, and as many of these as are asked for', async () => {
  const [bucket, rule] = await ruleWithReport();
  await run('run', 'start', bucket, rule, '--watch');
  const list = async (...args: string[]) =>
    (await runJson<{ runs: RunView[] }>('run', 'list', bucket, rule, ...args)).runs.map(({ trigger }) => trigger);
  expect(await list('--state', 'published')).toEqual(['manual', 'first']);
  expect(await list('--state', 'published', '--limit', '1')).toEqual(['manual']);
  expect(await list('--state', 'failed')).toEqual([]);
  expect(await run('run', 'list', bucket, rule, '--state', 'failed')).toBe(
    `The rule "${rule}" has no run that is failed.\n`,
  );
});
