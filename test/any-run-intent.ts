/** What might be asked of a ledger next: the straight way of a run to its end, and everything that crosses it. */

import fc from 'fast-check';
import { PLAIN_CALLS, type PlainCall, type ShardOutcome } from './run-model.ts';

/** A call to come: of which run, counted from the newest, and of which of its files, those of open attempts first. */
export type RunIntent =
  | { readonly kind: 'put' | 'delete' | 'start'; readonly rule: string }
  | { readonly kind: 'die' }
  | { readonly kind: 'go on' | PlainCall; readonly run: number }
  | { readonly kind: 'reserve'; readonly run: number; readonly folder: string }
  | { readonly kind: 'plan'; readonly run: number; readonly isWhole: boolean; readonly shards: number }
  | { readonly kind: 'settle'; readonly run: number; readonly file: number; readonly result: ShardOutcome }
  | { readonly kind: 'next'; readonly run: number; readonly file: number };

export const RULES = ['daily', 'weekly'];

function weighted<T>(weight: number, model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return { weight, arbitrary: fc.record(model) };
}

/** Mostly the newest, and what is being worked on. */
const run = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(3) });
const file = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(5) });
export const anyRunIntent: fc.Arbitrary<RunIntent> = fc.oneof(
  weighted(24, { kind: fc.constant('go on' as const), run }),
  weighted(6, { kind: fc.constantFrom(...PLAIN_CALLS), run }),
  weighted(3, { kind: fc.constantFrom('start' as const, 'put' as const), rule: fc.constantFrom(...RULES) }),
  weighted(1, { kind: fc.constant('delete' as const), rule: fc.constantFrom(...RULES) }),
  weighted(1, { kind: fc.constant('die' as const) }),
  weighted(4, { kind: fc.constant('next' as const), run, file }),
  weighted(3, { kind: fc.constant('settle' as const), run, file, result: fc.constantFrom('row', 'nothing') }),
  weighted(1, { kind: fc.constant('settle' as const), run, file, result: fc.constant('astray') }),
  weighted(1, {
    kind: fc.constant('plan' as const),
    run,
    isWhole: fc.boolean(),
    shards: fc.integer({ min: 1, max: 3 }),
  }),
  weighted(1, { kind: fc.constant('reserve' as const), run, folder: fc.constantFrom('x', 'y') }),
);
