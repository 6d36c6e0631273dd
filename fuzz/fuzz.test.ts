/** A short part of the fuzzer (`npm run fuzz` is the long one). Its seed is in the name of the test. */

import { expect, test } from 'vitest';
import { readAnswers } from './answers.ts';
import { runCampaign } from './campaign.ts';

const SECONDS = 4;
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);

test(`a server stays whole, whatever it is sent (seed ${SEED})`, async () => {
  const lines: string[] = [];
  const { attempts, statuses, findings } = await runCampaign({
    seed: SEED,
    seconds: SECONDS,
    workers: 4,
    tell: (line) => lines.push(line),
  });
  expect(findings, lines.join('\n')).toEqual([]);
  // A fuzzer that gets no further than the door finds nothing behind it.
  expect(attempts).toBeGreaterThan(50);
  for (const status of [200, 400, 403, 404]) expect(statuses.get(status) ?? 0, String(status)).toBeGreaterThan(0);
  // Each of its four parts may wait half a minute for the runs it started to end.
}, 200_000);

test.each([
  ['no HTTP', 'HTTP/1.1 200 OK\nx', /no answer of HTTP begins at byte 0/],
  ['bytes behind an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc', /no answer of HTTP begins at byte 39/],
  ['a body that is cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', /cut short/],
  ['chunks without an end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n', /cut short/],
  ['a fault of the server', 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n', /the status 500/],
])('%s is a finding', (_what, received, finding) => {
  expect(readAnswers(Buffer.from(received), false).problems).toEqual([expect.stringMatching(finding)]);
});

test('answers behind each other are read one by one', () => {
  const received =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nDate: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\nrest';
  expect(readAnswers(Buffer.from(received), false)).toEqual({ statuses: [100, 204, 200, 400], problems: [] });
});
