/** A request that was answered, as those who count and trace are told of it. */

import { withoutUndefined } from './without-undefined.ts';

/** Never a name, a key or a secret: what the request was about is none of their business. */
export interface Served {
  readonly requestId: string;
  readonly method: string;
  /** As in `PutObject`; absent when the request was refused before it was known. */
  readonly operation?: string;
  readonly status: number;
  /** The code of the error that it was answered with. */
  readonly errorCode?: string;
  /** From its arrival until its answer began; a body may be on its way for longer. */
  readonly durationMs: number;
}

/** Must not throw, and returns at once: the answer waits for it. */
export type OnServed = (served: Served) => void;

export interface Answer {
  readonly status: number;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly operation: string | undefined;
  readonly errorCode: string | undefined;
}

export function servedNow(
  { id: requestId, method }: { readonly id: string; readonly method: string },
  { status, startedAt, ...facts }: Answer,
): Served {
  return { requestId, method, status, durationMs: performance.now() - startedAt, ...withoutUndefined(facts) };
}
