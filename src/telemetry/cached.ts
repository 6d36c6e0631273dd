/** What is read at most once in a while, however often and by however many it is asked for. */

export interface CacheOptions {
  /** How long a value is good. */
  readonly keepMs: number;
  /** Elapsed time, which no clock that is set changes. */
  readonly elapsedMs?: () => number;
}

/**
 * Those who ask while a value is being read share it, and so do those who ask soon after. A value that could not be read
 * is not kept; one that does not come is not read again beside itself.
 */
export function cached<T>(
  read: () => Promise<T>,
  { keepMs, elapsedMs = () => performance.now() }: CacheOptions,
): () => Promise<T> {
  let value: Promise<T> | undefined;
  let goodUntilMs = Number.POSITIVE_INFINITY;
  return () => {
    if (value !== undefined && elapsedMs() < goodUntilMs) return value;
    const reading = read();
    value = reading;
    goodUntilMs = Number.POSITIVE_INFINITY;
    reading.then(
      () => {
        goodUntilMs = elapsedMs() + keepMs;
      },
      () => {
        value = undefined;
      },
    );
    return reading;
  };
}
