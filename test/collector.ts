/** An OpenTelemetry collector, as far as it keeps the spans that it is sent. */

import { startReceiver } from './webhook-receiver.ts';

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** 2 is an error. */
  readonly status: number;
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
}

interface OtlpSpan extends Omit<ReceivedSpan, 'attributes' | 'startMs' | 'endMs' | 'status'> {
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: OtlpValue }[];
  readonly status: { readonly code: number };
}

interface OtlpRequest {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
}

/** Exports that one that never answers leaves hanging: more than a test sends. */
const MANY = 1000;

/** `answers` false: it takes what it is sent and never answers. */
export async function openCollector({ answers = true } = {}) {
  const receiver = await startReceiver();
  if (!answers) receiver.answer(...Array.from({ length: MANY }, () => () => undefined));
  return {
    endpoint: new URL(receiver.url).origin,
    received: receiver.received,
    spans: () => receiver.received.flatMap(({ body }) => spansOf(JSON.parse(body) as OtlpRequest)),
  };
}

function spansOf({ resourceSpans }: OtlpRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(received)));
}

function received({ startTimeUnixNano, endTimeUnixNano, attributes, status, ...span }: OtlpSpan): ReceivedSpan {
  return {
    ...span,
    startMs: Number(startTimeUnixNano) / 1e6,
    endMs: Number(endTimeUnixNano) / 1e6,
    status: status.code,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)])),
  };
}

function plain({ stringValue, intValue, doubleValue }: OtlpValue): string | number {
  return stringValue ?? doubleValue ?? Number(intValue);
}
