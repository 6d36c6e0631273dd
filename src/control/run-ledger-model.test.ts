import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRunIntent, RULES } from '../../test/any-run-intent.ts';
import { LedgerWorld } from '../../test/ledger-world.ts';

test('whatever is asked of the ledger in whatever order, its rows are those of the machine', {
  timeout: 120_000,
}, async () => {
  const told = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(anyRunIntent, { minLength: 40, maxLength: 80, size: 'max' }), async (intents) => {
      const world = new LedgerWorld(told);
      await world.open();
      try {
        for (const rule of RULES) await world.take({ kind: 'put', rule });
        for (const intent of intents) await world.take(intent);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 30 },
  );
  // The property would hold of a ledger that refuses all, too.
  for (const each of ['published done', 'empty done', 'cancel done', 'putOff done', 'next done']) {
    expect(told).toContain(each);
  }
  for (const each of ['settle RunOver', 'next RunOver', 'publishing AssertionError', 'cancel RunNotCancellable']) {
    expect(told).toContain(each);
  }
});
