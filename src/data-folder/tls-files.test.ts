import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type SelfSigned, selfSigned } from '../../test/self-signed.ts';
import { temporaryFolder } from '../../test/store-fixture.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type TlsEvent, TlsFiles } from './tls-files.ts';

const DAY_MS = 24 * 60 * 60_000;

function filesOf(pair: SelfSigned) {
  const folder = temporaryFolder();
  const [certificate, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const write = ({ cert, key: secret }: SelfSigned) => {
    writeFileSync(`${certificate}.new`, cert);
    writeFileSync(`${key}.new`, secret, { mode: 0o600 });
    renameSync(`${certificate}.new`, certificate);
    renameSync(`${key}.new`, key);
  };
  write(pair);
  const events: TlsEvent[] = [];
  const open = (lookEveryMs?: number, clock: Clock = systemClock) => {
    const onEvent = (event: TlsEvent) => void events.push(event);
    const files = new TlsFiles({
      certificate,
      key,
      clock,
      onEvent,
      ...(lookEveryMs !== undefined && { lookEveryMs }),
    });
    onTestFinished(() => files.close());
    return files;
  };
  return { certificate, key, write, events, open };
}

test('a certificate and its key are read, and told of', () => {
  const pair = selfSigned();
  const { events, open } = filesOf(pair);
  expect(open().identity).toEqual(pair);
  expect(events).toEqual([
    { kind: 'loaded', subject: 'DNS:localhost, IP Address:127.0.0.1', expiresAt: expect.stringMatching(/\.000Z$/) },
  ]);
});

test.each([
  ['in ten days', 10.5 * DAY_MS, 'expiring', 'expires in 10 days. Renew it'],
  ['an hour ago', -DAY_MS / 24, 'expired', 'has expired: clients refuse it. Renew it.'],
])('an end %s is told of, and no reason not to start', (_when, leftMs, kind, words) => {
  const { events, open } = filesOf(selfSigned({ notAfterMs: Date.now() + leftMs, notBeforeMs: Date.now() - DAY_MS }));
  open();
  expect(events[1]).toMatchObject({ kind, text: expect.stringContaining(words) });
});

test.each<[string, (files: ReturnType<typeof filesOf>) => void, string]>([
  ['a certificate that is missing', ({ certificate }) => rmSync(certificate), "can't be read"],
  ['a key that is missing', ({ key }) => rmSync(key), 'is missing'],
  ['a key that others can read', ({ key }) => chmodSync(key, 0o640), 'chmod 600'],
  [
    'a certificate that is none',
    ({ certificate }) => writeFileSync(certificate, 'hello'),
    'holds no certificate in PEM',
  ],
  [
    'a key that is none',
    ({ key }) => writeFileSync(key, 'hush'),
    'holds no private key in PEM form without a password',
  ],
  ['a key of another certificate', ({ key }) => writeFileSync(key, selfSigned().key), 'is not that of the certificate'],
])('%s is refused in words, without a word of the key', (_what, spoil, words) => {
  const files = filesOf(selfSigned());
  spoil(files);
  expect(() => files.open()).toThrow(words);
  expect(() => files.open()).not.toThrow('hush');
});

test('files that are replaced are taken up by themselves', async () => {
  const files = filesOf(selfSigned());
  const use = vi.fn();
  files.open(5).follow(use);
  const renewed = selfSigned();
  files.write(renewed);
  await vi.waitFor(() => expect(use).toHaveBeenLastCalledWith(renewed));
});

test('files that can not even be looked at are no reason to end, and are taken up when they can', async () => {
  const files = filesOf(selfSigned());
  const use = vi.fn();
  files.open(5).follow(use);
  rmSync(files.certificate);
  symlinkSync(files.certificate, files.certificate);
  await vi.waitFor(() => expect(files.events.at(-1)).toMatchObject({ kind: 'kept' }));
  const renewed = selfSigned();
  files.write(renewed);
  await vi.waitFor(() => expect(use).toHaveBeenLastCalledWith(renewed));
});

test('an end that comes near while the server runs is told of once a day', async () => {
  const files = filesOf(selfSigned({ notAfterMs: Date.now() + 20 * DAY_MS }));
  let days = 0;
  files.open(1, { now: () => Date.now() + days * DAY_MS });
  for (days of [10, 11]) {
    const left = expect.stringContaining(`expires in ${19 - days} days`);
    await vi.waitFor(() => expect(files.events.at(-1)).toMatchObject({ kind: 'expiring', text: left }));
  }
  expect(files.events.map(({ kind }) => kind)).toEqual(['loaded', 'expiring', 'expiring']);
});

test('a pair that the server can not use is not told of as loaded', () => {
  const files = filesOf(selfSigned());
  const opened = files.open();
  opened.follow(() => {
    throw new Error('no cipher fits');
  });
  files.write(selfSigned());
  opened.reload();
  expect(files.events.map(({ kind }) => kind)).toEqual(['loaded', 'kept']);
});

test('new files that are no good leave the ones before in force, until good ones come', () => {
  const pair = selfSigned();
  const files = filesOf(pair);
  const opened = files.open();
  const use = vi.fn();
  opened.follow(use);
  files.write({ ...pair, cert: 'broken' });
  opened.reload();
  expect(files.events.at(-1)).toMatchObject({
    kind: 'kept',
    text: expect.stringContaining('the one before stays in force'),
  });
  expect([use.mock.calls, opened.identity]).toEqual([[], pair]);
  const renewed = selfSigned();
  files.write(renewed);
  opened.reload();
  expect([use.mock.calls, opened.identity]).toEqual([[[renewed]], renewed]);
});
