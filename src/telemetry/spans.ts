/** Spans as this server knows them: told when they are over, whole, and to nobody unless traces are switched on. */

import type { Served } from '../core/served.ts';

/** Never a secret, and never the name of an object. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface FinishedSpan {
  readonly name: string;
  /** Of the machine's clock. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  /** A request that somebody else sent, or one that goes out. */
  readonly kind?: 'server' | 'client';
  /** It went wrong: a code, no text. */
  readonly error?: string | undefined;
  readonly children?: readonly FinishedSpan[];
}

export interface SpanSink {
  /** Returns at once, and never throws. */
  record(span: FinishedSpan): void;
  /** Sends what is left, in a bounded time. */
  close(): Promise<void>;
}

/** A request; what the client did wrong is no error of the server. */
export function requestSpan(
  { requestId, method, operation, status, errorCode, durationMs }: Served,
  endMs: number,
): FinishedSpan {
  return {
    name: operation ?? 'request',
    kind: 'server',
    startMs: endMs - durationMs,
    endMs,
    attributes: {
      'http.request.method': method,
      'http.response.status_code': status,
      'stocktake.request_id': requestId,
      ...(errorCode !== undefined && { 'error.type': errorCode }),
    },
    error: status >= 500 ? errorCode : undefined,
  };
}
