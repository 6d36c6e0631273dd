/** Every command against a server in a process of its own. */

import { mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { collect, type ServerClient } from '../../src/cli/server-client.ts';
import type { RunView } from '../../src/core/run.ts';
import { childrenNamed, childText } from '../../src/core/xml.ts';
import { serverClient } from '../server-client.ts';
import { runCommand, type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { bytesOf, temporaryFolder } from '../store-fixture.ts';
import { commandsAt } from './commands-at.ts';
import { runMain } from './main-in-process.ts';

let server: ServerProcess;
let client: ServerClient;

beforeAll(async () => {
  server = await startServer();
  client = serverClient(server);
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

const { attempt, run, runJson, expectFailure } = commandsAt(() => server.endpoint);

let names = 0;

/** Two buckets that no other test has. */
async function newBuckets(): Promise<{ source: string; destination: string }> {
  const [source, destination] = [`source-${++names}`, `reports-${names}`];
  for (const bucket of [source, destination]) await run('bucket', 'create', bucket);
  return { source, destination };
}

interface RuleChange {
  readonly id?: string;
  readonly isEnabled?: boolean;
  readonly encryption?: object;
  readonly schedule?: object;
  readonly destination: string;
}

function ruleJson({
  id = 'nightly',
  isEnabled = true,
  encryption,
  schedule = { Frequency: 'Daily' },
  destination,
}: RuleChange): string {
  return JSON.stringify({
    Id: id,
    IsEnabled: isEnabled,
    Destination: {
      OSSBucketDestination: {
        Format: 'CSV',
        AccountId: '1000000000000000',
        RoleArn: 'acs:ram::1000000000000000:role/AliyunOSSRole',
        Bucket: `acs:oss:::${destination}`,
        Prefix: 'inv',
        ...(encryption !== undefined && { Encryption: encryption }),
      },
    },
    Schedule: schedule,
    IncludedObjectVersions: 'Current',
    OptionalFields: { Field: ['Size', 'ETag'] },
  });
}

/** A file with a rule in it. */
function ruleFile(change: RuleChange): string {
  return textFile('rule.json', ruleJson(change));
}

function textFile(name: string, text: string): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  }
  return folder;
}

async function keysIn(bucket: string): Promise<string[]> {
  const page = await client.sendForXml({ method: 'GET', bucket, query: { 'max-keys': '1000' } });
  return childrenNamed(page, 'Contents').map((entry) => childText(entry, 'Key') ?? '');
}

async function watch(source: string, rule = 'nightly'): Promise<{ code: number | null; run: RunView }> {
  const { code, stdout } = await attempt('run', 'watch', source, rule, '--json');
  return { code, run: JSON.parse(stdout) as RunView };
}

test('a bucket is made, in the default region or another one that is served', async () => {
  expect(await runJson('bucket', 'create', 'made-json')).toEqual({ name: 'made-json', region: 'cn-hangzhou' });
  expect(await run('bucket', 'create', 'made-words')).toContain('Bucket "made-words" is there, in oss-cn-hangzhou.');
  await run('bucket', 'create', 'made-region', '--region', 'cn-hangzhou');
  await expectFailure('InvalidLocationConstraint', 'bucket', 'create', 'made-elsewhere', '--region', 'eu-central-1');
  await expectFailure('InvalidBucketName', 'bucket', 'create', 'No_Name');
});

test('buckets are listed', async () => {
  await run('bucket', 'create', 'listed');
  const { buckets } = await runJson<{ buckets: { name: string; region: string; createdAt: string }[] }>(
    'bucket',
    'list',
  );
  expect(buckets).toContainEqual({
    name: 'listed',
    region: 'cn-hangzhou',
    createdAt: expect.stringMatching(/^20.*Z$/),
  });
  expect(await run('bucket', 'list')).toMatch(/^BUCKET +REGION +CREATED\n/);
});

const AWKWARD = [
  'a b',
  '100%',
  'a+b',
  '%41',
  '封面.jpg',
  'new\nline',
  'tab\there',
  `quo'te"`,
  '#hash',
  '?query=1',
  'a&b',
  '<b>',
  'back\\slash',
  '.hidden',
  '~',
  'é/ü/ö',
  '\u{1F600}',
  'UPPER',
  'a=b;c',
  '*',
];

test('files with awkward names become objects of just these names', async () => {
  const { source } = await newBuckets();
  const folder = folderOf(Object.fromEntries(AWKWARD.map((name) => [name, `I am ${name}`])));
  expect(await runJson('import', source, folder)).toMatchObject({
    bucket: source,
    objects: AWKWARD.length,
    skipped: [],
  });
  expect((await keysIn(source)).toSorted()).toEqual(AWKWARD.toSorted());
  for (const key of AWKWARD) {
    const { body } = await client.send({ method: 'GET', bucket: source, key });
    expect((await collect(body)).toString()).toBe(`I am ${key}`);
  }
});

test('an import keeps sizes and times, of empty files and large ones', async () => {
  const { source } = await newBuckets();
  const large = bytesOf(5_000_000);
  const folder = folderOf({ empty: '', large });
  utimesSync(path.join(folder, 'empty'), 0, 1_234_567_890.25);
  expect(await run('import', source, folder, '--prefix', '2026/')).toMatch(/^Imported 2 objects, 5.0 MB, in /);
  const empty = await client.sendForNothing({ method: 'HEAD', bucket: source, key: '2026/empty' });
  expect(empty.headers).toMatchObject({ 'content-length': '0', 'x-oss-meta-mtime': '1234567890.250' });
  const { body } = await client.send({ method: 'GET', bucket: source, key: '2026/large' });
  expect((await collect(body)).equals(large)).toBe(true);
});

test('what is no file, or can be no key, is passed over and told', async () => {
  const { source } = await newBuckets();
  const folder = folderOf({ file: 'x', '\\leading': 'x' });
  symlinkSync('file', path.join(folder, 'link'));
  symlinkSync('nowhere', path.join(folder, 'broken'));
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/not-utf8-`), Buffer.of(0xff)]), 'x');
  const { code, stdout, stderr } = await attempt('import', source, folder);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Imported 1 object,') });
  expect(stderr.trim().split('\n').toSorted()).toEqual([
    expect.stringMatching(/^passed over: .*\/\\leading \(.*does not begin with/),
    expect.stringMatching(/^passed over: .*\/broken \(no regular file\)$/),
    expect.stringMatching(/^passed over: .*\/link \(no regular file\)$/),
    expect.stringMatching(/^passed over: .*\/not-utf8-.* \(it is gone, or its name is not UTF-8\)$/),
  ]);
  expect(await keysIn(source)).toEqual(['file']);
  expect(JSON.parse((await attempt('import', source, folder, '--json')).stdout)).toMatchObject({
    objects: 1,
    skipped: expect.arrayContaining([{ file: path.join(folder, 'link'), why: 'no regular file' }]),
  });
});

test('an import of nothing there, or into nothing there, fails in words', async () => {
  await expectFailure('There is no folder "/nowhere"', 'import', 'some-bucket', '/nowhere');
  await expectFailure('There is no folder', 'import', 'some-bucket', textFile('file', ''));
  await expectFailure('NoSuchBucket', 'import', 'no-such-bucket', folderOf({ file: 'x' }));
});

test('an empty folder is imported as nothing', async () => {
  const { source } = await newBuckets();
  expect(await runJson('import', source, folderOf({}))).toMatchObject({ objects: 0, bytes: 0 });
});

test('a rule is put from JSON or XML, shown as either, listed, and deleted', async () => {
  const { source, destination } = await newBuckets();
  expect(await runJson('rule', 'put', source, ruleFile({ id: 'json', destination }))).toEqual({
    bucket: source,
    rule: 'json',
  });
  const xml = await run('rule', 'get', source, 'json');
  expect(xml).toContain('<Id>json</Id>');
  const other = textFile('rule.xml', xml.replace('<Id>json</Id>', '<Id>xml</Id>'));
  expect(await run('rule', 'put', source, other)).toContain('Rule "xml"');

  const shown = await runJson<object>('rule', 'get', source, 'xml');
  expect(shown).toMatchObject({ Id: 'xml', OptionalFields: { Field: ['Size', 'ETag'] } });
  await run('rule', 'put', source, textFile('again.json', JSON.stringify(shown)), '--replace');
  const { rules } = await runJson<{ rules: object[] }>('rule', 'list', source);
  expect(rules).toMatchObject([{ Id: 'json' }, { Id: 'xml' }]);
  expect(await run('rule', 'list', source)).toMatch(/^RULE .*\njson .*\nxml +true +Daily +Current .*inv\n$/);

  expect(await runJson('rule', 'delete', source, 'xml')).toEqual({ bucket: source, rule: 'xml' });
  expect(await run('rule', 'delete', source, 'xml')).toContain('is gone');
  await expectFailure('NoSuchInventory', 'rule', 'get', source, 'xml');

  await run('rule', 'delete', source, 'json');
  expect(await runJson('rule', 'list', source)).toEqual({ rules: [] });
  expect(await run('rule', 'list', source)).toContain('no rule yet');
});

test('more rules than a page holds are all listed', async () => {
  const { source, destination } = await newBuckets();
  const ids = Array.from({ length: 120 }, (_, index) => `rule-${String(index).padStart(3, '0')}`);
  for (const id of ids) await run('rule', 'put', source, ruleFile({ id, destination, isEnabled: false }));
  const { rules } = await runJson<{ rules: { Id: string }[] }>('rule', 'list', source);
  expect(rules.map(({ Id }) => Id)).toEqual(ids);
});

test('a rule is put from standard input', async () => {
  const { source, destination } = await newBuckets();
  const { endpoint } = server;
  const input = ruleJson({ destination });
  const result = await runCommand(['rule', 'put', source, '-', '--json'], { endpoint, input });
  expect(result).toEqual({ code: 0, stdout: expect.any(String), stderr: '' });
  expect(JSON.parse(result.stdout)).toEqual({ bucket: source, rule: 'nightly' });
});

test('a rule that is there already is refused, unless it is to be replaced', async () => {
  const { source, destination } = await newBuckets();
  const file = ruleFile({ destination });
  await run('rule', 'put', source, file);
  const advice = `It is the rule "nightly" of the bucket "${source}". Replace it with: stocktake rule put ${source} ${file} --replace\n`;
  await expectFailure(
    `InventoryAlreadyExist: The inventory you requested already exists. ${advice}`,
    'rule',
    'put',
    source,
    file,
  );
  await run('rule', 'put', source, file, '--replace');
});

test.each([
  ['is not there', undefined, 'stocktake: There is no file "/nowhere/rule.xml"'],
  ['is neither XML nor JSON', 'Id: nightly', 'neither XML nor JSON'],
  ['is no object', '[1]', 'A rule in JSON is an object'],
  ['has a name that is none', '{"Id": "x", "a b": 1}', 'that is no name of an element'],
  ['has no id', '{"IsEnabled": true}', 'Id is missing'],
])('a rule file that %s is refused in words', async (_, text, words) => {
  const { source } = await newBuckets();
  const file = text === undefined ? '/nowhere/rule.xml' : textFile('rule', text);
  await expectFailure(words, 'rule', 'put', source, file);
});

test('a rule file that is a folder is refused in words', async () => {
  const folder = temporaryFolder();
  await expectFailure(`"${folder}" is a folder where a file is expected.`, 'rule', 'put', 'photos', folder);
});

/** The fields that docs/reference/runs.md names. */
const RUN_FIELDS = [
  'bucket',
  'bytesWritten',
  'destination',
  'expected',
  'finishedAt',
  'id',
  'manifest',
  'matched',
  'pointInTime',
  'reason',
  'removedAt',
  'retryAt',
  'rule',
  'scanned',
  'scheduledFor',
  'shards',
  'startedAt',
  'state',
  'tries',
  'trigger',
];

test('a rule that runs once and deletes itself can be watched, and its report fetched, when it is gone', async () => {
  const { source, destination } = await newBuckets();
  await run('import', source, folderOf({ a: 'x' }));
  await run(
    'rule',
    'put',
    source,
    ruleFile({ id: 'once', destination, schedule: { Frequency: 'Once', AutoDelete: true } }),
  );
  const { code, run: only } = await watch(source, 'once');
  expect({ code, state: only.state, trigger: only.trigger }).toEqual({ code: 0, state: 'published', trigger: 'once' });
  await expectFailure('NoSuchInventory', 'rule', 'get', source, 'once');
  expect(await runJson('report', 'list', source, 'once')).toEqual({ reports: [only] });
  const fetched = await runJson<{ manifest: string }>('report', 'get', source, 'once', '--out', temporaryFolder());
  expect(await runJson('verify', fetched.manifest)).toMatchObject({ ok: true, rows: 1 });
});

test('a run delivers a report that can be watched, listed, fetched and verified', async () => {
  const { source, destination } = await newBuckets();
  await run('import', source, folderOf({ 'a b': 'x', é: 'yy', z: '' }));
  await run('rule', 'put', source, ruleFile({ destination }));
  const { code, run: first } = await watch(source);
  expect(code).toBe(0);
  expect(first).toMatchObject({
    rule: 'nightly',
    bucket: source,
    destination,
    trigger: 'first',
    state: 'published',
    scanned: 3,
    matched: 3,
    shards: { done: 1, total: 1 },
    manifest: expect.stringMatching(
      new RegExp(`^inv/${source}/nightly/20\\d\\d-\\d\\d-\\d\\dT\\d\\d-\\d\\dZ/manifest.json$`),
    ),
    reason: null,
  });
  expect(Object.keys(first).toSorted()).toEqual(RUN_FIELDS);
  for (const time of [first.scheduledFor, first.startedAt, first.finishedAt, first.pointInTime]) {
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }

  expect(await runJson('run', 'show', source, 'nightly')).toEqual(first);
  expect(await runJson('run', 'list', source, 'nightly')).toEqual({ runs: [first] });
  expect(await runJson('report', 'list', source, 'nightly')).toEqual({ reports: [first] });
  expect(await run('run', 'watch', source, 'nightly')).toContain(
    `Run ${first.id} of rule "nightly" of bucket "${source}" is published.`,
  );
  expect(await run('run', 'show', source, 'nightly', first.id)).toContain(`oss://${destination}/${first.manifest}`);
  expect(await run('run', 'list', source, 'nightly')).toMatch(/^RUN .*\n[0-9a-f]{16} +first +published .* 3 /);
  expect(await run('report', 'list', source, 'nightly')).toContain(`oss://${destination}/${first.manifest}`);

  const out = temporaryFolder();
  const fetched = await runJson<{ manifest: string; checksum: string; report: string; files: string[] }>(
    'report',
    'get',
    source,
    'nightly',
    '--out',
    out,
  );
  const keys = await keysIn(destination);
  const copies = [fetched.manifest, fetched.checksum, fetched.report, ...fetched.files];
  const ofTheReport = keys.filter((key) => !key.endsWith('/latest.json'));
  expect(copies.toSorted()).toEqual(ofTheReport.map((key) => path.join(out, key)).toSorted());
  expect(fetched).toMatchObject({ run: first.id, rows: 3, manifest: path.join(out, first.manifest ?? '') });
  expect(gunzipSync(readFileSync(fetched.files[0] ?? '')).toString()).toBe(
    [
      `${source},"a%20b","1","9DD4E461268C8034F5C8564E155C67A6"`,
      `${source},"z","0","D41D8CD98F00B204E9800998ECF8427E"`,
      `${source},"%C3%A9","2","2FB1C5CF58867B5BBC9A1B145A86F3A0"`,
      '',
    ].join('\n'),
  );
  expect(await run('report', 'get', source, 'nightly', first.id, '--out', out)).toContain('stocktake verify ');

  const whole = { ok: true, files: 1, rows: 3, problems: [], notes: [] };
  expect(await runJson('verify', fetched.manifest)).toEqual({ ...whole, manifest: fetched.manifest });
  const remote = `oss://${destination}/${first.manifest}`;
  expect(await runJson('verify', remote)).toEqual({ ...whole, manifest: remote });
  expect(await run('verify', remote)).toBe(
    'The report is whole: 3 rows in 1 file, checksums right, rows in order, none twice, and none that the run wrote is missing.\n',
  );
  rmSync(fetched.report);
  expect(await run('verify', fetched.manifest)).toMatch(
    /^The report is whole: .*none twice\.\nNOTE {3}There is no report\.json/,
  );
  await client.sendForNothing({ method: 'DELETE', bucket: destination, key: path.relative(out, fetched.report) });
  expect(await runJson('report', 'get', source, 'nightly', '--out', temporaryFolder())).toMatchObject({ report: null });
});

test('verify exits 1 and says where, on stdout, for a report on disk and for one in a bucket', async () => {
  const { source, destination } = await newBuckets();
  await run('import', source, folderOf({ file: 'x' }));
  await run('rule', 'put', source, ruleFile({ destination }));
  const { run: published } = await watch(source);
  const out = temporaryFolder();
  const { manifest, files } = await runJson<{ manifest: string; files: string[] }>(
    'report',
    'get',
    source,
    'nightly',
    '--out',
    out,
  );
  const [file = ''] = files;
  writeFileSync(file, readFileSync(file).subarray(0, -1));
  const words = await attempt('verify', manifest);
  expect(words).toMatchObject({ code: 1, stderr: '' });
  expect(words.stdout).toContain(`WRONG  ${path.relative(out, file)}: it has `);
  const json = await attempt('verify', manifest, '--json');
  expect({ code: json.code, document: JSON.parse(json.stdout) }).toMatchObject({ code: 1, document: { ok: false } });

  await client.sendForNothing({ method: 'DELETE', bucket: destination, key: path.relative(out, file) });
  const remote = await attempt('verify', `oss://${destination}/${published.manifest}`);
  expect(remote).toEqual({ code: 1, stdout: `WRONG  ${path.relative(out, file)}: the file is missing\n`, stderr: '' });
  await expectFailure('NoSuchKey', 'verify', `oss://${destination}/inv/manifest.json`);
  await expectFailure('There is no manifest', 'verify', path.join(out, 'manifest.json'));
});

test('a second run within one minute takes a later folder, and both reports are whole', async () => {
  const { source, destination } = await newBuckets();
  await run('import', source, folderOf({ file: 'x' }));
  await run('rule', 'put', source, ruleFile({ destination }));
  const { run: first } = await watch(source);
  const second = await runJson<RunView>('run', 'start', source, 'nightly', '--watch');
  expect(second).toMatchObject({ trigger: 'manual', state: 'published' });
  expect([second.manifest, first.manifest].toSorted()).toEqual([first.manifest, second.manifest]);
  expect(second.manifest).not.toBe(first.manifest);
  for (const { manifest } of [first, second]) await run('verify', `oss://${destination}/${manifest}`);
  expect((await runJson<{ runs: RunView[] }>('run', 'list', source, 'nightly', '--limit', '1')).runs).toEqual([second]);
});

test('a run is not started while one is under way', async () => {
  const { source, destination } = await newBuckets();
  await run('import', source, folderOf({ file: 'x' }));
  // Two runs go on at once, so the last of many waits.
  const ids = Array.from({ length: 8 }, (_, index) => `rule-${index}`);
  for (const id of ids) await run('rule', 'put', source, ruleFile({ id, destination }));
  await expectFailure('Wait for its end', 'run', 'start', source, 'rule-7');
  for (const id of ids) expect((await watch(source, id)).code).toBe(0);
  expect(await run('run', 'start', source, 'rule-7')).toContain('is planned');
  expect(await watch(source, 'rule-7')).toMatchObject({ code: 0, run: { trigger: 'manual' } });
});

test('a rule that is disabled has no runs, and none is started', async () => {
  const { source, destination } = await newBuckets();
  await run('rule', 'put', source, ruleFile({ destination, isEnabled: false }));
  expect(await run('run', 'list', source, 'nightly')).toBe('The rule "nightly" has no run yet.\n');
  expect(await run('report', 'list', source, 'nightly')).toBe('The rule has delivered no report yet.\n');
  await expectFailure('is disabled', 'run', 'start', source, 'nightly');
  await expectFailure('has no run yet', 'run', 'watch', source, 'nightly');
  await expectFailure('has delivered no report yet', 'report', 'get', source, 'nightly', '--out', temporaryFolder());
});

test('a source without objects ends in an empty run, and nothing is delivered', async () => {
  const { source, destination } = await newBuckets();
  await run('rule', 'put', source, ruleFile({ destination }));
  const { code, run: ended } = await watch(source);
  expect(code).toBe(0);
  expect(ended).toMatchObject({ state: 'empty', manifest: null, matched: 0, reason: { code: 'NothingMatched' } });
  expect(server.log()).toMatch(new RegExp(`"run":"${ended.id}".*"state":"empty".*"msg":"run ended"`));
  expect(await keysIn(destination)).toEqual([]);
  await expectFailure('it is empty', 'report', 'get', source, 'nightly', ended.id, '--out', temporaryFolder());
});

test.each([
  ['SSE-OSS', { 'SSE-OSS': '' }],
  ['SSE-KMS', { 'SSE-KMS': { KeyId: 'commands-key' } }],
  ['SSE-KMS with the default key', { 'SSE-KMS': '' }],
])('a report with %s is fetched and verified as any other', async (_, encryption) => {
  const { source, destination } = await newBuckets();
  await attempt('key', 'create', 'commands-key');
  await run('import', source, folderOf({ file: 'x' }));
  await run('rule', 'put', source, ruleFile({ destination, encryption }));
  const { run: ended } = await watch(source);
  expect(ended).toMatchObject({ state: 'published', matched: 1 });
  expect(await run('verify', `oss://${destination}/${ended.manifest}`)).toContain('The report is whole: 1 rows');
});

test('a run whose key was disabled fails in words and delivers nothing', async () => {
  const { source, destination } = await newBuckets();
  await run('key', 'create', 'to-be-disabled');
  const encryption = { 'SSE-KMS': { KeyId: 'to-be-disabled' } };
  await run('rule', 'put', source, ruleFile({ destination, encryption }));
  expect((await watch(source)).run.state).toBe('empty');
  await run('key', 'disable', 'to-be-disabled');
  await run('import', source, folderOf({ file: 'x' }));
  await attempt('run', 'start', source, 'nightly');
  const { code, run: ended } = await watch(source);
  expect(code).toBe(1);
  const reason = { code: 'ReportKeyUnusable', text: expect.stringContaining('"to-be-disabled" is disabled') };
  expect(ended).toMatchObject({ state: 'failed', reason, manifest: null });
  expect(await keysIn(destination)).toEqual([]);
  const words = await attempt('run', 'watch', source, 'nightly');
  expect(words).toMatchObject({ code: 1, stdout: expect.stringContaining('ReportKeyUnusable') });
});

test('a run whose destination was deleted fails and says what to do', async () => {
  const { source, destination } = await newBuckets();
  await run('rule', 'put', source, ruleFile({ destination }));
  await watch(source);
  await run('import', source, folderOf({ file: 'x' }));
  await client.sendForNothing({ method: 'DELETE', bucket: destination });
  const { code, stdout } = await attempt('run', 'start', source, 'nightly', '--watch', '--json');
  expect(code).toBe(1);
  const text = expect.stringContaining('Create it, then start the run again.');
  expect(JSON.parse(stdout)).toMatchObject({ state: 'failed', reason: { code: 'DestinationGone', text } });
});

test('what is not there is told by its code', async () => {
  const { source } = await newBuckets();
  await expectFailure('There is no bucket "no-such-bucket".', 'rule', 'list', 'no-such-bucket');
  await expectFailure(`The bucket "${source}" has no rule "none".`, 'run', 'start', source, 'none');
  await expectFailure('NoSuchInventory', 'run', 'show', source, 'none', '0123456789abcdef');
});

test('a wrong key is refused, and a missing one said in words', async () => {
  const { endpoint } = server;
  const withKey = (id: string, secret: string) =>
    runMain(['bucket', 'list', '--endpoint', endpoint, '--data', temporaryFolder()], {
      STOCKTAKE_ACCESS_KEY_ID: id,
      STOCKTAKE_ACCESS_KEY_SECRET: secret,
    });
  expect(await withKey('nobody', 'x')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('InvalidAccessKeyId'),
  });
  expect(await withKey(TEST_KEY.accessKeyId, 'x')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('SignatureDoesNotMatch'),
  });
  expect(await withKey('', '')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('No access key: set STOCKTAKE_ACCESS_KEY_ID'),
  });
});

test('an endpoint where no server answers is told in words', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const { code, stdout, stderr } = await attempt('bucket', 'list', '--endpoint', `http://127.0.0.1:${port}`);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/No server answers at .* \(ECONNREFUSED\)\. Start one with "stocktake serve"/);
});

test('an endpoint that speaks no HTTP is told in words', async () => {
  const mute = createServer((socket) => socket.end('hello\n'));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void mute.close());
  const { port } = mute.address() as AddressInfo;
  const { code, stderr } = await attempt('bucket', 'list', '--endpoint', `http://127.0.0.1:${port}`);
  expect(code).toBe(1);
  expect(stderr).toContain('stocktake: ');
});
