/** One try at a receiver: what it answers, and what keeps a try from reaching what it may not. */

import { createServer as createTls } from 'node:https';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { selfSigned } from '../../test/self-signed.ts';
import { startReceiver } from '../../test/webhook-receiver.ts';
import { parseIpRange } from '../core/ip-range.ts';
import type { Reach } from './address-rules.ts';
import { type Post, post } from './post.ts';
import { type ResolveHost, resolveHost } from './resolve-host.ts';

const STRANGER: Reach = { isOfServer: false, networks: [] };
const OF_SERVER: Reach = { isOfServer: true, networks: [] };

/** A resolver for which each name stands for these addresses. */
const standsFor =
  (...addresses: readonly string[]): ResolveHost =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

function send(url: string, more: Partial<Pick<Post, 'reach' | 'resolve' | 'signal' | 'tryMs'>> = {}) {
  const defaults = { reach: OF_SERVER, resolve: resolveHost, signal: new AbortController().signal };
  const headers = { 'content-type': 'application/json', 'webhook-id': 'msg-1' };
  return post({ url, headers, body: '{"a":1}', ...defaults, ...more });
}

test('the body and the headers arrive, and the status comes back', async () => {
  const receiver = await startReceiver();
  receiver.answer(204);
  expect(await send(`${receiver.url}?a=b`)).toEqual({ status: 204 });
  const [request] = receiver.received;
  expect(request).toMatchObject({ path: '/hook?a=b', body: '{"a":1}' });
  expect(request?.headers).toMatchObject({
    host: `127.0.0.1:${receiver.port}`,
    'content-type': 'application/json',
    'webhook-id': 'msg-1',
  });
});

test('a host is asked by its name, on the address that it stands for', async () => {
  const receiver = await startReceiver();
  expect(await send(`http://receiver.test:${receiver.port}/`, { resolve: standsFor('127.0.0.1') })).toEqual({
    status: 200,
  });
  expect(receiver.received[0]?.headers.host).toBe(`receiver.test:${receiver.port}`);
});

test('localhost is this machine, whatever a name server says', async () => {
  const receiver = await startReceiver();
  expect(await send(`http://localhost:${receiver.port}/`)).toEqual({ status: 200 });
  expect(await send(`http://localhost:${receiver.port}/`, { reach: STRANGER })).toEqual({ fault: 'forbidden' });
});

test('a redirect is an answer like any other, and is not followed', async () => {
  const [receiver, inner] = [await startReceiver(), await startReceiver()];
  receiver.answer((response) => response.writeHead(302, { location: inner.url }).end());
  expect(await send(receiver.url)).toEqual({ status: 302 });
  expect(inner.received).toEqual([]);
});

test('an answer of megabytes is cut off, and no connection is left', async () => {
  const receiver = await startReceiver();
  let isCut = false;
  receiver.answer((response) => {
    response.writeHead(200);
    response.on('close', () => {
      isCut = true;
    });
    const pump = () => {
      while (!isCut && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', pump);
    pump();
  });
  expect(await send(receiver.url)).toEqual({ status: 200 });
  await vi.waitFor(() => expect(isCut).toBe(true));
  await vi.waitFor(async () => expect(await receiver.connections()).toBe(0));
});

describe('what a stranger may not reach', () => {
  test.each([
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['0.0.0.0'],
    ['fe80::1'],
    ['8.8.8.8', '127.0.0.1'],
    ['127.0.0.1', '8.8.8.8'],
  ])('is not asked by a name that stands for it: %s', async (...addresses) => {
    const receiver = await startReceiver();
    const url = `http://receiver.test:${receiver.port}/`;
    expect(await send(url, { reach: STRANGER, resolve: standsFor(...addresses) })).toEqual({ fault: 'forbidden' });
    expect(receiver.received).toEqual([]);
    expect(await receiver.connections()).toBe(0);
  });

  test('is not asked by its address, should one have been stored', async () => {
    const receiver = await startReceiver();
    expect(await send(receiver.url, { reach: STRANGER })).toEqual({ fault: 'forbidden' });
    expect(await send(`http://[::ffff:127.0.0.1]:${receiver.port}/`, { reach: STRANGER })).toEqual({
      fault: 'forbidden',
    });
    expect(receiver.received).toEqual([]);
  });

  test('is not asked by a name that changes between the check and the connection: a name is asked for once', async () => {
    const receiver = await startReceiver();
    const answers = ['127.0.0.2'];
    const resolve = vi.fn<ResolveHost>(async () => [{ address: answers.shift() ?? '127.0.0.1', family: 4 }]);
    const networks = [parseIpRange('127.0.0.2')].filter((range) => range !== undefined);
    const url = `http://receiver.test:${receiver.port}/`;
    // Nobody listens at the address that may be reached.
    expect(await send(url, { reach: { isOfServer: false, networks }, resolve })).toEqual({ fault: 'refused' });
    expect(resolve).toHaveBeenCalledOnce();
    expect(receiver.received).toEqual([]);
  });

  test('not even the server reaches where clouds keep their credentials', async () => {
    const resolve = standsFor('169.254.169.254');
    expect(await send('http://metadata.test/', { resolve })).toEqual({ fault: 'forbidden' });
    expect(await send('http://169.254.169.254/')).toEqual({ fault: 'forbidden' });
  });
});

describe('a receiver that', () => {
  test('is not there is told of by a word', async () => {
    const receiver = await startReceiver();
    await receiver.close();
    expect(await send(receiver.url)).toEqual({ fault: 'refused' });
  });

  test('never answers is told of by a word, when the time is over', async () => {
    const receiver = await startReceiver();
    receiver.answer(() => {});
    expect(await send(receiver.url, { tryMs: 200 })).toEqual({ fault: 'timeout' });
  });

  test('answers and never ends its answer has answered', async () => {
    const receiver = await startReceiver();
    receiver.answer((response) => void response.writeHead(200).write('and'));
    expect(await send(receiver.url, { tryMs: 200 })).toEqual({ status: 200 });
  });

  test('hangs up is told of by a word', async () => {
    const receiver = await startReceiver();
    receiver.answer((_, request) => request.socket.resetAndDestroy());
    expect(await send(receiver.url)).toEqual({ fault: 'closed' });
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!'],
    ['a status that is none', 'HTTP/1.1 000 Odd\r\ncontent-length: 0\r\n\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(64 * 1024)}`],
  ])('speaks %s is told of by a word', async (_, words) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(words);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ fault: 'invalid' });
  });

  test('has no address is told of by a word', async () => {
    const resolve: ResolveHost = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(await send('http://receiver.test/', { resolve })).toEqual({ fault: 'noSuchHost' });
    expect(await send('http://receiver.test/', { resolve: standsFor() })).toEqual({ fault: 'noSuchHost' });
  });

  test('is not trusted is told of by a word', async () => {
    const server = createTls(selfSigned(), (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    expect(await send(`https://127.0.0.1:${port}/`)).toEqual({ fault: 'distrusted' });
  });
});

describe('a try that is stopped ends at once, and says why:', () => {
  test.each<[string, (port: number) => string, ResolveHost]>([
    ['while it waits for an answer', (port) => `http://127.0.0.1:${port}/`, resolveHost],
    ['while it waits for TLS', (port) => `https://127.0.0.1:${port}/`, resolveHost],
    ['while it waits for a name', (port) => `http://receiver.test:${port}/`, () => new Promise(() => {})],
  ])(
    '%s',
    async (_, urlAt, resolve) => {
      const server = createServer(() => {});
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      onTestFinished(() => void server.close());
      const { port } = server.address() as { port: number };
      const controller = new AbortController();
      const sent = send(urlAt(port), { resolve, signal: controller.signal });
      setImmediate(() => controller.abort(new Error('the server stops')));
      await expect(sent).rejects.toThrow('the server stops');
    },
    5_000,
  );
});
