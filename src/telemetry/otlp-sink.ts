/**
 * Spans to an OpenTelemetry collector. Loaded only when one is set, because a server without it should not pay for the
 * SDK. A collector that is slow or down costs spans, never a request or a run: they wait in a bounded queue, and what
 * does not fit is dropped.
 */

import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { FinishedSpan, SpanSink } from './spans.ts';

const QUEUE = 4096;
const BATCH = 512;
const SEND_EVERY_MS = 2_000;
/** A batch has so long to be sent, with all that is tried again. */
const SEND_MS = 3_000;
const SENT_AT_ONCE = 4;
/** What is left when the server stops has so long. */
const FLUSH_MS = 4_000;
/** Between two complaints about the collector. */
const COMPLAIN_EVERY_MS = 60_000;

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

export interface OtlpOptions {
  /** As in `http://127.0.0.1:4318`; spans go to `/v1/traces` there. */
  readonly endpoint: string;
  readonly version: string;
  /** Told once a minute at most while spans can't be delivered. */
  readonly onFault: (error: Error) => void;
}

export class OtlpSink implements SpanSink {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor({ endpoint, version, onFault }: OtlpOptions) {
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
      timeoutMillis: SEND_MS,
      concurrencyLimit: SENT_AT_ONCE,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'stocktake', 'service.version': version }),
      sampler: new AlwaysOnSampler(),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: complaining(exporter, onFault),
          maxQueueSize: QUEUE,
          maxExportBatchSize: BATCH,
          scheduledDelayMillis: SEND_EVERY_MS,
          exportTimeoutMillis: 2 * SEND_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('stocktake', version);
  }

  record(span: FinishedSpan): void {
    this.#record(span, ROOT_CONTEXT);
  }

  async close(): Promise<void> {
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FLUSH_MS);
    // Whoever cares has been told that spans can't be delivered.
    await Promise.race([this.#provider.shutdown().catch(() => undefined), patience]);
    clearTimeout(timer);
  }

  #record({ name, startMs, endMs, attributes, kind, error, children = [] }: FinishedSpan, parent: Context): void {
    const options = { startTime: startMs, attributes, kind: kind ? KINDS[kind] : SpanKind.INTERNAL };
    const span = this.#tracer.startSpan(name, options, parent);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    const context = trace.setSpan(parent, span);
    for (const child of children) this.#record(child, context);
    span.end(Math.max(startMs, endMs));
  }
}

/** The exporter, which by itself tells nobody that it fails; one complaint a minute stands for all. */
export function complaining(
  exporter: SpanExporter,
  onFault: OtlpOptions['onFault'],
  elapsedMs = () => performance.now(),
): SpanExporter {
  let complainedAt = Number.NEGATIVE_INFINITY;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const now = elapsedMs();
        if (result.error !== undefined && now - complainedAt >= COMPLAIN_EVERY_MS) {
          complainedAt = now;
          onFault(result.error);
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
