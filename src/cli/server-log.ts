/** The server's log: JSON lines for machines, text for a person at a terminal. */

import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino';
import { humanLog } from './human-log.ts';

export function serverLog({ isForPerson }: { readonly isForPerson: boolean }): Logger {
  return logTo(isForPerson ? humanLog() : destination({ dest: 2, sync: true }));
}

export function logTo(stream: DestinationStream): Logger {
  return pino({ serializers: { err: errorFacts } }, stream);
}

/** What is told of an error. Its other properties may hold what a client sent: `rawPacket` of Node's HTTP parser is the
 *  request with its signature, and a refusal of ours has the string that was signed in its details. */
function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack } = stdSerializers.err(error);
  const { code } = error as NodeJS.ErrnoException;
  const errors = error instanceof AggregateError ? { errors: error.errors.map(errorFacts) } : {};
  return { type, message, stack, code, ...errors };
}
