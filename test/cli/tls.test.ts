/** A server that serves TLS: clients that trust it reach it, a new certificate needs no new start. */

import { renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { selfSigned } from '../self-signed.ts';
import { runCommand, type ServerOptions, startServer } from '../server-process.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { sendBytes } from '../wire-client.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };

function certificateFiles() {
  const folder = temporaryFolder();
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const write = (commonName: string) => {
    const pair = selfSigned({ commonName });
    writeFileSync(`${cert}.new`, pair.cert);
    writeFileSync(`${key}.new`, pair.key, { mode: 0o600 });
    renameSync(`${cert}.new`, cert);
    renameSync(`${key}.new`, key);
    return pair.cert;
  };
  return { cert, key, write, args: ['--tls-cert', cert, '--tls-key', key] };
}

async function serve(options: ServerOptions) {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** One request over the connection of the agent, and the certificate that was shown when it was opened. */
async function ask(port: number, agent: Agent): Promise<{ readonly status: number; readonly shown: string }> {
  return await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/-/health', agent }, (response) => {
      const { CN } = (response.socket as unknown as { getPeerCertificate(): PeerCertificate }).getPeerCertificate()
        .subject;
      response.resume().once('end', () => resolve({ status: response.statusCode ?? 0, shown: String(CN) }));
    })
      .once('error', reject)
      .end();
  });
}

function agentOf(ca: string, keepAlive = false): Agent {
  const agent = new Agent({ ca, keepAlive, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return agent;
}

test('the command line reaches a server with a private authority by --ca, and without it is told why not', async () => {
  const { cert, write, args } = certificateFiles();
  write('first');
  const { endpoint, log, port } = await serve({ args });
  expect(endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(log()).toContain('TLS certificate loaded');
  const made = await runCommand(['bucket', 'create', 'photos', '--ca', cert], { endpoint });
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const listed = await runCommand(['bucket', 'list', '--json'], { endpoint, environment: { STOCKTAKE_CA: cert } });
  expect(listed.stdout).toContain('photos');
  const refused = await runCommand(['bucket', 'list'], { endpoint });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /The certificate that https:\S+ shows is not trusted \(\w+\)\. .* name that with --ca\./,
  );
  // Who speaks without TLS learns nothing.
  expect(await sendBytes(port, 'GET /-/health HTTP/1.1\r\nHost: a\r\n\r\n')).not.toContain('200');
});

test('a new certificate is shown to new connections, by itself and on SIGHUP; a broken one changes nothing', async () => {
  const files = certificateFiles();
  const first = files.write('first');
  const server = await serve({ args: files.args });
  const kept = agentOf(first, true);
  expect(await ask(server.port, kept)).toEqual({ status: 200, shown: 'first' });

  const second = files.write('second');
  server.process.kill('SIGHUP');
  await vi.waitFor(async () => {
    expect(await ask(server.port, agentOf(second))).toEqual({ status: 200, shown: 'second' });
  }, PATIENCE);
  // The connection from before goes on.
  expect(await ask(server.port, kept)).toEqual({ status: 200, shown: 'first' });

  writeFileSync(files.cert, 'broken');
  server.process.kill('SIGHUP');
  await vi.waitFor(() => expect(server.log()).toContain('the one before stays in force'), PATIENCE);
  expect(await ask(server.port, agentOf(second))).toEqual({ status: 200, shown: 'second' });

  const third = files.write('third');
  await vi.waitFor(async () => {
    expect(await ask(server.port, agentOf(third))).toEqual({ status: 200, shown: 'third' });
  }, PATIENCE);
});

test('TLS older than 1.2 is refused', async () => {
  const files = certificateFiles();
  const ca = files.write('first');
  const { port } = await serve({ args: files.args });
  const versionOf = (maxVersion: 'TLSv1.1' | 'TLSv1.2') =>
    new Promise<string>((resolve) => {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        ca,
        minVersion: 'TLSv1',
        maxVersion,
        ciphers: 'ALL@SECLEVEL=0',
      });
      socket.once('secureConnect', () => resolve(socket.getProtocol() ?? ''));
      socket.once('error', (error) => resolve(String(error)));
      onTestFinished(() => void socket.destroy());
    });
  expect(await versionOf('TLSv1.2')).toBe('TLSv1.2');
  expect(await versionOf('TLSv1.1')).toMatch(/protocol|version/i);
});

test('a certificate without its key is refused at start', async () => {
  const { code, stderr } = await runCommand([
    'serve',
    '--port',
    '0',
    '--tls-cert',
    'cert.pem',
    '--data',
    temporaryFolder(),
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain('are set together, or neither of them');
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

test.each(['0.0.0.0', '::', ...(outside === undefined ? [] : [outside])])(
  'serving %s without TLS is warned of, in words',
  async (host) => {
    const { log } = await serve({ args: ['--host', host] });
    expect(log()).toMatch(/"level":40.*WARNING: other machines reach this server.*--tls-cert and --tls-key/);
  },
);

test('serving with TLS, or this machine alone, is no matter for a warning', async () => {
  const files = certificateFiles();
  files.write('first');
  expect((await serve({ args: [...files.args, '--host', '0.0.0.0'] })).log()).not.toContain('WARNING');
  for (const host of ['127.0.0.1', 'localhost']) expect((await serve({ args: ['--host', host] })).log()).toBe('');
});
