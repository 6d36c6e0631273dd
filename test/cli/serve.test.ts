/** The command `serve` as a process: how it starts, how it ends, and whom it lets in. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect as connectTo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ServerClient } from '../../src/cli/server-client.ts';
import { signV4 } from '../../src/core/oss-signature-v4.ts';
import { parseQuery } from '../../src/core/request-target.ts';
import { keepCommand } from '../captured-output.ts';
import { runCommand, type ServerOptions, type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { temporaryFolder } from '../store-fixture.ts';

/** No key in the environment: the server has to make one. */
const NO_KEY = { STOCKTAKE_ACCESS_KEY_ID: '', STOCKTAKE_ACCESS_KEY_SECRET: '' };

async function serve(options: ServerOptions = {}): Promise<ServerProcess> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

function clientOf({ endpoint }: ServerProcess, key: { accessKeyId: string; accessKeySecret: string } = TEST_KEY) {
  const client = new ServerClient({ endpoint, ...key, region: 'cn-hangzhou', accountId: '1000000000000000', data: '' });
  onTestFinished(() => client.close());
  return client;
}

test('a server that is told to stop drains, exits 0, and keeps what it has', async () => {
  const data = temporaryFolder();
  const first = await serve({ data });
  await clientOf(first).sendForNothing({ method: 'PUT', bucket: 'kept' });
  expect(await first.terminate()).toBe(0);
  const second = await serve({ data });
  const buckets = await clientOf(second).sendForXml({ method: 'GET' });
  expect(JSON.stringify(buckets)).toContain('kept');
});

test('a request under way is answered before the server stops, and no new one is taken', async () => {
  const server = await serve();
  const client = clientOf(server);
  await client.sendForNothing({ method: 'PUT', bucket: 'photos' });
  const headers = { 'content-length': '10' };
  const signed = signV4(
    { method: 'PUT', bucket: 'photos', key: 'slow', query: parseQuery(''), headers },
    {
      accessKeyId: TEST_KEY.accessKeyId,
      secret: TEST_KEY.accessKeySecret,
      region: 'cn-hangzhou',
      signedAtMs: Date.now(),
    },
  );
  const upload = request(`${server.endpoint}/photos/slow`, { method: 'PUT', headers: { ...headers, ...signed } });
  upload.write('first');
  await once(upload, 'socket');
  // The half that was sent is with the server once another request is through.
  await client.sendForNothing({ method: 'GET', bucket: 'photos' });

  const exited = server.terminate();
  await vi.waitFor(() => expect(isListening(server.port)).resolves.toBe(false), { interval: 10 });
  upload.end('later');
  const [response] = (await once(upload, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(200);
  expect(await exited).toBe(0);
});

async function isListening(port: number): Promise<boolean> {
  const socket = connectTo(port, '127.0.0.1');
  const isOpen = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return isOpen;
}

test('a data folder in use is refused, and its server goes on', async () => {
  const server = await serve();
  const second = await runCommand(['serve', '--data', server.data, '--port', '0']);
  expect({ code: second.code, stdout: second.stdout }).toEqual({ code: 1, stdout: '' });
  expect(second.stderr).toContain(`The data folder "${server.data}" is in use by another process.`);
  await clientOf(server).sendForNothing({ method: 'PUT', bucket: 'photos' });
});

test('a data folder that is a file is refused in words', async () => {
  const file = path.join(temporaryFolder(), 'file');
  writeFileSync(file, 'kept');
  const { code, stdout, stderr } = await runCommand(['serve', '--data', file, '--port', '0']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(`stocktake: The data folder "${file}" is a file. Name a folder.\n`);
  expect(readFileSync(file, 'utf8')).toBe('kept');
});

test('a port in use is refused in words', async () => {
  const server = await serve();
  const second = await runCommand(['serve', '--data', temporaryFolder(), '--port', String(server.port)]);
  expect({ code: second.code, stdout: second.stdout }).toEqual({ code: 1, stdout: '' });
  expect(second.stderr).toContain(`Port ${server.port} of "127.0.0.1" can't be listened on: it is in use.`);
});

test('the data folder is free again after a kill', async () => {
  const data = temporaryFolder();
  await (await serve({ data })).kill();
  await serve({ data });
});

test('the first start makes a root key, later ones keep it, and a local command finds it', async () => {
  const data = temporaryFolder();
  const file = path.join(data, 'root-access-key.json');
  const first = await serve({ data, environment: NO_KEY });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const key = JSON.parse(readFileSync(file, 'utf8')) as typeof TEST_KEY;
  const list = ['bucket', 'list', '--data', data, '--json'];
  expect(await runCommand(list, { endpoint: first.endpoint, environment: NO_KEY })).toMatchObject({ code: 0 });
  await first.terminate();

  const second = await serve({ data, environment: NO_KEY });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(key);
  await clientOf(second, key).sendForNothing({ method: 'GET' });
});

test('a configured key wins over the one in the folder, and is written nowhere', async () => {
  const data = temporaryFolder();
  await (await serve({ data, environment: NO_KEY })).terminate();
  const key = JSON.parse(readFileSync(path.join(data, 'root-access-key.json'), 'utf8')) as typeof TEST_KEY;
  const server = await serve({ data });
  await clientOf(server).sendForNothing({ method: 'GET' });
  await expect(clientOf(server, key).sendForNothing({ method: 'GET' })).rejects.toThrow('InvalidAccessKeyId');

  const fresh = await serve();
  expect(existsSync(path.join(fresh.data, 'root-access-key.json'))).toBe(false);
});

test('the secret is shown once, at the first start, and never logged', async () => {
  const data = temporaryFolder();
  const first = await plainStart(data);
  const secret = /STOCKTAKE_ACCESS_KEY_SECRET=(\S+)/.exec(first.stdout)?.[1];
  expect(secret).toHaveLength(32);
  expect(first.stdout).toMatch(/^Stocktake serves http:\/\/127\.0\.0\.1:\d+\n/);
  const second = await plainStart(data);
  expect(second.stdout).toContain('root key   LTAI');
  expect(first.stderr + second.stdout + second.stderr).not.toContain(secret);
});

/** Starts without `--json`, and stops with SIGINT when it serves. */
async function plainStart(data: string): Promise<{ stdout: string; stderr: string }> {
  const command = new URL('../command.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [command, 'serve', '--port', '0', '--data', data], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const closed = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    stdout += `${line}\n`;
    if (line.startsWith('Stop it')) child.kill('SIGINT');
  }
  expect((await closed)[0]).toBe(0);
  keepCommand(['serve'], { stdout, stderr });
  return { stdout, stderr };
}
