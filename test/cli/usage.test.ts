/** What every command has in common: help with examples, and a refusal of wrong words with exit code 2. */

import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { runMain } from './main-in-process.ts';

/** All commands that do something, as their words. */
const COMMANDS = leavesOf(createProgram());

function leavesOf(command: Command, path: readonly string[] = []): string[][] {
  if (command.commands.length === 0) return [[...path]];
  return command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));
}

test('the commands are those of the contract that there are so far', () => {
  expect(COMMANDS.map((words) => words.join(' '))).toEqual([
    'serve',
    'import',
    'bucket create',
    'bucket list',
    'rule put',
    'rule get',
    'rule list',
    'rule delete',
    'rule status',
    'rule enable',
    'rule disable',
    'rule options',
    'run start',
    'run list',
    'run show',
    'run watch',
    'run cancel',
    'report list',
    'report get',
    'verify',
    'access user create',
    'access user list',
    'access user show',
    'access user enable',
    'access user disable',
    'access user delete',
    'access key create',
    'access key enable',
    'access key disable',
    'access key delete',
    'access key list',
    'access key rotate',
    'access role create',
    'access role list',
    'access role show',
    'access role delete',
    'access policy put',
    'access policy list',
    'access policy show',
    'access policy delete',
    'access attach',
    'access detach',
    'access assume-role',
    'access export',
    'access apply',
    'access account create',
    'access account list',
    'access account show',
    'access account enable',
    'access account disable',
    'access account delete',
    'access account key create',
    'access account key enable',
    'access account key disable',
    'access account key delete',
    'key create',
    'key list',
    'key show',
    'key disable',
    'key enable',
    'key schedule-deletion',
    'key cancel-deletion',
    'webhook create',
    'webhook list',
    'webhook show',
    'webhook change',
    'webhook enable',
    'webhook disable',
    'webhook delete',
    'webhook rotate-secret',
    'webhook test',
    'webhook deliveries',
    'webhook delivery',
    'webhook retry',
    'store check',
    'store backup',
    'store restore',
    'clock show',
    'clock advance',
    'clock set',
  ]);
});

test.each(COMMANDS)('%s %s: help shows its use and an example', async (...words) => {
  const command = words.filter((word) => word !== undefined);
  const { code, stdout, stderr } = await runMain([...command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`Usage: stocktake ${command.join(' ')}`);
  expect(stdout).toMatch(/Examples?:\n {2}\$ stocktake /);
  expect(stdout).toContain('--json');
});

test('without words, or asked for help, the program shows all of it', async () => {
  for (const args of [[], ['--help']]) {
    const { code, stdout } = await runMain(args);
    expect(code).toBe(0);
    expect(stdout).toContain('A first inventory');
  }
});

test.each([
  [['serv'], "unknown command 'serv'"],
  [['bucket'], 'Usage: stocktake bucket'],
  [['bucket', 'remove'], "unknown command 'remove'"],
  [['rule', 'put', 'photos'], "missing required argument 'file'"],
  [['report', 'get', 'photos', 'nightly'], "required option '--out <dir>' not specified"],
  [['run', 'list', 'photos', 'nightly', '--limti', '3'], "unknown option '--limti'"],
  [['run', 'list', 'photos', 'nightly', '--limit', 'three'], '--limit is "three"'],
  [['import', 'photos', '.', '--concurrency', '0'], '--concurrency is "0"'],
  [['bucket', 'list', '--endpoint', 'nowhere'], 'The endpoint is "nowhere"'],
  [['bucket', 'list', '--endpoint', 'http://host/path'], 'The endpoint is "http://host/path"'],
  [['serve', '--port', 'eighty'], 'STOCKTAKE_PORT'],
  [['serve', '--config', '/nonexistent.yaml'], "can't be read"],
  [['access', 'attach', 'p'], 'Either --user or --role is expected.'],
  [['access', 'detach', 'p', '--user', 'a', '--role', 'b'], 'Either --user or --role is expected.'],
  [['access', 'policy', 'put', 'p'], 'Either a file with the policy is expected, or both --allow and --on.'],
  [['access', 'policy', 'put', 'p', '--allow', 'oss:*'], 'both --allow and --on'],
  [['access', 'policy', 'put', 'p', 'file.json', '--on', 'photos'], 'Either a file'],
  [['access', 'user', 'delete', 'anna/keys/LTAI'], '"anna/keys/LTAI" is no name'],
  [['access', 'user', 'show', ''], '"" is no name'],
  [['access', 'role', 'create', 'r'], "required option '--trust <service|file>' not specified"],
  [
    ['access', 'role', 'create', 'r', '--trust', 'oss.aliyuncs.com', '--max-session', 'long'],
    '--max-session is "long"',
  ],
  [['access', 'assume-role', 'r', '--seconds', 'long'], '--seconds is "long"'],
  [['access', 'export', '--format', 'xml'], 'Allowed choices are yaml, json.'],
  [['access', 'key', 'delete', 'anna'], "missing required argument 'key'"],
  [['clock', 'advance', 'tomorrow'], 'The duration is "tomorrow"'],
  [['clock', 'advance', '-1d'], "unknown option '-1d'"],
  [['clock', 'set', '2027-01-01'], 'The time is "2027-01-01"'],
  [['clock', 'set', '2027-13-01T00:00:00Z'], 'The time is "2027-13-01T00:00:00Z"'],
])('wrong words exit with 2 and say so on stderr: %s', async (args, words) => {
  const { code, stdout, stderr } = await runMain(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(words);
});

test('help says what an option stands at, but not of each switch that it is off', async () => {
  const { stdout } = await runMain(['run', 'list', '--help']);
  expect(stdout).toContain('(default: "20")');
  expect(stdout).toMatch(/--json +JSON on stdout, for scripts\n/);
});
