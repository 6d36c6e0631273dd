/** The time as the service sees it, in milliseconds since the Unix epoch. A seam, so that tests can set it. */
export interface Clock {
  now(): number;
}

/** A clock that also calls back. What falls due waits for one of these, so that a clock that is moved by hand moves it. */
export interface AlarmClock extends Clock {
  /**
   * Calls `ring` once, when the clock shows `atMs` or later: at once if it does already, and at most a minute late when
   * the clock jumped. Returns what takes the alarm back. An alarm keeps no process alive.
   */
  alarm(atMs: number, ring: () => void): () => void;
}

/** A timer counts elapsed time and sees no jump of the clock, so none runs longer than this. */
const MAX_TIMER_MS = 60_000;

export const systemClock: AlarmClock = {
  now: () => Date.now(),
  alarm(atMs, ring) {
    const wait = () => setTimeout(look, Math.max(0, Math.min(atMs - Date.now(), MAX_TIMER_MS))).unref();
    const look = () => {
      if (Date.now() >= atMs) ring();
      else timer = wait();
    };
    let timer = wait();
    return () => clearTimeout(timer);
  },
};
