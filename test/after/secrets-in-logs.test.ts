/** When all tests are done: no secret stands in anything that their servers and commands logged. */

import { expect, onTestFinished, test } from 'vitest';
import { parseQuery } from '../../src/core/request-target.ts';
import { startFailingServer } from '../crash/failing-server.ts';
import { findSecrets, readRun } from '../find-secrets.ts';
import { presignV1, presignV4 } from '../presign.ts';
import { runCommand, TEST_KEY } from '../server-process.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { WireClient } from '../wire-client.ts';

const SIGNER = { accessKeyId: TEST_KEY.accessKeyId, secret: TEST_KEY.accessKeySecret };

/** What leads to lines in the logs, and is in the run whichever tests were chosen: faults, refusals, a key that is made. */
test('a server that meets faults, refuses and makes a key says so in its logs', async () => {
  const data = temporaryFolder();
  const server = await startFailingServer({ data });
  onTestFinished(() => server.stop());
  const { endpoint } = server;
  const command = (...args: string[]) => runCommand(args, { endpoint });
  for (const name of ['photos', 'reports']) expect(await command('bucket', 'create', name)).toMatchObject({ code: 0 });
  expect(await command('access', 'user', 'create', 'anna', '--key', '--json')).toMatchObject({ code: 0 });

  const wire = new WireClient({ endpoint, key: TEST_KEY });
  onTestFinished(() => wire.close());
  const put = { method: 'PUT', bucket: 'photos', key: 'a.jpg' };
  const unsigned = { ...put, query: parseQuery(''), headers: {} };
  const nowMs = Date.now();
  const v1 = (expiresAtSeconds: number) => presignV1(unsigned, { ...SIGNER, expiresAtSeconds });
  const v4 = (signedAtMs: number) =>
    presignV4(unsigned, { ...SIGNER, region: 'cn-hangzhou', signedAtMs, lifetimeSeconds: 60 });
  const send = async (request: Partial<Parameters<WireClient['send']>[0]>) =>
    (await wire.send({ ...put, body: 'x', ...request })).status;

  const wrong = { signWith: { accessKeySecret: 'another-secret' } };
  const refused = [
    wrong,
    { ...wrong, signature: 'v1' as const },
    { headers: { 'x-oss-security-token': 'A'.repeat(40) } },
  ];
  for (const request of refused) expect(await send(request)).toBe(403);
  for (const query of [v1(1), v4(nowMs - 3_600_000)]) expect(await send({ query, signature: 'none' })).toBe(403);

  await server.order({ act: 'EIO', point: 'index.commit', nth: 1, isLasting: true });
  for (const query of [v1(Math.floor(nowMs / 1000) + 60), v4(nowMs)])
    expect(await send({ query, signature: 'none' })).toBe(500);
  expect(await send({})).toBe(500);
  expect(server.log()).toContain('request failed');
});

test('no secret, no token and no signature stands in any log of the run', () => {
  const { outputs, secrets } = readRun(process.env.TEST_CAPTURE ?? '');
  // What was not kept can't be searched.
  expect(new Set(outputs.map(({ kind }) => kind))).toEqual(new Set(['server', 'command', 'audit', 'answer']));
  for (const trace of ['request failed', '"operation":"CreateUser"', 'SignatureDoesNotMatch']) {
    expect(
      outputs.some(({ text }) => text.includes(trace)),
      trace,
    ).toBe(true);
  }
  expect(secrets.length).toBeGreaterThan(2);
  expect(findSecrets(outputs, secrets)).toEqual([]);
}, 120_000);
