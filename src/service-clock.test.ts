import { expect, test } from 'vitest';
import { openControl } from '../test/control-fixture.ts';
import { temporaryFolder } from '../test/store-fixture.ts';
import { systemClock } from './core/clock.ts';
import { openServiceClock } from './service-clock.ts';

const data = '/srv/trial';

/** As a server leaves it that has served a folder. */
async function serve(control: Awaited<ReturnType<typeof openControl>>): Promise<void> {
  await control.db.insertInto('accounts').values({ id: '1', name: 'root', state: 'enabled', created_at: 0 }).execute();
}

test('time is that of the machine unless the settings ask for another', async () => {
  const { db } = await openControl();
  expect(await openServiceClock(db, { kind: 'system', data })).toEqual({ clock: systemClock });
});

test('a new folder may keep virtual time, which then goes on where it stood', async () => {
  const folder = temporaryFolder();
  const control = await openControl({ folder });
  const { clock, virtual } = await openServiceClock(control.db, { kind: 'virtual', data });
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(10_000);
  await serve(control);
  await virtual?.table.write(86_400_000);
  const again = await openServiceClock(control.db, { kind: 'virtual', data });
  expect(again.clock.now()).toBe(86_400_000);
});

test('a folder that keeps real time is not given a virtual one', async () => {
  const control = await openControl();
  await serve(control);
  await expect(openServiceClock(control.db, { kind: 'virtual', data })).rejects.toThrow(
    /\/srv\/trial.*keeps real time/,
  );
});

test('a folder that keeps virtual time is not served by the clock of the machine', async () => {
  const { db } = await openControl();
  const { virtual } = await openServiceClock(db, { kind: 'virtual', data });
  await virtual?.table.write(0);
  await expect(openServiceClock(db, { kind: 'system', data })).rejects.toThrow(/1970-01-01.*--clock virtual/);
});
