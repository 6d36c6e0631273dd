/**
 * The metrics, by the conventions of Prometheus. What happens is counted here when it does; what is so is set when they
 * are asked for (gauges.ts). Each label has a bounded set of values.
 */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isOpen } from '../core/run.ts';
import { isRunReasonCode, RUN_REASONS, type RunReasonCode } from '../core/run-reasons.ts';
import type { Served } from '../core/served.ts';
import type { Figures, RunEnd } from './figures.ts';
import { Gauges } from './gauges.ts';
import { processMetrics } from './process-metrics.ts';

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const RUN_SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600];

/** What became of a try to tell a webhook of an event: `later` is tried again, `gone` ended the webhook. */
const DELIVERY_OUTCOMES = ['delivered', 'later', 'failed', 'gone'] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

/** Of due times that had no run: `due_times_missed_total` counts them, and a 0 here would say that there are none. */
const NO_RUNS: ReadonlySet<string> = new Set<RunReasonCode>(['DueTimeMissed', 'DueTimeOverrun']);

export class Metrics {
  readonly #registry = new Registry();
  readonly #gauges = new Gauges(this.#registry);
  readonly #requests;
  readonly #errors;
  readonly #ended;
  readonly #durations;
  readonly #rows;
  readonly #bytes;
  readonly #faults;
  readonly #missed;
  readonly #deliveries;

  constructor(version: string) {
    const counter = <const Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter({ name: `stocktake_${name}`, help, labelNames, registers: [this.#registry] });
    const histogram = <const Label extends string>(name: string, help: string, label: Label, buckets: number[]) =>
      new Histogram({ name: `stocktake_${name}`, help, labelNames: [label], buckets, registers: [this.#registry] });
    const info = { name: 'stocktake_build_info', help: 'Always 1; the version is its label.' };
    new Gauge({ ...info, labelNames: ['version'], registers: [this.#registry] }).set({ version }, 1);
    this.#requests = histogram(
      'http_request_duration_seconds',
      'Requests, from their arrival until their answer began.',
      'operation',
      REQUEST_SECONDS,
    );
    this.#errors = counter('http_errors_total', 'Requests that were answered with an error, by its code.', 'code');
    this.#ended = counter('runs_ended_total', 'Runs that ended, by state and reason.', 'state', 'reason');
    this.#durations = histogram(
      'run_duration_seconds',
      'Runs, from the beginning of their scan to their end.',
      'state',
      RUN_SECONDS,
    );
    this.#rows = counter('run_rows_total', 'Rows in the reports of runs that ended.');
    this.#bytes = counter('run_bytes_total', 'Bytes of data files that runs which ended had written.');
    this.#faults = counter('run_faults_total', 'Passing faults: of a shard, or such that put a run off.', 'what');
    this.#missed = counter('due_times_missed_total', 'Due times that had no run, because the server was down or busy.');
    this.#deliveries = counter('webhook_deliveries_total', 'Tries to tell a webhook of an event.', 'outcome');
    // What never happened yet is 0: an alert on the first increase needs a value before it.
    for (const what of ['shard', 'run'] as const) this.#faults.inc({ what }, 0);
    for (const outcome of DELIVERY_OUTCOMES) this.#deliveries.inc({ outcome }, 0);
    this.#ended.inc({ state: 'published', reason: 'none' }, 0);
    for (const [reason, { states }] of Object.entries(RUN_REASONS)) {
      if (NO_RUNS.has(reason)) continue;
      for (const state of states.filter((each) => !isOpen(each))) this.#ended.inc({ state, reason }, 0);
    }
    // It measures from here on.
    processMetrics();
  }

  served({ operation = 'unknown', errorCode, durationMs }: Served): void {
    this.#requests.observe({ operation }, durationMs / 1000);
    if (errorCode !== undefined) this.#errors.inc({ code: errorCode });
  }

  runEnded({ state, reason, startedAtMs, finishedAtMs, matched, bytesWritten }: RunEnd): void {
    this.#ended.inc({ state, reason: knownReason(reason) });
    if (startedAtMs !== null && finishedAtMs !== null) {
      this.#durations.observe({ state }, Math.max(0, finishedAtMs - startedAtMs) / 1000);
    }
    if (state === 'published') this.#rows.inc(matched);
    this.#bytes.inc(bytesWritten);
  }

  faulted(what: 'shard' | 'run'): void {
    this.#faults.inc({ what });
  }

  missed(dueTimes: number): void {
    this.#missed.inc(dueTimes);
  }

  delivered(outcome: DeliveryOutcome): void {
    this.#deliveries.inc({ outcome });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of them, with the figures as they are now. */
  async text(figures: Figures): Promise<string> {
    this.#gauges.set(figures);
    return `${await this.#registry.metrics()}\n${await processMetrics().metrics()}`;
  }
}

/** One of a bounded set, whatever the ledger holds of times when there were other reasons. */
function knownReason(reason: string | null): string {
  if (reason === null) return 'none';
  return isRunReasonCode(reason) ? reason : 'other';
}
