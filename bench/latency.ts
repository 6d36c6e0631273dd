import type { Figures } from './figures.ts';

/** The median and the 99th percentile of latencies. */
export function latencyFigures(latenciesMs: readonly number[]): Figures {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
