import type { HttpResponse } from './http-server.ts';

/** An answer in JSON, of one line. */
export function jsonReply(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'Content-Type': 'application/json' }, body: `${JSON.stringify(value)}\n` };
}
