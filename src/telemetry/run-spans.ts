/** Runs as spans: one for each try at a run, with what was done in it below. */

import type { RunEnd } from './figures.ts';
import type { FinishedSpan, SpanSink } from './spans.ts';

/** Attempts of one run that get a span. */
export const MAX_ATTEMPT_SPANS = 200;

export interface TracedRun {
  readonly id: string;
  readonly bucket: string;
  readonly rule: { readonly id: string };
  readonly trigger: string;
  readonly tries: number;
}

export interface TracedAttempt {
  readonly shard: number;
  readonly number: number;
  readonly state: 'open' | 'settled' | 'failed';
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

/** What is known of a try when it is over. */
export interface TryEnd {
  /** Absent when the run goes on later. */
  readonly end?: RunEnd | undefined;
  /** Why it goes on later. */
  readonly reason?: string | undefined;
  readonly attempts: readonly TracedAttempt[];
}

interface OpenTry {
  readonly startMs: number;
  publishingMs?: number;
}

export class RunSpans {
  readonly #sink: SpanSink;
  readonly #now: () => number;
  /** As many as runs are worked on at once. */
  readonly #open = new Map<string, OpenTry>();

  constructor(sink: SpanSink, now: () => number) {
    this.#sink = sink;
    this.#now = now;
  }

  started(runId: string): void {
    this.#open.set(runId, { startMs: this.#now() });
  }

  publishing(runId: string): void {
    const open = this.#open.get(runId);
    if (open !== undefined) open.publishingMs ??= this.#now();
  }

  /** Returns what records the span, of a try that is over now. */
  over(run: TracedRun): (facts: TryEnd) => void {
    const endMs = this.#now();
    const { startMs, publishingMs } = this.#open.get(run.id) ?? { startMs: endMs };
    this.#open.delete(run.id);
    return (facts) => {
      const publish = publishingMs === undefined ? [] : [publishSpan(publishingMs, endMs)];
      const attempts = facts.attempts.slice(0, MAX_ATTEMPT_SPANS).map((attempt) => attemptSpan(attempt, endMs));
      this.#sink.record({ ...trySpan(run, facts), startMs, endMs, children: [...attempts, ...publish] });
    };
  }
}

function trySpan(run: TracedRun, { end, reason }: TryEnd): Pick<FinishedSpan, 'name' | 'attributes' | 'error'> {
  const code = end?.reason ?? reason;
  return {
    name: 'run',
    attributes: {
      'stocktake.run': run.id,
      'stocktake.bucket': run.bucket,
      'stocktake.rule': run.rule.id,
      'stocktake.trigger': run.trigger,
      'stocktake.state': end?.state ?? 'put off',
      ...(code !== undefined && code !== null && { 'stocktake.reason': code }),
      ...(end !== undefined && {
        'stocktake.scanned': end.scanned,
        'stocktake.matched': end.matched,
        'stocktake.bytes_written': end.bytesWritten,
      }),
    },
    error: end === undefined || end.state === 'failed' ? (code ?? 'unknown') : undefined,
  };
}

function publishSpan(startMs: number, endMs: number): FinishedSpan {
  return { name: 'publish', startMs, endMs, attributes: {} };
}

function attemptSpan({ shard, number, state, startedAtMs, endedAtMs }: TracedAttempt, runEndMs: number): FinishedSpan {
  return {
    name: 'attempt',
    startMs: startedAtMs,
    endMs: endedAtMs ?? runEndMs,
    attributes: { 'stocktake.shard': shard, 'stocktake.attempt': number, 'stocktake.state': state },
    error: state === 'failed' ? 'failed' : undefined,
  };
}
