/** Sends an attempt over a connection of its own, and judges what comes back. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { type Answers, readAnswers } from './answers.ts';
import type { Attempt } from './attempt.ts';

/** Everything that is sent ends in an answer or in the end of the connection, and soon. */
const PATIENCE_MS = 20_000;

export async function converse(port: number, { packets, end }: Attempt): Promise<Answers> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  // A server that refuses may cut what is still being sent; what it said before is what counts.
  let isCut = false;
  socket.on('error', () => {
    isCut = true;
  });
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  const patience = new Promise<boolean>((resolve) => setTimeout(resolve, PATIENCE_MS, false).unref());
  // The server says its end by its own; then there is nobody to talk to.
  socket.once('end', () => socket.destroy());
  await once(socket, 'connect').catch(() => undefined);
  for (const packet of packets) await new Promise<void>((sent) => socket.write(packet, () => sent()));
  if (end === 'reset') socket.resetAndDestroy();
  else socket.end();
  const isEnded = await Promise.race([closed, patience]);
  socket.destroy();
  if (end === 'reset') return { statuses: [], problems: [] };
  const mayLackBodies = /HEAD/i.test(Buffer.concat(packets).toString('latin1'));
  const answers = readAnswers(Buffer.concat(received), mayLackBodies);
  const hang = isEnded ? [] : [`nothing ended the connection in ${PATIENCE_MS / 1000} seconds`];
  const problems = isCut ? answers.problems.filter((problem) => !problem.includes('cut short')) : answers.problems;
  return { ...answers, problems: [...problems, ...hang] };
}
