/** What becomes of a delivery after a try. */

import { type DueDelivery, TEST_EVENT, type TryOutcome } from '../core/webhook-delivery.ts';
import { waitAfter } from './retry-waits.ts';
import type { SendResult } from './send-delivery.ts';

/** A receiver that wants to hear nothing more says so with this status. */
const GONE = 410;

/** `chance` is from 0 to 1. */
export function outcomeOf(
  { event, tries }: Pick<DueDelivery, 'event' | 'tries'>,
  result: SendResult,
  { nowMs, chance }: { readonly nowMs: number; readonly chance: number },
): TryOutcome {
  const status = 'status' in result ? result.status : null;
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered', status, fault: null };
  const fault = 'fault' in result ? result.fault : answerFault(result.status);
  if (status === GONE) return { kind: 'gone', status, fault };
  const waitMs = event === TEST_EVENT ? undefined : waitAfter(tries + 1, chance);
  if (waitMs === undefined) return { kind: 'failed', status, fault };
  return { kind: 'later', status, fault, nextAtMs: nowMs + waitMs };
}

function answerFault(status: number): string {
  if (status === GONE) return 'The receiver answered 410 Gone, and the webhook was disabled.';
  if (status >= 300 && status < 400) return `The receiver answered ${status}; redirects are not followed.`;
  return `The receiver answered ${status}.`;
}
