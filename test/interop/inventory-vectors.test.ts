/**
 * The inventory vectors over HTTP: status, headers and bodies, byte for byte but for the request's own id. What can't
 * be brought about yet stands in `NOT_YET` with the reason, and a test sees to it that nothing else is left out.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import index from '../vectors/inventory/index.json' with { type: 'json' };
import invalid from '../vectors/inventory/invalid.json' with { type: 'json' };
import type { WireReply, WireRequest } from '../wire-client.ts';
import {
  DESTINATION,
  type InventoryServer,
  type InventoryServerOptions,
  readRule,
  SOURCE,
  startInventoryServer,
} from './inventory-server.ts';

type Vector = (typeof index.vectors)[number];
type InvalidVector = (typeof invalid)[number];

const NOT_YET: Readonly<Record<string, string>> = {
  '06-put-incremental': 'needs the incremental service: until there is one, the answer is 06-put-incremental-denied',
  '06-get-incremental': 'needs the incremental service, without which no such rule is stored',
};

const read = (name: string): Buffer => readFileSync(new URL(`../vectors/inventory/${name}`, import.meta.url));
const tested = new Set<string>();

describe('each rule of the vectors', () => {
  let server: InventoryServer;

  beforeAll(async () => {
    server = await startInventoryServer();
  });

  afterAll(() => server.close());

  const names = index.vectors.map(({ name }) => name);
  const pairs = names
    .filter((name) => /^\d\d-put-/.test(name) && names.includes(name.replace('-put-', '-get-')))
    .filter((name) => NOT_YET[name] === undefined);

  test.each(pairs)('%s is stored and echoed', async (name) => {
    const put = vector(name);
    const get = vector(name.replace('-put-', '-get-'));
    await expectReply(server, put);
    if (put.name.includes('autodelete')) {
      // What is echoed is how the rule looks before its only run, after which it is gone.
      await server.client.send({ method: 'DELETE', bucket: SOURCE, query: put.query });
      await server.putQuietly(readRule(read(put.request_file ?? ''), {}));
    }
    await expectReply(server, get);
  });

  test('15-put-existing-id is refused, be the body the same or another', async () => {
    await expectReply(server, vector('15-put-existing-id'));
    const other = read('01-put-minimal.request.xml').toString().replace('Daily', 'Weekly');
    const { query } = vector('15-put-existing-id');
    const reply = await server.client.send({ method: 'PUT', bucket: SOURCE, query, body: other });
    expectErrorDocument(reply, read('15-put-existing-id.response.xml').toString());
    await expectReply(server, vector('01-get-minimal'));
  });

  test('06-put-incremental-denied is refused, and nothing is stored', async () => {
    await expectReply(server, vector('06-put-incremental-denied'));
    await expectReply(server, { ...vector('13-get-unknown'), query: vector('06-put-incremental-denied').query });
  });

  test('14-delete and 14-delete-unknown remove the rule, or find it removed', async () => {
    await expectReply(server, vector('14-delete'));
    await expectReply(server, { ...vector('13-get-unknown'), query: vector('14-delete').query });
    await expectReply(server, vector('14-delete-unknown'));
  });
});

describe('listings', () => {
  let server: InventoryServer;

  beforeAll(async () => {
    server = await startInventoryServer();
  });

  afterAll(() => server.close());

  test('13-list-none and 13-get-unknown: a bucket without rules has no list', async () => {
    await expectReply(server, vector('13-list-none'));
    await expectReply(server, vector('13-get-unknown'));
    await expectRefusal(server, invalidVector('list-none'));
  });

  test('11-list-single, 11-list-empty-token and 11-list-ignored-params are one page', async () => {
    await server.putQuietly(readRule(read('01-put-minimal.request.xml'), {}));
    await expectReply(server, vector('11-list-single'));
    await expectReply(server, vector('11-list-empty-token'));
    await expectReply(server, { ...vector('11-list-empty-token'), query: 'inventory&continuation-token' });
    await expectReply(server, vector('11-list-ignored-params'));
    await server.client.send(requestOf(vector('14-delete')));
  });

  test('12-list-page1 and 12-list-page2: 108 rules in byte order, a hundred to a page', async () => {
    const minimal = readRule(read('01-put-minimal.request.xml'), {});
    const destination = { ...minimal.destination, prefix: 'bulk' };
    const ids = Array.from({ length: 108 }, (_, at) => `rule${at + 1}`);
    for (const id of ids) await server.putQuietly({ ...minimal, id, destination });
    await expectReply(server, vector('12-list-page1'));
    await expectReply(server, vector('12-list-page2'));
  });

  test('a hundred rules are one page that is not truncated', async () => {
    for (let at = 101; at <= 108; at++) {
      await server.client.send({ method: 'DELETE', bucket: SOURCE, query: `inventory&inventoryId=rule${at}` });
    }
    const { text } = await server.client.send({ bucket: SOURCE, query: 'inventory' });
    expect(text.match(/<InventoryConfiguration>/g)).toHaveLength(100);
    expect(text).toContain('<IsTruncated>false</IsTruncated>');
    expect(text).not.toContain('ContinuationToken');
  });
});

describe('requests that are refused', () => {
  let server: InventoryServer;

  beforeAll(async () => {
    server = await startInventoryServer();
  });

  afterAll(() => server.close());

  const ofAnyState = invalid.filter((each) => !('precondition' in each));

  test.each(ofAnyState)('$name: $expected.why', async ({ name }) => {
    await expectRefusal(server, invalidVector(name));
    await expectReply(server, vector('13-list-none'));
  });

  test('anonymous: nobody puts a rule without a signature', async () => {
    await expectRefusal(server, invalidVector('anonymous'), { signature: 'none' });
    await expectReply(server, vector('13-list-none'));
  });

  test('id-exists: a second rule of the same id', async () => {
    await server.putQuietly(readRule(read('01-put-minimal.request.xml'), { id: 'v1' }));
    await expectRefusal(server, invalidVector('id-exists'));
  });
});

describe('limits', () => {
  let server: InventoryServer;

  beforeAll(async () => {
    server = await startInventoryServer({ settings: { limits: { dailyObjects: 1, weeklyObjects: 1 } } });
    for (const key of ['a', 'b']) await server.client.send({ method: 'PUT', bucket: SOURCE, key, body: 'x' });
  });

  afterAll(() => server.close());

  test('weekly-too-big: Weekly is refused above the limit', async () => {
    await expectRefusal(server, invalidVector('weekly-too-big'));
  });

  test('Daily is refused at the limit already, and Monthly has none', async () => {
    const daily = invalidVector('weekly-too-big');
    const reply = await server.client.send({
      ...requestOf(daily),
      body: daily.body.replace('Weekly', 'Daily'),
    });
    expect([reply.status, reply.error?.code, reply.error?.ec]).toEqual([
      400,
      'DailyInventoryExceedLimit',
      '0020-00000040',
    ]);
    const monthly = await server.client.send({ ...requestOf(daily), body: daily.body.replace('Weekly', 'Monthly') });
    expect(monthly.status).toBe(200);
  });
});

describe('servers that lack something', () => {
  async function serverWith(options: InventoryServerOptions): Promise<InventoryServer> {
    const server = await startInventoryServer(options);
    onTestFinished(() => server.close());
    return server;
  }

  test('kms-unsupported-region: SSE-KMS is refused without a key service, and SSE-OSS is not', async () => {
    const server = await serverWith({ settings: { keyService: false } });
    await expectRefusal(server, invalidVector('kms-unsupported-region'));
    await expectReply(server, vector('13-list-none'));
    await expectReply(server, vector('03-put-sse-oss-disabled'));
  });

  test('kms-asymmetric-key: a key that is not symmetric is refused', async () => {
    const server = await serverWith({ keySpec: 'RSA_2048' });
    await expectRefusal(server, invalidVector('kms-asymmetric-key'));
    await expectReply(server, vector('13-list-none'));
  });

  test('feature-off: where there is no inventory, rules and runs are refused', async () => {
    const server = await serverWith({ settings: { inventory: false } });
    const refused = invalidVector('feature-off');
    await expectRefusal(server, refused);
    const { query } = refused;
    const others: WireRequest[] = [
      { query },
      { query: 'inventory' },
      { method: 'DELETE', query },
      { query: `${query}&runs` },
      { query: `${query}&run=1` },
      { method: 'POST', query: `${query}&run` },
    ];
    for (const other of others) await expectRefusal(server, refused, { method: 'GET', body: '', ...other });
    expect((await server.client.send({ bucket: SOURCE })).status).toBe(200);
  });

  test('with allNeedsVersioning a rule of All versions is refused until the bucket has had versioning', async () => {
    const server = await serverWith({ settings: { allNeedsVersioning: true } });
    const put = requestOf(vector('02-put-filters-kms'));
    const { status, error } = await server.client.send(put);
    expect([status, error?.code, error?.ec]).toEqual([400, 'InvalidArgument', '0020-00000045']);
    for (const state of ['Enabled', 'Suspended']) {
      const body = `<VersioningConfiguration><Status>${state}</Status></VersioningConfiguration>`;
      await server.client.send({ method: 'PUT', bucket: SOURCE, query: 'versioning', body });
      expect((await server.client.send(put)).status, state).toBe(200);
      await server.client.send({ ...put, method: 'DELETE', body: '' });
    }
  });
});

describe('a thousand rules', () => {
  let server: InventoryServer;

  beforeAll(async () => {
    server = await startInventoryServer();
    const minimal = readRule(read('01-put-minimal.request.xml'));
    for (let at = 1; at <= 1000; at++) await server.putQuietly({ ...minimal, id: `r${at}` });
  });

  afterAll(() => server.close());

  test('too-many-rules: no further rule is stored', async () => {
    await expectRefusal(server, invalidVector('too-many-rules'));
    await expectReply(server, { ...vector('13-get-unknown'), query: invalidVector('too-many-rules').query });
  });

  test('a rule that is there can be replaced, and one deleted makes room', async () => {
    const document = read('01-put-minimal.request.xml').toString();
    const replaced = await server.client.send({
      method: 'PUT',
      bucket: SOURCE,
      query: 'inventory&inventoryId=r7',
      body: document.replace('nightly-min', 'r7').replace('true', 'false'),
      headers: { 'x-oss-stocktake-replace': 'true' },
    });
    expect(replaced.status).toBe(200);
    await server.client.send({ method: 'DELETE', bucket: SOURCE, query: 'inventory&inventoryId=r7' });
    await expectReply(server, vector('01-put-minimal'));
  });
});

describe('races', () => {
  let server: InventoryServer;

  beforeAll(async () => {
    server = await startInventoryServer();
  });

  afterAll(() => server.close());

  test('of 64 clients that put one id at once, one is told 200 and 63 are told 409', async () => {
    const clients = Array.from({ length: 64 }, () => server.anotherClient());
    const document = read('01-put-minimal.request.xml').toString().replace('true', 'false');
    const request = { method: 'PUT', bucket: SOURCE, query: 'inventory&inventoryId=nightly-min' };
    const replies = await Promise.all(
      clients.map((client, at) => client.send({ ...request, body: document.replace('Daily', `Daily<!--${at}-->`) })),
    );
    for (const client of clients) client.close();
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = replies.filter(({ error }) => error?.code === 'InventoryAlreadyExist');
    expect(refused.map(({ status }) => status)).toEqual(Array.from({ length: 63 }, () => 409));
  });
});

test('no vector is left out without a reason', () => {
  const all = [...index.vectors, ...invalid].map(({ name }) => name);
  expect(all.filter((name) => !tested.has(name)).toSorted()).toEqual(Object.keys(NOT_YET).toSorted());
});

function vector(name: string): Vector {
  tested.add(name);
  return found(index.vectors.find((each) => each.name === name));
}

function invalidVector(name: string): InvalidVector {
  tested.add(name);
  return found(invalid.find((each) => each.name === name));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such vector');
  return value;
}

function requestOf(vector: Vector | InvalidVector): WireRequest {
  const { method, query } = vector;
  const file = 'request_file' in vector ? vector.request_file : null;
  const text = 'body' in vector ? vector.body : undefined;
  const body = file === null ? text : read(file);
  if (body === undefined) return { method, bucket: SOURCE, query };
  const withHeaders = 'request_headers' in vector && vector.request_headers !== undefined;
  const md5 = createHash('md5').update(body).digest('base64');
  const headers = { 'content-type': 'application/xml', 'content-md5': md5 };
  return { method, bucket: SOURCE, query, body, ...(withHeaders && { headers }) };
}

async function expectReply({ client }: InventoryServer, vector: Vector): Promise<void> {
  const reply = await client.send(requestOf(vector));
  expect(reply.status, reply.text).toBe(vector.status);
  if (vector.response_file === null) {
    expect(reply.text).toBe('');
    expect(reply.headers['content-length']).toBe(vector.status === 204 ? undefined : '0');
  } else if (vector.status < 400) {
    expect(reply.headers['content-type']).toBe('application/xml');
    expect(reply.text).toBe(read(vector.response_file).toString());
  } else {
    expectErrorDocument(reply, read(vector.response_file).toString());
  }
}

/** The request's id in the document is the one in the header, and nothing else differs from the vector. */
function expectErrorDocument(reply: WireReply, document: string): void {
  const id = reply.headers['x-oss-request-id'] ?? '';
  expect(id).toMatch(/^[0-9A-F]{24}$/);
  expect(reply.text).toBe(document.replace(/<RequestId>\w+</, `<RequestId>${id}<`));
  expect(reply.headers['x-oss-ec']).toBe(reply.error?.ec);
}

async function expectRefusal(
  { client }: InventoryServer,
  vector: InvalidVector,
  change: Partial<WireRequest> = {},
): Promise<void> {
  const { status, error, headers } = await client.send({ ...requestOf(vector), ...change });
  const { expected } = vector;
  expect({ status, code: error?.code, ec: error?.ec ?? null }).toEqual({
    status: expected.status,
    code: expected.code,
    ec: expected.ec,
  });
  expect(headers['x-oss-ec'] ?? null).toBe(expected.ec);
}

test('the destination of the vectors is the bucket that the server has', () => {
  expect([index.source_bucket, index.destination_bucket]).toEqual([SOURCE, DESTINATION]);
});
