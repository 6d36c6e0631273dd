/**
 * The load of the PUT benchmark: so many connections, each sending its next request when the last was answered. It
 * costs little, because requests are signed before the clock starts and answers are only looked at: an HTTP client
 * would use as much processor as the server, on the same machine. Keys rise, as names with a date or a counter do.
 */

import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { signV4 } from '../src/core/oss-signature-v4.ts';
import { parseQuery } from '../src/core/request-target.ts';
import type { Figures } from './figures.ts';
import { latencyFigures } from './latency.ts';
import { BENCH_BUCKET, BENCH_KEY, type MeasuredServer } from './server.ts';

export const BODY_BYTES = 4096;
const BODY = randomBytes(BODY_BYTES);
const TYPE = 'application/octet-stream';
/** Of the measured time, how much goes before it to let the server get warm, and how many requests that may take. */
const WARM_UP = 0.25;
const WARM_UP_REQUESTS = 20_000;
/** How many times as many requests are signed as the warm-up lets expect: a warm server gets faster still. */
const SPARE = 2;

export interface Load {
  readonly connections: number;
  readonly seconds: number;
}

/** Puts for so many seconds; the bucket must be there. */
export async function measurePuts(server: MeasuredServer, { connections, seconds }: Load): Promise<Figures> {
  const warm = await drive(server, connections, seconds * WARM_UP, signPuts('warm', WARM_UP_REQUESTS, server.endpoint));
  const expected = Math.ceil((warm.latenciesMs.length / warm.seconds) * seconds * SPARE) + connections;
  const requests = signPuts('run', expected, server.endpoint);

  const serverBefore = await server.cpuSeconds();
  const clientBefore = process.cpuUsage();
  const run = await drive(server, connections, seconds, requests);
  const client = process.cpuUsage(clientBefore);
  const serverSeconds = (await server.cpuSeconds()) - serverBefore;
  const count = run.latenciesMs.length;
  return {
    perSecond: count / run.seconds,
    ...latencyFigures(run.latenciesMs),
    serverCpuMicrosPerRequest: (serverSeconds / count) * 1e6,
    clientCpuMicrosPerRequest: (client.user + client.system) / count,
  };
}

/** The heads of so many requests, each for a key of its own. */
function signPuts(folder: string, count: number, endpoint: string): Buffer[] {
  const { host } = new URL(endpoint);
  const signedAtMs = Date.now();
  return Array.from({ length: count }, (_, i) => {
    const key = `${folder}/2026/11/${String(i).padStart(10, '0')}.bin`;
    const headers = { 'content-type': TYPE };
    const request = { method: 'PUT', bucket: BENCH_BUCKET, key, query: parseQuery(''), headers };
    const signed = signV4(request, { ...BENCH_KEY, region: 'cn-hangzhou', signedAtMs });
    const fields = { host, 'content-length': BODY_BYTES, ...headers, ...signed };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`PUT /${BENCH_BUCKET}/${key} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  });
}

interface Run {
  /** Until the last answer. */
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

/** Sends until the time is up or the requests are, and waits for every answer. */
async function drive(
  { endpoint }: MeasuredServer,
  connections: number,
  seconds: number,
  requests: readonly Buffer[],
): Promise<Run> {
  const port = Number(new URL(endpoint).port);
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  let sent = 0;
  const next = () => (performance.now() < endsAt ? requests[sent++] : undefined);
  await Promise.all(
    Array.from({ length: connections }, () => driveConnection(port, next, (ms) => latenciesMs.push(ms))),
  );
  return { seconds: (performance.now() - startedAt) / 1000, latenciesMs };
}

function driveConnection(port: number, next: () => Buffer | undefined, onAnswer: (ms: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let sentAt = 0;
    let answer = '';
    const send = () => {
      const head = next();
      if (head === undefined) {
        socket.end();
        return;
      }
      answer = '';
      sentAt = performance.now();
      socket.cork();
      socket.write(head);
      socket.write(BODY);
      socket.uncork();
    };
    socket.once('connect', send);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (!answer.startsWith('HTTP/1.1 200 ')) {
        socket.destroy(new Error(`A PUT was answered with:\n${answer}`));
        return;
      }
      // A PUT's answer has no body, so the blank line is its end.
      if (!answer.endsWith('\r\n\r\n')) return;
      onAnswer(performance.now() - sentAt);
      send();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}
