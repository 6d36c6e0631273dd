import { expect, test } from 'vitest';
import type { RunEnd } from './figures.ts';
import { RunSpans, type TracedAttempt } from './run-spans.ts';
import type { FinishedSpan } from './spans.ts';

const run = { id: 'r1', bucket: 'photos', rule: { id: 'nightly' }, trigger: 'schedule', tries: 1 };
const end: RunEnd = {
  state: 'published',
  reason: null,
  startedAtMs: 0,
  finishedAtMs: 0,
  scanned: 3,
  matched: 2,
  bytesWritten: 9,
};

function tracing() {
  const spans: FinishedSpan[] = [];
  const clock = { ms: 0 };
  const sink = { record: (span: FinishedSpan) => spans.push(span), close: async () => undefined };
  return { runs: new RunSpans(sink, () => clock.ms), spans, clock };
}

test('a run is a span, with its attempts and its publishing below', () => {
  const { runs, spans, clock } = tracing();
  clock.ms = 100;
  runs.started('r1');
  clock.ms = 200;
  runs.publishing('r1');
  clock.ms = 250;
  const record = runs.over(run);
  clock.ms = 999;
  record({ end, attempts: [{ shard: 0, number: 1, state: 'settled', startedAtMs: 110, endedAtMs: 190 }] });
  expect(spans).toMatchObject([
    {
      name: 'run',
      startMs: 100,
      endMs: 250,
      attributes: { 'stocktake.run': 'r1', 'stocktake.rule': 'nightly', 'stocktake.matched': 2 },
      error: undefined,
      children: [
        { name: 'attempt', startMs: 110, endMs: 190, attributes: { 'stocktake.shard': 0, 'stocktake.attempt': 1 } },
        { name: 'publish', startMs: 200, endMs: 250 },
      ],
    },
  ]);
});

test('each try has a span of its own: one that is put off ends with its reason', () => {
  const { runs, spans, clock } = tracing();
  runs.started('r1');
  clock.ms = 10;
  runs.over(run)({ reason: 'StorageFull', attempts: [] });
  clock.ms = 50;
  runs.started('r1');
  clock.ms = 60;
  runs.over(run)({ end: { ...end, state: 'failed', reason: 'RoleLost' }, attempts: [] });
  expect(spans).toMatchObject([
    { startMs: 0, endMs: 10, error: 'StorageFull', attributes: { 'stocktake.state': 'put off' } },
    { startMs: 50, endMs: 60, error: 'RoleLost', attributes: { 'stocktake.state': 'failed' } },
  ]);
});

test('a run of very many shards has a bounded number of spans', () => {
  const { runs, spans } = tracing();
  const attempt = (shard: number): TracedAttempt => ({
    shard,
    number: 1,
    state: 'failed',
    startedAtMs: 0,
    endedAtMs: null,
  });
  runs.over(run)({ end, attempts: Array.from({ length: 5000 }, (_, shard) => attempt(shard)) });
  expect(spans[0]?.children).toHaveLength(200);
});
