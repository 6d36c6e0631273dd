import { expect, test, vi } from 'vitest';
import { DomainError } from '../core/errors.ts';
import { humanLog } from './human-log.ts';
import { logTo } from './server-log.ts';

function logged(facts: object): Record<string, Record<string, unknown>> {
  const lines: string[] = [];
  logTo({ write: (line) => void lines.push(line) }).error(facts, 'request failed');
  return JSON.parse(lines.join('')) as Record<string, Record<string, unknown>>;
}

test('an error is told with its kind, code, words, stack and causes', () => {
  const cause = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const { err } = logged({ err: new DomainError('StorageFull', 'There is no room.', {}, { cause }) });
  expect(err).toMatchObject({
    type: 'DomainError',
    code: 'StorageFull',
    message: 'There is no room.: no space left on device',
  });
  expect(err?.stack).toMatch(/There is no room\..*caused by: Error: no space left on device/s);
});

test('what else an error holds stays out of the log, in an aggregate too', () => {
  const rawPacket = Buffer.from('GET / HTTP/1.1\r\nAuthorization: OSS key:signature\r\n');
  const parser = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_METHOD', rawPacket });
  const refusal = new DomainError('SignatureDoesNotMatch', 'It does not match.', { StringToSign: 'GET\n\ntoken' });
  const { err } = logged({ err: new AggregateError([parser, refusal], 'two') });
  expect(err?.errors).toMatchObject([{ code: 'HPE_INVALID_METHOD' }, { code: 'SignatureDoesNotMatch' }]);
  const text = JSON.stringify(err);
  for (const secret of ['rawPacket', 'StringToSign', 'token', '"data"']) expect(text).not.toContain(secret);
});

test('a text in a line for a person is no order to the terminal, and no line of its own', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    humanLog().write(
      JSON.stringify({ time: 0, msg: 'run failed', rule: 'a\u001b[2J\n12:00:00 forged', run: { id: 1 } }),
    );
    const [[line]] = write.mock.calls as [[string]];
    expect(line).toMatch(/^\d\d:\d\d:\d\d run failed rule=a\uFFFD\[2J\uFFFD12:00:00 forged run=\{"id":1\}\n$/);
  } finally {
    write.mockRestore();
  }
});
