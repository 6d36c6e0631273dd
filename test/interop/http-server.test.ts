/** The door itself, with handlers that stand for every service: framing, refusals, and clients that vanish. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { hasCode } from '../../src/core/errors.ts';
import { HTTP_BOUNDS } from '../../src/http/bounds.ts';
import {
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  HttpServer,
  type HttpServerOptions,
} from '../../src/http/http-server.ts';
import { readBody } from '../../src/http/read-body.ts';
import { doorRefusal } from '../../src/protocol/oss/door.ts';
import { sendBytes } from '../wire-client.ts';

const MIB = 1024 * 1024;
const PATIENCE = { timeout: 10_000 };
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(
  handler: HttpHandler,
  options: HttpServerOptions = {},
): Promise<{ readonly port: number; readonly faults: unknown[] }> {
  const faults: unknown[] = [];
  const server = new HttpServer(handler, (fault) => faults.push(fault), { refuse: doorRefusal, ...options });
  const { port } = await server.listen('127.0.0.1', 0);
  closers.push(() => server.close(100));
  return { port, faults };
}

const text = (body: string, status = 200): HttpResponse => ({ status, headers: {}, body });

/** Refuses everything, as an unsigned request is refused: without a look at the body. */
const refuse: HttpHandler = async () => text('refused', 403);

async function refuseInTheMiddle({ body }: HttpRequest): Promise<HttpResponse> {
  await firstByte(body);
  return text('refused', 403);
}

async function firstByte(body: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of body) return String.fromCharCode(chunk[0] ?? 0);
  return '';
}

const endsWith = (end: string) => (received: string) => received.endsWith(end);

test('a text is announced with its length, and HEAD has the same headers without it', async () => {
  const { port } = await serve(async () => text('größer'));
  const got = await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(got).toContain('Content-Length: 8\r\n');
  expect(got).not.toContain('Transfer-Encoding');
  expect(got).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  const headed = await sendBytes(port, 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(headed).toContain('Content-Length: 8\r\n');
  expect(headed).toMatch(/\r\n\r\n$/);
});

test('HTTP/1.0 is answered, without chunks and to the end of the connection', async () => {
  const { port } = await serve(async () => ({ status: 200, headers: {}, body: streamOf('one', 'two') }));
  const got = await sendBytes(port, 'GET / HTTP/1.0\r\n\r\n');
  expect(got).toMatch(/\r\n\r\nonetwo$/);
  expect(got).not.toContain('Transfer-Encoding');
});

test('requests sent at once are answered in their order', async () => {
  const waits: Record<string, number> = { '/1': 30, '/2': 0, '/3': 10 };
  const { port } = await serve(async ({ target }) => {
    await new Promise((resolve) => setTimeout(resolve, waits[target]));
    return text(`[${target}]`);
  });
  const requests = Object.keys(waits).map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const got = await sendBytes(port, requests.join(''), endsWith('[/3]'));
  expect(got.match(/\[.*?\]/g)).toEqual(['[/1]', '[/2]', '[/3]']);
});

test('every header reaches the handler, however many there are', async () => {
  let seen: HttpRequest['headers'] = {};
  const { port } = await serve(async ({ headers }) => {
    seen = headers;
    return text('done');
  });
  const many = Array.from({ length: 3000 }, (_, at) => `h${at}: v\r\n`).join('');
  await sendBytes(port, `GET / HTTP/1.1\r\nHost: a\r\n${many}If-None-Match: *\r\n\r\n`, endsWith('done'));
  expect(Object.keys(seen)).toHaveLength(3002);
  expect(seen['if-none-match']).toBe('*');
});

test('repeated headers are joined, and values keep their bytes', async () => {
  let seen: HttpRequest['headers'] = {};
  const { port } = await serve(async ({ headers }) => {
    seen = headers;
    return { status: 200, headers: { 'x-back': headers['x-a'] ?? '' }, body: 'done' };
  });
  const got = await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: \xe9\xff\r\nx-a:  2 \r\n\r\n', endsWith('done'));
  expect(seen['x-a']).toBe('\xe9\xff,2');
  expect(got).toContain('x-back: \xe9\xff,2\r\n');
});

// Bodies going out

test('a body that fails in the middle breaks the connection instead of ending as if whole', async () => {
  const arrived = Promise.withResolvers<void>();
  const body = failing('half', arrived.promise);
  const { port, faults } = await serve(async () => ({ status: 200, headers: {}, body }));
  const got = await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', (received) => {
    if (received.includes('half')) arrived.resolve();
    return false;
  });
  expect(got).toMatch(/\r\n\r\n4\r\nhalf\r\n$/);
  expect(faults).toEqual([new Error('the disk is gone')]);
});

test.each([
  ['shorter', '7'],
  ['longer', '5'],
])('a body that is %s than announced breaks the connection, and is a fault', async (_what, length) => {
  const headers = { 'Content-Length': length };
  const { port, faults } = await serve(async () => ({ status: 200, headers, body: streamOf('answer') }));
  const got = await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(got).not.toMatch(/HTTP.*HTTP/s);
  expect(String(faults[0])).toContain(`6 bytes or more where its Content-Length says ${length}`);
});

test('a client that goes away in the middle of an answer is no fault, and the source is let go of', async () => {
  const source = endless();
  const { port, faults } = await serve(async () => ({ status: 200, headers: {}, body: source.body }));
  await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', (received) => received.length > MIB);
  await vi.waitFor(() => expect(source.isReleased()).toBe(true), PATIENCE);
  expect(faults).toEqual([]);
});

test('a client that went away before the answer was there is no fault, and the source is closed', async () => {
  const left = Promise.withResolvers<void>();
  const source = Readable.from([Buffer.from('too late')]);
  const { port, faults } = await serve(async () => {
    await left.promise;
    return { status: 200, headers: {}, body: source };
  });
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n', () => socket.destroy());
  await once(socket, 'close');
  await setImmediate();
  left.resolve();
  await vi.waitFor(() => expect(source.destroyed).toBe(true), PATIENCE);
  expect(faults).toEqual([]);
});

test('a client that goes away while an answer waits for something to happen is no fault, and the wait ends', async () => {
  const wait = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const source = {
    chunks: [Buffer.from('so far')],
    async next(): Promise<IteratorResult<Uint8Array>> {
      const value = source.chunks.shift();
      return value === undefined ? await wait.promise : { done: false, value };
    },
    return: vi.fn(async () => {
      const end = { done: true, value: undefined } as const;
      wait.resolve(end);
      return end;
    }),
  };
  const body = { [Symbol.asyncIterator]: () => source };
  const { port, faults } = await serve(async () => ({ status: 200, headers: {}, body }));
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  expect(source.return).not.toHaveBeenCalled();
  socket.destroy();
  await vi.waitFor(() => expect(source.return).toHaveBeenCalled(), PATIENCE);
  expect(faults).toEqual([]);
});

test('an answer whose headers can not be sent is a fault, and its body is let go of', async () => {
  const body = new Unread();
  const { port, faults } = await serve(async () => ({ status: 200, headers: { 'x-bad': 'a\nb' }, body }));
  expect(await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('');
  expect(faults).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CHAR' })]);
  expect(body.isReleased).toBe(true);
});

// Bodies coming in

test('a body that was not read is passed over, and the connection serves the next request', async () => {
  const { port } = await serve(async ({ method }) => text(`[${method}]`, 403));
  const body = Buffer.alloc(MIB);
  const put = Buffer.from(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
  const next = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const got = await sendBytes(port, Buffer.concat([put, body, next]), endsWith('[GET]'));
  expect(got.match(/\[\w+\]/g)).toEqual(['[PUT]', '[GET]']);
});

test('a body that was left in the middle is passed over, and the connection serves the next request', async () => {
  const { port } = await serve(async ({ body }) => text(`[${await firstByte(body)}]`));
  const put = (body: string) => `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const got = await sendBytes(port, put('long'.repeat(MIB)) + put('short'), endsWith('[s]'));
  expect(got.match(/\[.*?\]/g)).toEqual(['[l]', '[s]']);
});

test.each([
  ['above the bound', refuse, `Content-Length: ${2 * HTTP_BOUNDS.refusedBodyBytes}\r\n\r\n`],
  ['of unknown length', refuse, 'Transfer-Encoding: chunked\r\n\r\n1000000\r\n'],
  ['left in the middle', refuseInTheMiddle, 'Transfer-Encoding: chunked\r\n\r\n1000000\r\n'],
])('after a refused body %s the connection ends, once the client has its answer', async (_what, handler, framing) => {
  const { port } = await serve(handler);
  const socket = connect(port, '127.0.0.1');
  socket.write(`PUT / HTTP/1.1\r\nHost: a\r\n${framing}`);
  socket.write(Buffer.alloc(HTTP_BOUNDS.refusedBodyBytes));
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 403 .*\r\nConnection: close\r\n.*refused$/s);
  // What is still sent is taken, for a reset could have cost the client its answer.
  socket.write(Buffer.alloc(HTTP_BOUNDS.refusedBodyBytes));
  socket.end();
  await once(socket, 'close');
  expect(socket.errored).toBeNull();
});

test('what was read of a body is let go of before the rest of it comes', async () => {
  const seen: WeakRef<Uint8Array>[] = [];
  const halfRead = Promise.withResolvers<void>();
  const { port } = await serve(async ({ body }) => {
    let left = 16 * MIB;
    for await (const chunk of body) {
      seen.push(new WeakRef(chunk));
      left -= chunk.length;
      if (left === 0) halfRead.resolve();
    }
    return text('read');
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${16 * MIB + 1}\r\n\r\n`);
  socket.write(Buffer.alloc(16 * MIB));
  await halfRead.promise;
  await collectGarbage();
  expect(seen.length).toBeGreaterThan(100);
  expect(seen.filter((chunk) => chunk.deref() !== undefined).length).toBeLessThan(10);
  socket.end('!');
  expect(String((await once(socket, 'data'))[0])).toMatch(/read$/);
});

test('a client that holds its body back is asked for it once it is wanted', async () => {
  const { port } = await serve(async (request) => text(`[${await readBody(request, 1024)}]`));
  const socket = connect(port, '127.0.0.1');
  socket.write('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
  expect(String((await once(socket, 'data'))[0])).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('body');
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\[body\]$/s);
  socket.destroy();
});

test('a client that holds back a body nobody wants gets its refusal, and the connection ends', async () => {
  const { port } = await serve(refuse);
  const got = await sendBytes(port, 'PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
  expect(got).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*refused$/s);
  expect(got).toContain('Connection: close\r\n');
});

test.each([
  ['by its length', 'Content-Length: 100\r\n\r\nhalf'],
  ['in a chunk', 'Transfer-Encoding: chunked\r\n\r\n64\r\nhalf'],
  ['between chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
])('a body cut short %s is IncompleteBody to its reader, and no fault', async (_what, rest) => {
  const thrown: unknown[] = [];
  const { port, faults } = await serve(async (request) => {
    await readBody(request, 1024).catch((error: unknown) => thrown.push(error));
    return text('never read');
  });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`PUT / HTTP/1.1\r\nHost: a\r\n${rest}`, () => socket.destroy());
  await vi.waitFor(() => expect(thrown).toHaveLength(1), PATIENCE);
  expect(hasCode(thrown[0], 'IncompleteBody')).toBe(true);
  expect(faults).toEqual([]);
});

test.each([
  ['a client that says no more before its length is reached', 'Content-Length: 100\r\n\r\nhalf', true],
  ['a chunk of no length', 'Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n', false],
])('%s gets the answer of the handler, and the connection ends', async (_what, rest, isHalfClosed) => {
  const { port } = await serve(async (request) =>
    readBody(request, 1024).then(
      () => text('read'),
      () => text('refused', 400),
    ),
  );
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let got = '';
  socket.setEncoding('latin1').on('data', (data: string) => {
    got += data;
  });
  socket.write(`PUT / HTTP/1.1\r\nHost: a\r\n${rest}`, () => isHalfClosed && socket.end());
  await once(socket, 'end');
  socket.destroy();
  expect(got).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*refused$/s);
  expect(got).toContain('Connection: close\r\n');
});

// What is no request

test.each([
  ['noise', '\x16\x03\x01\x02\x00\x01garbage\r\n\r\n', '400 Bad Request'],
  ['a header over the bound', `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(HTTP_BOUNDS.headerBytes)}\r\n\r\n`, '431'],
  ['a control character in a header', 'GET / HTTP/1.1\r\nHost: a\r\nx: a\x01b\r\n\r\n', '400 Bad Request'],
  ['a header that is folded', 'GET / HTTP/1.1\r\nHost: a\r\nx: a\r\n b\r\n\r\n', '400 Bad Request'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', '400 Bad Request'],
  ['two lengths', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', '400 Bad Request'],
  [
    'a length and chunks',
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    '400 Bad Request',
  ],
  ['a length below nothing', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', '400 Bad Request'],
  ['a method of nobody', 'FETCH / HTTP/1.1\r\nHost: a\r\n\r\n', '400 Bad Request'],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 Bad Request'],
])('%s is refused, and the connection ends', async (_what, bytes, status) => {
  const handler = vi.fn(refuse);
  const { port, faults } = await serve(handler);
  const got = await sendBytes(port, bytes);
  expect(got).toMatch(
    new RegExp(`^HTTP/1\\.1 ${status}.*\r\nConnection: close\r\n.*<Error>\n  <Code>\\w+</Code>`, 's'),
  );
  expect(got).toMatch(/<Message>.+<\/Message>\n {2}<RequestId>[0-9A-F]{24}<\/RequestId>\n {2}<HostId\/>/);
  expect(handler).not.toHaveBeenCalled();
  expect(faults).toEqual([]);
  handler.mockImplementation(async () => text('served'));
  expect(await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', endsWith('served'))).toContain('200 OK');
});

test('close answers what was asked and then ends', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<HttpResponse>();
  const server = new HttpServer(
    () => {
      asked.resolve();
      return answer.promise;
    },
    () => undefined,
  );
  const { port } = await server.listen('127.0.0.1', 0);
  const got = sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await asked.promise;
  // Longer than the test may take: closing must not have to wait for it.
  const closed = server.close(60_000);
  answer.resolve(text('to the end'));
  expect(await got).toMatch(/to the end$/);
  await closed;
});

test('close waits for the client to take an answer that is on its way', async () => {
  const long = 'a'.repeat(64 * MIB);
  const server = new HttpServer(
    async () => text(long),
    () => undefined,
  );
  const { port } = await server.listen('127.0.0.1', 0);
  const socket = connect(port, '127.0.0.1').pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'readable');
  const closed = server.close(60_000);
  let length = 0;
  for await (const chunk of socket) length += chunk.length;
  expect(length).toBeGreaterThan(long.length);
  await closed;
});

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  // What a WeakRef was made for or read stays until the turn ends.
  await setImmediate();
  runInNewContext('gc')();
}

async function* streamOf(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function* failing(start: string, when: Promise<void>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(start);
  await when;
  throw new Error('the disk is gone');
}

/** Holds something from the start on, as a body file that was pinned when its object was looked up. */
class Unread implements AsyncIterableIterator<Uint8Array> {
  isReleased = false;

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    throw new Error('this body must not be read');
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.isReleased = true;
    return { done: true, value: undefined };
  }
}

function endless() {
  let isReleased = false;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(64 * 1024);
    } finally {
      isReleased = true;
    }
  }
  return { body: body(), isReleased: () => isReleased };
}

test('an answer that takes longer than a connection may be idle comes, as long as the client has nothing more to say', async () => {
  const { port } = await serve(
    async ({ method, body }) => {
      // Work of its own for the one; for the other, a body that never comes.
      if (method === 'GET') await new Promise((done) => setTimeout(done, 300));
      else await firstByte(body);
      return text('done');
    },
    { bounds: { idleMs: 50 } },
  );
  expect(await sendBytes(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(/done$/);
  expect(await sendBytes(port, 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n')).not.toContain('done');
});
