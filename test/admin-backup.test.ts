/** Backups over the admin API: what it asks of the server, and what it refuses. */

import { expect, onTestFinished, test } from 'vitest';
import type { BackupView, NewBackup } from '../src/core/backup.ts';
import { DomainError } from '../src/core/errors.ts';
import { addUser, startAdminServer } from './admin-server.ts';
import type { WireKey } from './wire-client.ts';

const VIEW: BackupView = {
  folder: '/backups/monday',
  state: 'running',
  pointInTime: null,
  startedAt: '2026-10-04T16:00:00.000Z',
  finishedAt: null,
  rows: 0,
  files: 0,
  keyFile: '/srv/key.json',
  reason: null,
};

/** A server whose backups are only written down. */
async function serve() {
  const begun: NewBackup[] = [];
  const backups = {
    async start(backup: NewBackup) {
      begun.push(backup);
      return VIEW;
    },
    last() {
      if (begun.length > 0) return VIEW;
      throw new DomainError('NoSuchBackup', 'No backup was begun.');
    },
  };
  const server = await startAdminServer({ backups });
  onTestFinished(() => server.close());
  const send = async (method: string, body?: string, key?: WireKey) => {
    const { status, json } = await server.ask(method, 'backup', body === undefined ? {} : { body }, key);
    return { status, json: json as unknown };
  };
  return { server, begun, send };
}

test('a backup is begun, and asked after', async () => {
  const { begun, send } = await serve();
  expect(await send('GET')).toMatchObject({ status: 404, json: { error: { code: 'NoSuchBackup' } } });
  expect(await send('POST', '{"folder":"/backups/monday"}')).toEqual({ status: 202, json: VIEW });
  expect(await send('GET')).toEqual({ status: 200, json: VIEW });
  await send('POST', '{"folder":"/b","link":true,"data":"/srv"}');
  expect(begun).toEqual([
    { folder: '/backups/monday', isLinked: false },
    { folder: '/b', isLinked: true, data: '/srv' },
  ]);
});

test.each([
  ['without a folder', '{}', 'folder: '],
  ['with an empty folder', '{"folder":""}', 'folder: '],
  ['with a folder longer than any path', JSON.stringify({ folder: '/'.repeat(4097) }), 'folder: '],
  ['with a word that is not known', '{"folder":"/b","lnik":true}', 'lnik'],
  ['with a link that is no boolean', '{"folder":"/b","link":"yes"}', 'link: '],
])('a request %s is refused before anything is done', async (_, body, words) => {
  const { begun, send } = await serve();
  expect(await send('POST', body)).toMatchObject({
    status: 400,
    json: { error: { code: 'InvalidArgument', message: expect.stringContaining(words) } },
  });
  expect(begun).toEqual([]);
});

test('to begin one and to ask after one are two permissions', async () => {
  const { server, begun, send } = await serve();
  const asker = await addUser(server, 'anna', [{ Action: 'stocktake:GetBackup' }]);
  const beginner = await addUser(server, 'ben', [{ Action: 'stocktake:Backup' }]);
  expect((await send('POST', '{"folder":"/b"}', asker)).status).toBe(403);
  expect(begun).toEqual([]);
  expect((await send('POST', '{"folder":"/b"}', beginner)).status).toBe(202);
  expect((await send('GET', undefined, beginner)).status).toBe(403);
  expect((await send('GET', undefined, asker)).status).toBe(200);
});
