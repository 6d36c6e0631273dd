import { expect, test } from 'vitest';
import { type CheckResult, Readiness } from './readiness.ts';

const words = { name: 'disk', good: 'The disk takes writes.', bad: 'The disk refuses writes.' };

/** Readiness with one check, whose outcome a test sets, and whose clock it moves. */
function watched(assertGood: () => unknown, checkMs?: number) {
  const clock = { ms: 0 };
  const turns: [CheckResult, unknown?][] = [];
  const readiness = new Readiness([{ ...words, assertGood }], {
    onTurn: (...turn) => turns.push(turn),
    elapsedMs: () => clock.ms,
    ...(checkMs !== undefined && { checkMs }),
  });
  return { readiness, clock, turns };
}

test('what fails is told in words of ours and logged with its cause, and is forgotten when it is mended', async () => {
  const cause = new Error('ENOSPC: no space left on device, write /srv/secret-path');
  let isFull = true;
  const { readiness, clock, turns } = watched(() => {
    if (isFull) throw cause;
  });
  const report = await readiness.report();
  expect(report.status).toBe('not ready');
  expect(report.checks[0]).toEqual({ name: 'disk', isOk: false, text: words.bad });
  expect(JSON.stringify(report)).not.toContain('secret-path');
  isFull = false;
  clock.ms = 5000;
  expect(await readiness.report()).toMatchObject({ status: 'ready', checks: [{ isOk: true, text: words.good }, {}] });
  expect(turns).toEqual([
    [{ name: 'disk', isOk: false, text: words.bad }, cause],
    [{ name: 'disk', isOk: true, text: words.good }, undefined],
  ]);
});

test('however often it is asked, a check runs once in five seconds and tells of a turn once', async () => {
  let runs = 0;
  const { readiness, clock, turns } = watched(() => {
    runs++;
    throw new Error('no');
  });
  await Promise.all(Array.from({ length: 50 }, () => readiness.report()));
  expect(runs).toBe(1);
  clock.ms = 5000;
  await readiness.report();
  expect(runs).toBe(2);
  expect(turns).toHaveLength(1);
});

test('a check that does not come back has failed, and is not begun again beside itself', async () => {
  let runs = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const { readiness, clock, turns } = watched(() => {
    runs++;
    return promise;
  }, 1);
  for (clock.ms = 0; clock.ms < 50_000; clock.ms += 5000) {
    expect(await readiness.report()).toMatchObject({ status: 'not ready' });
  }
  expect(runs).toBe(1);
  expect(String(turns[0]?.[1])).toContain('not come back');
  resolve();
  await promise;
  expect(await readiness.report()).toMatchObject({ status: 'ready' });
});

test('a server that was told to stop is not ready, from that moment on', async () => {
  const { readiness } = watched(() => undefined);
  expect(await readiness.report()).toMatchObject({ status: 'ready' });
  readiness.drain();
  const { status, checks } = await readiness.report();
  expect(status).toBe('not ready');
  expect(checks.at(-1)).toMatchObject({ name: 'serving', isOk: false });
});
