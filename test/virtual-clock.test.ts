/** Test mode on a real server, by the commands of the guide: a week of a daily rule within a second or two. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunView } from '../src/core/run.ts';
import { runCommand, type ServerProcess, startServer } from './server-process.ts';

const RULE = path.resolve(import.meta.dirname, '../docs/guide/nightly.json');

let data: string;
let server: ServerProcess;

beforeAll(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'stocktake-clock-'));
  server = await startServer({ data, args: ['--clock', 'virtual'] });
});
afterAll(async () => {
  await server.stop();
  await rm(data, { recursive: true });
});

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(args, { endpoint: server.endpoint });
  expect(code, stderr).toBe(0);
  return stdout;
}

async function clock(): Promise<string> {
  return (JSON.parse(await command('clock', 'show', '--json')) as { now: string }).now;
}

async function runs(): Promise<RunView[]> {
  const { runs } = JSON.parse(await command('run', 'list', 'photos', 'nightly', '--json')) as { runs: RunView[] };
  return runs.toReversed();
}

test('schedules go by the virtual clock, through every due time on its way', async () => {
  await command('clock', 'set', '2030-03-01T12:00:00+08:00');
  await command('bucket', 'create', 'photos');
  await command('bucket', 'create', 'reports');
  await command('import', 'photos', path.dirname(RULE));
  await command('rule', 'put', 'photos', RULE);
  expect(await command('clock', 'advance', '3d')).toContain('It is 2030-03-04T04:00:00.000Z now.');
  expect((await runs()).map(({ trigger, state, scheduledFor }) => [trigger, state, scheduledFor])).toEqual([
    ['first', 'published', '2030-03-01T04:00:00.000Z'],
    ['schedule', 'published', '2030-03-01T16:00:00.000Z'],
    ['schedule', 'published', '2030-03-02T16:00:00.000Z'],
    ['schedule', 'published', '2030-03-03T16:00:00.000Z'],
  ]);
  const [, second] = await runs();
  expect(second).toMatchObject({
    pointInTime: '2030-03-01T16:00:00.000Z',
    manifest: 'inventory/photos/nightly/2030-03-01T16-00Z/manifest.json',
  });
});

test('a jump is an outage: the last due time runs, and those before it say why they did not', async () => {
  await command('clock', 'set', '2030-03-07T12:00:00+08:00', '--jump');
  const since = (await runs()).slice(4);
  expect(since.map(({ scheduledFor, state, reason }) => [scheduledFor, state, reason?.code])).toEqual([
    ['2030-03-04T16:00:00.000Z', 'cancelled', 'DueTimeMissed'],
    ['2030-03-05T16:00:00.000Z', 'cancelled', 'DueTimeMissed'],
    ['2030-03-06T16:00:00.000Z', 'published', undefined],
  ]);
});

test('the clock goes on where it stood after a kill, and the folder is refused to real time', async () => {
  const before = await clock();
  await server.kill();
  await expect(startServer({ data })).rejects.toThrow(/keeps virtual time, of 2030-03-07T04:00:00.000Z/);
  server = await startServer({ data, args: ['--clock', 'virtual'] });
  expect(await clock()).toBe(before);
});

test('a clock that is set back runs no due time twice', async () => {
  const known = (await runs()).length;
  await command('clock', 'set', '2030-03-06T12:00:00+08:00', '--jump');
  await command('clock', 'advance', '1d');
  expect(await runs()).toHaveLength(known);
  await command('clock', 'advance', '1d');
  expect((await runs()).slice(known).map(({ scheduledFor }) => scheduledFor)).toEqual(['2030-03-07T16:00:00.000Z']);
});
