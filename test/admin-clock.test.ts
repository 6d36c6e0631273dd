/** The clock of test mode over the admin API. */

import { expect, onTestFinished, test } from 'vitest';
import type { ClockMove } from '../src/core/clock-view.ts';
import { addUser, startAdminServer } from './admin-server.ts';
import type { WireKey } from './wire-client.ts';

const NOW = '2027-01-01T00:00:00.000Z';

const AS_A_TIME = '; expected: a time as in "2027-01-01T00:00:00Z"';

/** A server whose clock is only told where to go. */
async function serve() {
  const moves: ClockMove[] = [];
  const clock = {
    view: () => ({ kind: 'virtual', now: NOW }) as const,
    async move(move: ClockMove) {
      moves.push(move);
      return { kind: 'virtual', now: new Date(move.toMs).toISOString(), isReached: true } as const;
    },
  };
  const server = await startAdminServer({ clock });
  onTestFinished(() => server.close());
  const put = async (body: string, key?: WireKey) => {
    const { status, json } = await server.ask('PUT', 'clock', { body }, key);
    return { status, json: json as unknown };
  };
  return { server, moves, put };
}

test('the clock is shown, moved and set back', async () => {
  const { server, moves, put } = await serve();
  expect(await server.ask('GET', 'clock')).toMatchObject({ status: 200, json: { kind: 'virtual', now: NOW } });
  expect(await put('{"now":"2027-01-02T08:00:00+08:00"}')).toEqual({
    status: 200,
    json: { kind: 'virtual', now: '2027-01-02T00:00:00.000Z', isReached: true },
  });
  await put('{"now":"2026-01-01T00:00:00Z","jump":true}');
  expect(moves).toEqual([
    { toMs: Date.UTC(2027, 0, 2), isJump: false },
    { toMs: Date.UTC(2026, 0, 1), isJump: true },
  ]);
});

test.each([
  ['without a time', '{}', AS_A_TIME],
  ['with a time that has no zone', '{"now":"2027-01-02T08:00:00"}', AS_A_TIME],
  ['with a day that there is not', '{"now":"2027-02-30T00:00:00Z"}', AS_A_TIME],
  ['with an offset that there is not', '{"now":"2027-01-02T00:00:00+99:99"}', AS_A_TIME],
  ['with a date alone', '{"now":"2027-01-02"}', AS_A_TIME],
  ['with a number', '{"now":1798761600000}', AS_A_TIME],
  ['with a jump that is no boolean', '{"now":"2027-01-02T00:00:00Z","jump":1}', 'jump: '],
  ['with a word that is not known', '{"now":"2027-01-02T00:00:00Z","days":1}', 'days'],
])('a move %s is refused', async (_, body, words) => {
  const { moves, put } = await serve();
  expect(await put(body)).toMatchObject({
    status: 400,
    json: { error: { code: 'InvalidArgument', message: expect.stringContaining(words) } },
  });
  expect(moves).toEqual([]);
});

test('to read the clock and to move it are two permissions', async () => {
  const { server, moves, put } = await serve();
  const reader = await addUser(server, 'anna', [{ Action: 'stocktake:GetClock' }]);
  const mover = await addUser(server, 'ben', [{ Action: 'stocktake:SetClock' }]);
  expect((await put('{"now":"2027-01-02T00:00:00Z"}', reader)).status).toBe(403);
  expect(moves).toEqual([]);
  expect((await put('{"now":"2027-01-02T00:00:00Z"}', mover)).status).toBe(200);
  expect((await server.ask('GET', 'clock', {}, mover)).status).toBe(403);
  expect((await server.ask('GET', 'clock', {}, reader)).status).toBe(200);
});

test('without test mode the clock is the one of the machine, and stays', async () => {
  const server = await startAdminServer();
  onTestFinished(() => server.close());
  expect(await server.ask('GET', 'clock')).toMatchObject({ status: 200, json: { kind: 'system' } });
  expect(await server.ask('PUT', 'clock', { body: '{"now":"2027-01-02T00:00:00Z"}' })).toMatchObject({
    status: 409,
    json: { error: { code: 'ClockNotVirtual', message: expect.stringContaining('--clock virtual') } },
  });
});
