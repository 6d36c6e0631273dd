/** The time of day as the service sees it, in milliseconds since the Unix epoch. A seam, so that tests can set it. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
