import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../test/store-fixture.ts';
import { loadClientSettings, loadSettings } from './config.ts';
import { nextDue } from './core/schedule.ts';

function configFile(text: string): string {
  const file = path.join(temporaryFolder(), 'stocktake.yaml');
  writeFileSync(file, text);
  return file;
}

test('without a word the defaults hold', () => {
  expect(loadSettings({}, {})).toEqual({
    data: path.resolve('stocktake-data'),
    host: '127.0.0.1',
    port: 9300,
    domain: 'localhost',
    region: ['cn-hangzhou'],
    accountId: '1000000000000000',
    keyFile: path.resolve('stocktake-data/encryption-key.json'),
    trustedProxies: [],
    webhookNetworks: [],
    latestFile: true,
    keyService: true,
    auditLog: path.resolve('stocktake-data/audit.jsonl'),
    clock: 'system',
    scheduleTime: '00:00',
    scheduleZone: 'Asia/Shanghai',
    limits: {
      rulesPerBucket: 1000,
      dailyObjects: 10_000_000_000,
      weeklyObjects: 50_000_000_000,
      runs: 4,
      scanThreads: 0,
      metricRules: 1000,
      auditBytes: 64 * 1024 * 1024,
      auditFiles: 5,
      runsPerRule: 1000,
      goneRuleDays: 30,
      auditRefusals: 100,
    },
    inventory: true,
    allNeedsVersioning: false,
  });
});

test('flags win over the environment, the environment over the file, the file over the defaults', () => {
  const config = configFile('port: 1\ndomain: file\nhost: file\nlimits: { runs: 5 }\n');
  const environment = { STOCKTAKE_PORT: '2', STOCKTAKE_DOMAIN: 'environment' };
  expect(loadSettings({ config, port: '3' }, environment)).toMatchObject({
    port: 3,
    domain: 'environment',
    host: 'file',
    accountId: '1000000000000000',
    limits: { runs: 5, rulesPerBucket: 1000 },
  });
});

test('an empty variable counts as none', () => {
  expect(loadSettings({}, { STOCKTAKE_PORT: '' }).port).toBe(9300);
});

test('a flag that was not given hides nothing', () => {
  expect(loadSettings({ port: undefined }, { STOCKTAKE_PORT: '2' }).port).toBe(2);
});

test.each([
  ['a list with commas', 'cn-hangzhou, cn-beijing'],
  ['one region', 'cn-hangzhou'],
])('regions come as %s', (_, region) => {
  expect(loadSettings({ region }, {}).region).toEqual(region.split(', '));
});

test('regions in a file may be a list of its own', () => {
  const config = configFile('region: [eu-central-1, cn-beijing]\n');
  expect(loadSettings({ config }, {}).region).toEqual(['eu-central-1', 'cn-beijing']);
});

test.each([
  ['STOCKTAKE_PORT', 'eighty'],
  ['STOCKTAKE_PORT', '65536'],
  ['STOCKTAKE_PORT', '-1'],
  ['STOCKTAKE_PORT', '80.5'],
  ['STOCKTAKE_REGION', 'oss cn'],
  ['STOCKTAKE_REGION', 'CN-HANGZHOU'],
  ['STOCKTAKE_REGION', 'cn-hangzhou,'],
  ['STOCKTAKE_ACCOUNT_ID', 'me'],
  ['STOCKTAKE_SCHEDULE_TIME', '24:00'],
  ['STOCKTAKE_SCHEDULE_TIME', '9:30'],
  ['STOCKTAKE_SCHEDULE_ZONE', 'Mars/Olympus'],
  ['STOCKTAKE_SCHEDULE_ZONE', 'PST'],
  ['STOCKTAKE_TRUSTED_PROXIES', '10.0.0.0/8,proxy'],
  ['STOCKTAKE_WEBHOOK_NETWORKS', 'intranet'],
  ['STOCKTAKE_METRICS_TOKEN', 'too-short'],
  ['STOCKTAKE_METRICS_TOKEN', 'with a blank in the middle'],
  ['STOCKTAKE_TRACE_ENDPOINT', '127.0.0.1:4318'],
  ['STOCKTAKE_TRACE_ENDPOINT', 'http://user:secret@collector:4318'],
])('a bad value is refused by the name of its variable: %s=%s', (variable, value) => {
  expect(() => loadSettings({}, { [variable]: value })).toThrow(variable);
});

test('rules can be due in every zone that is accepted', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const short = letters.flatMap((one) => letters.flatMap((two) => letters.map((three) => one + two + three)));
  const names = [...Intl.supportedValuesOf('timeZone'), ...short, 'UTC', 'EST5EDT', 'asia/shanghai', '+08:00', '-0330'];
  const accepted = names.flatMap((scheduleZone) => {
    try {
      return [loadSettings({ scheduleZone }, {}).scheduleZone];
    } catch {
      return [];
    }
  });
  expect(accepted).toEqual(expect.arrayContaining(['Asia/Shanghai', 'UTC', 'CET', '+08:00']));
  for (const zone of accepted) {
    const since = { anchoredAtMs: 0, afterMs: 0 };
    expect(nextDue({ frequency: 'Daily' }, since, { time: '00:00', zone }), zone).toBeGreaterThan(0);
  }
});

test('all that is wrong is told at once', () => {
  const environment = { STOCKTAKE_PORT: 'eighty', STOCKTAKE_ACCOUNT_ID: 'me' };
  expect(() => loadSettings({}, environment)).toThrow(/STOCKTAKE_PORT[\s\S]*STOCKTAKE_ACCOUNT_ID/);
});

test('a secret is not told when it is wrong', () => {
  const alone = { STOCKTAKE_ACCESS_KEY_SECRET: 's3cret' };
  expect(() => loadSettings({}, alone)).toThrow('set together');
  expect(() => loadSettings({}, alone)).not.toThrow('s3cret');
});

test.each([
  ['that is not there', undefined, "can't be read"],
  ['that is no YAML', 'port: [', "can't be read"],
  ['that holds a list', '- port', 'name: value'],
  ['with a setting that does not exist', 'prot: 80', 'prot'],
  ['with a limit that does not exist', 'limits: { run: 2 }', 'run'],
  ['with a limit out of its bounds', 'limits: { runs: 0 }', 'limits.runs'],
])('a file %s is refused in words', (_, text, words) => {
  const config = text === undefined ? path.join(temporaryFolder(), 'none.yaml') : configFile(text);
  expect(() => loadSettings({ config }, {})).toThrow(words);
});

test('the key file lies in the data folder, unless it is put elsewhere', () => {
  expect(loadSettings({ data: '/srv/stocktake' }, {}).keyFile).toBe('/srv/stocktake/encryption-key.json');
  const environment = { STOCKTAKE_KEY_FILE: '/etc/stocktake/key.json' };
  expect(loadSettings({}, environment).keyFile).toBe('/etc/stocktake/key.json');
  expect(loadSettings({ keyFile: 'key.json' }, environment).keyFile).toBe(path.resolve('key.json'));
});

test('an empty file sets nothing', () => {
  expect(loadSettings({ config: configFile('# nothing yet\n') }, {})).toEqual(loadSettings({}, {}));
});

test('an account id that YAML takes for a number is its digits', () => {
  expect(loadSettings({ config: configFile('accountId: 1420563387190042\n') }, {}).accountId).toBe('1420563387190042');
  const rounded = configFile('accountId: 9999999999999999\n');
  expect(() => loadSettings({ config: rounded }, {})).toThrow(/accountId .*put its digits in quotes/);
});

test('a client finds its server by flag, then by variable, then where a server is by default', () => {
  const environment = { STOCKTAKE_ENDPOINT: 'http://from.environment' };
  expect(loadClientSettings({ endpoint: 'http://from.flag' }, environment).endpoint).toBe('http://from.flag');
  expect(loadClientSettings({}, environment).endpoint).toBe('http://from.environment');
  expect(loadClientSettings({}, {}).endpoint).toBe('http://127.0.0.1:9300');
});

test('the audit log lies in the data folder, elsewhere, or nowhere', () => {
  expect(loadSettings({ data: '/srv/stocktake' }, {}).auditLog).toBe('/srv/stocktake/audit.jsonl');
  expect(loadSettings({}, { STOCKTAKE_AUDIT_LOG: '/var/log/audit.jsonl' }).auditLog).toBe('/var/log/audit.jsonl');
  expect(loadSettings({ config: configFile('auditLog: false\n') }, {}).auditLog).toBe(false);
  expect(() => loadSettings({ config: configFile('auditLog: true\n') }, {})).toThrow(
    'auditLog (STOCKTAKE_AUDIT_LOG): must be a file, or false',
  );
});

test('a certificate and its key are set together', () => {
  expect(loadSettings({ tlsCert: 'cert.pem' }, { STOCKTAKE_TLS_KEY: 'key.pem' })).toMatchObject({
    tlsCert: 'cert.pem',
    tlsKey: 'key.pem',
  });
  expect(() => loadSettings({ tlsCert: 'cert.pem' }, {})).toThrow('set together');
});

test.each([
  ['trustedProxies', 'STOCKTAKE_TRUSTED_PROXIES'],
  ['webhookNetworks', 'STOCKTAKE_WEBHOOK_NETWORKS'],
] as const)('the addresses of %s come with commas or as a list of a file', (name, variable) => {
  const config = configFile(`${name}: [10.0.0.0/8, "::1"]\n`);
  expect(loadSettings({ config }, {})[name]).toEqual(['10.0.0.0/8', '::1']);
  expect(loadSettings({}, { [variable]: '10.0.0.0/8, ::1' })[name]).toEqual(['10.0.0.0/8', '::1']);
});

test('a client signs with temporary credentials when their token is there', () => {
  expect(loadClientSettings({}, { STOCKTAKE_SECURITY_TOKEN: 'CAIS' }).securityToken).toBe('CAIS');
  expect(loadClientSettings({}, { STOCKTAKE_SECURITY_TOKEN: '' }).securityToken).toBeUndefined();
});

test('a client trusts the authority of the flag, then that of the variable', () => {
  expect(loadClientSettings({ ca: 'flag.pem' }, { STOCKTAKE_CA: 'variable.pem' }).ca).toBe('flag.pem');
  expect(loadClientSettings({}, { STOCKTAKE_CA: 'variable.pem' }).ca).toBe('variable.pem');
  expect(loadClientSettings({}, { STOCKTAKE_CA: '' }).ca).toBeUndefined();
});

test('traces go where our variable says, else where the one of OpenTelemetry does if that is a URL of HTTP', () => {
  const [ours, theirs] = ['http://ours:4318', 'http://theirs:4318'];
  const both = { STOCKTAKE_TRACE_ENDPOINT: ours, OTEL_EXPORTER_OTLP_ENDPOINT: theirs };
  expect(loadSettings({}, both).traceEndpoint).toBe(ours);
  expect(loadSettings({}, { OTEL_EXPORTER_OTLP_ENDPOINT: theirs }).traceEndpoint).toBe(theirs);
  expect(loadSettings({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4317' }).traceEndpoint).toBeUndefined();
});

test('a token for the metrics that is refused is not told', () => {
  expect(() => loadSettings({}, { STOCKTAKE_METRICS_TOKEN: 's3cret' })).not.toThrow('s3cret');
});
