import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../test/store-fixture.ts';
import type { AuditEntry, AuditIdentity } from '../core/audit.ts';
import { armFailpoints, type Failpoint } from '../core/failpoint.ts';
import { AuditLog, type AuditLogEvent, type AuditLogOptions } from './audit-log.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const ANNA: AuditIdentity = { kind: 'user', accountId: '1000', name: 'anna', accessKeyId: 'LTAI1' };

function openLog(options: Partial<AuditLogOptions> = {}) {
  const file = options.file ?? path.join(temporaryFolder(), 'audit.jsonl');
  const clock = { nowMs: NOON, now: () => clock.nowMs };
  const events: AuditLogEvent[] = [];
  const audit = AuditLog.open({
    file,
    maxBytes: 1_000_000,
    keptFiles: 2,
    refusalsPerMinute: 3,
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => audit.close());
  return { audit, file, clock, events, lines: () => linesOf(file) };
}

function linesOf(file: string): Record<string, unknown>[] {
  const text = readFileSync(file, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const done = (target: string): AuditEntry => ({ outcome: 'done', requestId: 'R', operation: 'CreateUser', target });
const refused = (identity?: AuditIdentity): AuditEntry => ({
  outcome: 'refused',
  requestId: 'R',
  ...(identity !== undefined && { identity }),
});

function arm(action: (point: Failpoint) => void): void {
  armFailpoints(action);
  onTestFinished(() => armFailpoints(undefined));
}

function fail(): never {
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}

test('an entry is one line with its time, in a file for the owner of the process alone', () => {
  const { audit, file } = openLog();
  audit.record({ ...done('user anna'), identity: ANNA, sourceIp: '127.0.0.1' });
  expect(readFileSync(file, 'utf8')).toBe(
    `{"time":"2026-11-22T12:00:00.000Z","requestId":"R","outcome":"done","operation":"CreateUser","target":"user anna",` +
      `"identity":{"kind":"user","accountId":"1000","name":"anna","accessKeyId":"LTAI1"},"sourceIp":"127.0.0.1"}\n`,
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a text from outside forges no second line and has a bound', () => {
  const { audit, lines } = openLog();
  audit.record({
    ...refused(),
    userAgent: 'curl\n{"outcome":"done"}\u2028\u0000\u001b[2J\u202e',
    claimedAccessKeyId: 'x'.repeat(100_000),
    resource: `acs:oss:*:1000:photos/${'k'.repeat(1023)}`,
    message: '"'.repeat(100_000),
  });
  const [line] = lines();
  expect(line?.userAgent).toBe('curl\uFFFD{"outcome":"done"}\uFFFD\uFFFD\uFFFD[2J\uFFFD');
  expect(line?.claimedAccessKeyId).toHaveLength(101);
  audit.record({ ...refused(), userAgent: 'x'.repeat(201) });
  expect(lines()[1]?.userAgent).toBe(`${'x'.repeat(200)}…`);
  expect(line?.resource).toMatch(/^acs:oss:\*:1000:photos\/k{1023}$/);
  expect(line?.message).toHaveLength(1501);
});

test('an action is synced before the answer; a refusal is only written', () => {
  const { audit } = openLog();
  const reached: Failpoint[] = [];
  arm((point) => reached.push(point));
  audit.record(refused());
  expect(reached).toEqual(['audit.write']);
  audit.record(done('a'));
  expect(reached).toEqual(['audit.write', 'audit.write', 'audit.sync']);
});

test('the next line after one that a kill tore begins on a line of its own', () => {
  const first = openLog();
  first.audit.record(done('a'));
  first.audit.record(done('b'));
  truncateSync(first.file, statSync(first.file).size - 20);
  openLog({ file: first.file }).audit.record(done('c'));
  const lines = readFileSync(first.file, 'utf8').split('\n');
  expect(lines).toHaveLength(4);
  expect(() => JSON.parse(lines[1] ?? '') as unknown).toThrow();
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ target: 'c' });
});

test('a full file becomes the first of so many as are kept, and no line is lost before the oldest file', () => {
  const { audit, file } = openLog({ maxBytes: 250 });
  for (let n = 1; n <= 9; n++) audit.record(done(String(n)));
  const targets = (name: string) => linesOf(name).map(({ target }) => target);
  expect(readdirSync(path.dirname(file)).sort()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
  expect([targets(`${file}.2`), targets(`${file}.1`), targets(file)].flat()).toEqual(['5', '6', '7', '8', '9']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a kill amid the renaming costs no file: those beyond the gap stay where they are', () => {
  const { audit, file } = openLog({ maxBytes: 100, keptFiles: 3 });
  for (let n = 1; n <= 4; n++) audit.record(done(String(n)));
  renameSync(`${file}.1`, `${file}.2`);
  audit.record(done('5'));
  expect(['3', '1'].map((n) => linesOf(`${file}.${n}`)[0]?.target)).toEqual(['1', '4']);
  expect(linesOf(`${file}.2`)[0]?.target).toBe('3');
});

test('a file that somebody rotated or removed is begun anew', () => {
  const { audit, file, lines, events } = openLog();
  audit.record(done('a'));
  renameSync(file, `${file}.old`);
  audit.record(done('b'));
  rmSync(file);
  audit.record(done('c'));
  expect(lines()).toMatchObject([{ target: 'c' }]);
  expect(linesOf(`${file}.old`)).toMatchObject([{ target: 'a' }]);
  truncateSync(file);
  audit.record(done('d'));
  expect(lines()).toMatchObject([{ target: 'd' }]);
  expect(events).toEqual([]);
});

test('a disk that refuses fails nothing; it is told once, counted, and told when lines are written again', () => {
  const { audit, lines, events } = openLog();
  audit.record(done('a'));
  arm(fail);
  for (const target of ['b', 'c', 'd']) audit.record(done(target));
  expect(events).toMatchObject([{ kind: 'failing', cause: { code: 'ENOSPC' } }]);
  armFailpoints(undefined);
  audit.record(done('e'));
  audit.record(done('f'));
  expect(events.slice(1)).toEqual([{ kind: 'mended', lost: 3 }]);
  expect(lines()).toMatchObject([{ target: 'a' }, { outcome: 'lost', count: 3 }, { target: 'e' }, { target: 'f' }]);
});

test('a folder that is gone fails nothing, and the log goes on when it is back', () => {
  const folder = path.join(temporaryFolder(), 'logs');
  mkdirSync(folder);
  const { audit, lines, events } = openLog({ file: path.join(folder, 'audit.jsonl') });
  rmSync(folder, { recursive: true });
  audit.record(done('a'));
  expect(events).toMatchObject([{ kind: 'failing' }]);
  mkdirSync(folder);
  audit.record(done('b'));
  expect(lines()).toMatchObject([{ outcome: 'lost', count: 1 }, { target: 'b' }]);
});

test('refusals have a bound a minute for each identity and one for all others; what is left out is counted', () => {
  const { audit, clock, lines } = openLog();
  for (let n = 0; n < 5; n++) audit.record(refused());
  for (let n = 0; n < 4; n++) audit.record(refused({ kind: 'anonymous' }));
  for (let n = 0; n < 8; n++) audit.record({ ...refused(ANNA), outcome: n < 5 ? 'refused' : 'failed' });
  expect(lines()).toHaveLength(6);
  clock.nowMs += 60_000;
  audit.record(refused(ANNA));
  expect(lines().slice(6)).toEqual([
    { time: '2026-11-22T12:01:00.000Z', outcome: 'suppressed', count: 6, since: '2026-11-22T12:00:00.000Z' },
    expect.objectContaining({ count: 5, identity: { kind: 'user', accountId: '1000', name: 'anna' } }),
    expect.objectContaining({ outcome: 'refused' }),
  ]);
});

test('a session under another name and another key of a user have no bound of their own', () => {
  const { audit, lines } = openLog();
  for (let n = 0; n < 9; n++) {
    audit.record(
      refused({ kind: 'session', accountId: '1', name: 'writer', session: `s${n}`, accessKeyId: `STS.${n}` }),
    );
    audit.record(refused({ ...ANNA, accessKeyId: `LTAI${n}` }));
  }
  expect(lines()).toHaveLength(6);
});

test('the identities that come when a thousand have been counted share the bound of all others', () => {
  const { audit, lines } = openLog();
  for (let n = 0; n < 1000; n++) audit.record(refused({ ...ANNA, name: `user-${n}` }));
  expect(lines()).toHaveLength(1000);
  for (let n = 1000; n < 1100; n++) audit.record(refused({ ...ANNA, name: `user-${n}` }));
  audit.record(refused());
  expect(lines()).toHaveLength(1003);
});

test('what was left out is told when its minute is over, though nothing else happens', () => {
  vi.useFakeTimers({ now: NOON });
  onTestFinished(() => void vi.useRealTimers());
  const { audit, lines } = openLog({ clock: { now: () => Date.now() } });
  for (let n = 0; n < 5; n++) audit.record(refused());
  vi.advanceTimersByTime(59_999);
  expect(lines()).toHaveLength(3);
  vi.advanceTimersByTime(1);
  expect(lines().slice(3)).toMatchObject([{ outcome: 'suppressed', count: 2 }]);
  vi.advanceTimersByTime(600_000);
  expect(lines()).toHaveLength(4);
});

test('what was left out is told when the log is closed', () => {
  const { file, audit } = openLog();
  for (let n = 0; n < 5; n++) audit.record(refused());
  audit.close();
  expect(linesOf(file)[3]).toMatchObject({ outcome: 'suppressed', count: 2 });
});

test('an action is written however many there are', () => {
  const { audit, lines } = openLog();
  for (let n = 0; n < 50; n++) audit.record({ ...done(String(n)), identity: ANNA });
  expect(lines()).toHaveLength(50);
});

test('a clock that is set back holds up no refusal', () => {
  const { audit, clock, lines } = openLog();
  for (let n = 0; n < 3; n++) audit.record(refused());
  clock.nowMs -= 3_600_000;
  audit.record(refused());
  expect(lines()).toHaveLength(4);
});

test('a file that can be none is refused at the start, in words', () => {
  const folder = temporaryFolder();
  expect(() => openLog({ file: folder })).toThrow(/^The audit log ".*" can't be written: .*--audit-log/);
  expect(() => openLog({ file: path.join(folder, 'none', 'audit.jsonl') })).toThrow(/can't be written: ENOENT/);
  expect(existsSync(path.join(folder, 'none'))).toBe(false);
  expect(() => openLog({ file: '/dev/null' })).toThrow('is no regular file');
});

test('a file with a mode that somebody chose keeps it', () => {
  const file = path.join(temporaryFolder(), 'audit.jsonl');
  writeFileSync(file, '');
  chmodSync(file, 0o640);
  openLog({ file }).audit.record(done('a'));
  expect(statSync(file).mode & 0o777).toBe(0o640);
});
