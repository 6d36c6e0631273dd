/** The commands of `key`, against the admin API in this process. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KeyView } from '../../src/core/encryption-key.ts';
import { startAdminServer } from '../admin-server.ts';
import { commandsAt } from './commands-at.ts';

let server: Awaited<ReturnType<typeof startAdminServer>>;

beforeEach(async () => {
  server = await startAdminServer();
  server.clock.nowMs = Date.UTC(2026, 9, 4, 16, 0, 59);
});

afterEach(() => server.close());

const { attempt, run, runJson, expectFailure } = commandsAt(() => server.endpoint, { prefix: ['key'] });

const PHOTOS = {
  id: 'team/photos',
  description: 'für Bilder',
  spec: 'SYMMETRIC',
  state: 'enabled',
  isDefault: false,
  createdAt: '2026-10-04T16:00:59.000Z',
  deletionAt: null,
};

test('a key is created, shown, disabled and enabled, scheduled for deletion and kept after all', async () => {
  expect(await runJson('create', 'team/photos', '--description', 'für Bilder')).toEqual(PHOTOS);
  expect(await runJson('show', 'team/photos')).toEqual(PHOTOS);
  expect(await runJson('disable', 'team/photos')).toEqual({ ...PHOTOS, state: 'disabled' });
  expect(await runJson('enable', 'team/photos')).toEqual(PHOTOS);
  const pending = { ...PHOTOS, state: 'pendingDeletion' };
  expect(await runJson('schedule-deletion', 'team/photos', '--days', '7')).toEqual({
    ...pending,
    deletionAt: '2026-10-11T16:00:59.000Z',
  });
  expect(await runJson('cancel-deletion', 'team/photos')).toEqual(PHOTOS);
  expect(await runJson('schedule-deletion', 'team/photos')).toEqual({
    ...pending,
    deletionAt: '2026-11-03T16:00:59.000Z',
  });
});

test('people are told the state of a key, and what becomes of what it encrypts', async () => {
  expect(await run('create', 'photos', '--description', 'of the team')).toBe(
    'Key "photos" is enabled.\n' +
      '  description    of the team\n' +
      '  spec           SYMMETRIC\n' +
      '  created        2026-10-04 16:00 UTC\n',
  );
  expect(await run('disable', 'photos')).toContain('is disabled: what is encrypted under it can not be read.');
  const scheduled = await run('schedule-deletion', 'photos', '--days', '366');
  expect(scheduled).toContain('  deleted at     2027-10-05 16:00 UTC\n');
  expect(scheduled).toContain('is lost then. To keep it: stocktake key cancel-deletion photos');
});

test('keys are listed, those of every page', async () => {
  expect(await run('list')).toContain('There is no key yet.');
  const ids = Array.from({ length: 1001 }, (_, index) => `key-${String(index).padStart(4, '0')}`);
  for (const id of ids) await server.keys.create({ id });
  const { keys } = await runJson<{ keys: KeyView[] }>('list');
  expect(keys.map(({ id }) => id)).toEqual(ids);
  expect(await run('list')).toMatch(
    /^KEY +STATE +SPEC +CREATED +DELETED AT +DESCRIPTION\nkey-0000 +enabled +SYMMETRIC +2026-10-04 16:00 UTC\n/,
  );
});

test('an asymmetric key can be named, and a key without an id gets one', async () => {
  expect(await runJson('create', 'pair', '--spec', 'RSA_2048')).toMatchObject({ id: 'pair', spec: 'RSA_2048' });
  expect((await runJson<KeyView>('create')).id).toMatch(/^key-/);
});

test('what the server refuses is told by its code and in its words', async () => {
  await expectFailure('KeyNotFound: There is no encryption key "none".', 'show', 'none');
  await expectFailure('InvalidArgument: The key\'s id is "a b"', 'create', 'a b');
  await run('create', 'photos');
  await expectFailure('KeyAlreadyExists', 'create', 'photos');
});

test('a kind of key that there is none of is wrong usage, and no key is made', async () => {
  const { code, stderr } = await attempt('create', 'a', '--spec', 'rsa');
  expect(code).toBe(2);
  expect(stderr).toContain(
    "option '--spec <spec>' argument 'rsa' is invalid. Allowed choices are SYMMETRIC, RSA_2048.",
  );
  expect(await run('list')).toContain('There is no key yet.');
});

test('a number of days that is not accepted is wrong usage', async () => {
  for (const days of ['6', '367', 'soon']) {
    const { code, stderr } = await attempt('schedule-deletion', 'photos', '--days', days);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`--days is "${days}"`) });
  }
});

test('the help on deletion says that what is encrypted is lost', async () => {
  expect(await run('schedule-deletion', '--help')).toContain('encrypted under it is lost');
});
