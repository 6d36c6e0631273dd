/**
 * A run as server-sent events (the HTML standard, section 9.2): `event: run` with the run as JSON for each view of it,
 * and a comment when there was none for a while, so that nobody between here and the client takes the quiet for an end.
 */

import type { RunWatch } from './ports.ts';

const QUIET_MS = 15_000;
/** A client asks again then, and with it its permission is asked. */
const MAX_STREAM_MS = 10 * 60_000;

export interface StreamTimes {
  readonly quietMs: number;
  readonly maxMs: number;
}

export function runStream(
  watch: RunWatch,
  { quietMs, maxMs }: StreamTimes = { quietMs: QUIET_MS, maxMs: MAX_STREAM_MS },
): AsyncIterable<Uint8Array> {
  const endsAt = performance.now() + maxMs;
  // No generator: one that waits would hear of the client's going away only when the run changes.
  const chunks: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      const leftMs = endsAt - performance.now();
      const news = leftMs > 0 ? await watch.next(Math.min(quietMs, leftMs)) : undefined;
      if (news === undefined) return await over();
      const text = news === 'quiet' ? ': no change\n\n' : `event: run\ndata: ${JSON.stringify(news)}\n\n`;
      return { done: false, value: Buffer.from(text) };
    },
    return: over,
  };
  async function over(): Promise<IteratorReturnResult<undefined>> {
    watch.leave();
    return { done: true, value: undefined };
  }
  return { [Symbol.asyncIterator]: () => chunks };
}
