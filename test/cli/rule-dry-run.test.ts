/** `rule put --dry-run` against a server. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RuleDryRun } from '../../src/protocol/oss/operations/rule-dry-run.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { runMain } from './main-in-process.ts';

let server: ServerProcess;

const attempt = (...args: string[]) => runMain(args, { STOCKTAKE_ENDPOINT: server.endpoint });

beforeAll(async () => {
  server = await startServer();
  for (const bucket of ['photos', 'reports']) await attempt('bucket', 'create', bucket);
});

afterAll(() => server.stop());

function ruleFile(role: string, destination = 'reports'): string {
  const file = path.join(temporaryFolder(), 'rule.json');
  const OSSBucketDestination = {
    Format: 'CSV',
    AccountId: '1000000000000000',
    RoleArn: `acs:ram::1000000000000000:role/${role}`,
    Bucket: `acs:oss:::${destination}`,
  };
  const rule = {
    Id: 'nightly',
    IsEnabled: true,
    Destination: { OSSBucketDestination },
    Schedule: { Frequency: 'Daily' },
    IncludedObjectVersions: 'Current',
  };
  writeFileSync(file, JSON.stringify(rule));
  return file;
}

const NO_RULE = { code: 0, stdout: '{\n  "rules": []\n}\n', stderr: '' };

test('a rule that would be accepted is told with what would happen, and is not stored', async () => {
  const { code, stdout, stderr } = await attempt('rule', 'put', 'photos', ruleFile('AliyunOSSRole'), '--dry-run');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^Rule "nightly" of bucket "photos" would be accepted; nothing was stored\.\n {2}The rule would/,
  );
  expect(stdout).toContain('Its first run would start at once.');
  expect(await attempt('rule', 'list', 'photos', '--json')).toEqual(NO_RULE);
});

test('a rule that would be refused is told with all that is in the way, and the command fails', async () => {
  const file = ruleFile('nobody', 'nowhere');
  const { code, stdout, stderr } = await attempt('rule', 'put', 'photos', file, '--dry-run');
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  const [verdict, destination, role, ...rest] = stdout.split('\n');
  expect(verdict).toBe('Rule "nightly" of bucket "photos" would be refused; nothing was stored.');
  expect(destination).toMatch(/^WRONG {2}InvalidArgument: The destination bucket "nowhere" does not exist/);
  expect(role).toMatch(/^WRONG {2}InvalidArgument: There is no role .*\{"Version":"1".*\}$/);
  expect(rest[0]).toBe('Were that mended:');
  expect(await attempt('rule', 'list', 'photos', '--json')).toEqual(NO_RULE);
});

test('a script gets the whole answer as JSON, and fails as well', async () => {
  const { code, stdout } = await attempt('rule', 'put', 'photos', ruleFile('nobody'), '--dry-run', '--json');
  expect(code).toBe(1);
  const answer = JSON.parse(stdout) as RuleDryRun;
  expect(answer).toMatchObject({ rule: 'nightly', isAccepted: false, wouldReplace: false });
  expect(answer.findings.map(({ grant }) => typeof grant)).toEqual(['object', 'object']);
});

test('with --replace, what would be replaced is told', async () => {
  const file = ruleFile('AliyunOSSRole');
  expect((await attempt('rule', 'put', 'photos', file)).code).toBe(0);
  const taken = await attempt('rule', 'put', 'photos', file, '--dry-run');
  expect(taken.code).toBe(1);
  expect(taken.stdout).toContain('WRONG  InventoryAlreadyExist: ');
  const replacing = await attempt('rule', 'put', 'photos', file, '--replace', '--dry-run');
  expect(replacing.code).toBe(0);
  expect(replacing.stdout).toContain('The rule of the same id would be replaced.');
  await attempt('rule', 'delete', 'photos', 'nightly');
});
