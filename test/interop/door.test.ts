/** What the door turns away by itself: too much, too slow, too many, and what could be read in two ways. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { HTTP_BOUNDS } from '../../src/http/bounds.ts';
import { type HttpHandler, type HttpRequest, HttpServer, type HttpServerOptions } from '../../src/http/http-server.ts';
import { readBody } from '../../src/http/read-body.ts';
import { doorRefusal, isSingleHeader } from '../../src/protocol/oss/door.ts';
import { selfSigned } from '../self-signed.ts';
import { sendBytes } from '../wire-client.ts';

const PATIENCE = { timeout: 10_000 };
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const echo: HttpHandler = async (request) => ({
  status: 200,
  headers: {},
  body: `[${request.method} ${request.target}]`,
});

async function serve(options: HttpServerOptions = {}, handle: HttpHandler = echo) {
  const seen: HttpRequest[] = [];
  const faults: unknown[] = [];
  const handler: HttpHandler = (request) => {
    seen.push(request);
    return handle(request);
  };
  const server = new HttpServer(handler, (fault) => faults.push(fault), {
    refuse: doorRefusal,
    isSingleHeader,
    ...options,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  closers.push(() => server.close(0));
  closers.push(() => expect(faults).toEqual([]));
  return { port, seen, server };
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const get = (target: string, headers = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const ended = (received: string): boolean => received.endsWith(']');

// Too much

const filler = (count: number): string => 'a:\r\n'.repeat(count);
const { targetCharacters, headers: maxHeaders } = HTTP_BOUNDS;

test.each([
  ['a target', get(`/${'t'.repeat(targetCharacters - 1)}`), get(`/${'t'.repeat(targetCharacters)}`), '414'],
  ['headers in number', get('/', filler(maxHeaders - 1)), get('/', filler(maxHeaders)), '431'],
])('%s up to the bound is served, and one more is refused', async (_what, most, tooMuch, status) => {
  const { port, seen } = await serve();
  expect(await sendBytes(port, most, ended)).toMatch(/^HTTP\/1\.1 200 /);
  const got = await sendBytes(port, tooMuch);
  expect(got).toMatch(
    new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\nConnection: close\\r\\n.*at most \\d+ are accepted`, 's'),
  );
  expect(seen).toHaveLength(1);
});

test('headers that together are too long are refused in words', async () => {
  const { port } = await serve();
  const got = await sendBytes(port, get('/', `a: ${'b'.repeat(HTTP_BOUNDS.headerBytes)}\r\n`));
  expect(got).toMatch(/^HTTP\/1\.1 431 .*\r\nServer: AliyunOSS\r\nx-oss-request-id: [0-9A-F]{24}\r\n/s);
  expect(got).toContain('<Code>RequestHeaderSectionTooLarge</Code>');
});

// What could be read in two ways

test.each(['Authorization', 'Host', 'Content-MD5', 'Content-Type', 'Date', 'Range', 'x-oss-date', 'x-oss-object-acl'])(
  'the header %s is refused when it is sent twice',
  async (name) => {
    const { port, seen } = await serve();
    const got = await sendBytes(port, get('/', `${name}: 1\r\n${name.toUpperCase()}: 1\r\n`));
    expect(got).toMatch(/^HTTP\/1\.1 400 .*<Code>InvalidArgument</s);
    expect(got).toContain(`The header "${name.toLowerCase()}" is sent twice; it has one value.`);
    expect(seen).toEqual([]);
  },
);

test('a whole URL as the target is served when its host is the one of the header, and else refused', async () => {
  const { port, seen } = await serve();
  const ask = (target: string) => sendBytes(port, get(target, 'Connection: close\r\n'));
  expect(await ask('http://A/k')).toContain('[GET http://A/k]');
  for (const target of ['http://b/k', 'https://a:1/k', 'http://u@a/k', 'http:///k']) {
    expect(await ask(target)).toMatch(/^HTTP\/1\.1 400 .*<Code>InvalidArgument<.*names another host/s);
  }
  expect(seen).toHaveLength(1);
});

test('headers that are lists may be repeated', async () => {
  const { port, seen } = await serve();
  await sendBytes(port, get('/', 'Accept: a\r\nx-oss-meta-a: 1\r\nAccept: b\r\nX-Oss-Meta-A: 2\r\n'), ended);
  expect(seen[0]?.headers).toMatchObject({ accept: 'a,b', 'x-oss-meta-a': '1,2' });
});

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const put = (headers: string): string => `PUT / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;

test.each([
  ['a length before chunks', `${put('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n${SMUGGLED}`],
  ['chunks before a length', `${put('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n')}0\r\n\r\n${SMUGGLED}`],
  ['chunks twice', `${put('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n${SMUGGLED}`],
  ['chunks that are not the last coding', `${put('Transfer-Encoding: chunked, identity\r\n')}0\r\n\r\n${SMUGGLED}`],
  ['a coding with a vertical tab', `${put('Transfer-Encoding: \x0bchunked\r\n')}0\r\n\r\n${SMUGGLED}`],
  ['two lengths that agree', `${put('Content-Length: 0\r\nContent-Length: 0\r\n')}${SMUGGLED}`],
  ['a list of lengths', `${put('Content-Length: 0, 0\r\n')}${SMUGGLED}`],
  ['a length with a sign', `${put('Content-Length: +0\r\n')}${SMUGGLED}`],
  ['a length in hex', `${put('Content-Length: 0x0\r\n')}${SMUGGLED}`],
  ['a blank before the colon', `${put('Content-Length : 38\r\n')}${SMUGGLED}`],
  ['a folded header', `${put('Content-Length:\r\n 0\r\n')}${SMUGGLED}`],
  ['a bare line feed', `PUT / HTTP/1.1\r\nHost: a\nContent-Length: 0\r\n\r\n${SMUGGLED}`],
  ['a bare carriage return', `PUT / HTTP/1.1\r\nHost: a\r\nx: a\rContent-Length: 0\r\n\r\n${SMUGGLED}`],
  ['a NUL in a value', `${put('x: a\0b\r\n')}${SMUGGLED}`],
  ['a NUL in the target', `GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`],
  ['a chunk size with a sign', `${put('Transfer-Encoding: chunked\r\n')}+0\r\n\r\n${SMUGGLED}`],
  ['a chunk size in hex twice', `${put('Transfer-Encoding: chunked\r\n')}0x0\r\n\r\n${SMUGGLED}`],
  ['a chunk size beyond any', `${put('Transfer-Encoding: chunked\r\n')}${'f'.repeat(17)}\r\n\r\n${SMUGGLED}`],
  ['a chunk that ends in a bare line feed', `${put('Transfer-Encoding: chunked\r\n')}0\n\n${SMUGGLED}`],
  [
    'a chunk extension without end',
    `${put('Transfer-Encoding: chunked\r\n')}0;${'e'.repeat(20_000)}\r\n\r\n${SMUGGLED}`,
  ],
  ['a request of HTTP/0.9', `GET /\r\n\r\n${SMUGGLED}`],
  ['a version of nobody', `GET / HTTP/1.2\r\nHost: a\r\n\r\n${SMUGGLED}`],
])('%s is refused, and nothing behind it is a request', async (_what, bytes) => {
  const { port, seen } = await serve({}, async (request) => {
    const isRead = await readBody(request, 1024).then(
      () => true,
      () => false,
    );
    return { status: isRead ? 200 : 400, headers: {}, body: 'read' };
  });
  const got = await sendBytes(port, bytes);
  expect(got.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  expect(seen.map(({ target }) => target)).not.toContain('/smuggled');
});

test('nothing behind an answer that ends the connection is done', async () => {
  const { port, seen } = await serve();
  const held = 'PUT /held HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 38\r\n\r\n';
  const got = await sendBytes(port, held + SMUGGLED + SMUGGLED);
  expect(got).toMatch(/\r\nConnection: close\r\n.*\[PUT \/held\]$/s);
  expect(seen).toHaveLength(1);
});

// What nobody here does

test('what else a client expects is refused', async () => {
  const { port, seen } = await serve();
  const got = await sendBytes(port, put('Expect: 200-ok\r\nContent-Length: 5\r\n'));
  expect(got).toMatch(/^HTTP\/1\.1 417 Expectation Failed\r\n.*<Code>ExpectationFailed<.*"200-ok"/s);
  expect(got).toContain('\r\nConnection: close\r\n');
  expect(seen).toEqual([]);
});

test('CONNECT is refused, and its connection ends', async () => {
  const { port, seen } = await serve();
  const got = await sendBytes(port, 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
  expect(got).toMatch(/^HTTP\/1\.1 405 .*\r\nConnection: close\r\n.*<Code>MethodNotAllowed</s);
  expect(seen).toEqual([]);
});

test('CONNECT behind a request waits for its answer, and the connection ends', async () => {
  const { port } = await serve();
  const got = await sendBytes(port, `${get('/1')}CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect(got).toMatch(/\r\nConnection: close\r\n.*\[GET \/1\]$/s);
});

test('a request that asks for another protocol is one like any other, and the last of its connection', async () => {
  const { port, seen } = await serve({}, async (request) => ({
    status: 200,
    headers: {},
    body: `[${await readBody(request, 1024)}]`,
  }));
  const headers = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n';
  const got = await sendBytes(port, `${put(`${headers}Content-Length: 4\r\n`)}body${SMUGGLED}`);
  expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n.*\[body\]$/s);
  expect(await sendBytes(port, get('/', headers) + SMUGGLED)).toMatch(/\r\nConnection: close\r\n.*\[\]$/s);
  expect(seen).toHaveLength(2);
});

test.each(['OPTIONS', 'TRACE', 'PATCH'])('%s reaches the handler, which knows what to say', async (method) => {
  const { port } = await serve();
  expect(await sendBytes(port, `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`, ended)).toContain(`[${method} /]`);
});

// Requests ahead of their answers

test('a request begins when the one before it is answered', async () => {
  const first = Promise.withResolvers<void>();
  const { port, seen } = await serve({}, async (request) => {
    if (request.target === '/1') await first.promise;
    return echo(request);
  });
  const got = sendBytes(port, get('/1') + get('/2') + get('/3'), (received) => received.endsWith('[GET /3]'));
  await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENCE);
  // Another connection waits for nobody, and is later than what the first one sent.
  await sendBytes(port, get('/other'), ended);
  expect(seen.map(({ target }) => target)).toEqual(['/1', '/other']);
  first.resolve();
  expect((await got).match(/\[.*?\]/g)).toEqual(['[GET /1]', '[GET /2]', '[GET /3]']);
});

test('a whole body ahead of noise is a body like any other', async () => {
  const first = Promise.withResolvers<void>();
  const { port } = await serve({}, async (request) => {
    if (request.target === '/1') await first.promise;
    return { status: 200, headers: {}, body: `[${await readBody(request, 1024)}]` };
  });
  const got = sendBytes(port, `${get('/1')}${put('Content-Length: 4\r\n')}bodynoise\r\n\r\n`);
  // The noise is with the server once another request is through.
  await sendBytes(port, get('/other'), ended);
  first.resolve();
  expect((await got).match(/\[.*?\]/g)).toEqual(['[]', '[body]']);
});

test('more requests ahead than the bound cut the connection', async () => {
  const held = Promise.withResolvers<void>();
  closers.push(() => held.resolve());
  const { port, seen } = await serve({ bounds: { requestsAhead: 3 } }, async (request) => {
    await held.promise;
    return echo(request);
  });
  expect(await sendBytes(port, get('/').repeat(10))).toBe('');
  expect(seen.length).toBeLessThan(2);
});

test('as many requests ahead as the bound are answered', async () => {
  const { port } = await serve({ bounds: { requestsAhead: 3 } });
  const targets = ['/1', '/2', '/3', '/4'];
  const got = await sendBytes(port, targets.map((target) => get(target)).join(''), (all) => all.endsWith('[GET /4]'));
  expect(got.match(/\[.*?\]/g)).toEqual(targets.map((target) => `[GET ${target}]`));
});

test('headers ahead that together are longer than those of one request cut the connection', async () => {
  const held = Promise.withResolvers<void>();
  closers.push(() => held.resolve());
  const { port, seen } = await serve({}, async (request) => {
    await held.promise;
    return echo(request);
  });
  const long = get('/', `a: ${'b'.repeat(HTTP_BOUNDS.headerBytes / 3)}\r\n`);
  expect(await sendBytes(port, long.repeat(5))).toBe('');
  expect(seen.length).toBeLessThan(2);
});

test('noise behind an answer that is on its way ends the connection after it', async () => {
  const noisy = Promise.withResolvers<void>();
  const { port } = await serve({}, async () => ({
    status: 200,
    headers: { 'Content-Length': '2' },
    body: (async function* () {
      yield Buffer.from('[');
      await noisy.promise;
      yield Buffer.from(']');
    })(),
  }));
  const socket = await connected(port);
  const closed = once(socket, 'close');
  let got = '';
  socket.on('data', (chunk) => (got += chunk)).write(get('/'));
  await vi.waitFor(() => expect(got).toContain('['), PATIENCE);
  socket.write('noise\r\n\r\n');
  // The noise is with the server once another request is begun.
  const other = await connected(port);
  other.write(get('/other'));
  await once(other, 'data');
  noisy.resolve();
  await closed;
  expect(got).toMatch(/\[\]$/);
});

// Too slow

const QUICK = { checkMs: 10 };

test.each([
  ['that never says a word', ''],
  ['whose headers never end', 'GET / HTTP/1.1\r\nHost: a\r\nx: '],
])('a connection %s is ended in words', async (_what, bytes) => {
  const { port } = await serve({ bounds: { ...QUICK, headersMs: 50, requestMs: 60 } });
  expect(await sendBytes(port, bytes)).toMatch(/^HTTP\/1\.1 400 .*<Code>RequestTimeout</s);
});

test('a connection that never shakes hands is cut', async () => {
  const { port } = await serve({ tls: selfSigned(), bounds: { handshakeMs: 50 } });
  await once((await connected(port)).resume(), 'close');
});

test('a server that closes waits for no handshake', async () => {
  const { port, server } = await serve({ tls: selfSigned() });
  const socket = await connected(port);
  await server.close(0);
  await once(socket.resume(), 'close');
});

test('a body that dribbles is broken off, with an answer that says so', async () => {
  const { port } = await serve({ bounds: { paceMs: 50, paceBytes: 1000 } }, async (request) => {
    try {
      await readBody(request, 100_000);
    } catch (error) {
      return { status: 400, headers: {}, body: String(error) };
    }
    return echo(request);
  });
  const socket = await connected(port);
  socket.write(put('Content-Length: 100000\r\n'));
  const dribble = setInterval(() => socket.write('x'), 5);
  closers.push(() => clearInterval(dribble));
  const [got] = await once(socket, 'data');
  expect(String(got)).toMatch(/\r\nConnection: close\r\n.*The body came too slowly: \d+ bytes in 0 seconds/s);
});

test('a refused body that never ends takes its connection with it', async () => {
  const { port } = await serve({ bounds: { refusedBodyMs: 50 } });
  const socket = await connected(port);
  socket.write(put('Content-Length: 100\r\n'));
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: keep-alive\r\n/s);
  await once(socket, 'close');
});

test('a client that was gone before its answer leaves no timer behind', async () => {
  const answered = Promise.withResolvers<void>();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  closers.push(() => timers.mockRestore());
  const { port, seen } = await serve({ bounds: { refusedBodyMs: 54_321 } }, async (request) => {
    await readBody(request, 9).catch(() => undefined);
    // Until the connection is closed, and with it the request.
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    void setImmediate().then(answered.resolve);
    return { status: 400, headers: {} };
  });
  const socket = await connected(port);
  socket.write(`${put('Content-Length: 9\r\n')}x`);
  await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENCE);
  socket.resetAndDestroy();
  await answered.promise;
  expect(timers.mock.calls.filter(([, ms]) => ms === 54_321)).toEqual([]);
});

const ENDLESS: HttpHandler = async () => ({
  status: 200,
  headers: {},
  body: (async function* () {
    for (;;) yield Buffer.alloc(64 * 1024);
  })(),
});
const LONG: HttpHandler = async () => ({ status: 200, headers: {}, body: 'a'.repeat(64 * 1024 * 1024) });

test.each([
  ['that goes on', ENDLESS],
  ['that is at hand whole', LONG],
])('a client that does not take an answer %s is given up', async (_what, handle) => {
  const { port } = await serve({ bounds: { answerPatienceMs: 50, connectionsOfPeer: 1 } }, async (request) =>
    request.target === '/other' ? echo(request) : handle(request),
  );
  const socket = await connected(port);
  socket.pause().write(get('/'));
  await once(socket, 'readable');
  await vi.waitFor(async () => expect(await sendBytes(port, get('/other'), ended)).toContain('[GET /other]'), PATIENCE);
});

// Too many

test('connections of one peer end at the bound, and are told of; one that closes makes room', async () => {
  const onTurnedAway = vi.fn();
  const { port } = await serve({ bounds: { connectionsOfPeer: 2 }, onTurnedAway });
  const [first, second] = [await connected(port), await connected(port)];
  const third = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(third, 'close');
  expect(onTurnedAway).toHaveBeenCalledExactlyOnceWith(1);
  second.destroy();
  await vi.waitFor(async () => expect(await sendBytes(port, get('/'), ended)).toContain('[GET /]'), PATIENCE);
  first.destroy();
});

test('a trusted proxy speaks for many, and has no bound of its own', async () => {
  const { port, seen } = await serve({ bounds: { connectionsOfPeer: 0 }, trustedProxies: ['127.0.0.0/8'] });
  await sendBytes(port, get('/', 'X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n'), ended);
  expect(seen[0]).toMatchObject({ sourceIp: '203.0.113.9', isSecure: true });
});

test('all connections together end at the bound, and are told of', async () => {
  const onTurnedAway = vi.fn();
  const { port } = await serve({ bounds: { connections: 1 }, onTurnedAway });
  const first = await connected(port);
  first.write(get('/1'));
  await once(first, 'data');
  expect(await sendBytes(port, get('/2'))).toBe('');
  expect(onTurnedAway).toHaveBeenCalledExactlyOnceWith(1);
});
