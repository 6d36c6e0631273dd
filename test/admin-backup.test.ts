/** Backups over the admin API: what it asks of the server, and what it refuses. */

import { expect, onTestFinished, test } from 'vitest';
import type { Access } from '../src/access/access.ts';
import type { BackupView, NewBackup } from '../src/core/backup.ts';
import { DomainError } from '../src/core/errors.ts';
import { startAdminServer } from './admin-server.ts';

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

/** A server whose backups are only written down, with the access that is given. */
async function serve(access?: Access) {
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
  const server = await startAdminServer({ backups, ...(access && { access }) });
  onTestFinished(() => server.close());
  const send = async (method: string, body?: string) => {
    const reply = await server.client.send({ method, bucket: '-', key: 'api/v1/backup', ...(body && { body }) });
    return { status: reply.status, json: JSON.parse(reply.text) as unknown };
  };
  return { begun, send };
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
  const asked: string[] = [];
  const { begun, send } = await serve({
    allows(_, action) {
      asked.push(action);
      return { allowed: false, reason: 'no' };
    },
  } as Access);
  expect((await send('POST', '{"folder":"/b"}')).status).toBe(403);
  expect((await send('GET')).status).toBe(403);
  expect(asked).toEqual(['stocktake:Backup', 'stocktake:GetBackup']);
  expect(begun).toEqual([]);
});
