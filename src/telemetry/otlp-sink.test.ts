import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { complaining } from './otlp-sink.ts';

test('a collector that stays down is complained of once a minute', () => {
  const clock = { ms: 0 };
  const complaints: string[] = [];
  const results: unknown[] = [];
  let error: Error | undefined = new Error('connect ECONNREFUSED');
  const failing: SpanExporter = {
    export: (_spans, done) => done(error === undefined ? { code: 0 } : { code: 1, error }),
    shutdown: async () => undefined,
  };
  const exporter = complaining(
    failing,
    ({ message }) => complaints.push(message),
    () => clock.ms,
  );
  const send = () => exporter.export([], (result) => results.push(result.code));
  for (clock.ms = 0; clock.ms < 180_000; clock.ms += 2_000) send();
  expect(complaints).toHaveLength(3);
  error = undefined;
  clock.ms = 1_000_000;
  send();
  expect(complaints).toHaveLength(3);
  expect(results).toHaveLength(91);
});
