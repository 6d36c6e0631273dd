/** What a server tells of itself: counts and figures, and traces when somebody collects them. */

import type { Logger } from 'pino';
import type { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import { RunFigures } from './control/run-figures.ts';
import type { Clock } from './core/clock.ts';
import type { OnServed } from './core/served.ts';
import type { Databases } from './databases.ts';
import type { RunEvent } from './jobs/run-event.ts';
import type { SchedulerEvent } from './jobs/scheduler.ts';
import { cached } from './telemetry/cached.ts';
import { diskRoom } from './telemetry/disk.ts';
import { Metrics } from './telemetry/metrics.ts';
import type { Readiness } from './telemetry/readiness.ts';
import { MAX_ATTEMPT_SPANS, RunSpans } from './telemetry/run-spans.ts';
import { type FinishedSpan, requestSpan, type SpanSink } from './telemetry/spans.ts';
import { within } from './telemetry/within.ts';
import { stocktakeVersion } from './version.ts';
import type { SenderEvent } from './webhooks/webhook-sender.ts';

/** How long figures are good: whoever asks more often gets the same ones. */
const KEEP_MS = 5_000;
/** How long the disk may take to say how much room it has. */
const DISK_MS = 5_000;

export interface MonitoringOptions {
  readonly settings: Settings;
  readonly databases: Databases;
  /** The machine's, which traces go by. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly closers: Closers;
}

/** Listens from now on; `traces` only when the settings name a collector. */
export async function openMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const traces = await openTraces(options);
  const monitoring = new Monitoring(options, traces);
  options.closers.add(() => monitoring.close());
  return monitoring;
}

export class Monitoring {
  readonly #metrics = new Metrics(stocktakeVersion());
  readonly onServed: OnServed;
  readonly onRunEvent: (event: RunEvent) => void;
  readonly onSchedulerEvent: (event: SchedulerEvent) => void;
  readonly onWebhookEvent: (event: SenderEvent) => void;
  readonly #options: MonitoringOptions;
  readonly #traces: SpanSink | undefined;
  readonly #runSpans: RunSpans | undefined;
  readonly #figures: RunFigures;
  readonly #control;
  readonly #disk;
  /** Ends of runs that are being looked up. */
  readonly #lookups = new Set<Promise<void>>();

  constructor(options: MonitoringOptions, traces: SpanSink | undefined) {
    const { settings, databases, clock } = options;
    this.#options = options;
    this.#traces = traces;
    this.#runSpans = traces && new RunSpans(traces, () => clock.now());
    this.#figures = new RunFigures(databases.control, { maxRules: settings.limits.metricRules });
    this.#control = cached(() => this.#figures.read(), { keepMs: KEEP_MS });
    this.#disk = cached(() => diskRoom(settings.data), { keepMs: KEEP_MS });
    this.onServed = (served) => {
      this.#metrics.served(served);
      traces?.record(requestSpan(served, clock.now()));
    };
    this.onRunEvent = (event) => this.#take(event);
    this.onSchedulerEvent = (event) => {
      if (event.kind === 'planned') this.#metrics.missed(event.missed);
    };
    this.onWebhookEvent = (event) => {
      if (event.kind !== 'tried') return;
      this.#metrics.delivered(event.outcome.kind);
      traces?.record(webhookSpan(event, clock.now()));
    };
  }

  /** The metrics as they are now, with what `readiness` says. */
  async scrape(readiness: Readiness, { shardsScanning }: { readonly shardsScanning: number }) {
    const { log } = this.#options;
    const unread = (what: string) => (err: unknown) => void log.error({ err }, `metrics lack ${what}`);
    const [ready, control, disk] = await Promise.all([
      readiness.report(),
      this.#control().catch(unread('the figures of the control database')),
      within(DISK_MS, this.#disk()).catch(unread('the room on the disk')),
    ]);
    const figures = { ready, shardsScanning, control: control ?? undefined, disk: disk ?? undefined };
    return { contentType: this.#metrics.contentType, text: await this.#metrics.text(figures) };
  }

  /** Sends what traces are left. */
  async close(): Promise<void> {
    await Promise.all(this.#lookups);
    await this.#traces?.close();
  }

  #take(event: RunEvent): void {
    const { run, kind } = event;
    if (kind === 'started') this.#runSpans?.started(run.id);
    else if (kind === 'publishing') this.#runSpans?.publishing(run.id);
    else if (kind === 'attempt-failed') this.#metrics.faulted('shard');
    else if (kind === 'put-off') {
      this.#metrics.faulted('run');
      this.#lookUp(event);
    } else if (kind === 'ended' || kind === 'failed' || kind === 'cancelled') this.#lookUp(event);
  }

  #lookUp(event: RunEvent): void {
    const lookup = this.#tellEnd(event)
      .catch((err: unknown) => this.#options.log.error({ err, run: event.run.id }, 'a run is missing in the metrics'))
      .finally(() => this.#lookups.delete(lookup));
    this.#lookups.add(lookup);
  }

  async #tellEnd(event: RunEvent): Promise<void> {
    const { run } = event;
    const record = this.#runSpans?.over(run);
    const end = event.kind === 'put-off' ? undefined : await this.#figures.endOf(run.id);
    if (end !== undefined) this.#metrics.runEnded(end);
    if (record === undefined) return;
    // A virtual clock says when attempts were made in a time of its own, in which no other span lies.
    const isReal = this.#options.databases.time.virtual === undefined;
    const attempts = isReal ? await this.#figures.attemptsOf(run.id, MAX_ATTEMPT_SPANS) : [];
    record({ end, attempts, reason: event.kind === 'put-off' ? event.reason.code : undefined });
  }
}

function webhookSpan(
  { delivery, outcome, durationMs }: SenderEvent & { readonly kind: 'tried' },
  endMs: number,
): FinishedSpan {
  const { kind, status } = outcome;
  return {
    name: 'webhook',
    kind: 'client',
    startMs: endMs - durationMs,
    endMs,
    attributes: {
      'stocktake.webhook': delivery.webhook.id,
      'stocktake.outcome': kind,
      ...(status !== null && { 'http.response.status_code': status }),
    },
    error: kind === 'delivered' ? undefined : kind,
  };
}

async function openTraces({ settings, log }: MonitoringOptions): Promise<SpanSink | undefined> {
  const { traceEndpoint: endpoint } = settings;
  if (endpoint === undefined) return undefined;
  const { OtlpSink } = await import('./telemetry/otlp-sink.ts');
  const onFault = (err: Error) => log.warn({ err, endpoint }, 'traces are lost: the collector does not take them');
  return new OtlpSink({ endpoint, version: stocktakeVersion(), onFault });
}
