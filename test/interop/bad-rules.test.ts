/** Rules that are wrong. Each is refused with the code and the number of its fault, and nothing is stored. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WireRequest } from '../wire-client.ts';
import { ACCOUNT, BUCKET, REPORTS, type Refusal, type RefusingServer, startRefusingServer } from './refusing-server.ts';

const RULE = `<InventoryConfiguration>
  <Id>r</Id>
  <IsEnabled>false</IsEnabled>
  <Filter><Prefix>a/</Prefix></Filter>
  <Destination><OSSBucketDestination>
    <Format>CSV</Format>
    <AccountId>${ACCOUNT}</AccountId>
    <RoleArn>acs:ram::${ACCOUNT}:role/AliyunOSSRole</RoleArn>
    <Bucket>acs:oss:::${REPORTS}</Bucket>
    <Prefix>inv</Prefix>
  </OSSBucketDestination></Destination>
  <Schedule><Frequency>Monthly</Frequency></Schedule>
  <IncludedObjectVersions>Current</IncludedObjectVersions>
  <OptionalFields><Field>Size</Field></OptionalFields>
</InventoryConfiguration>`;

const IN_TWO_YEARS = Math.floor(Date.now() / 1000) + 2 * 365 * 86_400;

let server: RefusingServer;

beforeAll(async () => {
  server = await startRefusingServer();
});

afterAll(() => server.stop());

const put = (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): WireRequest => ({
  method: 'PUT',
  bucket: BUCKET,
  query: 'inventory&inventoryId=r',
  body,
  headers,
});

const malformed = (number: string): Refusal => ({ status: 400, code: 'MalformedXML', ec: `0020-000000${number}` });
const invalid = (number: string): Refusal => ({ status: 400, code: 'InvalidArgument', ec: `0020-000000${number}` });

test('the rule that the others are made from is a good one', async () => {
  const { status, text } = await server.client.send(put(RULE));
  expect(status, text).toBe(200);
  await server.client.send({ method: 'DELETE', bucket: BUCKET, query: 'inventory&inventoryId=r' });
});

test.each([
  ['Id', '05'],
  ['IsEnabled', '07'],
  ['Destination', '12'],
  ['OSSBucketDestination', '12'],
  ['Format', '12'],
  ['AccountId', '13'],
  ['RoleArn', '14'],
  ['Bucket', '15'],
  ['Schedule', '17'],
  ['Frequency', '17'],
  ['IncludedObjectVersions', '18'],
])('a rule without %s is malformed', async (element, number) => {
  await server.expectRefusal(put(RULE.replace(elementNamed(element), '')), malformed(number));
});

describe('values', () => {
  const filter = (content: string) => RULE.replace(elementNamed('Filter'), `<Filter>${content}</Filter>`);
  const schedule = (content: string) => RULE.replace(elementNamed('Schedule'), `<Schedule>${content}</Schedule>`);
  const prefix = (text: string) => RULE.replace('<Prefix>inv</Prefix>', `<Prefix>${text}</Prefix>`);
  const encryption = (content: string) => RULE.replace('<Prefix>inv</Prefix>', `<Encryption>${content}</Encryption>`);

  const cases: (readonly [what: string, body: string, refusal: Refusal])[] = [
    ['IsEnabled that is no boolean', withText('IsEnabled', 'yes'), malformed('06')],
    ['an empty IsEnabled', withText('IsEnabled', ''), malformed('06')],
    ['a begin that is no number', filter('<LastModifyBeginTimeStamp>1e9</LastModifyBeginTimeStamp>'), malformed('08')],
    ['an end that is no number', filter('<LastModifyEndTimeStamp>now</LastModifyEndTimeStamp>'), malformed('09')],
    ['a lower size that is no number', filter('<LowerSizeBound>1.5</LowerSizeBound>'), malformed('10')],
    ['an upper size that is no number', filter('<UpperSizeBound>1k</UpperSizeBound>'), malformed('11')],
    ['two methods of encryption', encryption('<SSE-OSS/><SSE-KMS/>'), invalid('16')],
    ['a frequency nobody knows', withText('Frequency', 'Hourly'), invalid('20')],
    ['a frequency of another case', withText('Frequency', 'daily'), invalid('20')],
    ['day 0 of the month', schedule('<Frequency>Monthly</Frequency><DayOfMonth>0</DayOfMonth>'), invalid('20')],
    ['day 32 of the month', schedule('<Frequency>Monthly</Frequency><DayOfMonth>32</DayOfMonth>'), invalid('20')],
    ['AutoDelete that is no boolean', schedule('<Frequency>Once</Frequency><AutoDelete>1</AutoDelete>'), invalid('20')],
    ['a filter prefix that is too long', filter(`<Prefix>${'p'.repeat(1024)}</Prefix>`), invalid('21')],
    ['a filter prefix with an ampersand', filter('<Prefix>a&amp;b</Prefix>'), invalid('21')],
    ['a filter prefix with a control character', filter('<Prefix>a&#9;b</Prefix>'), invalid('21')],
    [
      'a begin in the future',
      filter(`<LastModifyBeginTimeStamp>${IN_TWO_YEARS}</LastModifyBeginTimeStamp>`),
      invalid('22'),
    ],
    ['an end in the future', filter(`<LastModifyEndTimeStamp>${IN_TWO_YEARS}</LastModifyEndTimeStamp>`), invalid('22')],
    ['an end before 2010', filter('<LastModifyEndTimeStamp>1262275199</LastModifyEndTimeStamp>'), invalid('23')],
    ['an upper size of nothing', filter('<UpperSizeBound>0</UpperSizeBound>'), invalid('24')],
    ['an upper size over 50 TiB', filter('<UpperSizeBound>54975581388801</UpperSizeBound>'), invalid('24')],
    ['a lower size below nothing', filter('<LowerSizeBound>-1</LowerSizeBound>'), invalid('25')],
    [
      'sizes the wrong way round',
      filter('<LowerSizeBound>2</LowerSizeBound><UpperSizeBound>1</UpperSizeBound>'),
      invalid('25'),
    ],
    ['a storage class nobody knows', filter('<StorageClass>Standard,Hot</StorageClass>'), invalid('26')],
    ['storage classes with a blank', filter('<StorageClass>Standard, IA</StorageClass>'), invalid('26')],
    ['another format', withText('Format', 'Parquet'), invalid('27')],
    ['another account', withText('AccountId', '1'), invalid('28')],
    ['a role that is no ARN', withText('RoleArn', 'AliyunOSSRole'), invalid('29')],
    ['a role nobody made', withText('RoleArn', `acs:ram::${ACCOUNT}:role/nobody`), invalid('29')],
    ['a bucket without its prefix', withText('Bucket', REPORTS), invalid('30')],
    ['a bucket with a path', withText('Bucket', `acs:oss:::${REPORTS}/x`), invalid('32')],
    ['a bucket name that is too short', withText('Bucket', 'acs:oss:::ab'), invalid('31')],
    ['a bucket name that is not legal', withText('Bucket', 'acs:oss:::Reports'), invalid('32')],
    ['a bucket that is not there', withText('Bucket', 'acs:oss:::gone'), invalid('32')],
    ['a destination prefix with a question mark', prefix('a?b'), invalid('34')],
    ['a destination prefix that begins with a slash', prefix('/inv'), invalid('34')],
    ['a destination prefix with a line feed', prefix('a\nb'), invalid('34')],
    ['a destination prefix that is too long', prefix('p'.repeat(1024)), invalid('38')],
    ['a key for SSE-OSS', encryption('<SSE-OSS><KeyId>k</KeyId></SSE-OSS>'), invalid('35')],
    ['a field nobody knows', withText('Field', 'Colour'), invalid('36')],
    ['versions nobody knows', withText('IncludedObjectVersions', 'Latest'), invalid('37')],
    ['an id that is not the one in the query', withText('Id', 'other'), invalid('43')],
    ['an empty id', withText('Id', ''), invalid('44')],
    ['an id with a control character', withText('Id', 'a&#10;b'), invalid('44')],
  ];

  test.each(cases)('%s is refused', async (_what, body, refusal) => {
    await server.expectRefusal(put(body), refusal);
  });
});

describe('bodies', () => {
  const long = (bytes: number) => RULE.replace('</Id>', `</Id>${' '.repeat(bytes - RULE.length)}`);
  const cases: (readonly [what: string, body: string | Uint8Array])[] = [
    ['nothing', ''],
    ['text', 'hello'],
    ['JSON', '{"Id":"r"}'],
    ['another root', RULE.replaceAll('InventoryConfiguration', 'Inventory')],
    ['two roots', RULE + RULE],
    ['a tag that is not closed', RULE.replace('</Schedule>', '')],
    ['a document type', `<!DOCTYPE InventoryConfiguration>${RULE}`],
    ['an entity of its own', `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${withText('Id', '&e;')}`],
    ['an entity nobody declared', withText('Id', '&e;')],
    ['a NUL', withText('Id', 'a\0b')],
    ['a control character by number', withText('Id', 'a&#1;b')],
    ['bytes that are no UTF-8', Buffer.from(withText('Id', 'é'), 'latin1')],
    ['UTF-16', Buffer.from(`\uFEFF${RULE}`, 'utf16le')],
    ['elements nested too deep', `${'<InventoryConfiguration>'.repeat(17)}${'</InventoryConfiguration>'.repeat(17)}`],
    ['too many elements', withText('OptionalFields', '<Field>Size</Field>'.repeat(1000))],
    ['more than 64 KiB', long(64 * 1024 + 1)],
    ['10 MB', long(10 * 1024 * 1024)],
  ];

  test.each(cases)('%s is no rule', async (_what, body) => {
    await server.expectRefusal(put(body), malformed('04'));
  });

  test('10 MB without a length beforehand are no rule', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    await server.expectRefusal(put(long(10 * 1024 * 1024), headers), malformed('04'));
  });

  test('64 KiB are a rule', async () => {
    const { status, text } = await server.client.send(put(long(64 * 1024)));
    expect(status, text).toBe(200);
    await server.client.send({ method: 'DELETE', bucket: BUCKET, query: 'inventory&inventoryId=r' });
  });

  test.each([
    ['of another body', createHash('md5').update('other').digest('base64')],
    ['in hex', createHash('md5').update(RULE).digest('hex')],
    ['of nothing', ''],
  ])('a Content-MD5 %s is refused', async (_what, md5) => {
    await server.expectRefusal(put(RULE, { 'content-md5': md5 }), { status: 400, code: 'InvalidDigest' });
  });
});

describe('ids in the query', () => {
  const unnamed = { status: 400, code: 'InvalidRequest', ec: '0020-00000002' };

  test('a PUT and a DELETE without inventoryId are refused', async () => {
    await server.expectRefusal({ ...put(RULE), query: 'inventory' }, unnamed);
    await server.expectRefusal({ method: 'DELETE', bucket: BUCKET, query: 'inventory' }, unnamed);
    await server.expectRefusal({ method: 'DELETE', bucket: BUCKET, query: 'inventory&inventoryId=' }, unnamed);
  });

  test('of two ids the first counts under V1, which signs it; V4 signs no order of them, and two are refused', async () => {
    const twice = { ...put(withText('Id', 'second')), query: 'inventory&inventoryId=first&inventoryId=second' };
    await server.expectRefusal({ ...twice, signature: 'v1' }, invalid('43'));
    await server.expectRefusal(twice, { status: 400, code: 'InvalidArgument' });
  });
});

describe('what is ours', () => {
  const rule = (query: string, change: WireRequest = {}): WireRequest => ({
    bucket: BUCKET,
    query: `inventory&inventoryId=r${query}`,
    ...change,
  });
  const runs: (readonly [what: string, request: WireRequest])[] = [
    ['starting a run', rule('&run', { method: 'POST' })],
    ['listing runs', rule('&runs')],
    ['asking for a run', rule('&run=0123456789abcdef')],
    ['cancelling a run', rule('&run=0123456789abcdef&cancel', { method: 'POST' })],
  ];

  test.each(runs)('%s is refused under V1 and without a signature', async (_what, request) => {
    const denied = { status: 403, code: 'AccessDenied' };
    await server.expectRefusal({ ...request, signature: 'v1' }, denied);
    await server.expectRefusal({ ...request, signature: 'none' }, denied);
  });

  test('a run is started without a value, lest a slip starts one where another was meant', async () => {
    const refusal = { status: 400, code: 'InvalidArgument' };
    await server.expectRefusal(rule('&run=0123456789abcdef', { method: 'POST' }), refusal);
  });

  test('a DELETE that means a run, or several, leaves the rule alone', async () => {
    await server.client.send(put(RULE));
    for (const slip of ['&run', '&run=0123456789abcdef', '&runs', '&versionId=1']) {
      const { status, error } = await server.client.send(rule(slip, { method: 'DELETE' }));
      expect([status, error?.code], slip).toEqual([400, 'InvalidArgument']);
      expect((await server.client.send(rule(''))).status, slip).toBe(200);
    }
    expect((await server.client.send(rule('', { method: 'DELETE' }))).status).toBe(204);
    await server.expectUntouched();
  });

  test('x-oss-stocktake-replace replaces a rule in one step, and only when it says true', async () => {
    const weekly = withText('Frequency', 'Weekly');
    await server.client.send(put(RULE));
    expect((await server.client.send(put(weekly, { 'x-oss-stocktake-replace': 'false' }))).status).toBe(409);
    expect((await server.client.send(rule(''))).text).toContain('<Frequency>Monthly</Frequency>');
    for (const signature of ['v1', 'v4'] as const) {
      const replacing = put(weekly, { 'x-oss-stocktake-replace': 'true' });
      expect((await server.client.send({ ...replacing, signature })).status).toBe(200);
    }
    expect((await server.client.send(rule(''))).text).toContain('<Frequency>Weekly</Frequency>');
    const unsigned = put(RULE, {});
    const { error } = await server.client.send({ ...unsigned, tamper: { 'x-oss-stocktake-replace': 'true' } });
    expect(error?.code).toBe('SignatureDoesNotMatch');
    await server.client.send(rule('', { method: 'DELETE' }));
    await server.expectUntouched();
  });
});

/** The first element of that name with all that it holds. */
function elementNamed(name: string): RegExp {
  return new RegExp(`<${name}>.*?</${name}>`, 's');
}

function withText(element: string, text: string): string {
  return RULE.replace(elementNamed(element), () => `<${element}>${text}</${element}>`);
}
